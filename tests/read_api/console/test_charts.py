"""Charts: every place of the table is in them, in its order, and as high as its figures; no currencies are added up."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.words.messages import LABELS
from projections.analytics.reports import REPORTS
from read_api.console.charts import Chart, chart_of
from read_api.console.tables import table_of
from read_api.console.words import Words, own_words

WORDS = Words("en", ZoneInfo("Europe/Moscow"), own_words(), LABELS, datetime(2026, 6, 30, tzinfo=UTC))
STAGES = [{"code": "lead", "name": "Lead"}, {"code": "offer", "name": "Offer"}]
ROADS = [{"pipeline_id": "p", "stages": STAGES}]
LISTS = {"status": "deal_status", "outcome": "deal_status", "reason_code": "loss_reason"}


Rows = list[dict[str, Any]]


def drawn(rows: Rows, **declared: Any) -> Chart | None:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = [{"name": name, "title": {"en": name, "ru": name}, "list": LISTS.get(name)} for name in names]
    answer = {"columns": columns, "rows": rows}
    return chart_of(WORDS, {"by": None, **declared}, answer, table_of(WORDS, answer, ROADS))


def test_a_chart_along_time_has_every_month_and_adds_up_its_rows() -> None:
    figures = [("2026-03-01", 3), ("2026-03-01", 1), ("2026-05-01", 2)]
    rows: Rows = [{"month": month, "deals": deals} for month, deals in figures]
    chart = drawn(rows, mark="bar", along="month", counts=["deals"])
    assert chart is not None
    [drawing] = chart.drawings
    assert [mark.said for mark in drawing.marks] == ["Mar 2026: 4", "Apr 2026: 0", "May 2026: 2"]
    heights = [mark.height for mark in drawing.marks]
    assert heights == [heights[0], 0, heights[0] / 2]
    assert [tick.said for tick in drawing.upwards] == ["0", "2", "4"]
    assert sum(mark.width for mark in drawing.marks) == pytest.approx(100, abs=0.1)


def test_an_amount_is_drawn_for_each_currency_by_itself() -> None:
    rows: Rows = [
        {"month": "2026-03-01", "currency": "RUB", "amount": "10.50"},
        {"month": "2026-03-01", "currency": "USD", "amount": "2.00"},
        {"month": "2026-04-01", "currency": None, "amount": None},
    ]
    chart = drawn(rows, mark="bar", along="month", counts=["amount"])
    assert chart is not None
    assert [(one.title, [mark.said for mark in one.marks]) for one in chart.drawings] == [
        ("amount, RUB", ["Mar 2026: RUB\xa010.50", "Apr 2026: RUB\xa00"]),
        ("amount, USD", ["Mar 2026: US$2", "Apr 2026: US$0"]),
    ]


def test_stages_stand_in_the_order_in_which_deals_pass_and_what_ended_after_them() -> None:
    rows: Rows = [
        {"pipeline_id": "p", "status": "won", "stage": None, "deals": 9},
        {"pipeline_id": "p", "status": "open", "stage": "offer", "deals": 5},
        {"pipeline_id": "p", "status": "open", "stage": "lead", "deals": 1},
    ]
    chart = drawn(rows, mark="bar", along="stage", counts=["deals"], by="status")
    assert chart is not None
    assert [(place.name, place.figure) for place in chart.drawings[0].places] == [
        ("Lead", "1"),
        ("Offer", "5"),
        ("won", "9"),
    ]
    assert chart.legend == [(0, "open"), (1, "won")]


def test_places_without_an_order_stand_by_size_and_an_empty_one_has_a_name() -> None:
    rows: Rows = [{"reason_code": None, "deals": 1}, {"reason_code": "price", "deals": 3}]
    chart = drawn(rows, mark="bar", along="reason_code", counts=["deals"])
    assert chart is not None
    assert [place.name for place in chart.drawings[0].places] == ["too dear", "not stated"]


def test_points_are_where_their_rows_say_and_tell_whose_they_are() -> None:
    rows: Rows = [
        {"month": "2026-03-01", "seller": "Anna", "outcome": "won", "median_days": "4.00"},
        {"month": "2026-04-01", "seller": "Boris", "outcome": "lost", "median_days": "2.00"},
    ]
    chart = drawn(rows, mark="point", along="month", counts=["median_days"], by="outcome")
    assert chart is not None
    assert [mark.said for mark in chart.drawings[0].marks] == ["Mar 2026, Anna, won: 4", "Apr 2026, Boris, lost: 2"]
    assert chart.drawings[0].marks[0].y < chart.drawings[0].marks[1].y


def test_areas_stand_upon_each_other() -> None:
    rows: Rows = [
        {"day": day, "pipeline_id": "p", "stage": stage, "deals": 1}
        for day in ("2026-03-01", "2026-03-02")
        for stage in ("lead", "offer")
    ]
    chart = drawn(rows, mark="area", along="day", counts=["deals"], by="stage")
    assert chart is not None
    [drawing] = chart.drawings
    assert [points.split()[0] for _, points in drawing.areas] == ["25.0,102.0", "25.0,20.0"]
    assert [mark.said for mark in drawing.marks] == ["1 Mar: Lead 1, Offer 1", "2 Mar: Lead 1, Offer 1"]


def test_a_single_place_and_nothing_at_all_have_no_chart() -> None:
    for rows in ([], [{"month": "2026-03-01", "deals": 3}]):
        assert drawn(rows, mark="bar", along="month", counts=["deals"]) is None
    assert chart_of(WORDS, None, {"columns": [], "rows": []}, table_of(WORDS, {"columns": [], "rows": []}, ())) is None


def test_all_noughts_are_drawn_and_many_places_are_not_all_named() -> None:
    rows: Rows = [{"day": f"2026-03-{day:02d}", "deals": 0} for day in range(1, 32)]
    chart = drawn(rows, mark="bar", along="day", counts=["deals"])
    assert chart is not None
    assert (len(chart.drawings[0].marks), len(chart.drawings[0].across)) == (31, 8)


def test_every_report_that_is_drawn_is_drawn_of_its_own_columns() -> None:
    charts = {report.name: report.chart for report in REPORTS if report.chart is not None}
    assert len(charts) >= 6
    for name, chart in charts.items():
        columns = {one.name for report in REPORTS if report.name == name for one in report.columns}
        assert {chart.along, *chart.counts, *filter(None, [chart.by])} <= columns
        assert "amount" not in chart.counts or "currency" in columns, "amounts of several currencies are not added up"
