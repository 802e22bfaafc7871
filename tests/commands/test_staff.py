"""Staff: hired, moved, promoted, and gone with a successor who can take the clients."""

import pytest
from pydantic import ValidationError

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.staff import (
    StaffDoesNotSellError,
    StaffHasDepartedError,
    StaffMember,
    SuccessorIsSelfError,
)
from aggregates.unit import UnitIsClosedError
from commands.staff import ChangeStaffRole, DepartStaff, HireStaff, MoveStaff, ReinstateStaff, SuspendStaff
from events.branch import BranchClosed, BranchOpened
from events.examples import EAST, NORTH, PERM
from events.staff import StaffDeparted, StaffHired, StaffMoved, StaffReinstated, StaffRoleChanged, StaffSuspended
from events.team import TeamOpened
from events.values import StaffRole
from tests.examples import ANNA, BORIS, VERA, command, fact
from tests.story import given, on

HEAD = on(VERA, fact(StaffHired, name="Vera", role=StaffRole.HEAD, head_id=None))
HIRED = on(ANNA, fact(StaffHired))
BORIS_HIRED = on(BORIS, fact(StaffHired, name="Boris"))
UNITS = (on(EAST, fact(TeamOpened)), on(NORTH, fact(BranchOpened)), on(PERM, fact(BranchOpened, name="Perm")))
GONE = on(ANNA, fact(StaffDeparted))


def test_somebody_is_hired_once() -> None:
    given(HEAD, *UNITS).when(command(HireStaff, head_id=VERA)).then(HIRED)
    given(HEAD, *UNITS, HIRED).when(command(HireStaff, head_id=VERA)).then_refused(
        AlreadyExistsError, kind="staff", id=ANNA
    )


def test_nobody_is_hired_under_a_head_who_left_or_never_was() -> None:
    given(HEAD, on(VERA, StaffDeparted())).when(command(HireStaff, head_id=VERA)).then_refused(StaffHasDepartedError)
    given().when(command(HireStaff, head_id=VERA)).then_refused(NotFoundError, id=VERA)


def test_a_role_is_changed_once_and_never_after_departure() -> None:
    changed = on(ANNA, fact(StaffRoleChanged))
    given(HIRED, BORIS_HIRED).when(command(ChangeStaffRole)).then(changed)
    given(HIRED, BORIS_HIRED, changed).when(command(ChangeStaffRole)).then_nothing()
    given(HIRED, BORIS_HIRED, GONE).when(command(ChangeStaffRole)).then_refused(
        StaffHasDepartedError, staff_name="Anna"
    )


def test_a_team_or_branch_that_nobody_has_opened_is_opened_by_its_name_in_the_same_decision() -> None:
    story = given(HEAD).when(command(HireStaff, head_id=VERA))
    story.then(HIRED, on(EAST, TeamOpened(name="East")), on(NORTH, BranchOpened(name="Yekaterinburg")))
    ask = command(HireStaff, head_id=VERA, team=" east ", branch="YEKATERINBURG")
    given(HEAD, *UNITS).when(ask).then(HIRED)


def test_a_refused_decision_opens_nothing() -> None:
    given(HIRED, GONE).when(command(MoveStaff, branch="Omsk")).then_refused(StaffHasDepartedError, staff_id=ANNA)
    given(HIRED, *UNITS).when(command(HireStaff, team="Omsk", head_id=None)).then_refused(AlreadyExistsError)


def test_a_team_or_branch_is_named_by_its_id_as_well_but_not_by_both() -> None:
    ask = HireStaff(staff_id=ANNA, name="Anna", role=StaffRole.SELLER, team_id=EAST, branch_id=NORTH, head_id=VERA)
    given(HEAD, *UNITS).when(ask).then(HIRED)
    given(HEAD).when(ask).then_refused(NotFoundError, kind="team", id=EAST)
    with pytest.raises(ValidationError, match="give team_id or team, not both"):
        command(HireStaff, team_id=EAST)
    with pytest.raises(ValidationError, match="give branch_id or branch, not both"):
        command(MoveStaff, branch_id=NORTH)


