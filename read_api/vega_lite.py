"""A report's chart as Vega-Lite: what a notebook, a BI tool or somebody's own page draws by itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from infra.analytics.fact_schema import Chart, Report

SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
WIDTH, HEIGHT, STEP = 720, 200, 26
"""Of each drawing, in pixels; one of places is as high as there are places, a step each."""

# Days are the company's, bucketed where the facts are: drawn as they are, and moved by no clock of whoever looks.
TIMES = {"month": "%b %Y", "day": "%-d %b %Y"}

COLOURS = ("#3d4fc0", "#2f7d5b", "#c2711d", "#a8321f", "#7a5aa8", "#5d7383")
"""Those of the console; the first is of what has one colour."""

EMPTY = {"en": "not stated", "ru": "не указано"}
"""What a place is called whose column is empty."""

_MONTHS = [
    "январь",
    "февраль",
    "март",
    "апрель",
    "май",
    "июнь",
    "июль",
    "август",
    "сентябрь",
    "октябрь",
    "ноябрь",
    "декабрь",
]
_SHORT = ["янв", "фев", "мар", "апр", "май", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"]
_DAYS = ["воскресенье", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота"]
LOCALES: Mapping[str, Any] = {
    "en": {},
    "ru": {
        "locale": {
            "number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", "\u00a0₽"]},
            "time": {
                "dateTime": "%A, %e %B %Y г. %X",
                "date": "%d.%m.%Y",
                "time": "%H:%M:%S",
                "periods": ["", ""],
                "days": _DAYS,
                "shortDays": ["вс", "пн", "вт", "ср", "чт", "пт", "сб"],
                "months": _MONTHS,
                "shortMonths": _SHORT,
            },
        }
    },
}

Words = Mapping[str, Mapping[str, str]]
"""column → code → what people call it, in their order"""

Titles = Mapping[str, str]
"""column → what people call it"""


def spec_of(
    report: Report, chart: Chart, rows: Sequence[Mapping[str, Any]], language: str, words: Words, url: str | None = None
) -> dict[str, Any]:
    """Return the chart of a report, over these rows or, if it is given, over what is at a URL."""
    titles: Titles = {column.name: _short(column.title[language]) for column in report.columns}
    heading, _, about = report.title[language].partition(": ")
    source = {"values": list(rows)} if url is None else {"url": url}
    parse = dict.fromkeys(chart.counts, "number")
    if chart.along == "day":
        parse["day"] = "utc:'%Y-%m-%d'"
    property_ = {} if url is None else {"property": "rows"}
    return {
        "$schema": SCHEMA,
        "description": report.title[language],
        "title": {"text": heading, "subtitle": about, "anchor": "start", "offset": 16},
        "background": "white",
        "padding": 16,
        "data": {**source, "format": {"type": "json", **property_, "parse": parse}},
        "transform": [
            {"calculate": _called(chart.along, chart.by, language, words), "as": "place"},
            *([] if chart.by is None else [{"calculate": _called(chart.by, None, language, words), "as": "kind"}]),
        ],
        "vconcat": list(_drawings(chart, rows, titles, words, [] if url else months_of(chart, rows))),
        "resolve": {"scale": {"x": "shared" if chart.along in TIMES else "independent"}},
        "config": {
            "font": "Inter, Liberation Sans, Arial, sans-serif",
            "range": {"category": list(COLOURS)},
            "view": {"stroke": None},
            "axis": {
                "domain": False,
                "ticks": False,
                "gridColor": "#e6e2da",
                "labelColor": "#6a655c",
                "labelPadding": 6,
            },
            "title": {"color": "#1e1c19", "subtitleColor": "#6a655c"},
            "legend": {"labelColor": "#6a655c", "symbolType": "circle"},
            "mark": {"color": COLOURS[0]},
            "bar": {"cornerRadiusEnd": 2},
            **LOCALES[language],
        },
    }


def months_of(chart: Chart, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the first days of all months from the first of the rows to the last: one that had nothing is one too."""
    found = sorted(row["month"] for row in rows) if chart.along == "month" else []
    months, month = list[str](), date.fromisoformat(found[0]) if found else date.max
    while found and month.isoformat() <= found[-1]:
        months.append(month.isoformat())
        month = (month.replace(day=1) + timedelta(32)).replace(day=1)
    return months


