"""What happens to a branch: a place of the company, with staff of its own under a head."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import ANNA, NORTH, NORTH_BY_NEW_NAME, VERA, example
from events.ids import BranchId, StaffId
from events.marks import PERSONAL
from events.values import OpenShortText, Text


@example(on=NORTH, name="Yekaterinburg", head_id=VERA)
class BranchOpened(Event):
    """The company has a new branch."""

    TOPIC: ClassVar[str] = "branch.opened"

    name: OpenShortText
    head_id: StaffId | None = None
    date_unknown: bool = False


@example(on=NORTH, from_name="Yekaterinburg", to_name="Ural")
class BranchRenamed(Event):
    """A branch is called differently now."""

    TOPIC: ClassVar[str] = "branch.renamed"

    from_name: OpenShortText
    to_name: OpenShortText


@example(on=NORTH_BY_NEW_NAME, branch_id=NORTH)
class BranchNameTaken(Event):
    """A name is that of a branch which was opened under another one: nobody opens a second branch of this name."""

    TOPIC: ClassVar[str] = "branch.name_taken"

    branch_id: BranchId


@example(on=NORTH, from_head_id=VERA, to_head_id=ANNA, reason="Vera moved to Perm")
class BranchMovedUnderHead(Event):
    """A branch has another head now."""

    TOPIC: ClassVar[str] = "branch.moved_under_head"

    from_head_id: StaffId | None = None
    to_head_id: StaffId | None = None
    reason: Annotated[Text | None, PERSONAL] = None


@example(on=NORTH, reason="the lease ended")
class BranchClosed(Event):
    """A branch is no more; what was done there stays its own."""

    TOPIC: ClassVar[str] = "branch.closed"

    reason: Annotated[Text, PERSONAL]
