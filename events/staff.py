"""What happens to a staff member: the people who meet the clients."""

from typing import Annotated, ClassVar
from uuid import UUID

from events.base import PERSONAL, Event
from events.values import ShortText, StaffRole, Text


class StaffHired(Event):
    """Somebody joined the company."""

    TOPIC: ClassVar[str] = "staff.hired"

    name: Annotated[ShortText, PERSONAL]
    role: StaffRole
    team: ShortText | None = None
    branch: ShortText | None = None
    head_id: UUID | None = None
    date_unknown: bool = False


class StaffRoleChanged(Event):
    """A staff member works in another role now."""

    TOPIC: ClassVar[str] = "staff.role_changed"

    from_role: StaffRole
    to_role: StaffRole


class StaffMoved(Event):
    """A staff member belongs to another team, branch or head now."""

    TOPIC: ClassVar[str] = "staff.moved"

    from_team: ShortText | None = None
    to_team: ShortText | None = None
    from_branch: ShortText | None = None
    to_branch: ShortText | None = None
    from_head_id: UUID | None = None
    to_head_id: UUID | None = None


class StaffDeparted(Event):
    """A staff member left the company; the clients stay."""

    TOPIC: ClassVar[str] = "staff.departed"

    successor_id: UUID | None = None
    head_id: UUID | None = None
    reason: Text | None = None
