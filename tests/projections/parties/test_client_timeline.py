"""The timeline tells one client's story, and a shared fact in every client's it concerns."""

from events import client
from events.values import AffiliationRole, Channel, OwnershipCause
from projections.parties.client_timeline import ClientTimelineRow, client_timeline
from tests.projections.facts import (
    ANNA,
    BORIS,
    CALL,
    DEAL,
    MARIA,
    ROMASHKA,
    VASILEK,
    at,
    fact,
    folded,
    held,
    opened,
    registered,
)


def test_a_touchpoint_is_told_with_its_texts_in_the_person_s_and_the_organisation_s_story() -> None:
    call = held(Channel.CALL, contact_id=MARIA, topic="Prices", result="Will think")

    rows = folded(client_timeline, fact(call, CALL, 7, subject=ROMASHKA, parties=(ROMASHKA, MARIA)))

    assert set(rows) == {(ROMASHKA, 7), (MARIA, 7)}
    assert rows[MARIA, 7] == ClientTimelineRow(
        client_id=MARIA,
        event_position=7,
        occurred_at=at(7),
        recorded_at=rows[ROMASHKA, 7].recorded_at,
        topic="activity.held",
        stream_id=CALL,
        actor=str(ANNA),
        staff_id=ANNA,
        channel="call",
        direction="outbound",
        details={
            "client_id": str(ROMASHKA),
            "contact_id": str(MARIA),
            "was_planned": False,
            "is_offer": False,
            "topic": "Prices",
            "result": "Will think",
            "date_unknown": False,
        },
    )


def test_an_activity_or_deal_without_a_client_is_in_nobody_s_story() -> None:
    assert folded(client_timeline, fact(held(client_id=None), CALL, 1), fact(opened(client_id=None), DEAL, 2)) == {}


def test_staff_are_no_clients_even_when_they_are_parties() -> None:
    transfer = client.ClientTransferred(
        from_owner_id=ANNA, to_owner_id=BORIS, cause=OwnershipCause.CONFLICT, reason="They asked"
    )

    rows = folded(client_timeline, fact(transfer, ROMASHKA, 3, parties=(ROMASHKA, ANNA, BORIS)))

    assert list(rows) == [(ROMASHKA, 3)]
    assert rows[ROMASHKA, 3].details["reason"] == "They asked"


def test_an_affiliation_is_told_to_both_sides_and_the_neighbour_s_story_is_unchanged() -> None:
    neighbour = fact(registered("Василёк"), VASILEK, 1)
    before = folded(client_timeline, neighbour)
    joined = client.ClientAffiliated(organisation_id=ROMASHKA, role=AffiliationRole.BUYER)

    after = folded(client_timeline, neighbour, fact(joined, MARIA, 2, parties=(MARIA, ROMASHKA)))

    assert set(after) == {(VASILEK, 1), (MARIA, 2), (ROMASHKA, 2)}
    assert after[VASILEK, 1] == before[VASILEK, 1]


def test_money_is_told_as_a_decimal_string_and_the_seller_as_the_staff_member() -> None:
    row = folded(client_timeline, fact(opened(), DEAL, 4, subject=ROMASHKA))[ROMASHKA, 4]

    assert row.details["amount"] == {"amount": "1500.50", "currency": "RUB"}
    assert row.staff_id == ANNA
