"""The timeline tells one client's story, and a shared fact in every client's it concerns."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from events.activity import ActivityClientNamed, ActivityHeld, ActivityNoted
from events.base import Event
from events.client import ClientAffiliated, ClientRegistered, ClientTransferred
from events.deal import DealOpened
from events.values import Channel, Money
from projections.parties.client_timeline import ClientTimelineRow, client_timeline
from tests.examples import ANNA, BORIS, CALL, GTX, LUTIK, OLGA, ROAD, ROMASHKA, SALE, fact
from tests.story import as_recorded, given, moment, on

CALLED = fact(ActivityHeld, channel=Channel.CALL, contact_id=OLGA)


def line(client: Any, event: Event, stream: Any, position: int = 1, **columns: Any) -> ClientTimelineRow:
    """Return the line that a fact makes in a client's story."""
    told = {"staff_id": None, "channel": None, "direction": None, "details": {}, **columns}
    return ClientTimelineRow(
        event_position=position,
        party_id=client,
        occurred_at=moment(position),
        recorded_at=moment(position) + timedelta(minutes=1),
        topic=event.TOPIC,
        stream_id=stream,
        actor="story",
        **told,
    )


def test_a_touchpoint_is_told_with_its_texts_in_the_person_s_and_the_organisation_s_story() -> None:
    said: dict[str, Any] = {
        "staff_id": ANNA,
        "channel": "call",
        "direction": "outbound",
        "details": {
            "client_id": str(ROMASHKA),
            "contact_id": str(OLGA),
            "contact_name": "Olga Petrova",
            "contact_data": "+7 922 325-12-93",
            "was_planned": False,
            "is_offer": False,
            "topic": "Contract",
            "result": "Agreed on the price",
            "date_unknown": False,
        },
    }

    given(on(CALL, CALLED, about=ROMASHKA, concerning=(ROMASHKA, OLGA))).shows(
        client_timeline, line(ROMASHKA, CALLED, CALL, **said), line(OLGA, CALLED, CALL, **said)
    )


def test_an_activity_or_deal_without_a_client_is_in_its_own_story_until_it_has_one() -> None:
    told = [on(CALL, fact(ActivityHeld, client_id=None)), on(SALE, fact(DealOpened, client_id=None))]
    tied = on(CALL, fact(ActivityClientNamed), about=ROMASHKA)

    assert set(given(*told, tied).rows(client_timeline)) == {(1, CALL), (2, SALE), (3, ROMASHKA)}


def test_staff_are_no_clients_even_when_they_are_parties() -> None:
    transfer = fact(ClientTransferred)
    details = {
        "from_owner_id": str(ANNA),
        "to_owner_id": str(BORIS),
        "cause": "conflict",
        "reason": "they quarrelled",
    }

    given(on(ROMASHKA, transfer, concerning=(ROMASHKA, ANNA, BORIS))).shows(
        client_timeline, line(ROMASHKA, transfer, ROMASHKA, details=details)
    )


def test_a_party_named_twice_has_the_fact_once() -> None:
    noted = ActivityNoted(text="Asked for a catalogue")
    line_of_romashka = line(ROMASHKA, noted, CALL, details={"text": "Asked for a catalogue"})

    told = on(CALL, noted, about=ROMASHKA, concerning=(ROMASHKA, ROMASHKA))
    given(told).shows(client_timeline, line_of_romashka)
    assert client_timeline.keys(*as_recorded([told])) == ((1, ROMASHKA),)


def test_an_affiliation_is_told_to_both_sides_and_to_nobody_else() -> None:
    joined, details = fact(ClientAffiliated), {"organisation_id": str(ROMASHKA), "role": "buyer"}
    story = given(on(LUTIK, fact(ClientRegistered)), on(OLGA, joined, concerning=(OLGA, ROMASHKA)))

    rows = story.rows(client_timeline)

    assert set(rows) == {(1, LUTIK), (2, OLGA), (2, ROMASHKA)}
    assert rows[2, OLGA] == line(OLGA, joined, OLGA, 2, details=details)
    assert rows[2, ROMASHKA] == line(ROMASHKA, joined, OLGA, 2, details=details)


def test_money_is_told_as_a_decimal_string_and_the_seller_as_the_staff_member() -> None:
    details = {
        "client_id": str(ROMASHKA),
        "seller_id": str(ANNA),
        "pipeline_id": str(ROAD),
        "stage": "offer",
        "product_code": GTX,
        "amount": {"amount": "4821.00", "currency": "USD"},
        "date_unknown": False,
    }
    opened = fact(DealOpened)

    given(on(SALE, opened, about=ROMASHKA)).shows(
        client_timeline, line(ROMASHKA, opened, SALE, staff_id=ANNA, details=details)
    )


def test_money_is_told_with_the_decimals_of_its_currency_however_the_log_has_it() -> None:
    for amount, currency, told in (
        ("4821", "USD", "4821.00"),
        ("4821.000", "USD", "4821.00"),
        ("4821.0", "JPY", "4821"),
    ):
        opened = fact(DealOpened, amount=Money(amount=Decimal(amount), currency=currency))
        row = given(on(SALE, opened, about=ROMASHKA)).rows(client_timeline)[1, ROMASHKA]
        assert row.details["amount"] == {"amount": told, "currency": currency}
    row = given(on(SALE, fact(DealOpened, amount=None), about=ROMASHKA)).rows(client_timeline)[1, ROMASHKA]
    assert "amount" not in row.details
