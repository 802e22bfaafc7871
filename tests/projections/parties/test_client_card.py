"""The client's card says what is known of the client now, and where it was learnt."""

from uuid import UUID

from events import client
from events.activity import ActivityClientNamed
from events.base import Event
from events.values import (
    AffiliationRole,
    CallStatus,
    Channel,
    Confidence,
    Direction,
    Lifecycle,
    OwnershipCause,
    ProfileField,
)
from infra.words import word_parts, words
from projections.parties.client_card import ClientCardRow, client_card
from tests.projections.facts import (
    ANNA,
    BORIS,
    CALL,
    MARIA,
    OTHER_CALL,
    ROMASHKA,
    VASILEK,
    at,
    email,
    fact,
    folded,
    held,
    phone,
    registered,
)

PHONE_POINT = {
    "kind": "phone",
    "value": "+79161234567",
    "key": "+79161234567",
    "label": None,
    "source": "site",
    "order": 1,
}
NEW_CARD = ClientCardRow(
    client_id=ROMASHKA,
    kind="organisation",
    name="ООО «Ромашка»",
    name_sort="ооо ромашка",
    name_parts=word_parts(words("ооо ромашка")),
    identity_keys=["phone:+79161234567", "tax_id:7707083893"],
    contact_points={"phone:+79161234567": PHONE_POINT},
    tax_id="7707083893",
    profile={"sector": {"value": "retail", "source": "site", "confidence": "stated"}},
    lifecycle="prospect",
    registered_at=at(1),
    source="site",
    external_id="R-1",
    version=1,
)


def card(*events: Event, of: UUID = ROMASHKA) -> ClientCardRow:
    """Return the card after the client was registered and these facts followed."""
    facts = (registered(), *events)
    row = folded(client_card, *(fact(event, of, position) for position, event in enumerate(facts, 1)))[of,]
    assert isinstance(row, ClientCardRow)
    return row


def test_a_registered_client_has_a_card_and_the_neighbour_s_is_unchanged() -> None:
    neighbour = fact(registered("Василёк"), VASILEK, 1)
    before = folded(client_card, neighbour)

    after = folded(client_card, neighbour, fact(registered(), ROMASHKA, 2, occurred_at=at(1)))

    assert after[VASILEK,] == before[VASILEK,]
    assert after[ROMASHKA,] == NEW_CARD._replace(version=2)


def test_a_renamed_client_is_found_under_the_new_name_only() -> None:
    row = card(client.ClientRenamed(from_name="ООО «Ромашка»", to_name="Ёж"))

    assert (row.name, row.name_sort, row.name_parts) == ("Ёж", "еж", ["еж"])


def test_added_corrected_and_removed_contact_points_are_what_search_finds() -> None:
    added = card(client.ContactPointAdded(point=email(), source="call"))
    corrected = card(
        client.ContactPointAdded(point=email(), source="call"),
        client.ContactPointCorrected(from_point=phone(), to_point=phone("+74950000000"), source="visit"),
    )
    removed = card(client.ContactPointRemoved(point=phone()))

    assert added.identity_keys == ["email:info@romashka.ru", "phone:+79161234567", "tax_id:7707083893"]
    assert added.contact_points["email:info@romashka.ru"]["order"] == 2
    assert corrected.identity_keys == ["email:info@romashka.ru", "phone:+74950000000", "tax_id:7707083893"]
    assert corrected.contact_points["phone:+74950000000"]["order"] == 1
    assert corrected.contact_points["phone:+74950000000"]["source"] == "visit"
    assert (removed.contact_points, removed.identity_keys) == ({}, ["tax_id:7707083893"])


def test_a_corrected_tax_id_replaces_the_old_one_everywhere() -> None:
    row = card(client.TaxIdCorrected(from_tax_id="7707083893", to_tax_id="7736050003", source="register"))
    none = card(client.TaxIdCorrected(from_tax_id="7707083893", source="register"))

    assert (row.tax_id, row.identity_keys) == ("7736050003", ["phone:+79161234567", "tax_id:7736050003"])
    assert (none.tax_id, none.identity_keys) == (None, ["phone:+79161234567"])


def test_a_corrected_trait_says_where_it_came_from_and_how_sure_we_are() -> None:
    learnt = client.ProfileCorrected(
        field=ProfileField.DIRECTOR, to_value="Ivanov", source="call", confidence=Confidence.DOUBTFUL
    )
    untrue = client.ProfileCorrected(field=ProfileField.SECTOR, from_value="retail", source="call")

    assert card(learnt, untrue).profile == {"director": {"value": "Ivanov", "source": "call", "confidence": "doubtful"}}


