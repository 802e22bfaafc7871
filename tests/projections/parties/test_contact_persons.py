"""The organisation's people, with the role each acts in."""

from events.client import AffiliationEnded, ClientAffiliated
from events.values import AffiliationRole
from projections.parties.contact_persons import ContactPersonRow, contact_persons
from tests.examples import HOLDING, LUTIK, OLGA, ROMASHKA, fact
from tests.story import given, moment, on

BUYER = fact(ClientAffiliated)
DIRECTOR = fact(ClientAffiliated, role=AffiliationRole.DIRECTOR)
ELSEWHERE = fact(ClientAffiliated, organisation_id=HOLDING, role=AffiliationRole.OTHER)
LEFT = fact(AffiliationEnded)


def test_a_person_acts_for_an_organisation_until_it_ends_and_colleagues_stay() -> None:
    given(on(LUTIK, DIRECTOR), on(OLGA, BUYER, ELSEWHERE, LEFT)).shows(
        contact_persons,
        ContactPersonRow(ROMASHKA, LUTIK, role="director", is_active=True, since=moment(1)),
        ContactPersonRow(ROMASHKA, OLGA, role="buyer", is_active=False, since=moment(2), ended_at=moment(4)),
        ContactPersonRow(HOLDING, OLGA, role="other", is_active=True, since=moment(3)),
    )


def test_a_person_who_comes_back_is_active_in_the_new_role() -> None:
    back = ContactPersonRow(ROMASHKA, OLGA, role="director", is_active=True, since=moment(3))

    given(on(OLGA, BUYER, LEFT, DIRECTOR)).shows(contact_persons, back)


def test_an_end_whose_beginning_was_never_heard_of_leaves_an_inactive_row() -> None:
    given(on(OLGA, LEFT)).shows(contact_persons, ContactPersonRow(ROMASHKA, OLGA, ended_at=moment(1)))
