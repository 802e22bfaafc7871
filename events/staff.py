"""What happens to a staff member: the people who meet the clients."""

from typing import Annotated, Any, ClassVar

from events.base import Event, upcasts
from events.examples import ANNA, BORIS, EAST, NORTH, PERM, VERA, WEST, example
from events.ids import BranchId, StaffId, TeamId, branch_named, team_named
from events.marks import PERSONAL
from events.values import ShortText, StaffRole, Text


@example(on=ANNA, name="Anna", role=StaffRole.SELLER, team_id=EAST, branch_id=NORTH, head_id=VERA)
class StaffHired(Event):
    """Somebody joined the company."""

    TOPIC: ClassVar[str] = "staff.hired"
    SCHEMA_VERSION: ClassVar[int] = 2

    name: Annotated[ShortText, PERSONAL]
    role: StaffRole
    team_id: TeamId | None = None
    branch_id: BranchId | None = None
    head_id: StaffId | None = None
    date_unknown: bool = False


@example(on=ANNA, from_role=StaffRole.SELLER, to_role=StaffRole.MARKETER, successor_id=BORIS, head_id=VERA)
class StaffRoleChanged(Event):
    """A staff member works in another role now; if that one does not sell, the clients stay with who does."""

    TOPIC: ClassVar[str] = "staff.role_changed"

    from_role: StaffRole
    to_role: StaffRole
    successor_id: StaffId | None = None
    head_id: StaffId | None = None


@example(on=ANNA, from_team_id=EAST, to_team_id=WEST, from_branch_id=NORTH, to_branch_id=PERM, from_head_id=VERA)
class StaffMoved(Event):
    """A staff member belongs to another team, branch or head now."""

    TOPIC: ClassVar[str] = "staff.moved"
    SCHEMA_VERSION: ClassVar[int] = 2

    from_team_id: TeamId | None = None
    to_team_id: TeamId | None = None
    from_branch_id: BranchId | None = None
    to_branch_id: BranchId | None = None
    from_head_id: StaffId | None = None
    to_head_id: StaffId | None = None


@example(on=ANNA, successor_id=BORIS, head_id=VERA, reason="moved to another city")
class StaffDeparted(Event):
    """A staff member left the company; the clients stay."""

    TOPIC: ClassVar[str] = "staff.departed"

    successor_id: StaffId | None = None
    head_id: StaffId | None = None
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=ANNA, reason="the phone was stolen")
class StaffSuspended(Event):
    """A staff member may do and see nothing here until they are let in again; their clients stay theirs."""

    TOPIC: ClassVar[str] = "staff.suspended"

    reason: Annotated[Text, PERSONAL]


@example(on=ANNA, reason="has a new phone")
class StaffReinstated(Event):
    """A staff member who was suspended may work again."""

    TOPIC: ClassVar[str] = "staff.reinstated"

    reason: Annotated[Text | None, PERSONAL] = None


@upcasts(StaffHired, 1)
@upcasts(StaffMoved, 1)
def _with_ids_of_places(payload: dict[str, Any]) -> dict[str, Any]:
    """Teams and branches were texts once: the id of each is that of the unit opened under this name."""
    named = {"team": team_named, "branch": branch_named}
    return {
        (f"{name}_id" if kind in named else name): (str(named[kind](value)) if kind in named and value else value)
        for name, value in payload.items()
        for kind in [name.removeprefix("from_").removeprefix("to_")]
    }