def test_ownership_follows_claim_transfer_and_release() -> None:
    claim = client.ClientClaimed(owner_id=ANNA, cause=OwnershipCause.OFFER)
    transfer = client.ClientTransferred(
        from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="They asked"
    )
    release = client.ClientReleased(from_owner_id=BORIS, cause=OwnershipCause.RELEASE, reason="Quiet")

    assert (card(claim).owner_id, card(claim).owned_since) == (ANNA, at(2))
    assert (card(claim, transfer).owner_id, card(claim, transfer).owned_since) == (BORIS, at(3))
    released = card(claim, transfer, release)
    assert (released.owner_id, released.owned_since, released.version) == (None, None, 4)


def test_affiliations_parent_lifecycle_and_archive_follow_their_facts() -> None:
    person = card(client.ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER), of=MARIA)
    former = card(
        client.ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER),
        client.ClientAffiliated(organisation_id=VASILEK, role=AffiliationRole.OTHER),
        client.AffiliationEnded(organisation_id=ROMASHKA),
        of=MARIA,
    )
    row = card(
        client.SubsidiaryDeclared(parent_id=VASILEK),
        client.LifecycleAdvanced(from_state=Lifecycle.PROSPECT, to_state=Lifecycle.CUSTOMER),
        client.ClientArchived(reason="Closed"),
    )
    back = card(client.ClientArchived(reason="Closed"), client.ClientRestored(reason="Open"))

    assert person.affiliations == {str(ROMASHKA): "buyer"}
    assert former.affiliations == {str(VASILEK): "other"}
    assert (row.parent_id, row.lifecycle, row.archived_at) == (VASILEK, "customer", at(4))
    assert back.archived_at is None


def test_the_last_touch_is_the_latest_by_business_time_and_leaves_the_version_alone() -> None:
    row = folded(
        client_card,
        fact(registered(), ROMASHKA, 1),
        fact(held(), CALL, 2, subject=ROMASHKA),
        fact(held(Channel.EMAIL), OTHER_CALL, 3, subject=ROMASHKA, occurred_at=at(-100)),
    )[ROMASHKA,]

    assert (row.touch_count, row.last_touch_at, row.last_touch_channel, row.last_touch_direction, row.version) == (
        2,
        at(2),
        "meeting",
        "outbound",
        1,
    )


def test_a_call_whose_client_is_named_later_counts_at_the_time_it_was_held() -> None:
    named = ActivityClientNamed(client_id=ROMASHKA, channel=Channel.CALL, direction=Direction.INBOUND, held_at=at(1))

    rows = folded(
        client_card, fact(held(Channel.CALL, client_id=None), CALL, 1), fact(named, CALL, 2, subject=ROMASHKA)
    )

    assert list(rows) == [(ROMASHKA,)]
    assert (rows[ROMASHKA,].touch_count, rows[ROMASHKA,].last_touch_at) == (1, at(1))


def test_a_planned_meeting_whose_client_is_named_counts_once_when_it_is_held() -> None:
    named = ActivityClientNamed(client_id=ROMASHKA, channel=Channel.MEETING, direction=Direction.OUTBOUND)

    rows = folded(client_card, fact(named, CALL, 1, subject=ROMASHKA), fact(held(), CALL, 2, subject=ROMASHKA))

    assert rows[ROMASHKA,].touch_count == 1


def test_a_call_of_a_contact_person_alone_is_on_that_person_s_card() -> None:
    call = fact(held(Channel.CALL, client_id=None, contact_id=MARIA), CALL, 1, subject=MARIA)

    assert {key: row.touch_count for key, row in folded(client_card, call).items()} == {(MARIA,): 1}


def test_tasks_and_misdials_are_no_touch() -> None:
    task = fact(held(Channel.TASK), CALL, 1, subject=ROMASHKA)
    misdial = fact(held(Channel.CALL, call_status=CallStatus.MISDIAL), CALL, 2, subject=ROMASHKA)

    assert folded(client_card, task, misdial) == {}


def test_a_touch_before_the_registration_is_kept() -> None:
    row = folded(client_card, fact(held(), CALL, 1, subject=ROMASHKA), fact(registered(), ROMASHKA, 2))[ROMASHKA,]

    assert (row.touch_count, row.name, row.registered_at) == (1, "ООО «Ромашка»", at(2))
