"""The client's card says what is known of the client now, and where it was learnt."""

from typing import Any
from uuid import UUID

from events import client
from events.base import Event
from events.registration import Registration
from events.values import AffiliationRole, Confidence, ContactDoubt, ContactKind, ProfileField
from infra.names.search import indexed
from projections.parties.card_row import MOST_DATA_NOTICES, ClientCardRow
from projections.parties.client_card import client_card
from tests.examples import ANNA, BORIS, EMAIL, HOLDING, INN, OLGA, PHONE, ROMASHKA, fact
from tests.story import Story, given, moment, on

REGISTERED = fact(client.ClientRegistered, name="ООО «Ромашка»", external_id="R-1", date_unknown=True)
PHONE_KEY, EMAIL_KEY, TAX_KEY = "phone:+79223251293", "email:olga@romashka.example", f"tax_id:{INN}"
PHONE_POINT = {
    "kind": "phone",
    "value": "8 (922) 325-12-93",
    "key": "+79223251293",
    "label": "office",
    "source": "entered by hand",
    "confidence": "stated",
    "doubt": None,
    "order": 1,
}
EMAIL_POINT = {
    "kind": "email",
    "value": "Olga@Romashka.example",
    "key": "olga@romashka.example",
    "label": None,
    "source": "web form",
    "confidence": "stated",
    "doubt": None,
    "order": 2,
}
BY_HAND = {"source": "entered by hand", "confidence": "stated"}
NEW_CARD = ClientCardRow(
    client_id=ROMASHKA,
    kind="organisation",
    name="ООО «Ромашка»",
    name_sort="ооо ромашка",
    name_terms=indexed(["ооо", "ромашка"]),
    identity_keys=[PHONE_KEY, TAX_KEY],
    contact_points={PHONE_KEY: PHONE_POINT},
    tax_id=INN,
    told={"name": BY_HAND, "tax_id": {**BY_HAND, "country": "RU"}},
    profile={"sector": {"value": "retail", "source": "2gis", "confidence": "verified"}},
    lifecycle="prospect",
    registered_at=moment(1),
    date_unknown=True,
    source="entered by hand",
    external_id="R-1",
    version=1,
)
UNKNOWN = ClientCardRow(ROMASHKA, version=1)
ADDED = fact(client.ContactPointAdded)


def after(*events: Event) -> Story:
    """Begin with a registered client, of whom these facts became known."""
    return given(on(ROMASHKA, REGISTERED, *events))


def card(*events: Event, **columns: Any) -> None:
    """Say what these facts changed on the card of a registered client."""
    after(*events).shows(client_card, NEW_CARD._replace(version=1 + len(events), **columns))


def test_a_registered_client_has_a_card() -> None:
    card()


def test_a_renamed_client_is_found_under_the_new_name_only() -> None:
    renamed = fact(client.ClientRenamed, to_name="Ёж  и Дом")

    card(renamed, name="Ёж и Дом", name_sort="еж и дом\tёж и дом", name_terms=indexed(["еж", "и", "дом"]))


def test_an_added_contact_point_is_what_search_finds() -> None:
    points = {PHONE_KEY: PHONE_POINT, EMAIL_KEY: EMAIL_POINT}

    card(ADDED, contact_points=points, identity_keys=[EMAIL_KEY, PHONE_KEY, TAX_KEY])


def test_an_extension_is_found_by_the_number_that_rings_and_a_mailbox_in_every_spelling() -> None:
    office = PHONE.model_copy(update={"value": "+7 495 123-45-67 доб. 12", "key": "+74951234567;ext=12"})
    # As it was entered when each spelling was a key of its own.
    old = EMAIL.model_copy(update={"value": "ivan.petrov@gmail.com", "key": "ivan.petrov@gmail.com"})
    points = {
        PHONE_KEY: PHONE_POINT,
        "phone:+74951234567;ext=12": {
            **PHONE_POINT,
            "value": office.value,
            "key": office.key,
            "source": "web form",
            "order": 2,
        },
        "email:ivan.petrov@gmail.com": {**EMAIL_POINT, "value": old.value, "key": old.key, "order": 3},
    }

    card(
        fact(client.ContactPointAdded, point=office),
        fact(client.ContactPointAdded, point=old),
        contact_points=points,
        identity_keys=[
            "email:ivanpetrov@gmail.com",
            "line:+74951234567",
            "phone:+74951234567;ext=12",
            PHONE_KEY,
            TAX_KEY,
        ],
    )


def test_a_site_is_a_contact_point_but_identifies_nobody() -> None:
    site = fact(
        client.ContactPointAdded, point=PHONE.model_copy(update={"kind": ContactKind.SITE, "key": "romashka.ru"})
    )
    point = {**PHONE_POINT, "kind": "site", "key": "romashka.ru", "source": "web form", "order": 2}

    card(site, contact_points={PHONE_KEY: PHONE_POINT, "site:romashka.ru": point})


