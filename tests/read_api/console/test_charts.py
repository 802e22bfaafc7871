"""Charts: every place of the table is in them, in its order, and as high as its figure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from read_api.console.charts import chart_of
from read_api.console.tables import table_of
from read_api.console.words import Words, own_words

WORDS = Words("en", ZoneInfo("Europe/Moscow"), own_words(), {}, datetime(2026, 6, 30, tzinfo=UTC))


def _answer(along: str, figures: list[tuple[str, int]]) -> dict[str, object]:
    names = (along, "currency", "deals", "amount")
    columns = [{"name": name, "title": {"en": name, "ru": name}} for name in names]
    rows = [{along: place, "currency": "RUB", "deals": deals, "amount": "10.00"} for place, deals in figures]
    return {"columns": columns, "rows": rows}


@pytest.mark.parametrize("along", ["day", "month"])
def test_a_chart_has_every_place_of_the_table_and_adds_up_its_rows(along: str) -> None:
    answer = _answer(along, [("2026-03-01", 3), ("2026-03-01", 1), ("2026-04-01", 0), ("2026-05-01", 2)])
    chart = chart_of(WORDS, answer, table_of(WORDS, answer, ()))
    assert chart is not None
    assert [mark.said.rpartition(": ")[2] for mark in chart.marks] == ["4", "0", "2"]
    heights = [mark.height for mark in chart.marks]
    assert heights == [heights[0], 0, heights[0] / 2]
    assert chart.is_line == (along == "day")
    assert [tick.said for tick in chart.upwards] == ["0", "2", "4"]


def test_a_single_place_and_nothing_at_all_have_no_chart() -> None:
    for figures in ([], [("2026-03-01", 3)]):
        answer = _answer("day", figures)
        assert chart_of(WORDS, answer, table_of(WORDS, answer, ())) is None


def test_all_noughts_are_drawn_and_many_places_are_not_all_named() -> None:
    answer = _answer("day", [(f"2026-03-{day:02d}", 0) for day in range(1, 32)])
    chart = chart_of(WORDS, answer, table_of(WORDS, answer, ()))
    assert chart is not None
    assert (len(chart.marks), len(chart.across)) == (31, 8)
