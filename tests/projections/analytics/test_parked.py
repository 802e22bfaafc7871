"""A fact that the analysts' tables cannot take in waits with its stream, is told, and everything else flows."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from infra.analytics import arrow_log, fact_file, parked_facts
from infra.analytics.answer import parked_of, rows, stale_of
from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_file import FactFile
from infra.analytics.fact_schema import FactSchema
from infra.analytics.parked_facts import TooMuchParkedError
from infra.analytics.repair import NotParkedError, Tried, retry_parked, skip_parked
from infra.log.past_log import AsOf
from projections.analytics import ANALYTICS
from replay.repair.parked import skipped
from tests.database import Database
from tests.projections.analytics.history import Stored, company, recorded_at, won, write_log

Open = Callable[..., AnalyticsNode]

UNLOADABLE = won(amount="0E+999999999")


@pytest.fixture
def open_node(database: Database, tmp_path: Path) -> Iterator[Open]:
    opened: list[AnalyticsNode] = []

    def start(name: str = "one", facts: FactSchema = ANALYTICS, **more: object) -> AnalyticsNode:
        node = AnalyticsNode(tmp_path / f"{name}.duckdb", database.projector_url, facts, **more)  # type: ignore[arg-type]
        opened.append(node)
        return node

    yield start
    for node in opened:
        node.stop()


def wins(node: AnalyticsNode) -> int:
    return sum(row["deals"] for row in rows(node.query("monthly_sales")))


def with_body(row: Stored, body: str) -> Stored:
    return row._replace(body=body)


def sick(deals: int, *poisoned: int, body: str = UNLOADABLE) -> list[Stored]:
    """Return a plain history in which the wins of some deals cannot be loaded; each deal is three facts."""
    history = company(deals)
    for deal in poisoned:
        history[deal * 3 + 2] = with_body(history[deal * 3 + 2], body)
    return history


def mend(database: Database, *positions: int) -> None:
    """Do what a new reader of the fact would: its owner, replaying, gives it a body that can be read."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute("UPDATE letopis.event SET body = %s WHERE position = ANY(%s)", (won(), list(positions)))


def places(node: AnalyticsNode) -> list[tuple[UUID, int, str]]:
    return [(one.stream, one.position, one.topic) for one in node.parked]


def changed(body: dict[str, object]) -> str:
    return json.dumps({**json.loads(won()), **body})


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (UNLOADABLE, "fact_deal.amount"),
        (won(amount="much"), "fact_deal.amount"),
        (won(amount="123456789012345678"), "fact_deal.amount"),
        (changed({"seller_id": "Anna"}), "fact_deal.seller_id"),
        (changed({"date_unknown": "perhaps"}), "fact_deal.date_unknown"),
        ("[]", "fact_deal"),
    ],
)
def test_a_fact_that_cannot_be_loaded_waits_and_all_others_flow(
    database: Database, open_node: Open, body: str, where: str
) -> None:
    history = sick(5, 2, body=body)
    write_log(database.owner_url, history)
    node = open_node()
    node.follow_once()

    assert (node.state, node.position, wins(node)) == ("live", 15, 4)
    assert places(node) == [(history[8].stream, 9, "deal.won")]
    assert where in node.parked[0].reason
    assert "much" not in node.parked[0].reason
    assert node.verify() == ()