def test_a_corrected_contact_point_keeps_its_place() -> None:
    points = {PHONE_KEY: {**PHONE_POINT, "order": 1, "source": "call"}, EMAIL_KEY: EMAIL_POINT}
    again = fact(client.ContactPointCorrected, from_point=PHONE, to_point=PHONE, source="call")

    card(ADDED, again, contact_points=points, identity_keys=[EMAIL_KEY, PHONE_KEY, TAX_KEY])


def test_a_correction_of_what_was_never_heard_of_comes_last() -> None:
    other = EMAIL.model_copy(update={"key": "sales@romashka.example"})
    corrected = fact(client.ContactPointCorrected, from_point=other, to_point=EMAIL, source="web form")

    card(
        corrected,
        contact_points={PHONE_KEY: PHONE_POINT, EMAIL_KEY: EMAIL_POINT},
        identity_keys=[EMAIL_KEY, PHONE_KEY, TAX_KEY],
    )


def test_a_removed_contact_point_is_found_no_more() -> None:
    card(fact(client.ContactPointRemoved, point=PHONE), contact_points={}, identity_keys=[TAX_KEY])
    card(fact(client.ContactPointRemoved, point=EMAIL))


def test_a_corrected_tax_id_replaces_the_old_one_everywhere() -> None:
    corrected = fact(client.TaxIdCorrected, to_tax_id="7736050003")

    told = {"name": BY_HAND, "tax_id": {"source": "contract", "confidence": "stated", "country": "RU"}}
    card(corrected, tax_id="7736050003", told=told, identity_keys=[PHONE_KEY, "tax_id:7736050003"])
    card(fact(client.TaxIdCorrected, to_tax_id=None), tax_id=None, told={"name": BY_HAND}, identity_keys=[PHONE_KEY])


def test_numbers_of_the_state_are_shown_with_where_they_are_from() -> None:
    kpp = fact(client.RegistrationNumberCorrected)
    shown = {**NEW_CARD.told, "kpp": {"source": "contract", "confidence": "stated", "value": "770701001"}}
    card(kpp, told=shown)
    card(kpp, fact(client.RegistrationNumberCorrected, from_value="770701001", to_value=None))
    abroad = fact(
        client.ClientRegistered, tax_id="200988541", registration=Registration(country="BY", ogrn="1027700132195")
    )
    told = {
        "name": BY_HAND,
        "tax_id": {**BY_HAND, "country": "BY"},
        "ogrn": {**BY_HAND, "value": "1027700132195"},
    }
    given(on(ROMASHKA, abroad)).shows_row(
        client_card, ROMASHKA, told=told, identity_keys=[PHONE_KEY, "tax_id:BY:200988541"]
    )


def test_a_name_is_shown_as_it_looks_and_letters_of_two_alphabets_are_marked() -> None:
    pasted = fact(client.ClientRenamed, to_name="CибБашкир\u200bТекстиль", source="call")
    told = {**NEW_CARD.told, "name": {"source": "call", "confidence": "stated"}}

    card(
        pasted,
        name="CибБашкирТекстиль",
        name_sort="cиббашкиртекстиль",
        name_terms=indexed(["cиббашкиртекстиль"]),
        told=told,
        doubts=["name"],
    )
    card(pasted, fact(client.ClientRenamed, to_name="ООО «Ромашка»"))


def test_what_is_no_phone_and_a_wrong_tax_number_are_kept_marked_and_find_nobody() -> None:
    no_phone = PHONE.model_copy(
        update={"value": "0000000", "key": "0000000", "doubt": ContactDoubt.PLACEHOLDER, "label": None}
    )
    old = fact(client.ClientRegistered, contact_points=(no_phone,), tax_id="7707083894", is_tax_id_wrong=True)
    story = given(on(ROMASHKA, old))

    story.shows_row(client_card, ROMASHKA, tax_id="7707083894", identity_keys=[], doubts=["phone", "tax_id"])
    story.shows_row(
        client_card, ROMASHKA, told={"name": BY_HAND, "tax_id": {**BY_HAND, "confidence": "doubtful", "country": "RU"}}
    )
    right = fact(client.TaxIdCorrected, to_tax_id=INN)
    corrected = fact(client.ContactPointCorrected, from_point=no_phone, to_point=PHONE)
    given(on(ROMASHKA, old, right, corrected)).shows_row(
        client_card, ROMASHKA, tax_id=INN, identity_keys=[PHONE_KEY, TAX_KEY], doubts=[]
    )


