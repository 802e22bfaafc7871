"""What happens to a staff member: the people who meet the clients."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import ANNA, BORIS, VERA, example
from events.ids import StaffId
from events.marks import PERSONAL
from events.values import OpenShortText, OpenText, ShortText, StaffRole


@example(on=ANNA, name="Anna", role=StaffRole.SELLER, team="East", branch="Yekaterinburg", head_id=VERA)
class StaffHired(Event):
    """Somebody joined the company."""

    TOPIC: ClassVar[str] = "staff.hired"

    name: Annotated[ShortText, PERSONAL]
    role: StaffRole
    team: OpenShortText | None = None
    branch: OpenShortText | None = None
    head_id: StaffId | None = None
    date_unknown: bool = False


@example(on=ANNA, from_role=StaffRole.SELLER, to_role=StaffRole.HEAD)
class StaffRoleChanged(Event):
    """A staff member works in another role now."""

    TOPIC: ClassVar[str] = "staff.role_changed"

    from_role: StaffRole
    to_role: StaffRole


@example(on=ANNA, from_team="East", to_team="West", from_branch="Yekaterinburg", to_branch="Perm", from_head_id=VERA)
class StaffMoved(Event):
    """A staff member belongs to another team, branch or head now."""

    TOPIC: ClassVar[str] = "staff.moved"

    from_team: OpenShortText | None = None
    to_team: OpenShortText | None = None
    from_branch: OpenShortText | None = None
    to_branch: OpenShortText | None = None
    from_head_id: StaffId | None = None
    to_head_id: StaffId | None = None


@example(on=ANNA, successor_id=BORIS, head_id=VERA, reason="moved to another city")
class StaffDeparted(Event):
    """A staff member left the company; the clients stay."""

    TOPIC: ClassVar[str] = "staff.departed"

    successor_id: StaffId | None = None
    head_id: StaffId | None = None
    reason: OpenText | None = None
