"""Questions for analysts: the catalogue, and one report in each form."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from infra.analytics.answer import PARKED_KEY, POSITION_KEY, STALE_KEY
from infra.analytics.fact_schema import (
    EVERYTHING,
    FactSchema,
    Parameter,
    Report,
    ReportColumn,
    ReportParameterError,
    Sight,
)
from infra.analytics.lent import NOTHING_LENT, Lent
from infra.analytics.standing import Stale
from infra.log.past_log import AsOf
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics import ANALYTICS
from read_api.analytics import Report as ReportDescribed
from read_api.analytics import ReportAnswer
from read_api.reading.answer import Items
from tests.database import copy_of
from tests.read_api.office import Office, nth, office

SALES = Report(
    name="sales",
    title={"en": "Sales", "ru": "Продажи"},
    sql="SELECT 1",
    columns=(
        ReportColumn("product", {"en": "Product", "ru": "Продукт"}),
        ReportColumn("won", {"en": "Won", "ru": "Сумма"}),
    ),
    order=("product",),
    parameters=(Parameter("year", "INTEGER", {"en": "Year", "ru": "Год"}),),
)


@dataclass
class Shelf:
    """Reports that are ready made: what computes them is tested with the node."""

    position: int = 5
    reports: tuple[Report, ...] = (SALES,)
    as_of: AsOf | None = None
    more: Mapping[bytes, bytes] = field(default_factory=dict)
    sight: Sight = EVERYTHING
    lent: Lent = field(default_factory=dict)
    facts: FactSchema = ANALYTICS
    settings: Mapping[str, str] = field(default_factory=lambda: {"zone": "UTC"})
    stale: Stale | None = None

    def query(
        self,
        report: str,
        parameters: Mapping[str, Any] | None = None,
        as_of: AsOf | None = None,
        sight: Sight = EVERYTHING,
        lent: Lent = NOTHING_LENT,
    ) -> pa.Table:
        assert report == "sales"
        self.sight, self.as_of, self.lent = sight, as_of, lent
        year = (parameters or {}).get("year", "2026")
        if not year.isdigit():
            raise ReportParameterError("year", "INTEGER")
        table = pa.table({"product": ["Гвоздь", None], "won": pa.array([Decimal("10.50"), Decimal("0.10")])})
        return table.replace_schema_metadata({POSITION_KEY: b"5", **self.more})

    def wait_for(self, position: int, timeout: float) -> bool:
        return timeout > 0 and position <= self.position


@pytest.fixture(scope="module")
def shelf(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    with copy_of(cluster, template) as database, office(database, reports=Shelf()) as opened:
        opened.record(9)
        yield opened


def test_the_catalogue_says_what_can_be_asked(shelf: Office) -> None:
    answer = shelf.get("/analytics", role="analyst")
    Items[ReportDescribed].model_validate(answer.json())
    assert [(one["name"], one["parameters"][0]["name"]) for one in answer.json()["items"]] == [("sales", "year")]


def test_a_report_as_json_keeps_amounts_exact(shelf: Office) -> None:
    answer = shelf.get("/analytics/sales?year=2025", role="analyst")
    ReportAnswer.model_validate(answer.json())
    assert answer.json()["rows"] == [{"product": "Гвоздь", "won": "10.50"}, {"product": None, "won": "0.10"}]
    assert answer.headers["letopis-position"] == "5"


def test_a_report_counts_the_work_that_the_caller_may_look_at(shelf: Office) -> None:
    reports = shelf.reports
    assert isinstance(reports, Shelf)
    for role, sight in (
        ("analyst", None),
        ("marketer", None),
        ("auditor", None),
        ("head", [str(nth(7))]),
    ):
        assert shelf.get("/analytics/sales", role=role, staff=nth(7)).status_code == 200
        assert reports.sight.within == sight, role


def test_a_report_is_told_which_day_it_is_where_it_is_asked(shelf: Office) -> None:
    reports = shelf.reports
    assert isinstance(reports, Shelf)
    shelf.clock.stop_at(datetime(2026, 3, 5, 12, tzinfo=UTC))
    for as_of, day in (("", 5), ("?as_of=occurred:2026-03-02", 2)):
        assert shelf.get(f"/analytics/sales{as_of}", role="analyst").status_code == 200
        assert reports.sight.upto == date(2026, 3, day)


@pytest.mark.parametrize("report", ANALYTICS.reports, ids=lambda one: one.name)
def test_every_report_can_be_of_some_people_s_work_only(report: Report) -> None:
    assert "$within" in report.sql


@pytest.mark.parametrize("how", [{"params": {"format": "csv"}}, {"headers": {"Accept": "text/csv"}}])
def test_a_report_as_csv(shelf: Office, how: dict[str, Any]) -> None:
    answer = shelf.get("/analytics/sales", role="analyst", **how)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text == '"product","won"\n"Гвоздь",10.50\n,0.10\n'


def test_a_report_as_arrow(shelf: Office) -> None:
    answer = shelf.get("/analytics/sales", role="analyst", headers={"Accept": "application/vnd.apache.arrow.stream"})
    table = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()
    assert table.column("won").to_pylist() == [Decimal("10.50"), Decimal("0.10")]


@pytest.mark.parametrize("form", ["json", "csv", "arrow"])
def test_a_report_says_what_it_lacks_and_that_it_is_old_in_every_form(shelf: Office, form: str) -> None:
    path = f"/analytics/sales?format={form}"
    before = shelf.get(path, role="analyst")
    assert not {"letopis-parked", "letopis-stale"} & set(before.headers)
    assert isinstance(shelf.reports, Shelf)
    shelf.reports.more = {PARKED_KEY: b"3", STALE_KEY: b"broken"}
    try:
        answer = shelf.get(path, role="analyst", headers={"If-None-Match": before.headers["etag"]})
    finally:
        shelf.reports.more = {}
    assert answer.status_code == 200
    assert (answer.headers["letopis-parked"], answer.headers["letopis-stale"]) == ("3", "broken")
    if form == "json":
        assert answer.json() == {**before.json(), "parked": 3, "stale": "broken"}
        ReportAnswer.model_validate(answer.json())
    if form == "csv":
        assert answer.text == before.text


def test_a_form_we_do_not_have_is_406(shelf: Office) -> None:
    answer = shelf.get("/analytics/sales", role="analyst", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("year=lots", "/year", "invalid"),
        ("month=1", "/month", "unknown-parameter"),
        ("format=pdf", "/format", "not-in-list"),
        ("min_position=10", "/min_position", "beyond-the-log"),
        ("as_of=may", "/as_of", "not-a-past-moment"),
        ("as_of=2999-01-01", "/as_of", "in-the-future"),
    ],
)
def test_a_wrong_parameter_of_a_report_is_named(shelf: Office, query: str, pointer: str, code: str) -> None:
    answer = shelf.get(f"/analytics/sales?{query}", role="analyst")
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]


def test_a_report_waits_for_its_facts_and_gives_up(shelf: Office) -> None:
    assert shelf.get("/analytics/sales?min_position=5", role="analyst").status_code == 200
    late = shelf.get("/analytics/sales?min_position=7", role="analyst")
    assert (late.status_code, late.json()["code"]) == (504, "view-behind")


def test_a_report_as_of_a_moment_counts_the_log_as_it_was_then(shelf: Office) -> None:
    reports = shelf.reports
    assert isinstance(reports, Shelf)
    answer = shelf.get("/analytics/sales?as_of=occurred:2026-01-01T00:00:00Z", role="analyst")
    assert answer.status_code == 200
    assert reports.as_of == AsOf(occurred=datetime(2026, 1, 1, tzinfo=UTC), position=9)
    # Nothing was recorded by then: the log begins later.
    answer = shelf.get("/analytics/sales?as_of=2026-01-01", role="analyst")
    assert (reports.as_of, answer.headers["letopis-position"]) == (AsOf(position=0), "0")


def test_a_report_as_of_a_moment_waits_until_all_that_was_recorded_by_then_is_in_it(shelf: Office) -> None:
    [(now,)] = shelf.run("SELECT clock_timestamp()")
    late = shelf.get("/analytics/sales", role="analyst", params={"as_of": now.isoformat()})
    assert (late.status_code, late.json()["code"], late.json()["min_position"]) == (504, "view-behind", 9)


def test_an_unknown_report_is_404(shelf: Office) -> None:
    answer = shelf.get("/analytics/nothing", role="analyst")
    assert (answer.status_code, answer.json()["code"], answer.json()["known"]) == (404, "unknown-report", ["sales"])
