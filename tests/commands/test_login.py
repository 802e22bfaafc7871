"""Logins: one name at one provider is one staff member, until it is released."""

from aggregates.base import NotFoundError
from aggregates.login import LoginIsBoundError
from aggregates.staff import StaffHasDepartedError
from commands.login import BindLogin, ReleaseLogin
from events.examples import ANNA_AT_PROVIDER
from events.ids import login_of
from events.login import LoginBound, LoginReleased
from events.staff import StaffDeparted, StaffHired
from tests.examples import ANNA, BORIS, command, fact
from tests.story import given, on

HIRED = on(ANNA, fact(StaffHired))
BOUND, RELEASED = on(ANNA_AT_PROVIDER, fact(LoginBound)), on(ANNA_AT_PROVIDER, fact(LoginReleased))


def test_a_login_is_bound_once() -> None:
    given(HIRED).when(command(BindLogin)).then(BOUND)
    given(HIRED, BOUND).when(command(BindLogin)).then_nothing()


def test_a_login_is_one_staff_member_s() -> None:
    both = (HIRED, on(BORIS, fact(StaffHired)), BOUND)
    given(*both).when(command(BindLogin, staff_id=BORIS)).then_refused(LoginIsBoundError, staff_id=ANNA)
    given(*both, RELEASED).when(command(BindLogin, staff_id=BORIS)).then(
        on(ANNA_AT_PROVIDER, fact(LoginBound, staff_id=BORIS))
    )


def test_one_staff_member_may_have_several() -> None:
    other = "f:7a1c:anna.k"
    given(HIRED, BOUND).when(command(BindLogin, subject=other)).then(
        on(login_of("https://login.example.org/realms/staff", other), fact(LoginBound, subject=other))
    )


def test_each_letter_of_a_login_counts() -> None:
    assert login_of("https://a.example", "anna") != login_of("https://a.example", "Anna")
    assert login_of("https://a.example", "anna") != login_of("https://a.example/", "anna")


def test_nobody_is_bound_who_does_not_work_here() -> None:
    given().when(command(BindLogin)).then_refused(NotFoundError, kind="staff")
    given(HIRED, on(ANNA, fact(StaffDeparted))).when(command(BindLogin)).then_refused(StaffHasDepartedError)


def test_a_login_is_released_once() -> None:
    given(HIRED, BOUND).when(command(ReleaseLogin)).then(RELEASED)
    given(HIRED, BOUND, RELEASED).when(command(ReleaseLogin)).then_nothing()
    given(HIRED).when(command(ReleaseLogin)).then_refused(NotFoundError, kind="login")
