"""One row is one relation of two clients: since when another one is what to a client, and until when.

Read by GET /clients/{id}?include=relations, on both cards.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_relation import ClientsRelated, RelationEnded
from infra.projector.projection import Key, Projection
from projections.change import changed


class RelationRow(NamedTuple):
    """Another one is of this kind to the client; of what is mutual the client has the lesser id.

    What ended and began anew is told since the last time.
    """

    relation_id: UUID
    client_id: UUID
    other_id: UUID
    kind: str
    since: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None


client_relations = Projection(
    name="client_relations",
    row=RelationRow,
    key=("relation_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


@client_relations.on(ClientsRelated)
def began(_: RelationRow | None, event: ClientsRelated, key: Key) -> RelationRow:
    return RelationRow(key[0], event.client_id, event.other_id, event.kind.value, event.occurred_at)


@client_relations.on(RelationEnded)
def ended(row: RelationRow | None, event: RelationEnded, key: Key) -> RelationRow:
    return changed(
        row or RelationRow(key[0], event.client_id, event.other_id, event.kind.value),
        ended_at=event.occurred_at,
        end_reason=event.reason,
    )
