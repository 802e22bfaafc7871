"""An answer is kept until a fact comes into a table that it was made of, and told as if it were made anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from infra.analytics import answer, asked
from infra.analytics.answer import parked_of, position_of, rows
from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_schema import Sight
from infra.analytics.kept_answers import MOST, MOST_BYTES, KeptAnswers, question_of
from infra.analytics.repair import retry_parked
from infra.log.past_log import AsOf
from projections.analytics import ANALYTICS, STAFF
from tests.database import Database
from tests.projections.analytics.history import SELLERS, company, dense, write_log
from tests.projections.analytics.test_parked import mend, sick


@pytest.fixture
def node(database: Database, tmp_path: Path) -> Iterator[AnalyticsNode]:
    opened = AnalyticsNode(tmp_path / "one.duckdb", database.projector_url, ANALYTICS, zone="Europe/Moscow")
    yield opened
    opened.stop()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reports that are made, in order; what was kept is not among them."""
    found: list[str] = []
    check = answer.check_parameters

    def noted(cursor: Any, report: Any, values: Any) -> None:
        found.append(report.name)
        check(cursor, report, values)

    monkeypatch.setattr(asked, "check_parameters", noted)
    return found


def deals(table: Any) -> int:
    return sum(row["deals"] for row in rows(table))


def test_a_report_is_made_once_until_a_fact_comes_that_it_counts(
    database: Database, node: AnalyticsNode, made: list[str]
) -> None:
    write_log(database.owner_url, company(3))
    node.follow_once()
    first = node.query("monthly_sales")
    assert node.query("monthly_sales").equals(first, check_metadata=True)
    assert made == ["monthly_sales"]

    write_log(database.owner_url, company(1, first=10), after=9)
    node.follow_once()
    second = node.query("monthly_sales")
    assert (position_of(first), deals(first)) == (9, 3)
    assert (position_of(second), deals(second)) == (12, 4)
    assert made == ["monthly_sales"] * 2


def test_what_a_report_does_not_count_leaves_it_as_it_is_and_moves_only_its_position(
    database: Database, node: AnalyticsNode, made: list[str]
) -> None:
    write_log(database.owner_url, company(3))
    node.follow_once()
    node.query("monthly_sales")
    write_log(database.owner_url, [company(1, first=10)[1]], after=9)
    node.follow_once()
    again = node.query("monthly_sales")
    assert (position_of(again), deals(again)) == (10, 3)
    assert made == ["monthly_sales"]


def test_whoever_asks_otherwise_is_answered_otherwise(database: Database, node: AnalyticsNode, made: list[str]) -> None:
    write_log(database.owner_url, company(3))
    node.follow_once()
    for question in (
        {},
        {"parameters": {"from": "2026-01-04"}},
        {"as_of": AsOf(position=5)},
        {"sight": Sight(within=[str(SELLERS[1])])},
    ):
        node.query("staff_scorecard", **question)
    for names in ("Anna", "Boris"):
        told = node.query("staff_scorecard", lent={STAFF: [(str(SELLERS[0]), names)]})
        assert names in {row["staff"] for row in rows(told)}
    assert made == ["staff_scorecard"] * 6


def test_kept_or_made_anew_every_report_says_the_same_however_far_the_log_has_come(
    database: Database, node: AnalyticsNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = dense(3, deals=12)
    known = 0
    for end in range(0, len(history) + 1, 3):
        write_log(database.owner_url, history[known:end], after=known)
        known = end
        node.follow_once()
        told = [node.query(report.name) for report in ANALYTICS.reports]
        with monkeypatch.context() as without:
            without.setattr(KeptAnswers, "find", lambda *_: None)
            for report, kept in zip(ANALYTICS.reports, told, strict=True):
                assert rows(kept) == rows(node.query(report.name)), (report.name, end)


def test_what_waited_and_is_loaded_counts_though_the_log_has_not_moved(database: Database, node: AnalyticsNode) -> None:
    write_log(database.owner_url, sick(5, 2))
    node.follow_once()
    before = node.query("monthly_sales")
    assert (deals(before), parked_of(before)) == (4, 9)
    assert parked_of(node.query("monthly_sales")) == 9

    mend(database, 9)
    retry_parked(node)
    after = node.query("monthly_sales")
    assert (position_of(after), deals(after), parked_of(after)) == (15, 5, None)


def test_a_file_that_was_made_anew_is_asked_anew(database: Database, node: AnalyticsNode, made: list[str]) -> None:
    write_log(database.owner_url, company(3))
    node.follow_once()
    node.query("monthly_sales")
    node.rebuild()
    node.query("monthly_sales")
    assert made == ["monthly_sales"] * 2


def test_no_more_is_kept_than_there_is_room_for() -> None:
    answers = KeptAnswers()
    small = pa.table({"one": [1]})
    questions = [question_of(f"SELECT {number}", {}, {}) for number in range(MOST + 1)]
    for question in questions:
        answers.keep(question, (0,), small)
    assert answers.find(questions[0], (0,)) is None
    assert answers.find(questions[-1], (0,)) is small
    assert answers.find(questions[-1], (1,)) is None

    large = question_of("SELECT much", {}, {})
    answers.keep(large, (0,), pa.table({"text": ["x" * (MOST_BYTES + 1)]}))
    assert answers.find(large, (0,)) is None
