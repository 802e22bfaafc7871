"""What is kept from whom: texts from marketers, names of clients from who does not see them, figures from strangers."""

from typing import Any
from uuid import UUID

import pytest

from events.activity import ActivityHeld, ActivityNoted, ActivityPlanned
from events.base import Event
from events.client import ClientAffiliated, ClientClaimed, ClientNoted, ClientRegistered
from events.deal import DealOpened
from events.marks import FreeTextMark, marks_of
from events.registry import MODULES, declared_in
from events.staff import StaffHired
from events.values import ClientKind
from projections.parties.client_timeline import TOLD
from read_api import views
from read_api.client_story import WRITTEN
from read_api.reading.reach import EVERYTHING, People, Reach, Sight, few
from read_api.reading.seen import GUARDED
from read_api.reading.statement import Statement
from tests.examples import ANNA, BORIS, CALL, OLGA, ROMASHKA, SALE, VERA, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import given, on

ABOUT_PEOPLE = {"from_name", "from_tax_id", "from_value", "name", "tax_id", "to_name", "to_tax_id", "to_value"}
NOT_OF_THEIR_MIND = {"source", "external_id", "issuer", "label", "subject", "tag", "value"}
COMPANY = (
    on(ANNA, fact(StaffHired, team_id=None, branch_id=None, head_id=None)),
    on(BORIS, fact(StaffHired, name="Boris", team_id=None, branch_id=None, head_id=None)),
    on(ROMASHKA, fact(ClientRegistered, kind=ClientKind.ORGANISATION), fact(ClientClaimed, owner_id=ANNA)),
    on(ROMASHKA, fact(ClientNoted)),
    on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, name="Olga", contact_points=())),
    on(SALE, fact(DealOpened, seller_id=BORIS, client_id=ROMASHKA)),
    on(CALL, fact(ActivityHeld, staff_id=BORIS, client_id=ROMASHKA), fact(ActivityNoted)),
)


@pytest.fixture
def company(desk: Office) -> Visit:
    return given(*COMPANY).at(desk)


def test_who_leads_a_deal_of_anothers_client_sees_the_deal_and_not_who_the_client_is(company: Visit) -> None:
    for path in (f"/deals/{SALE}", f"/activities/{CALL}"):
        company.asks(path, "seller", BORIS).answers({"client_id": ROMASHKA, "client_name": None})
        company.asks(path, "seller", ANNA).answers({"client_id": ROMASHKA, "client_name": "Romashka"})
        company.asks(path, "seller", VERA).refuses(404, "not-found")
    for path in ("", "/timeline", "/ownership", "/notes", "/permissions"):
        company.asks(f"/clients/{ROMASHKA}{path}", "seller", BORIS).refuses(404, "not-found")
        assert company.asks(f"/clients/{ROMASHKA}{path}", "seller", ANNA).response.status_code == 200


def test_what_is_not_theirs_to_see_is_told_as_what_there_is_not(company: Visit) -> None:
    for path in ("", "/timeline", "/ownership", "/notes", "/permissions"):
        hidden, absent = (
            company.asks(f"/clients/{each}{path}", "seller", BORIS).response for each in (ROMASHKA, UUID(int=9))
        )
        assert hidden.text.replace(str(ROMASHKA), "") == absent.text.replace(str(UUID(int=9)), "")
        assert hidden.headers.keys() == absent.headers.keys()


def test_a_contact_person_is_seen_by_who_sees_an_organisation_they_act_for(desk: Office) -> None:
    company = given(*COMPANY, on(OLGA, fact(ClientAffiliated, organisation_id=ROMASHKA))).at(desk)
    assert company.asks(f"/clients/{OLGA}", "seller", ANNA).response.status_code == 200
    company.asks(f"/clients/{OLGA}", "seller", BORIS).refuses(404, "not-found")
    # Before, she was nobody's: then every seller sees her.
    given(*COMPANY).at(desk).asks(f"/clients/{OLGA}", "seller", BORIS).answers({"name": "Olga"})


