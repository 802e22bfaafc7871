"""The board shows every deal where it stands; a naive reading of its history says the same."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events import deal
from events.base import Event
from events.values import LossReason, Money
from projections.sales.pipeline_board import DealRow, pipeline_board
from tests.examples import ANNA, BORIS, GTX, LUTIK, PRICE, ROAD, ROMASHKA, SALE, fact
from tests.shown import rows_of_all
from tests.story import as_recorded, moment, on
from tests.story import given as story

OPENED = fact(deal.DealOpened, title="Chairs", external_id="X-1", date_unknown=True)
WON = fact(deal.DealWon, from_stage="contract", seller_id=BORIS)
LOST = fact(deal.DealLost, from_stage="contract", seller_id=BORIS)
REOPENED = fact(deal.DealReopened)
OPENED_ROW = DealRow(
    deal_id=SALE,
    client_id=ROMASHKA,
    seller_id=ANNA,
    pipeline_id=ROAD,
    stage="offer",
    stage_since=moment(1),
    status="open",
    title="Chairs",
    product_code="gtx-pro",
    amount=Decimal("4821.00"),
    currency="USD",
    opened_at=moment(1),
    opened_by=ANNA,
    external_id="X-1",
    date_unknown=True,
    version=1,
)
WON_ROW = OPENED_ROW._replace(
    status="won",
    stage="contract",
    seller_id=BORIS,
    amount=Decimal("4500.00"),
    won_amount=Decimal("4500.00"),
    won_currency="USD",
    closed_at=moment(2),
    version=2,
)
LOST_ROW = OPENED_ROW._replace(
    status="lost",
    stage="contract",
    seller_id=BORIS,
    lost_reason="too dear",
    lost_reason_code="price",
    closed_at=moment(2),
    version=2,
)


def test_an_opened_deal_is_on_the_board() -> None:
    story(on(SALE, OPENED)).shows(pipeline_board, OPENED_ROW)


def test_what_is_noted_of_a_deal_changes_nothing_on_the_board() -> None:
    noted = fact(deal.DealNoted), fact(deal.DealNoteEdited), fact(deal.DealNoteWithdrawn)
    story(on(SALE, OPENED, *noted)).shows(pipeline_board, OPENED_ROW._replace(version=4))


def test_a_deal_is_won_for_what_it_was_won_for_and_a_lost_one_says_why() -> None:
    story(on(SALE, OPENED, WON)).shows(pipeline_board, WON_ROW)
    story(on(SALE, OPENED, LOST)).shows(pipeline_board, LOST_ROW)


def test_a_won_deal_is_of_the_product_it_was_won_with() -> None:
    for_another = fact(deal.DealWon, product_code="mg-special")

    story(on(SALE, OPENED, for_another)).shows_row(pipeline_board, SALE, product_code="mg-special")
    story(on(SALE, OPENED, fact(deal.DealWon, product_code=None))).shows_row(pipeline_board, SALE, product_code=GTX)


def test_the_latest_end_is_the_one_that_counts() -> None:
    worth = Decimal("4500.00")
    lost = LOST_ROW._replace(amount=worth, closed_at=moment(3), version=3)
    story(on(SALE, OPENED, WON, LOST)).shows(pipeline_board, lost)
    story(on(SALE, OPENED, LOST, WON)).shows(pipeline_board, WON_ROW._replace(closed_at=moment(3), version=3))


def test_a_reopened_deal_forgets_its_end_but_not_what_was_said_of_its_worth() -> None:
    for end, worth in ((WON, "4500.00"), (LOST, "4821.00")):
        reopened = OPENED_ROW._replace(stage_since=moment(3), seller_id=BORIS, version=3, amount=Decimal(worth))
        story(on(SALE, OPENED, end, REOPENED)).shows(pipeline_board, reopened)


def test_a_moved_revalued_and_handed_over_deal_shows_what_is_true_now() -> None:
    changes = (fact(deal.DealMoved), fact(deal.DealRevalued), fact(deal.DealHandedOver))

    story(on(SALE, OPENED, *changes)).shows(
        pipeline_board,
        OPENED_ROW._replace(
            stage="contract", stage_since=moment(2), amount=Decimal("4500.00"), seller_id=BORIS, version=4
        ),
    )


def test_what_is_expected_of_a_deal_is_what_was_said_last_and_outlives_its_end() -> None:
    said = (
        fact(deal.DealRetitled),
        fact(deal.DealClosingExpected),
        fact(deal.DealClosingExpected, to_day=date(2026, 5, 4)),
        fact(deal.DealCategorised),
    )
    expected = {"title": "Scales for the new shop", "expected_on": date(2026, 5, 4), "category": "commit"}

    story(on(SALE, OPENED)).shows_row(pipeline_board, SALE, expected_on=None, category="pipeline")
    for ended in ((), (WON,), (LOST,)):
        story(on(SALE, OPENED, *said, *ended)).shows_row(pipeline_board, SALE, **expected)
    unknown = fact(deal.DealClosingExpected, to_day=None)
    story(on(SALE, OPENED, *said, unknown)).shows_row(pipeline_board, SALE, expected_on=None)


def test_whatever_is_heard_first_of_a_deal_is_shown() -> None:
    unknown = DealRow(deal_id=SALE, version=1)
    nobody_s = unknown._replace(before_client=[1])
    ended = nobody_s._replace(stage="contract", seller_id=BORIS, closed_at=moment(1))
    for event, row in (
        (fact(deal.DealClientNamed), unknown._replace(client_id=ROMASHKA)),
        (fact(deal.DealMoved), nobody_s._replace(stage="contract", stage_since=moment(1))),
        (fact(deal.DealRevalued, to_amount=PRICE), nobody_s._replace(amount=Decimal("4821.00"), currency="USD")),
        (fact(deal.DealRetitled), nobody_s._replace(title="Scales for the new shop")),
        (fact(deal.DealClosingExpected), nobody_s._replace(expected_on=date(2026, 4, 30))),
        (fact(deal.DealCategorised), nobody_s._replace(category="commit")),
        (fact(deal.DealHandedOver), nobody_s._replace(seller_id=BORIS)),
        (LOST, ended._replace(status="lost", lost_reason="too dear", lost_reason_code="price")),
        (
            WON,
            ended._replace(
                status="won",
                product_code=GTX,
                amount=Decimal("4500.00"),
                currency="USD",
                won_amount=Decimal("4500.00"),
                won_currency="USD",
            ),
        ),
        (REOPENED, nobody_s._replace(stage="offer", stage_since=moment(1))),
    ):
        story(on(SALE, event)).shows(pipeline_board, row)


CODES = st.sampled_from(["offer", "trial", "contract"])
SELLERS = st.sampled_from([ANNA, BORIS])
CLIENTS = st.sampled_from([ROMASHKA, LUTIK])
AMOUNTS = st.integers(0, 10**6).map(lambda cents: Money(amount=Decimal(cents) / 100, currency="USD"))
MAYBE_AMOUNTS = st.none() | AMOUNTS
ANY_FACT: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        deal.DealOpened,
        client_id=st.none() | CLIENTS,
        seller_id=SELLERS,
        pipeline_id=st.just(ROAD),
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
    st.builds(
        deal.DealLost,
        from_stage=CODES,
        reason=st.none() | st.just("Too dear"),
        reason_code=st.none() | st.sampled_from(LossReason),
        seller_id=SELLERS,
    ),
    st.builds(deal.DealReopened, to_stage=CODES, reason=st.just("Again")),
)


def last_said(history: list[tuple[str, Any]], *places: str) -> Any:
    """Return what the latest mention of any of these ("topic field") says; None when there is none."""
    said = [
        (body[place.split()[1]], moment(position))
        for position, (topic, body) in enumerate(history, 1)
        for place in places
        if topic == place.split()[0] and place.split()[1] in body
    ]
    return said[-1] if said else (None, None)


def naive(history: list[tuple[str, Any]]) -> dict[str, Any]:
    """Read the board off the raw bodies, each column by itself, looking for the last body that speaks of it."""
    entering = ("deal.opened stage", "deal.moved to_stage", "deal.reopened to_stage")
    ends = [
        (topic, body, moment(position))
        for position, (topic, body) in enumerate(history, 1)
        if topic in {"deal.won", "deal.lost", "deal.reopened"}
    ]
    topic, end, closed_at = ends[-1] if ends and ends[-1][0] != "deal.reopened" else ("", {}, None)
    won = end.get("amount") if topic == "deal.won" else None
    worth = last_said(history, "deal.opened amount", "deal.revalued to_amount", "deal.won amount")[0]
    named = next((place for place, (_, body) in enumerate(history) if body.get("client_id")), len(history))
    sellers = ("deal.opened seller_id", "deal.handed_over to_seller_id", "deal.won seller_id", "deal.lost seller_id")
    return {
        "stage": last_said(history, *entering, "deal.won from_stage", "deal.lost from_stage")[0],
        "stage_since": last_said(history, *entering)[1],
        "status": topic.removeprefix("deal.") or "open",
        "seller_id": last_said(history, *sellers)[0],
        "client_id": last_said(history, "deal.opened client_id", "deal.client_named client_id")[0],
        "before_client": list(range(1, named + 1)) or None,
        "amount": worth and Decimal(worth["amount"]),
        "won_amount": won and Decimal(won["amount"]),
        "closed_at": closed_at,
        "lost_reason": end.get("reason"),
        "lost_reason_code": end.get("reason_code"),
        "opened_at": last_said(history, "deal.opened seller_id")[1],
    }


@given(facts=st.lists(ANY_FACT, min_size=1, max_size=12))
def test_any_history_of_a_deal_reads_as_a_naive_reader_reads_it(facts: list[Event]) -> None:
    # A deal is opened once; that its opening may be missing is what the first fact of another kind tries.
    history = facts[:1] + [event for event in facts[1:] if not isinstance(event, deal.DealOpened)]

    row = rows_of_all(pipeline_board, as_recorded([on(SALE, *history)]))[SALE,]

    expected = naive([(event.TOPIC, event.model_dump(mode="json")) for event in history])
    shown = {name: getattr(row, name) for name in expected}
    for name in ("seller_id", "client_id"):
        shown[name] = shown[name] and str(shown[name])
    assert shown == expected
