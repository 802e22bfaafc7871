"""Tables of reports in people's words: names instead of ids, labels instead of codes, numbers as one writes them."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from read_api.console.words import Words

CELLS = 900
"""A page shows so many cells at most: what is longer is taken away as a file."""

NAMED = {"seller_id": "seller", "staff_id": "staff", "pipeline_id": "pipeline"}
"""Columns of ids beside which stands what they are called."""

MOMENTS = re.compile(r"\d{4}-\d\d-\d\dT.*")
DAYS = re.compile(r"\d{4}-\d\d-\d\d")
DECIMAL = re.compile(r"-?\d+\.\d+")
SUM = re.compile(r"(-?[\d.]+) ([A-Z]{3})")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

Row = Mapping[str, Any]
Roads = Sequence[Mapping[str, Any]]


class Column(NamedTuple):
    """A column as it is shown."""

    name: str
    title: str
    is_number: bool


class Table(NamedTuple):
    """The first rows of a report as texts, and how many there are in all."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    row_count: int
    reads: "Reads"


class Reads:
    """Says the values of rows in people's words."""

    def __init__(self, words: Words, roads: Roads, columns: Sequence[Mapping[str, Any]]) -> None:
        self._words = words
        self._lists = {one["name"]: one["list"] for one in columns if one["list"] is not None}
        self._stages = {
            (str(road["pipeline_id"]), stage["code"]): stage["name"] for road in roads for stage in road["stages"]
        }

    @property
    def stages(self) -> list[str]:
        """What the stages are called, in the order in which deals pass."""
        return list(dict.fromkeys(name or code for (_, code), name in self._stages.items()))

    def labels(self, column: str | None) -> list[str]:
        """Return what the codes of a column are called, in their order."""
        return list(self._words.labels_of(self._lists.get(column or "", "")).values())

    def value(self, name: str, row: Row) -> str:
        """Return what a row says in a column."""
        value, words = row.get(name), self._words
        match value:
            case None:
                return self._none(name)
            case bool():
                return words("reports.yes") if value else words("reports.no")
            case int() | float():
                return words.number(value)
            case str():
                return self._text(name, value, row)
            case _:
                return str(value)

    def _none(self, name: str) -> str:
        return self._words("reports.unnamed") if name in NAMED.values() else "—"

    def _text(self, name: str, value: str, row: Row) -> str:
        words = self._words
        match name:
            case "stage":
                return str(self._stages.get((str(row.get("pipeline_id")), value)) or value)
            case "month":
                return words.month(value)
            case "left_by":
                return words.label("topic", f"deal.{value}")
            case "amount":
                return words.money(value, row["currency"]) if row.get("currency") else "—"
            case _ if name in self._lists:
                return words.label(self._lists[name], value)
            case _:
                return self._written(value)

    def _written(self, value: str) -> str:
        """Return a text by what it looks like: a number, a day, a moment, an id; sums within any other as money."""
        words = self._words
        for kind, said in ((DECIMAL, _number(words)), (DAYS, words.short_day), (MOMENTS, words.moment), (ID, _short)):
            if kind.fullmatch(value):
                return said(value)
        return SUM.sub(lambda found: words.money(found[1], found[2]), value)


def _short(value: str) -> str:
    """Return the end of an id: ids of one day begin alike."""
    return value[-12:]


def _number(words: Words) -> Callable[[str], str]:
    return lambda value: words.number(Decimal(value))


def table_of(words: Words, answer: Mapping[str, Any], roads: Roads) -> Table:
    """Return a report's table; a column of ids is left out where their names stand beside it."""
    known = {one["name"] for one in answer["columns"]}
    rows: Sequence[Row] = answer["rows"]
    # What an amount is in stands with it.
    left_out = {of for of, name in NAMED.items() if name in known} | ({"currency"} if "amount" in known else set())
    chosen = [
        Column(one["name"], one["title"][words.language], _is_number(one["name"], rows))
        for one in answer["columns"]
        if one["name"] not in left_out
    ]
    reads = Reads(words, roads, answer["columns"])
    shown = rows[: CELLS // max(1, len(chosen))]
    return Table(chosen, [[reads.value(one.name, row) for one in chosen] for row in shown], len(rows), reads)


def _is_number(name: str, rows: Sequence[Row]) -> bool:
    values = [row[name] for row in rows[:50] if row.get(name) is not None]
    return name.startswith("amount") or (bool(values) and all(_counts(one) for one in values))


def _counts(value: Any) -> bool:
    return type(value) in {int, float} or (isinstance(value, str) and DECIMAL.fullmatch(value) is not None)