def test_a_seller_is_told_whose_a_client_is_and_no_more_than_they_knew(company: Visit) -> None:
    known = company.asks(f"/clients/{ROMASHKA}").response.json()["contact_points"][0]
    asked = {known["kind"]: known["value"]}
    answer = company.office.send("POST", "/clients/owners", "seller", BORIS, json=asked)
    [told] = answer.json()["items"]
    assert (told["client_id"], told["is_seen"], told["owner"]["id"]) == (str(ROMASHKA), False, str(ANNA))
    assert "Romashka" not in answer.text
    assert company.office.send("POST", "/clients/search", "seller", BORIS, json=asked).json()["items"] == []
    assert company.office.send("POST", "/clients/owners", "analyst", BORIS, json=asked).status_code == 403


def test_figures_are_for_who_may_look_at_that_work(company: Visit) -> None:
    assert company.asks(f"/staff/{ANNA}/counters", "seller", ANNA).response.status_code == 200
    company.asks(f"/staff/{ANNA}/counters", "seller", BORIS).refuses(404, "not-found")
    assert company.asks(f"/staff/{ANNA}/counters", "operator").response.status_code == 200


def test_a_marketer_reads_nothing_that_people_wrote(company: Visit) -> None:
    whole, kept = (company.asks(f"/activities/{CALL}", role).response.json() for role in ("operator", "marketer"))
    empty = {"topic", "result", "cancel_reason", "last_note"}
    assert {name: value for name, value in whole.items() if name in empty and value} != {}
    assert kept == {**whole, **dict.fromkeys(empty)}
    for path in (f"/clients/{ROMASHKA}/notes", f"/activities/{CALL}/notes"):
        for role, has_text in (("operator", True), ("marketer", False)):
            [note] = company.asks(path, role).response.json()["items"]
            assert (note["text"] is not None) is has_text
    for role, are_there in (("operator", True), ("marketer", False)):
        story: list[dict[str, Any]] = company.asks(f"/clients/{ROMASHKA}/timeline", role).response.json()["items"]
        assert len(story) > 2
        assert any(entry["details"].keys() & set(WRITTEN) for entry in story) is are_there


def test_what_people_write_is_known_by_name() -> None:
    """A new text of an activity, a deal or a note is kept from marketers, too."""
    texts = {
        name
        for kind in declared_in(MODULES, Event)
        if kind in TOLD
        for name, field in kind.model_fields.items()
        if any(isinstance(mark, FreeTextMark) for mark in marks_of(field))
    }
    assert texts - ABOUT_PEOPLE - NOT_OF_THEIR_MIND <= set(WRITTEN)
    assert {ActivityPlanned, ActivityHeld} <= set(TOLD)


def test_a_statement_about_clients_says_who_may_see_them() -> None:
    for view in sorted(GUARDED):
        with pytest.raises(AssertionError, match="say who may see it"):
            Statement(f"SELECT seen.*, v FROM seen, {view} AS v", (view,))
        with pytest.raises(AssertionError, match="say who may see it"):
            Statement(f"SELECT seen.*, v FROM seen, {view} AS v", (), (view,))
    Statement("SELECT seen.* FROM seen", (views.PRODUCTS,))


def test_few_owners_are_looked_up_one_by_one() -> None:
    assert [few([UUID(int=0)] * number) for number in (0, 1, 2, 3, 31, 32, 33, 200)] == [1, 1, 2, 4, 32, 32, 0, 0]
    assert Reach([ANNA, BORIS, VERA]).owners == People.of([ANNA, BORIS, VERA, None])
    assert Reach([UUID(int=0)] * 33).owners is None
    # Whoever has an id of zeros is not in it.
    assert People.of([None]) != People.of([UUID(int=0)])
    assert EVERYTHING.sight is Sight.WHOLE
    assert Reach(texts=False).sight is Sight.UNEVEN
    assert Reach([ANNA], [ANNA], [ANNA]).sight is Sight.EVEN
    assert Reach([], [], []).sight is Sight.UNEVEN
