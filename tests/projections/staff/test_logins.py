"""Logins as they are read: whose each is now."""

from events.examples import ANNA_AT_PROVIDER, OLGA_AT_PROVIDER, OLGAS_SUBJECT, PROVIDER, SUBJECT
from events.login import LoginBound, LoginReleased
from events.portal_login import PortalLoginBound, PortalLoginReleased
from projections.staff.logins import LoginRow, logins
from tests.examples import ANNA, BORIS, OLGA, ROMASHKA, fact
from tests.story import given, moment, on

BOUND = LoginRow(ANNA_AT_PROVIDER, staff_id=ANNA, issuer=PROVIDER, subject=SUBJECT, bound_at=moment(1), version=1)
OF_OLGA = LoginRow(
    OLGA_AT_PROVIDER,
    client_id=OLGA,
    role="client",
    issuer=PROVIDER,
    subject=OLGAS_SUBJECT,
    bound_at=moment(1),
    version=1,
)


def test_a_login_is_whose_it_was_bound_to_last() -> None:
    given(on(ANNA_AT_PROVIDER, fact(LoginBound))).shows(logins, BOUND)
    given(on(ANNA_AT_PROVIDER, fact(LoginBound), fact(LoginReleased), fact(LoginBound, staff_id=BORIS))).shows(
        logins, BOUND._replace(staff_id=BORIS, bound_at=moment(3), version=3)
    )


def test_a_released_login_is_nobody_s() -> None:
    nobody_s = BOUND._replace(staff_id=None, bound_at=None, version=2)
    given(on(ANNA_AT_PROVIDER, fact(LoginBound), fact(LoginReleased))).shows(logins, nobody_s)
    given(on(ANNA_AT_PROVIDER, fact(LoginReleased))).shows(logins, LoginRow(ANNA_AT_PROVIDER, version=1))


def test_a_login_of_the_portal_is_the_client_s_it_was_bound_to_last_and_nobody_s_when_released() -> None:
    bound, released = fact(PortalLoginBound), fact(PortalLoginReleased)
    given(on(OLGA_AT_PROVIDER, bound)).shows(logins, OF_OLGA)
    nobody_s = OF_OLGA._replace(client_id=None, role=None, bound_at=None, version=2)
    given(on(OLGA_AT_PROVIDER, bound, released)).shows(logins, nobody_s)
    given(on(OLGA_AT_PROVIDER, released)).shows(logins, LoginRow(OLGA_AT_PROVIDER, version=1))
    partner = fact(PortalLoginBound, client_id=ROMASHKA, role="partner")
    given(on(OLGA_AT_PROVIDER, bound, released, partner)).shows(
        logins, OF_OLGA._replace(client_id=ROMASHKA, role="partner", bound_at=moment(3), version=3)
    )
