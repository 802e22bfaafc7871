"""One row is one staff member: the name behind an id, their team, branch and head, and who took over when they left.

Read by GET /staff, and joined by every read that shows a name.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffReinstated, StaffRoleChanged, StaffSuspended
from infra.projector.projection import Key, Projection
from infra.words import sort_key
from projections.change import changed


class StaffRow(NamedTuple):
    """The staff member; whoever has `departed_at` no longer works here, `suspended_at` may do nothing for now."""

    staff_id: UUID
    name: str | None = None
    name_sort: str | None = None
    role: str | None = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    head_id: UUID | None = None
    hired_at: datetime | None = None
    date_unknown: bool = False
    departed_at: datetime | None = None
    successor_id: UUID | None = None
    suspended_at: datetime | None = None
    version: int = 0


staff_directory = Projection(
    name="staff_directory",
    row=StaffRow,
    key=("staff_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=4,
)

Row = StaffRow | None


def _member(row: Row, event: Any) -> StaffRow:
    """Return the staff member the event changes, as it was before."""
    return row or StaffRow(event.stream_id)


@staff_directory.on(StaffHired)
def hired(row: Row, event: StaffHired, _: Key) -> StaffRow:
    return changed(
        _member(row, event),
        version=event.originator_version,
        name=event.name,
        name_sort=sort_key(event.name),
        role=event.role.value,
        team_id=event.team_id,
        branch_id=event.branch_id,
        head_id=event.head_id,
        hired_at=event.occurred_at,
        date_unknown=event.date_unknown,
        departed_at=None,
        successor_id=None,
        suspended_at=None,
    )


@staff_directory.on(StaffRoleChanged)
def role_changed(row: Row, event: StaffRoleChanged, _: Key) -> StaffRow:
    return changed(_member(row, event), version=event.originator_version, role=event.to_role.value)


@staff_directory.on(StaffMoved)
def moved(row: Row, event: StaffMoved, _: Key) -> StaffRow:
    return changed(
        _member(row, event),
        version=event.originator_version,
        team_id=event.to_team_id,
        branch_id=event.to_branch_id,
        head_id=event.to_head_id,
    )


@staff_directory.on(StaffDeparted)
def departed(row: Row, event: StaffDeparted, _: Key) -> StaffRow:
    return changed(
        _member(row, event),
        version=event.originator_version,
        departed_at=event.occurred_at,
        successor_id=event.successor_id,
    )


@staff_directory.on(StaffSuspended)
def suspended(row: Row, event: StaffSuspended, _: Key) -> StaffRow:
    return changed(_member(row, event), version=event.originator_version, suspended_at=event.occurred_at)


@staff_directory.on(StaffReinstated)
def reinstated(row: Row, event: StaffReinstated, _: Key) -> StaffRow:
    return changed(_member(row, event), version=event.originator_version, suspended_at=None)
