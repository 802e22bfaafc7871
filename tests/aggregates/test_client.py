"""The client's own rules, told of the client alone: what is known, from whom, and what others may share."""

from collections.abc import Callable
from typing import Any

from aggregates.base import Identity
from aggregates.client import Client
from aggregates.client_errors import ContactPointNeededError
from aggregates.client_state import name_of, trait_of
from aggregates.deal import Deal
from events.base import Event
from events.client import (
    ClientAffiliated,
    ClientArchived,
    ClientRegistered,
    ClientRestored,
    ContactPointAdded,
    ContactPointCorrected,
    ContactPointRemoved,
    ProfileCorrected,
    TaxIdCorrected,
)
from events.deal import DealOpened
from events.registration import Registration
from events.values import ClientKind, Confidence, ContactKind, ProfileField
from tests.examples import EMAIL, INN, LUTIK, OLGA, PHONE, ROMASHKA, SALE, SECTOR, fact
from tests.story import Story, given, on

REGISTERED = fact(ClientRegistered)
ADDED = fact(ContactPointAdded, duplicate_reason="one office")
PHONE_HELD = Identity("phone", PHONE.key)
EMAIL_HELD = Identity("email", EMAIL.key)
TAX_HELD = Identity("tax_id", INN)


def held(*events: Event) -> frozenset[Identity]:
    """Return what a client of whom this is known holds so that nobody else may."""
    return given(on(ROMASHKA, *events)).stream(Client, ROMASHKA).identities()


def romashka(ask: Callable[[Client], None], *events: Event) -> Story:
    """Ask the registered client, of whom these facts became known."""
    return given(on(ROMASHKA, REGISTERED, *events)).when_asked(Client, ROMASHKA, ask)


def test_a_client_is_entered_with_a_contact_point_unless_by_old_records() -> None:
    nobody: dict[str, Any] = {"kind": ClientKind.PERSON, "name": "Olga", "source": "old"}

    given().when_asked(Client, OLGA, lambda olga: olga.register(**nobody)).then_refused(ContactPointNeededError)
    entered = given().when_asked(Client, OLGA, lambda olga: olga.register(**nobody, is_history=True))
    entered.then(on(OLGA, ClientRegistered.model_validate({**nobody, "contact_points": ()})))


def test_a_tax_number_is_corrected_to_its_bare_digits_or_to_none() -> None:
    story = romashka(lambda client: client.correct_tax_id("77 3605 0003", source="contract"))
    story.then(on(ROMASHKA, fact(TaxIdCorrected, from_tax_id=INN, to_tax_id="7736050003")))
    assert story.stream(Client, ROMASHKA).tax_id == "7736050003"
    gone = romashka(lambda client: client.correct_tax_id(None, source="contract"))
    gone.then(on(ROMASHKA, fact(TaxIdCorrected, from_tax_id=INN, to_tax_id=None)))
    romashka(lambda client: client.correct_tax_id(f" {INN}", source="x")).then_nothing()


def test_a_trait_is_corrected_with_how_sure_we_are() -> None:
    doubted: dict[str, Any] = {"from_value": "retail", "to_value": "retail", "confidence": Confidence.DOUBTFUL}

    def doubt(client: Client) -> None:
        client.correct_profile(SECTOR.field, "retail", source="meeting", confidence=Confidence.DOUBTFUL)

    romashka(doubt).then(on(ROMASHKA, fact(ProfileCorrected, **doubted)))
    romashka(doubt, fact(ProfileCorrected, **doubted)).then_nothing()
    romashka(
        lambda client: client.correct_profile(SECTOR.field, "retail", source="x", confidence=Confidence.VERIFIED)
    ).then_nothing()


def test_a_trait_that_was_never_known_is_learnt() -> None:
    learnt = fact(ProfileCorrected, field=ProfileField.DIRECTOR, from_value=None, to_value="Ivanov")

    romashka(lambda client: client.correct_profile(ProfileField.DIRECTOR, "Ivanov", source="meeting")).then(
        on(ROMASHKA, learnt)
    )


def test_a_trait_that_is_not_true_is_forgotten_once() -> None:
    forgotten = fact(ProfileCorrected, to_value=None)

    def forget(client: Client) -> None:
        client.correct_profile(ProfileField.SECTOR, None, source="meeting")

    story = romashka(forget).then(on(ROMASHKA, forgotten))
    assert story.stream(Client, ROMASHKA).profile == {}
    romashka(forget, forgotten).then_nothing()
    romashka(forget, forgotten, forgotten).then_nothing()


