"""Every report says exactly what a naive reading of the raw bodies says, for any history and at any moment."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.registry import EVENT_TYPES
from infra.analytics.answer import position_of, rows
from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_schema import ReportParameterError, UnknownReportError
from infra.log.past_log import AsOf
from projections.analytics import ANALYTICS, STAFF
from projections.analytics.reports import ReportHeaderError, report_from
from tests.database import Database
from tests.projections.analytics.history import (
    NEW_YEAR,
    PIPELINES,
    RECORDING_BEGAN,
    SELLERS,
    Stored,
    company,
    dense,
    empty_log,
    histories,
    write_log,
)
from tests.projections.analytics.oracle import NAMES, ORACLES, Raw, day_of, oracle_of, read_raw

days = st.integers(-1, 92).map(lambda day: (NEW_YEAR + timedelta(days=day)).date().isoformat())
questions = st.fixed_dictionaries(
    {},
    optional={
        "from": days,
        "to": days,
        "seller_id": st.sampled_from(SELLERS).map(str),
        "pipeline_id": st.sampled_from(PIPELINES).map(str),
        "expected_from": days,
        "expected_to": days,
        "by_product": st.sampled_from(("true", "false")),
        "by_occurrence": st.sampled_from(("true", "false")),
    },
)
past_moments = st.builds(
    AsOf,
    occurred=st.none() | st.integers(0, 90).map(lambda day: NEW_YEAR + timedelta(days=day)),
    recorded=st.none() | st.integers(-1, 14).map(lambda hour: RECORDING_BEGAN + timedelta(hours=hour)),
    position=st.none() | st.integers(0, 45),
)


@contextmanager
def node_on(url: str, step: int = 23) -> Iterator[AnalyticsNode]:
    with tempfile.TemporaryDirectory() as folder:
        node = AnalyticsNode(Path(folder) / "analytics.duckdb", url, ANALYTICS, zone="Europe/Moscow")
        try:
            while node.follow_once(step):
                pass
            yield node
        finally:
            node.stop()


def known_then(log: list[Raw], as_of: AsOf) -> list[Raw]:
    return [
        event
        for event in log
        if (as_of.occurred is None or event.occurred_at <= as_of.occurred)
        and (as_of.recorded is None or event.recorded_at <= as_of.recorded)
        and (as_of.position is None or event.position <= as_of.position)
    ]


def asked_of(report: str, question: Mapping[str, Any]) -> dict[str, Any]:
    known = {parameter.name for parameter in ANALYTICS.report(report).parameters}
    return {name: value for name, value in question.items() if name in known}


def answered(
    node: AnalyticsNode, report: str, asked: dict[str, Any], as_of: AsOf | None = None
) -> list[dict[str, Any]]:
    return rows(node.query(report, asked, as_of, lent={STAFF: list(NAMES.items())}))


# The rows that differ say what is wrong; to find a shorter history with the same fault takes minutes.
@settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=histories(), question=questions, as_of=past_moments)
def test_every_report_says_what_the_raw_bodies_say(
    database: Database, history: list[Stored], question: dict[str, Any], as_of: AsOf
) -> None:
    empty_log(database.owner_url)
    write_log(database.owner_url, history)
    log = read_raw(database.owner_url)
    with node_on(database.projector_url) as node:
        for report, oracle in ORACLES.items():
            asked = asked_of(report, question)
            assert answered(node, report, {}) == oracle(log, {}), report
            assert answered(node, report, asked) == oracle(log, asked), report
            assert answered(node, report, asked, as_of) == oracle(known_then(log, as_of), asked), report


BUSY_QUESTIONS: list[dict[str, Any]] = [
    {"by_product": "true", "by_occurrence": "true"},
    {"from": "2026-01-10", "to": "2026-02-11", "by_occurrence": "true"},
    {"seller_id": str(SELLERS[1]), "from": "2026-02-01", "by_occurrence": "true"},
    {"seller_id": str(SELLERS[0]), "to": "2026-01-31", "pipeline_id": str(PIPELINES[0]), "by_occurrence": "true"},
]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_busy_quarter_says_what_the_raw_bodies_say(database: Database, seed: int) -> None:
    write_log(database.owner_url, dense(seed))
    log = read_raw(database.owner_url)
    with node_on(database.projector_url, step=1000) as node:
        for report, oracle in ORACLES.items():
            for question in BUSY_QUESTIONS:
                asked = asked_of(report, question)
                expected = oracle(log, asked)
                assert expected, (report, asked)
                assert answered(node, report, asked) == expected, (report, asked)


# The whole road from a day to any later one, in one question each.
@settings(
    max_examples=15, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
@given(history=histories(), question=questions)
def test_what_was_open_and_what_moved_it_is_what_is_open_between_any_two_days(
    database: Database, history: list[Stored], question: dict[str, Any]
) -> None:
    empty_log(database.owner_url)
    write_log(database.owner_url, history)
    log = read_raw(database.owner_url)
    asked = asked_of("pipeline_movement", question)
    told = sorted({day_of(event.occurred_at) for event in log if event.topic.startswith("deal.")})
    with node_on(database.projector_url) as node:
        for first, last in combinations([*told, *(day + timedelta(days=1) for day in told[-1:])], 2):
            asked = asked | {"from": first.isoformat(), "to": (last - timedelta(days=1)).isoformat()}
            rows_told = answered(node, "pipeline_movement", asked)
            assert rows_told == ORACLES["pipeline_movement"](log, asked)
            for currency in {row["currency"] for row in rows_told}:
                *moved, closing = [row for row in rows_told if row["currency"] == currency]
                assert (moved[0]["movement"], closing["movement"]) == ("opening", "closing")
                assert sum(row["deals"] for row in moved) == closing["deals"] >= 0
                if currency is not None:
                    assert sum(Decimal(row["amount"]) for row in moved) == Decimal(closing["amount"])


@pytest.mark.parametrize("seed", [3, 4])
def test_every_open_deal_stands_in_one_tile_of_the_forecast(database: Database, seed: int) -> None:
    write_log(database.owner_url, dense(seed, 400))
    with node_on(database.projector_url, step=1000) as node:
        told = answered(node, "sales_forecast", {"from": "2026-02-01", "to": "2026-05-10"})
        open_deals = [row for row in answered(node, "pipeline_totals", {}) if row["status"] == "open"]
    sums: dict[str, Counter[tuple[Any, ...]]] = {"forecast": Counter(), "totals": Counter()}
    for name, rows_told in (("forecast", told), ("totals", open_deals)):
        for row in rows_told:
            # What was never opened has no pipeline, and nobody expects anything of it.
            if row.get("tile") != "won" and row["pipeline_id"]:
                place = (row["pipeline_id"], row["stage"], row["currency"])
                sums[name][*place, "deals"] += row["deals"]
                sums[name][*place, "cents"] += int(Decimal(row["amount"] or 0) * 100)
    assert sums["forecast"] == sums["totals"]
    assert {row["tile"] for row in told} == {
        "won", "commit", "best_case", "pipeline", "slipped", "another_period", "no_day"
    }  # fmt: skip
    assert all(row["weighted"] for row in told if row["stage"] == "offer" and row["amount"])


def test_a_report_that_nobody_reckoned_by_hand_is_refused() -> None:
    with pytest.raises(LookupError, match=r"oracle_guesses\.py"):
        oracle_of("guesses")


def test_every_report_begins_with_the_definition_of_its_figures() -> None:
    assert ANALYTICS.reports
    assert all(report.sql.startswith("-- ") for report in ANALYTICS.reports)


@pytest.mark.parametrize(
    ("left_out", "said"),
    [("title.ru", "'ru'"), ("columns", "'columns'"), ("order", "'order'"), ("", "'nobodys_column'")],
)
def test_a_report_that_does_not_say_all_of_itself_is_refused_by_name(tmp_path: Path, left_out: str, said: str) -> None:
    header = {"title.en": "A", "title.ru": "Б", "columns": "month", "order": "month", "parameters": ""}
    if not left_out:
        header["columns"] = "nobodys_column"
    lines = [f'--: {name} = "{value}"\n' for name, value in header.items() if name != left_out]
    path = tmp_path / "odd.sql"
    path.write_text("".join([*lines, "-- Nothing.\nSELECT 1 AS month\n"]))
    with pytest.raises(ReportHeaderError, match=r"odd\.sql") as refused:
        report_from(path)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "chart",
    ['{ mark = "pie", along = "month", counts = "month" }', '{ mark = "bar", along = "moon", counts = "month" }'],
)
def test_a_chart_of_no_kind_or_of_no_column_is_refused_by_name(tmp_path: Path, chart: str) -> None:
    path = tmp_path / "odd.sql"
    header = (
        'title = { en = "A", ru = "Б" }',
        'columns = "month"',
        'order = "month"',
        'parameters = ""',
        f"chart = {chart}",
    )
    path.write_text("".join(f"--: {line}\n" for line in header) + "-- Nothing.\nSELECT 1 AS month\n")
    with pytest.raises(ReportHeaderError, match=r"odd\.sql: '(pie|moon)'"):
        report_from(path)


def test_everything_in_the_catalogue_is_named_in_both_languages() -> None:
    for report in ANALYTICS.reports:
        titles = [report.title, *(column.title for column in report.columns)]
        titles += [parameter.title for parameter in report.parameters]
        assert all(set(title) == {"en", "ru"} and title["en"] != title["ru"] for title in titles)


def test_fact_tables_read_nothing_that_is_personal() -> None:
    """Also not where it lies in clear, because it was recorded before it was sealed."""
    kinds = {kind.TOPIC: kind for kind in EVENT_TYPES}
    for table in ANALYTICS.tables:
        read = json.loads(table.body).keys()
        found = {topic: read & kinds[topic].PERSONAL_FIELDS for topic in table.topics}
        assert not any(found.values()), found


def test_a_month_begins_at_midnight_of_the_company(database: Database) -> None:
    late = NEW_YEAR + timedelta(hours=2)
    history = company(1)
    write_log(database.owner_url, [row._replace(occurred_at=late) for row in history])
    with node_on(database.projector_url) as node:
        assert [row["month"] for row in rows(node.query("monthly_sales"))] == ["2026-01-01"]


def test_an_answer_says_up_to_which_position_it_counts(database: Database) -> None:
    write_log(database.owner_url, company(5))
    with node_on(database.projector_url) as node:
        assert position_of(node.query("pipeline_totals")) == 15


def test_an_empty_log_gives_empty_reports(database: Database) -> None:
    with node_on(database.projector_url) as node:
        assert [node.query(report).num_rows for report in ORACLES] == [0] * len(ORACLES)


@pytest.mark.parametrize(
    ("name", "value"), [("from", "yesterday"), ("seller_id", "Anna"), ("colour", "red"), ("as_of_position", "1")]
)
def test_a_question_that_makes_no_sense_is_refused(database: Database, name: str, value: str) -> None:
    with node_on(database.projector_url) as node, pytest.raises(ReportParameterError, match=name):
        node.query("churn_reasons", {name: value})


def test_an_unknown_report_is_refused(database: Database) -> None:
    with node_on(database.projector_url) as node, pytest.raises(UnknownReportError):
        node.query("horoscope")
