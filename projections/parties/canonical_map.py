"""One row is one client who turned out to be another one, who answers for it: the map that every read goes through.

Who is one by itself has no row, so a company that merged nobody has none, and pays for none.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_merge import (
    ClientMergedInto,
    ClientPartAdvanced,
    ClientsMerged,
    ClientUnmerged,
    ClientUnmergedFrom,
)
from events.ids import staff_id_of
from infra.projector.projection import Key, Projection
from projections.change import changed


class CanonicalRow(NamedTuple):
    """Who answers for the client, whom it joined (the same one, or one that joined another later), and why."""

    client_id: UUID
    survivor_id: UUID
    merged_into: UUID
    merged_at: datetime | None = None
    merged_by: str | None = None
    staff_id: UUID | None = None
    reason: str | None = None


canonical_map = Projection(
    name="canonical_map",
    row=CanonicalRow,
    key=("client_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


@canonical_map.on(ClientMergedInto)
def merged_into(row: CanonicalRow | None, event: ClientMergedInto, key: Key) -> CanonicalRow:
    if row is not None and row.merged_into == event.into_id:
        # Whom it joined has joined another one.
        return changed(row, survivor_id=event.survivor_id)
    return CanonicalRow(
        client_id=key[0],
        survivor_id=event.survivor_id,
        merged_into=event.into_id,
        merged_at=event.occurred_at,
        merged_by=event.actor,
        staff_id=staff_id_of(event.actor),
        reason=event.reason,
    )


@canonical_map.on(ClientUnmergedFrom, reads=("survivor_id", "remains_in"))
def unmerged_from(row: CanonicalRow | None, event: ClientUnmergedFrom, _: Key) -> CanonicalRow | None:
    if row is None or event.remains_in is None:
        return None
    return changed(row, survivor_id=event.remains_in)


@canonical_map.on(ClientsMerged, ClientUnmerged, ClientPartAdvanced, reads=())
def told_by_those_who_joined(row: CanonicalRow | None, _event: object, _: Key) -> CanonicalRow | None:
    """What is said of who answers changes no row: of those who joined each has its own."""
    return row
