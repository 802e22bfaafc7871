"""The forecast of a small company of known deals, of any position once it is past, and of the Maven company."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.words.messages import LABELS
from commands.importing.folder_import import MAVEN, import_folder
from events.base import Event
from events.deal import (
    DealCategorised,
    DealClosingExpected,
    DealLost,
    DealOpened,
    DealReopened,
    DealRevalued,
    DealWon,
    ForecastCategory,
)
from events.values import Money
from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsNode
from infra.log.past_log import AsOf
from projections.analytics import ANALYTICS
from tests.commands.importing.imports import desk_at
from tests.database import Database
from tests.projections.analytics.history import PIPELINES, SELLERS, Stored, dense, write_log

BEGAN = datetime(2026, 1, 10, 9, tzinfo=UTC)
NOW = datetime(2026, 2, 10, 9, tzinfo=UTC)
FEBRUARY = {"from": "2026-02-01", "to": "2026-02-28"}
ENGAGING, OFFER = "engaging", "offer"
LITTLE = 30


@pytest.fixture
def node(database: Database, tmp_path: Path) -> Iterator[AnalyticsNode]:
    opened = AnalyticsNode(tmp_path / "one.duckdb", database.projector_url, ANALYTICS, zone="Europe/Moscow")
    yield opened
    opened.stop()


def follow(node: AnalyticsNode) -> None:
    while node.follow_once(1000):
        pass


def told(node: AnalyticsNode, asked: dict[str, str] | None = None, as_of: AsOf | None = None) -> list[dict[str, Any]]:
    return rows(node.query("sales_forecast", asked or {}, as_of))


def dollars(amount: str, currency: str = "USD") -> Money:
    return Money.of({"amount": amount, "currency": currency})


def deal(number: int, *events: Event, amount: Money | None = None, stage: str = ENGAGING) -> list[Stored]:
    """Return the rows of a deal that was opened in January and of what came of it on the day of the answer."""
    stream = UUID(int=0xD0000 + number)
    opened = DealOpened(seller_id=SELLERS[0], pipeline_id=PIPELINES[0], stage=stage, amount=amount)
    return [
        Stored(stream, event.TOPIC, event.model_dump_json(exclude_none=True), BEGAN if event is opened else NOW)
        for event in (opened, *events)
    ]


def expected(day: str | None) -> DealClosingExpected:
    return DealClosingExpected.model_validate({"to_day": day})


def sure(category: ForecastCategory) -> DealCategorised:
    return DealCategorised(from_category=ForecastCategory.PIPELINE, to_category=category)


def won(amount: str = "100", currency: str = "USD") -> DealWon:
    return DealWon(from_stage=ENGAGING, amount=dollars(amount, currency), seller_id=SELLERS[0])


def lost() -> DealLost:
    return DealLost(from_stage=ENGAGING, reason="price", seller_id=SELLERS[0])


@pytest.mark.parametrize(
    ("events", "tile"),
    [
        ([], "no_day"),
        ([sure(ForecastCategory.COMMIT)], "no_day"),
        ([expected("2026-02-20")], "pipeline"),
        ([expected("2026-02-20"), sure(ForecastCategory.BEST_CASE)], "best_case"),
        ([expected("2026-02-28"), sure(ForecastCategory.COMMIT)], "commit"),
        ([expected("2026-02-10")], "pipeline"),
        ([expected("2026-02-09"), sure(ForecastCategory.COMMIT)], "slipped"),
        ([expected("2026-03-01"), sure(ForecastCategory.COMMIT)], "another_period"),
        ([expected("2026-02-20"), expected(None)], "no_day"),
        ([expected("2026-02-20"), won()], "won"),
        ([expected("2026-02-20"), lost()], None),
        ([expected("2026-02-20"), won(), DealReopened(to_stage=OFFER, reason="they wait")], "pipeline"),
    ],
)
def test_a_deal_stands_in_exactly_one_tile(
    database: Database, node: AnalyticsNode, events: list[Event], tile: str | None
) -> None:
    write_log(database.owner_url, deal(1, *events, amount=dollars("50")))
    follow(node)
    assert [(row["tile"], row["deals"]) for row in told(node, FEBRUARY)] == ([(tile, 1)] if tile else [])
    assert tile is None or tile in LABELS["forecast_tile"]


def test_a_deal_whose_worth_nobody_said_is_counted_and_currencies_are_never_added_up(
    database: Database, node: AnalyticsNode
) -> None:
    history = [
        *deal(1, amount=dollars("50")),
        *deal(2),
        *deal(3, amount=dollars("7", "RUB")),
        *deal(4, DealRevalued(from_amount=dollars("9"), to_amount=None), amount=dollars("9")),
    ]
    write_log(database.owner_url, history)
    follow(node)
    assert {(row["currency"], row["deals"], row["amount"]) for row in told(node)} == {
        ("RUB", 1, "7.00"),
        ("USD", 1, "50.00"),
        (None, 2, None),
    }


@pytest.mark.parametrize(
    ("wins", "losses", "rate", "weighted"),
    [(20, 9, None, None), (20, 10, "66.67", "66.67"), (0, 30, "0.00", "0.00"), (30, 0, "100.00", "100.00")],
)
def test_a_rate_needs_enough_deals_and_none_is_not_nothing(
    database: Database, node: AnalyticsNode, wins: int, losses: int, rate: str | None, weighted: str | None
) -> None:
    ends = [won()] * wins + [lost()] * losses
    history = [row for number, end in enumerate(ends, 10) for row in deal(number, end)]
    write_log(database.owner_url, [*history, *deal(1, amount=dollars("100"))])
    follow(node)
    [open_one] = [row for row in told(node) if row["tile"] != "won"]
    assert (open_one["ended"], open_one["win_rate"], open_one["weighted"]) == (wins + losses, rate, weighted)
    assert (open_one["ended"] >= LITTLE) == (rate is not None)


def test_what_a_script_would_have_stored_is_what_the_past_is_told_as(database: Database, node: AnalyticsNode) -> None:
    history = dense(3)
    stored = []
    for first in range(0, len(history), 60):
        batch = history[first : first + 60]
        write_log(database.owner_url, batch, after=first)
        follow(node)
        stored.append((first + len(batch), told(node, FEBRUARY)))
    assert len(stored) > 3
    for position, then in stored:
        assert told(node, FEBRUARY, AsOf(position=position)) == then


def test_what_is_open_and_what_was_won_are_the_same_elsewhere(database: Database, node: AnalyticsNode) -> None:
    ends: list[list[Event]] = [[], [won()], [lost()], [won("5", "RUB")], [expected("2026-02-20")]]
    history = [row for number, each in enumerate(ends) for row in deal(number, *each, amount=dollars("50"))]
    write_log(database.owner_url, history)
    follow(node)

    def deals_of(report: str, **only: str) -> dict[str | None, int]:
        found: Counter[str | None] = Counter()
        for row in rows(node.query(report)):
            if all(row[name] == value for name, value in only.items()):
                found[row["currency"]] += row["deals"]
        return found

    forecast = Counter[str | None]()
    for row in told(node):
        forecast[row["currency"]] += row["deals"] if row["tile"] != "won" else 0
    assert +forecast == deals_of("pipeline_totals", status="open")
    assert deals_of("sales_forecast", tile="won") == deals_of("monthly_sales")


def test_the_forecast_of_the_maven_company_as_it_was_at_the_end_of_a_quarter(
    database: Database, node: AnalyticsNode, real_data: Callable[[str], Path]
) -> None:
    import_folder(real_data("maven-crm"), MAVEN, desk_at(database).door(), zone="Europe/Moscow")
    follow(node)
    for day, are_open, quarter_won in (
        (datetime(2017, 3, 31, tzinfo=UTC), 1330, (531, "1134672.00")),
        (datetime(2017, 6, 30, tzinfo=UTC), 1686, (1254, "3086111.00")),
        (datetime(2017, 9, 30, tzinfo=UTC), 2409, (1257, "2982255.00")),
    ):
        quarter = {"from": f"2017-{day.month - 2:02}-01", "to": day.date().isoformat()}
        then = told(node, quarter, AsOf(occurred=day + timedelta(hours=20)))
        # 500 deals nobody dated stand in the stage before; the company tells no day on which it expects one to close.
        assert [(row["stage"], row["deals"]) for row in then if row["tile"] == "no_day"] == [
            ("engaging", are_open),
            ("prospecting", 500),
        ]
        assert [(row["deals"], row["amount"]) for row in then if row["tile"] == "won"] == [quarter_won]
        assert {row["tile"] for row in then} == {"no_day", "won"}
    now = [row for row in told(node) if row["stage"] == "engaging"]
    assert [(row["deals"], row["ended"], row["win_rate"]) for row in now] == [(1589, 6711, "63.15")]
