"""What happens to the rights of a role: whose clients, deals and activities its people see, and what they may edit."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import RIGHTS_OF_OPERATORS, RIGHTS_OF_SELLERS, example
from events.marks import PERSONAL
from events.values import EditedKind, Extent, Scope, SeenKind, StaffRole, Text


@example(on=RIGHTS_OF_SELLERS, role=StaffRole.SELLER, kind=SeenKind.CLIENTS, scope=Scope.OWN, reason="data protection")
class ScopeGranted(Event):
    """From now on people in this role see things of this kind within this scope."""

    TOPIC: ClassVar[str] = "right.scope_granted"

    role: StaffRole
    kind: SeenKind
    scope: Scope
    reason: Annotated[Text | None, PERSONAL] = None


@example(
    on=RIGHTS_OF_OPERATORS, role=StaffRole.OPERATOR, kind=EditedKind.ACTIVITIES, extent=Extent.ALL, reason="summer"
)
class EditingGranted(Event):
    """From now on people in this role may ask for commands of this kind to this extent."""

    TOPIC: ClassVar[str] = "right.editing_granted"

    role: StaffRole
    kind: EditedKind
    extent: Extent
    reason: Annotated[Text | None, PERSONAL] = None