def test_what_comes_after_it_in_its_stream_waits_too(database: Database, open_node: Open) -> None:
    history = company(3)
    opening = json.loads(history[0].body)
    history[0] = with_body(history[0], json.dumps({**opening, "amount": {"amount": "1E+40", "currency": "USD"}}))
    write_log(database.owner_url, history)
    node = open_node()
    node.follow_once()
    write_log(database.owner_url, [history[2]], after=9)
    node.follow_once()

    assert (node.position, wins(node)) == (10, 2)
    assert places(node) == [(history[0].stream, 1, "deal.opened")]
    assert len(rows(node.query("stage_history"))) == 2


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_however_the_log_is_sliced_the_same_waits(
    database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    poisoned = (0, 3, 4, 11, 29)
    write_log(database.owner_url, sick(30, *poisoned))
    monkeypatch.setattr(arrow_log.ArrowLog.slices, "__defaults__", (size,))
    monkeypatch.setattr(fact_file, "TOGETHER", 3)
    node = open_node()
    node.follow_once()

    assert [position for _, position, _ in places(node)] == [deal * 3 + 3 for deal in poisoned]
    assert (node.position, wins(node)) == (90, 25)
    assert node.verify() == ()


def test_a_rebuild_and_a_node_opened_again_know_what_waits(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, sick(4, 1))
    first = open_node()
    first.follow_once()
    told = first.parked
    first.stop()

    again = open_node()
    assert again.parked == told
    again.rebuild()
    assert (again.state, again.position, wins(again), len(again.parked)) == ("live", 12, 3, 1)
    assert again.parked[0][:4] == told[0][:4]


def test_what_is_tried_again_is_as_if_it_had_never_failed(database: Database, open_node: Open) -> None:
    history = [*sick(4, 1), company(2)[-1]]
    write_log(database.owner_url, history)
    node = open_node()
    node.follow_once()
    (waiting,) = node.parked
    assert retry_parked(node) == [Tried(waiting.place, 6, waiting.reason)]

    mend(database, 6)
    assert node.verify() != ()
    assert retry_parked(node, waiting.stream) == [Tried(waiting.place, None, None)]
    assert (node.parked, node.position, wins(node)) == ([], 13, 4)
    assert node.verify() == ()
    with pytest.raises(NotParkedError, match="parked analytics"):
        retry_parked(node, waiting.stream)


def test_tried_again_a_stream_may_wait_for_a_later_fact(database: Database, open_node: Open) -> None:
    history = sick(2, 0)
    write_log(database.owner_url, [*history, history[2]])
    node = open_node()
    node.follow_once()
    mend(database, 3)
    ((_, position, _),) = retry_parked(node)
    assert (position, wins(node), node.verify()) == (7, 2, ())


def test_a_skipped_fact_is_passed_over_in_every_file_and_for_ever(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, sick(3, 1))
    node, other = open_node(), open_node("other")
    node.follow_once()
    other.follow_once()
    (waiting,) = node.parked
    told = skip_parked(node, database.projector_url, waiting.stream, reason="typed by a cat", actor="vera")
    assert told == Tried(waiting.place, None, None)

    (noted,) = skipped(database.projector_url, ["analytics"])
    assert (noted.position, json.loads(noted.place)) == (6, {"stream": str(waiting.stream)})
    assert (noted.reason, noted.actor, noted.failure) == ("typed by a cat", "vera", waiting.reason)
    assert (node.parked, wins(node), node.verify()) == ([], 2, ())
    # Even one that could take it in by now: what was said stays said.
    mend(database, 6)
    node.rebuild()
    assert (node.parked, wins(node), node.verify()) == ([], 2, ())
    assert [one.position for one in other.parked] == [6]
    assert retry_parked(other) == [Tried(waiting.place, None, None)]
    assert (other.parked, wins(other), other.verify()) == ([], 2, ())
    write_log(database.owner_url, company(1, first=1)[-1:], after=9)
    node.follow_once()
    assert wins(node) == 3


def test_a_fact_that_no_upcaster_can_read_waits(database: Database, open_node: Open) -> None:
    deal, *others = ANALYTICS.tables
    newer = replace(ANALYTICS, tables=(replace(deal, topics={**deal.topics, "deal.won": 2}), *others))

    def upcast(topic: str, version: int, body: str) -> str:
        if "much" in body:
            raise KeyError("much")
        return body

    history = sick(4, 1, 2, body=won(amount="much"))
    write_log(database.owner_url, [*history, history[-1]])
    node = open_node(facts=newer, upcast=upcast)
    node.follow_once()
    assert [one.reason for one in node.parked] == ["KeyError in the upcaster of version 1"] * 2
    assert (node.position, [one.position for one in node.parked], wins(node)) == (13, [6, 9], 2)
    mend(database, 6)
    assert [one.position for one in retry_parked(node)] == [None, 9]
    assert (wins(node), node.verify()) == (3, ())


def test_a_report_says_what_it_lacks_and_one_that_lacks_nothing_does_not(database: Database, open_node: Open) -> None:
    write_log(database.owner_url, sick(3, 1, 2))
    node = open_node()
    assert node.stale is None
    node.follow_once()

    def lacks(report: str, as_of: AsOf | None = None) -> int | None:
        return parked_of(node.query(report, as_of=as_of))

    assert {one.name: lacks(one.name) for one in node.reports} == {
        "board_by_day": 6,
        "churn_reasons": 6,
        "monthly_sales": 6,
        "pipeline_movement": 6,
        "pipeline_totals": 6,
        "sales_cycle": 6,
        "sales_forecast": 6,
        "stage_history": 6,
        "staff_scorecard": 6,
        "win_loss": 6,
    }
    assert lacks("monthly_sales", AsOf(position=5)) is None
    assert lacks("monthly_sales", AsOf(position=7)) == 6
    assert lacks("monthly_sales", AsOf(occurred=recorded_at(0))) == 6
    assert stale_of(node.query("monthly_sales")) is None


def test_facts_of_another_noun_that_wait_are_not_lacking(database: Database, open_node: Open) -> None:
    history = company(2)
    history[1] = with_body(history[1], json.dumps({**json.loads(history[1].body), "staff_id": "Anna"}))
    write_log(database.owner_url, history)
    node = open_node()
    node.follow_once()
    lacking = {one.name: parked_of(node.query(one.name)) for one in node.reports}
    assert {name for name, position in lacking.items() if position == 2} == {"staff_scorecard"}
    assert {position for name, position in lacking.items() if name != "staff_scorecard"} == {None}


def test_more_than_facts_can_be_to_blame_for_stops_it_and_is_said(
    database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (fact_file, parked_facts):
        monkeypatch.setattr(module, "PARKED_AT_MOST", 3)
    write_log(database.owner_url, sick(10, 1, 2, 5))
    node = open_node()
    node.follow_once()
    assert (node.state, len(node.parked)) == ("live", 3)
    write_log(database.owner_url, sick(12, 11)[33:], after=30)
    with pytest.raises(TooMuchParkedError):
        node.follow_once()
    assert (node.state, node.position, node.stale) == ("broken", 30, "broken")
    assert stale_of(node.query("monthly_sales")) == "broken"
    assert "parked analytics" in str(node.problem)


def test_a_bug_in_its_thread_is_said_and_the_thread_goes_on(
    database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.analytics.follower.PAUSE_SECONDS", 0.01)
    write_log(database.owner_url, company(2))
    follow = FactFile.follow
    broken: list[str] = []

    def fails_twice(*arguments: object, **more: object) -> int:
        if len(broken) < 2:
            broken.append(node.state)
            raise ZeroDivisionError
        return follow(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(FactFile, "follow", fails_twice)
    node = open_node()
    node.start(poll=0.01)
    assert node.wait_for(6, timeout=30)
    assert broken == ["building", "broken"]


def test_a_node_that_has_not_been_level_for_long_says_that_it_is_behind(
    database: Database, open_node: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(database.owner_url, company(1))
    node = open_node()
    node.start(poll=0.01)
    assert node.wait_for(3, timeout=30)
    assert node.stale is None
    monkeypatch.setattr("infra.analytics.standing.BEHIND_SECONDS", -1)
    assert node.stale == "behind"