def test_an_archived_client_holds_nothing_and_a_restored_one_is_in_use() -> None:
    assert held(REGISTERED) == {PHONE_HELD, TAX_HELD}
    assert held(REGISTERED, fact(ClientArchived)) == frozenset()
    back = given(on(ROMASHKA, REGISTERED, fact(ClientArchived), fact(ClientRestored))).stream(Client, ROMASHKA)
    assert back.is_archived is False
    assert back.identities() == {PHONE_HELD, TAX_HELD}


def test_only_what_was_allowed_to_be_a_duplicate_is_shared_with_anybody() -> None:
    assert held(REGISTERED, ADDED) == {PHONE_HELD, EMAIL_HELD._replace(may_share_with=None), TAX_HELD}
    assert held(REGISTERED, fact(ContactPointAdded)) == {PHONE_HELD, EMAIL_HELD, TAX_HELD}
    entered = fact(ClientRegistered, duplicate_reason="one office", tax_id=None)
    assert held(entered, fact(TaxIdCorrected)) == {PHONE_HELD._replace(may_share_with=None), TAX_HELD}


def test_an_added_contact_point_says_why_it_may_be_a_duplicate() -> None:
    def add(client: Client) -> None:
        client.add_contact_point(EMAIL, source="web form", duplicate_reason="one office")

    romashka(add).then(on(ROMASHKA, ADDED))


def test_a_corrected_or_removed_contact_point_is_allowed_no_more() -> None:
    other = EMAIL.model_copy(update={"key": "sales@romashka.example"})
    corrected = fact(ContactPointCorrected, from_point=EMAIL, to_point=other)
    back = fact(ContactPointCorrected, from_point=other, to_point=EMAIL)
    relabelled = fact(ContactPointCorrected, from_point=EMAIL, to_point=EMAIL.model_copy(update={"label": "home"}))
    removed = fact(ContactPointRemoved, point=EMAIL)

    assert EMAIL_HELD in held(REGISTERED, ADDED, corrected, back)
    assert EMAIL_HELD._replace(may_share_with=None) in held(REGISTERED, ADDED, relabelled)
    assert EMAIL_HELD in held(REGISTERED, ADDED, removed, fact(ContactPointAdded))


def test_two_spellings_of_one_site_are_one_contact_point() -> None:
    site = PHONE.model_copy(update={"kind": ContactKind.SITE, "key": "romashka.ru"})

    assert held(REGISTERED, fact(ContactPointAdded, point=site)) == {PHONE_HELD, TAX_HELD}


def test_a_person_lends_numbers_to_the_organisations_acted_for_and_nothing_else_lends() -> None:
    olga = given(on(OLGA, fact(ClientRegistered), fact(ClientAffiliated))).stream(Client, OLGA)
    firm, lutik = Client(ROMASHKA), Client(LUTIK)
    assert (olga.lends("phone", firm), olga.lends("phone", lutik), olga.lends("tax_id", firm)) == (True, False, False)
    assert (olga.may_lend("email", [ROMASHKA]), olga.may_lend("email", [LUTIK])) == (True, False)
    assert not given(on(SALE, fact(DealOpened))).stream(Deal, SALE).lends("phone", firm)


def test_a_branch_lends_its_tax_number_to_another_branch_and_to_nobody_else() -> None:
    def branch(kpp: str | None) -> Client:
        return given(on(ROMASHKA, fact(ClientRegistered, registration=Registration(kpp=kpp)))).stream(Client, ROMASHKA)

    moscow, perm, unknown = branch("770701001"), branch("590201001"), branch(None)
    assert moscow.lends("tax_id", perm)
    assert moscow.may_lend("tax_id", [])
    for other in (unknown, branch("770701001")):
        assert not moscow.lends("tax_id", other)
        assert not other.lends("tax_id", moscow)
    assert not unknown.may_lend("tax_id", [ROMASHKA])
    assert not moscow.lends("phone", perm)
    assert {each.key for each in moscow.identities() if each.kind == "tax_id"} == {INN, f"{INN}/770701001"}


def test_a_tax_number_of_another_country_is_another_one() -> None:
    minsk = given(
        on(ROMASHKA, fact(ClientRegistered, tax_id="200988541", registration=Registration(country="BY")))
    ).stream(Client, ROMASHKA)
    assert {each.key for each in minsk.identities() if each.kind == "tax_id"} == {"BY:200988541"}


def test_by_whom_a_value_was_entered_is_kept_as_long_as_the_value() -> None:
    removed = REGISTERED, fact(ContactPointAdded), fact(ContactPointRemoved)
    kept = given(on(ROMASHKA, *removed)).stream(Client, ROMASHKA)
    assert len(kept.points) == 1
    assert set(kept.entered) == {
        *("name", "tax_id"),
        *(name_of(kind, key) for kind, key in kept.points),
        *(trait_of(field) for field in kept.profile),
    }
