"""One row is one team or branch: its name now, its head, and whether it is still there.

Read by GET /units, and joined by every read that shows where somebody works.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.branch import BranchClosed, BranchMovedUnderHead, BranchOpened, BranchRenamed
from events.team import TeamClosed, TeamMovedUnderHead, TeamOpened, TeamRenamed
from infra.projector.projection import Key, Projection
from infra.words import sort_key
from projections.change import changed


class UnitRow(NamedTuple):
    """The unit; `kind` is team or branch. One that is closed has `closed_at`, until it is opened again."""

    unit_id: UUID
    kind: str
    name: str | None = None
    name_sort: str | None = None
    head_id: UUID | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 0


units = Projection(
    name="units",
    row=UnitRow,
    key=("unit_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=2,
)

Row = UnitRow | None


def _unit(row: Row, event: Any) -> UnitRow:
    """Return the unit the event changes, as it was before."""
    return row or UnitRow(event.stream_id, event.TOPIC.partition(".")[0])


@units.on(TeamOpened, BranchOpened, reads=("name", "head_id"))
def opened(row: Row, event: Any, _: Key) -> UnitRow:
    return changed(
        _unit(row, event),
        version=event.originator_version,
        name=event.name,
        name_sort=sort_key(event.name),
        head_id=event.head_id,
        opened_at=event.occurred_at,
        closed_at=None,
    )


@units.on(TeamRenamed, BranchRenamed, reads=("to_name",))
def renamed(row: Row, event: Any, _: Key) -> UnitRow:
    return changed(
        _unit(row, event), version=event.originator_version, name=event.to_name, name_sort=sort_key(event.to_name)
    )


@units.on(TeamMovedUnderHead, BranchMovedUnderHead, reads=("to_head_id",))
def moved_under_head(row: Row, event: Any, _: Key) -> UnitRow:
    return changed(_unit(row, event), version=event.originator_version, head_id=event.to_head_id)


@units.on(TeamClosed, BranchClosed, reads=())
def closed(row: Row, event: Any, _: Key) -> UnitRow:
    return changed(_unit(row, event), version=event.originator_version, closed_at=event.occurred_at)
