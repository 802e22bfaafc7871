"""One row is one change of where a staff member works: team, branch and head from a day on, or the departure.

Read by GET /staff/{id}/places. Whoever is credited for a deal or a plan is found at the place they had then.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.base import Event
from events.staff import StaffDeparted, StaffHired, StaffMoved
from infra.projector.projection import Key, Projection


class StaffPlaceRow(NamedTuple):
    """The place from `since` on (business time); whoever departed is nowhere, `has_left`."""

    staff_id: UUID
    event_position: int
    team_id: UUID | None
    branch_id: UUID | None
    head_id: UUID | None
    has_left: bool
    since: datetime
    recorded_at: datetime
    actor: str


staff_places = Projection(
    name="staff_places",
    row=StaffPlaceRow,
    key=("staff_id", "event_position"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    is_append_only=True,
)

Row = StaffPlaceRow | None


def _of_each(event: Event) -> tuple[Key, ...]:
    return ((event.stream_id, event.position),)


def _place(
    event: Event, team_id: UUID | None, branch_id: UUID | None, head_id: UUID | None, *, has_left: bool = False
) -> StaffPlaceRow:
    return StaffPlaceRow(
        event.stream_id,
        event.position,
        team_id,
        branch_id,
        head_id,
        has_left,
        event.occurred_at,
        event.recorded_at,
        event.actor,
    )


@staff_places.on(StaffHired, keys=_of_each)
def hired(_: Row, event: StaffHired, __: Key) -> StaffPlaceRow:
    return _place(event, event.team_id, event.branch_id, event.head_id)


@staff_places.on(StaffMoved, keys=_of_each)
def moved(_: Row, event: StaffMoved, __: Key) -> StaffPlaceRow:
    return _place(event, event.to_team_id, event.to_branch_id, event.to_head_id)


@staff_places.on(StaffDeparted, keys=_of_each)
def departed(_: Row, event: StaffDeparted, __: Key) -> StaffPlaceRow:
    return _place(event, None, None, None, has_left=True)
