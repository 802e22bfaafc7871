"""Logins as they are read: whose each is now."""

from events.examples import ANNA_AT_PROVIDER, PROVIDER, SUBJECT
from events.login import LoginBound, LoginReleased
from projections.staff.logins import LoginRow, logins
from tests.examples import ANNA, BORIS, fact
from tests.story import given, moment, on

BOUND = LoginRow(ANNA_AT_PROVIDER, ANNA, PROVIDER, SUBJECT, moment(1), version=1)


def test_a_login_is_whose_it_was_bound_to_last() -> None:
    given(on(ANNA_AT_PROVIDER, fact(LoginBound))).shows(logins, BOUND)
    given(on(ANNA_AT_PROVIDER, fact(LoginBound), fact(LoginReleased), fact(LoginBound, staff_id=BORIS))).shows(
        logins, BOUND._replace(staff_id=BORIS, bound_at=moment(3), version=3)
    )


def test_a_released_login_is_nobody_s() -> None:
    nobody_s = BOUND._replace(staff_id=None, bound_at=None, version=2)
    given(on(ANNA_AT_PROVIDER, fact(LoginBound), fact(LoginReleased))).shows(logins, nobody_s)
    given(on(ANNA_AT_PROVIDER, fact(LoginReleased))).shows(logins, LoginRow(ANNA_AT_PROVIDER, version=1))
