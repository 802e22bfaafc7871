"""The organisation's people, with the role each acts in."""

from events.client import AffiliationEnded, ClientAffiliated
from events.values import AffiliationRole
from projections.parties.contact_persons import ContactPersonRow, contact_persons
from tests.projections.facts import ANNA, MARIA, ROMASHKA, VASILEK, at, fact, folded

BUYER = ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER)
DIRECTOR = ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.DIRECTOR)
LEFT = AffiliationEnded(organisation_id=ROMASHKA)


def test_a_person_acts_for_an_organisation_until_it_ends_and_the_neighbour_stays() -> None:
    elsewhere = ClientAffiliated(organisation_id=VASILEK, role=AffiliationRole.OTHER)
    colleague = fact(DIRECTOR, ANNA, 1)

    rows = folded(contact_persons, colleague, fact(BUYER, MARIA, 2), fact(elsewhere, MARIA, 3), fact(LEFT, MARIA, 4))

    assert rows == {
        (ROMASHKA, ANNA): ContactPersonRow(ROMASHKA, ANNA, role="director", is_active=True, since=at(1)),
        (ROMASHKA, MARIA): ContactPersonRow(
            ROMASHKA, MARIA, role="buyer", is_active=False, since=at(2), ended_at=at(4)
        ),
        (VASILEK, MARIA): ContactPersonRow(VASILEK, MARIA, role="other", is_active=True, since=at(3)),
    }


def test_a_person_who_comes_back_is_active_in_the_new_role() -> None:
    rows = folded(contact_persons, fact(BUYER, MARIA, 1), fact(LEFT, MARIA, 2), fact(DIRECTOR, MARIA, 3))

    assert rows == {(ROMASHKA, MARIA): ContactPersonRow(ROMASHKA, MARIA, role="director", is_active=True, since=at(3))}


def test_an_end_whose_beginning_was_never_heard_of_leaves_an_inactive_row() -> None:
    assert folded(contact_persons, fact(LEFT, MARIA, 5)) == {
        (ROMASHKA, MARIA): ContactPersonRow(ROMASHKA, MARIA, ended_at=at(5))
    }
