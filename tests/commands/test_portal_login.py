"""Logins of the portal: one name at one provider is a client's or a staff member's, until it is released."""

import pytest
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.client_errors import ClientIsArchivedError, NotAnOrganisationError
from aggregates.login import LoginIsBoundError
from aggregates.portal_login import LoginIsOfPortalError
from commands.login import BindLogin
from commands.portal_login import BindPortalLogin, ReleasePortalLogin
from commands.registry import COMMANDS
from commands.right import GrantScope
from commands.staff import ChangeStaffRole, HireStaff
from events.client import ClientArchived, ClientRegistered
from events.examples import ANNA_AT_PROVIDER, OLGA_AT_PROVIDER, OLGAS_SUBJECT, PROVIDER, SUBJECT
from events.ids import login_of
from events.login import LoginBound, LoginReleased
from events.portal_login import PortalLoginBound, PortalLoginReleased
from events.staff import StaffHired
from events.values import ClientKind, PortalRole
from tests.examples import ANNA, OLGA, ROMASHKA, command, fact
from tests.story import Told, given, on

PERSON = on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None, contact_points=()))
FIRM = on(ROMASHKA, fact(ClientRegistered))
HIRED = on(ANNA, fact(StaffHired))


def bound(**other: object) -> Told:
    told = fact(PortalLoginBound, **other)
    return on(OLGA_AT_PROVIDER, told, about=told.client_id, concerning=(told.client_id,))


RELEASED = on(OLGA_AT_PROVIDER, fact(PortalLoginReleased), about=OLGA, concerning=(OLGA,))
AS_PARTNER = command(BindPortalLogin, client_id=ROMASHKA, role=PortalRole.PARTNER)


def test_a_name_is_bound_to_a_client_once() -> None:
    given(PERSON).when(command(BindPortalLogin)).then(bound())
    given(PERSON, bound()).when(command(BindPortalLogin)).then_nothing()


def test_a_partner_is_an_organisation() -> None:
    given(FIRM).when(AS_PARTNER).then(bound(client_id=ROMASHKA, role=PortalRole.PARTNER))
    given(PERSON).when(command(BindPortalLogin, role=PortalRole.PARTNER)).then_refused(
        NotAnOrganisationError, client_id=OLGA
    )


def test_a_name_is_one_client_s_in_one_role() -> None:
    as_client = on(OLGA_AT_PROVIDER, fact(PortalLoginBound, client_id=ROMASHKA), about=ROMASHKA)
    given(PERSON, FIRM, bound()).when(AS_PARTNER).then_refused(LoginIsOfPortalError, client_id=OLGA)
    given(FIRM, as_client).when(AS_PARTNER).then_refused(LoginIsOfPortalError, client_id=ROMASHKA)
    given(PERSON, FIRM, bound(), RELEASED).when(AS_PARTNER).then(bound(client_id=ROMASHKA, role=PortalRole.PARTNER))


def test_a_name_is_a_client_s_or_a_staff_member_s_and_never_both() -> None:
    staff_s = on(ANNA_AT_PROVIDER, fact(LoginBound))
    ours = command(BindPortalLogin, subject=SUBJECT)
    given(HIRED, PERSON, staff_s).when(ours).then_refused(LoginIsBoundError, staff_id=ANNA)
    free = given(HIRED, PERSON, staff_s, on(ANNA_AT_PROVIDER, fact(LoginReleased))).when(ours)
    assert free.refusal is None
    theirs = command(BindLogin, subject=OLGAS_SUBJECT)
    given(HIRED, PERSON, bound()).when(theirs).then_refused(LoginIsOfPortalError, client_id=OLGA)
    given(HIRED, PERSON, bound(), RELEASED).when(theirs).then(
        on(login_of(PROVIDER, OLGAS_SUBJECT), fact(LoginBound, subject=OLGAS_SUBJECT))
    )


def test_nobody_is_bound_whose_card_is_put_away_or_who_is_no_client() -> None:
    given(PERSON, on(OLGA, fact(ClientArchived))).when(command(BindPortalLogin)).then_refused(ClientIsArchivedError)
    given().when(command(BindPortalLogin)).then_refused(NotFoundError, kind="client", id=OLGA)


def test_a_name_is_released_once() -> None:
    given(PERSON, bound()).when(command(ReleasePortalLogin)).then(RELEASED)
    given(PERSON, bound(), RELEASED).when(command(ReleasePortalLogin)).then_nothing()
    given(PERSON).when(command(ReleasePortalLogin)).then_refused(NotFoundError, kind="portal_login")


@pytest.mark.parametrize("role", PortalRole)
def test_nobody_is_hired_as_a_client_and_no_scope_is_granted_to_one(role: PortalRole) -> None:
    for kind in (HireStaff, ChangeStaffRole, GrantScope):
        with pytest.raises(ValidationError, match="role"):
            command(kind, role=role)
    assert not [name for name, kind in COMMANDS.items() if role in kind.ROLES]