def test_a_corrected_trait_says_where_it_came_from_and_how_sure_we_are() -> None:
    learnt = fact(
        client.ProfileCorrected, field=ProfileField.DIRECTOR, to_value="Ivanov", confidence=Confidence.DOUBTFUL
    )
    untrue = fact(client.ProfileCorrected, to_value=None)
    director = {"value": "Ivanov", "source": "meeting", "confidence": "doubtful"}

    card(learnt, profile={**NEW_CARD.profile, "director": director})
    card(learnt, untrue, profile={"director": director})


def test_ownership_follows_claim_transfer_and_release() -> None:
    claim, transfer = fact(client.ClientClaimed), fact(client.ClientTransferred)

    card(claim, owner_id=ANNA, owned_since=moment(2))
    card(claim, transfer, owner_id=BORIS, owned_since=moment(3))
    card(claim, transfer, fact(client.ClientReleased))


def test_an_affiliation_changes_the_version_and_is_shown_by_a_view_of_its_own() -> None:
    buyer = fact(client.ClientAffiliated)
    other = fact(client.ClientAffiliated, organisation_id=HOLDING, role=AffiliationRole.OTHER)

    given(on(OLGA, buyer, other)).shows(client_card, ClientCardRow(OLGA, version=2))
    given(on(OLGA, buyer, other, fact(client.AffiliationEnded))).shows(client_card, ClientCardRow(OLGA, version=3))


def test_parent_lifecycle_and_archive_follow_their_facts() -> None:
    card(fact(client.SubsidiaryDeclared), parent_id=HOLDING)
    card(fact(client.LifecycleAdvanced), lifecycle="contacted")
    card(fact(client.ClientArchived), archived_at=moment(2))
    card(fact(client.ClientArchived), fact(client.ClientRestored))


def test_whatever_is_heard_first_of_a_client_is_kept() -> None:
    for event, columns in (
        (ADDED, {"contact_points": {EMAIL_KEY: {**EMAIL_POINT, "order": 1}}, "identity_keys": [EMAIL_KEY]}),
        (fact(client.ContactPointRemoved), {}),
        (
            fact(client.TaxIdCorrected),
            {
                "tax_id": INN,
                "told": {"tax_id": {"source": "contract", "confidence": "stated", "country": "RU"}},
                "identity_keys": [TAX_KEY],
            },
        ),
        (fact(client.ClientClaimed), {"owner_id": ANNA, "owned_since": moment(1)}),
        (fact(client.ClientTransferred), {"owner_id": BORIS, "owned_since": moment(1)}),
        (fact(client.ClientReleased), {}),
        (fact(client.ClientArchived), {"archived_at": moment(1)}),
        (fact(client.ClientRestored), {}),
        (fact(client.AffiliationEnded), {}),
        (fact(client.SubsidiaryDeclared), {"parent_id": HOLDING}),
        (fact(client.LifecycleAdvanced), {"lifecycle": "contacted"}),
        (
            fact(client.ClientRenamed, to_name="Ёж"),
            {"name": "Ёж", "name_sort": "еж\tёж", "name_terms": "'#1' '=еж' 'ez'", "told": {"name": BY_HAND}},
        ),
    ):
        given(on(ROMASHKA, event)).shows(client_card, UNKNOWN._replace(**columns))


def test_a_lifecycle_heard_of_before_the_registration_is_kept() -> None:
    given(on(ROMASHKA, fact(client.LifecycleAdvanced), REGISTERED)).shows_row(
        client_card, ROMASHKA, lifecycle="contacted"
    )


def told(number: int, actor: str, staff_id: UUID | None = None, version: str = "2026-06") -> dict[str, Any]:
    return {
        "text_version": version,
        "channel": "email",
        "given_at": moment(number).isoformat(),
        "actor": actor,
        "staff_id": None if staff_id is None else str(staff_id),
    }


def test_a_card_has_when_the_client_was_told_of_confidentiality_the_latest_first() -> None:
    again = on(ROMASHKA, fact(client.DataNoticeGiven, text_version="2026-07"), actor=ANNA)
    earlier = on(ROMASHKA, fact(client.DataNoticeGiven), occurred_at=moment(0))
    notices = [told(3, str(ANNA), ANNA, "2026-07"), told(2, "story"), told(0, "story")]
    story = given(on(ROMASHKA, REGISTERED, fact(client.DataNoticeGiven)), again, earlier)
    story.shows(client_card, NEW_CARD._replace(version=4, data_notices=notices))


def test_a_card_has_so_many_of_them_and_no_more() -> None:
    many = [fact(client.DataNoticeGiven)] * (MOST_DATA_NOTICES + 1)
    latest = [told(number, "story") for number in range(MOST_DATA_NOTICES + 2, 2, -1)]
    card(*many, data_notices=latest)


def test_whom_a_person_acts_for_and_what_is_noted_change_nothing_on_the_card() -> None:
    card(fact(client.ClientAffiliated), fact(client.AffiliationEnded))
    card(fact(client.ClientNoted), fact(client.ClientNoteEdited), fact(client.ClientNoteWithdrawn))
