"""What is asked about branches: to open them, to call them otherwise, to put them under a head, to close them."""

from aggregates.branch import Branch
from commands.base import Command, Context, Outcome, handles
from commands.roles import HEADING
from commands.unit import close, move_under_head, open_unit, rename
from events.examples import ANNA, NORTH, VERA, example
from events.ids import BranchId, StaffId
from events.values import ShortText, Text


@example(name="Yekaterinburg", head_id=VERA)
class OpenBranch(Command):
    """Open a branch, or a closed one again; its id is that of its name."""

    ROLES, EDITS = HEADING, None

    name: ShortText
    head_id: StaffId | None = None


@example(branch_id=NORTH, name="Ural")
class RenameBranch(Command):
    """Give a branch another name; the old one stays its own too."""

    ROLES, EDITS = HEADING, None

    branch_id: BranchId
    name: ShortText


@example(branch_id=NORTH, head_id=ANNA, reason="Vera moved to Perm")
class MoveBranchUnderHead(Command):
    """Put a branch under another head, or under none."""

    ROLES, EDITS = HEADING, None

    branch_id: BranchId
    head_id: StaffId | None
    reason: Text | None = None


@example(branch_id=NORTH, reason="the lease ended")
class CloseBranch(Command):
    """Close a branch: nobody joins it any more, and who is there stays until moved."""

    ROLES, EDITS = HEADING, None

    branch_id: BranchId
    reason: Text


@handles(OpenBranch)
def open_branch(command: OpenBranch, context: Context) -> Outcome:
    return open_unit(context, Branch, command.name, command.head_id)


@handles(RenameBranch)
def rename_branch(command: RenameBranch, context: Context) -> Outcome:
    return rename(context, Branch, command.branch_id, command.name)


@handles(MoveBranchUnderHead)
def move_branch_under_head(command: MoveBranchUnderHead, context: Context) -> Outcome:
    return move_under_head(context, Branch, command.branch_id, command.head_id, command.reason)


@handles(CloseBranch)
def close_branch(command: CloseBranch, context: Context) -> Outcome:
    return close(context, Branch, command.branch_id, command.reason)