def test_nobody_joins_a_branch_that_was_closed() -> None:
    shut = on(PERM, fact(BranchOpened, name="Perm"), fact(BranchClosed))
    given(HIRED, shut).when(command(MoveStaff)).then_refused(UnitIsClosedError, kind="branch", name="Perm")


def test_what_is_not_named_stays_when_somebody_moves() -> None:
    moved = StaffMoved(
        from_team_id=EAST,
        to_team_id=EAST,
        from_branch_id=NORTH,
        to_branch_id=PERM,
        from_head_id=VERA,
        to_head_id=VERA,
    )
    given(*UNITS, HIRED).when(command(MoveStaff)).then(on(ANNA, moved))
    given(*UNITS, HIRED, on(ANNA, moved)).when(command(MoveStaff)).then_nothing()
    given(*UNITS, HIRED, GONE).when(command(MoveStaff)).then_refused(StaffHasDepartedError)


def test_what_is_sent_empty_is_emptied() -> None:
    story = given(HIRED).when(MoveStaff(staff_id=ANNA, head_id=None))
    moved = StaffMoved(
        from_team_id=EAST,
        to_team_id=EAST,
        from_branch_id=NORTH,
        to_branch_id=NORTH,
        from_head_id=VERA,
    )
    story.then(on(ANNA, moved))


def test_a_move_to_nowhere_is_not_asked_for() -> None:
    with pytest.raises(ValidationError, match="name a team"):
        MoveStaff(staff_id=ANNA)


def test_who_departs_leaves_a_successor_and_a_head_and_departs_once() -> None:
    given(HIRED, BORIS_HIRED).when(command(DepartStaff)).then(GONE)
    given(HIRED, BORIS_HIRED, GONE).when(command(DepartStaff)).then_nothing()


def test_a_successor_sells_and_is_somebody_else() -> None:
    given(HIRED).when(command(DepartStaff, successor_id=ANNA)).then_refused(SuccessorIsSelfError, staff_id=ANNA)
    given(HIRED).when(command(DepartStaff)).then_refused(NotFoundError, id=BORIS)
    gone_too = on(BORIS, StaffDeparted())
    given(HIRED, BORIS_HIRED, gone_too).when(command(DepartStaff)).then_refused(StaffHasDepartedError, staff_id=BORIS)
    operator = on(BORIS, fact(StaffHired, role=StaffRole.OPERATOR))
    given(HIRED, operator).when(command(DepartStaff)).then_refused(StaffDoesNotSellError, role=StaffRole.OPERATOR)


def test_who_is_suspended_is_let_in_again_by_an_admin_and_by_nothing_else() -> None:
    suspended, reinstated = on(ANNA, fact(StaffSuspended)), on(ANNA, fact(StaffReinstated))
    given(HIRED).when(command(SuspendStaff)).then(suspended)
    given(HIRED, suspended).when(command(SuspendStaff)).then_nothing()
    given(HIRED).when(command(ReinstateStaff)).then_nothing()
    given(HIRED, suspended).when(command(ReinstateStaff)).then(reinstated)
    given(HIRED, suspended, reinstated).when(command(SuspendStaff)).then(suspended)
    given(HIRED, GONE).when(command(SuspendStaff)).then_refused(StaffHasDepartedError)
    given(HIRED, GONE).when(command(ReinstateStaff)).then_refused(StaffHasDepartedError)


def test_nobody_is_admitted_while_suspended_or_after_they_left() -> None:
    suspended, reinstated = on(ANNA, fact(StaffSuspended)), on(ANNA, fact(StaffReinstated))
    histories = ((), (HIRED,), (HIRED, suspended), (HIRED, suspended, reinstated), (HIRED, GONE))
    admitted = [given(*each).context.find(StaffMember, ANNA) for each in histories]
    assert [member is not None and member.is_admitted for member in admitted] == [False, True, False, True, False]