def _drawings(
    chart: Chart, rows: Sequence[Mapping[str, Any]], titles: Titles, words: Words, months: list[str]
) -> Iterator[dict[str, Any]]:
    """Give a drawing for each column that is counted, and of amounts for each currency: they are never added up."""
    for counted in chart.counts:
        if counted != "amount":
            yield _drawing(chart, counted, titles[counted], titles, words, months)
            continue
        for currency in sorted({row["currency"] for row in rows if row["currency"] is not None}):
            drawing = _drawing(chart, counted, f"{titles[counted]}, {currency}", titles, words, months)
            yield {"transform": [{"filter": f"datum.currency === {json.dumps(currency)}"}], **drawing}


def _drawing(chart: Chart, counted: str, title: str, titles: Titles, words: Words, months: list[str]) -> dict[str, Any]:
    is_time, is_point = chart.along in TIMES, chart.mark == "point"
    value: dict[str, Any] = {"field": counted, "type": "quantitative", "title": None}
    if not is_point:
        value["aggregate"] = "sum"
    number = {**value, "title": title, "format": ",~r"}
    value["axis"] = {"tickCount": 4, "format": ",~r"}
    place, kind = _place(chart, words, months), []
    if chart.by is not None:
        kind.append({"field": "kind", "type": "nominal", "title": titles[chart.by]})
    told = {"field": "place", "type": "nominal", "title": titles[chart.along]}
    across, upwards = (place, value) if is_time else (value, place)
    mark: dict[str, Any] = {"type": chart.mark}
    if is_point:
        mark |= {"filled": True, "size": 60, "opacity": 0.8}
    elif chart.mark == "bar" and is_time:
        mark["width"] = {"band": 0.6}
    return {
        "title": {"text": title, "anchor": "start", "fontSize": 12, "fontWeight": "normal", "color": "#6a655c"},
        "width": WIDTH,
        "height": HEIGHT if is_time else {"step": STEP},
        "mark": mark,
        "encoding": {
            "x": across,
            "y": upwards,
            **({} if chart.by is None else {"color": _colour(chart.by, words)}),
            "tooltip": [told, *kind, number],
        },
    }


def _place(chart: Chart, words: Words, months: list[str]) -> dict[str, Any]:
    """Return the axis of places; where that is one of months, all of `months` are on it."""
    if chart.along == "day":
        shown = {"format": TIMES["day"], "grid": False, "tickCount": 8}
        return {"field": "day", "type": "temporal", "scale": {"type": "utc"}, "title": None, "axis": shown}
    if chart.along == "month":
        label = _day_said("datum.value", TIMES["month"])
        axis = {"labelExpr": label, "labelAngle": 0, "labelOverlap": True, "grid": False}
        return {
            "field": "month",
            "type": "ordinal",
            "title": None,
            "axis": axis,
            **({"scale": {"domain": months}} if months else {}),
        }
    return {"field": "place", "type": "nominal", "title": None, "sort": _order(chart, words)}


def _colour(column: str, words: Words) -> dict[str, Any]:
    known = list(dict.fromkeys(words.get(column, {}).values()))
    legend = {"title": None, "orient": "top", "offset": 4}
    return {"field": "kind", "type": "nominal", "legend": legend, **({"sort": known} if known else {})}


def _order(chart: Chart, words: Words) -> Any:
    """Return the order of places: that of their words, else the largest first."""
    if chart.along != "stage":
        return "-x"
    ended = [] if chart.by is None else list(words.get(chart.by, {}).values())
    return list(dict.fromkeys([*words.get(chart.along, {}).values(), *ended]))


def _day_said(field: str, shown: str) -> str:
    return f"utcFormat(utcParse({field}, '%Y-%m-%d'), '{shown}')"


def _called(column: str, instead: str | None, language: str, words: Words) -> str:
    """Return the expression of what people call a row's value of a column, or of another column where it has none."""
    field = f"datum[{json.dumps(column)}]"
    if column == "day":
        return f"utcFormat({field}, '{TIMES['day']}')"
    if column == "month":
        return _day_said(field, TIMES["month"])
    empty = (
        json.dumps(EMPTY[language], ensure_ascii=False) if instead is None else _called(instead, None, language, words)
    )
    codes = json.dumps(words.get(column, {}), ensure_ascii=False)
    return f"{field} == null ? {empty} : (({codes})[{field}] || {field})"


def _short(title: str) -> str:
    """Return what a column is called without what is said of it further."""
    return title.partition(";")[0]
