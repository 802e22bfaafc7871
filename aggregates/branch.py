"""The branch: a place of the company with staff of its own."""

from aggregates.unit import Unit, UnitFacts
from events.branch import BranchClosed, BranchMovedUnderHead, BranchNameTaken, BranchOpened, BranchRenamed
from events.ids import branch_named


class Branch(Unit):
    """A place of the company with staff of its own."""

    KIND = "branch"
    FACTS = UnitFacts(branch_named, BranchOpened, BranchRenamed, BranchNameTaken, BranchMovedUnderHead, BranchClosed)
