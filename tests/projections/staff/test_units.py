"""Teams and branches as they are now: called by their present name, under their present head, open or closed."""

from events.branch import BranchClosed, BranchMovedUnderHead, BranchOpened, BranchRenamed
from events.examples import EAST, NORTH
from events.team import TeamClosed, TeamMovedUnderHead, TeamOpened, TeamRenamed
from projections.staff.units import UnitRow, units
from tests.examples import ANNA, VERA, fact
from tests.story import given, moment, on

TEAM = UnitRow(EAST, "team", name="East", name_sort="east", head_id=VERA, opened_at=moment(1), version=1)
BRANCH = UnitRow(
    NORTH, "branch", name="Yekaterinburg", name_sort="yekaterinburg", head_id=VERA, opened_at=moment(1), version=1
)


def test_a_unit_is_known_by_its_kind_name_and_head() -> None:
    given(on(EAST, fact(TeamOpened))).shows(units, TEAM)
    given(on(NORTH, fact(BranchOpened))).shows(units, BRANCH)


def test_a_unit_is_called_by_its_new_name() -> None:
    given(on(EAST, fact(TeamOpened), fact(TeamRenamed))).shows(
        units, TEAM._replace(name="Key accounts", name_sort="key accounts", version=2)
    )
    given(on(NORTH, fact(BranchOpened), fact(BranchRenamed))).shows(
        units, BRANCH._replace(name="Ural", name_sort="ural", version=2)
    )


def test_a_unit_is_under_its_new_head_or_under_none() -> None:
    given(on(EAST, fact(TeamOpened), fact(TeamMovedUnderHead))).shows(units, TEAM._replace(head_id=ANNA, version=2))
    alone = fact(BranchMovedUnderHead, to_head_id=None)
    given(on(NORTH, fact(BranchOpened), alone)).shows(units, BRANCH._replace(head_id=None, version=2))


def test_a_unit_is_closed_until_it_is_opened_again() -> None:
    closed = TEAM._replace(closed_at=moment(2), version=2)
    given(on(EAST, fact(TeamOpened), fact(TeamClosed))).shows(units, closed)
    given(on(NORTH, fact(BranchOpened), fact(BranchClosed), fact(BranchOpened, head_id=ANNA))).shows(
        units, BRANCH._replace(head_id=ANNA, opened_at=moment(3), closed_at=None, version=3)
    )


def test_whatever_is_heard_first_of_a_unit_is_kept() -> None:
    given(on(EAST, fact(TeamRenamed))).shows(
        units, UnitRow(EAST, "team", name="Key accounts", name_sort="key accounts", version=1)
    )
    given(on(NORTH, fact(BranchClosed))).shows(units, UnitRow(NORTH, "branch", closed_at=moment(1), version=1))
