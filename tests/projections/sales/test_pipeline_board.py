"""The board shows every deal where it stands; a naive reading of its history says the same."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events import deal
from events.base import Event
from projections.sales.pipeline_board import DealRow, pipeline_board
from tests.projections.facts import (
    ANNA,
    BORIS,
    DEAL,
    OTHER_DEAL,
    PIPELINE,
    ROMASHKA,
    VASILEK,
    at,
    fact,
    folded,
    opened,
    rub,
)

WON = deal.DealWon(from_stage="contract", amount=rub("1000.00"), seller_id=BORIS)
LOST = deal.DealLost(from_stage="contract", reason="Too dear", seller_id=BORIS)
REOPENED = deal.DealReopened(to_stage="offer", reason="They called back")


def board(*events: Event) -> DealRow:
    row = folded(pipeline_board, *(fact(event, DEAL, position) for position, event in enumerate(events, 1)))[DEAL,]
    assert isinstance(row, DealRow)
    return row


def test_an_opened_deal_is_on_the_board_and_the_neighbour_is_unchanged() -> None:
    neighbour = fact(opened(title="Tables"), OTHER_DEAL, 1)
    before = folded(pipeline_board, neighbour)

    after = folded(pipeline_board, neighbour, fact(opened(external_id="X-1"), DEAL, 2), fact(WON, DEAL, 3))

    assert after[OTHER_DEAL,] == before[OTHER_DEAL,]
    assert after[DEAL,] == DealRow(
        deal_id=DEAL,
        client_id=ROMASHKA,
        seller_id=BORIS,
        pipeline_id=PIPELINE,
        stage="contract",
        stage_since=at(2),
        status="won",
        title="Chairs",
        product_code="chair",
        amount=Decimal("1500.50"),
        currency="RUB",
        won_amount=Decimal("1000.00"),
        won_currency="RUB",
        opened_at=at(2),
        closed_at=at(3),
        external_id="X-1",
        version=3,
    )


def test_a_lost_deal_says_why() -> None:
    row = board(opened(), LOST)

    assert (row.status, row.lost_reason, row.closed_at, row.won_amount) == ("lost", "Too dear", at(2), None)


def test_a_reopened_deal_forgets_its_end() -> None:
    for end in (WON, LOST):
        row = board(opened(), end, REOPENED)
        assert (row.status, row.stage, row.stage_since) == ("open", "offer", at(3))
        assert (row.closed_at, row.lost_reason, row.won_amount, row.won_currency) == (None, None, None, None)


def test_a_deal_whose_opening_was_never_heard_of_still_shows_what_is_known() -> None:
    row = board(deal.DealMoved(from_stage="offer", to_stage="contract"))

    assert row == DealRow(deal_id=DEAL, stage="contract", stage_since=at(1), version=1)


CODES = st.sampled_from(["offer", "trial", "contract"])
SELLERS = st.sampled_from([ANNA, BORIS])
CLIENTS = st.sampled_from([ROMASHKA, VASILEK])
AMOUNTS = st.integers(0, 10**6).map(lambda cents: rub(str(Decimal(cents) / 100)))
MAYBE_AMOUNTS = st.none() | AMOUNTS
ANY_FACT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        deal.DealOpened,
        client_id=st.none() | CLIENTS,
        seller_id=SELLERS,
        pipeline_id=st.just(PIPELINE),
        stage=CODES,
        title=st.none(),
        product_code=st.none() | CODES,
        amount=MAYBE_AMOUNTS,
        external_id=st.none(),
        date_unknown=st.booleans(),
    ),
    st.builds(deal.DealClientNamed, client_id=CLIENTS),
    st.builds(deal.DealMoved, from_stage=CODES, to_stage=CODES, reason=st.none()),
    st.builds(deal.DealRevalued, from_amount=st.none(), to_amount=MAYBE_AMOUNTS, reason=st.none()),
    st.builds(deal.DealHandedOver, from_seller_id=SELLERS, to_seller_id=SELLERS, reason=st.none()),
    st.builds(deal.DealWon, from_stage=CODES, amount=AMOUNTS, seller_id=SELLERS, product_code=st.none() | CODES),
    st.builds(deal.DealLost, from_stage=CODES, reason=st.just("Too dear"), seller_id=SELLERS),
    st.builds(deal.DealReopened, to_stage=CODES, reason=st.just("Again")),
)


def last_said(history: list[tuple[str, Any]], *places: str) -> Any:
    """Return what the latest mention of any of these ("topic field") says; None when there is none."""
    said = [
        (body[place.split()[1]], at(position))
        for position, (topic, body) in enumerate(history, 1)
        for place in places
        if topic == place.split()[0] and place.split()[1] in body
    ]
    return said[-1] if said else (None, None)


def naive(history: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read the board off the raw bodies, each column by itself, looking for the last body that speaks of it."""
    entering = ("deal.opened stage", "deal.moved to_stage", "deal.reopened to_stage")
    ends = [
        (topic, body, at(position))
        for position, (topic, body) in enumerate(history, 1)
        if topic in {"deal.won", "deal.lost", "deal.reopened"}
    ]
    topic, end, closed_at = ends[-1] if ends and ends[-1][0] != "deal.reopened" else ("", {}, None)
    won = end.get("amount") if topic == "deal.won" else None
    worth = last_said(history, "deal.opened amount", "deal.revalued to_amount")[0]
    sellers = ("deal.opened seller_id", "deal.handed_over to_seller_id", "deal.won seller_id", "deal.lost seller_id")
    return {
        "stage": last_said(history, *entering, "deal.won from_stage", "deal.lost from_stage")[0],
        "stage_since": last_said(history, *entering)[1],
        "status": topic.removeprefix("deal.") or "open",
        "seller_id": last_said(history, *sellers)[0],
        "client_id": last_said(history, "deal.opened client_id", "deal.client_named client_id")[0],
        "amount": worth and Decimal(worth["amount"]),
        "won_amount": won and Decimal(won["amount"]),
        "closed_at": closed_at,
        "lost_reason": end.get("reason"),
        "opened_at": last_said(history, "deal.opened seller_id")[1],
    }


@given(facts=st.lists(ANY_FACT, min_size=1, max_size=12))
def test_any_history_of_a_deal_reads_as_a_naive_reader_reads_it(facts: list[Event]) -> None:
    # A deal is opened once; that its opening may be missing is what the first fact of another kind tries.
    history = facts[:1] + [event for event in facts[1:] if not isinstance(event, deal.DealOpened)]

    row = board(*history)

    expected = naive([(event.TOPIC, event.model_dump(mode="json")) for event in history])
    shown = {name: getattr(row, name) for name in expected}
    for name in ("seller_id", "client_id"):
        shown[name] = shown[name] and str(shown[name])
    assert shown == expected
