"""One row is two clients who look like one and of whom somebody decided: they are not the same, or it is open again.

Read by GET /duplicates and GET /clients/{id}/duplicates, which suggest no pair that is kept apart.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_pair import ClientsKeptApart, ClientsReconsidered
from events.ids import staff_id_of
from infra.projector.projection import Projection


class ClientPairRow(NamedTuple):
    """The pair: `client_id` is the lesser of the two ids. Who decided last, when and why; `staff_id` if it is staff."""

    pair_id: UUID
    client_id: UUID
    other_id: UUID
    is_kept_apart: bool
    reason: str | None
    actor: str
    staff_id: UUID | None
    decided_at: datetime


client_pairs = Projection(
    name="client_pairs",
    row=ClientPairRow,
    key=("pair_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


@client_pairs.on(ClientsKeptApart, ClientsReconsidered)
def decided(
    _: ClientPairRow | None, event: ClientsKeptApart | ClientsReconsidered, key: tuple[UUID, ...]
) -> ClientPairRow:
    client_id, other_id = sorted((event.client_id, event.other_id))
    return ClientPairRow(
        pair_id=key[0],
        client_id=client_id,
        other_id=other_id,
        is_kept_apart=isinstance(event, ClientsKeptApart),
        reason=event.reason,
        actor=event.actor,
        staff_id=staff_id_of(event.actor),
        decided_at=event.occurred_at,
    )
