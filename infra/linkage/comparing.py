"""Scores one record against some others at once, by the weights that a search among all of them has counted."""

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log2
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic_core import from_json

from infra.linkage.columns import Column, Kind, Value
from infra.linkage.linking import laid_out, opened, table_of_rows
from infra.linkage.model import agreement, sql_name
from infra.linkage.tables import LISTED

MEGABYTES = 64
"""Memory of the database that compares some hundred records."""

Frequencies = Mapping[str, float] | None
"""How frequent each thing is that a record says, by column; None: it was not there when it was counted."""


class Scored(NamedTuple):
    """How probably a record is of the same thing, and how far it agrees, by column."""

    id: str
    score: float
    agreement: Mapping[str, str]


class Comparer:
    """Compares records in a database in memory of its own; one caller at a time."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._one = threading.Lock()
        self._connection: Any = None

    def scored(
        self,
        settings: str,
        one: Sequence[Value],
        others: Sequence[tuple[str, Sequence[Value]]],
        frequencies: Mapping[str, Frequencies],
    ) -> list[Scored]:
        """Score a record against others, each with its id, by settings that `infra.linkage.linking` told (JSON).

        `frequencies` are those of the records by id, the one's own by "".
        """
        if not others:
            return []
        left = self._laid_out([("", one)], frequencies)
        right = self._laid_out(others, frequencies)
        with self._one:
            if self._connection is None:
                self._connection = opened(MEGABYTES, 1)
            self._connection.register("one", left)
            self._connection.register("others", right)
            rows = self._connection.execute(_statement(settings, self._columns)).fetchall()
        return [Scored(row[0], row[1], agreement(self._columns, row[2:])) for row in rows]

    def _laid_out(self, records: Sequence[tuple[str, Sequence[Value]]], frequencies: Mapping[str, Frequencies]) -> Any:
        rows = table_of_rows([(each, *told) for each, told in records], self._columns)
        [laid] = laid_out(self._columns, iter([rows]))
        for number, column in enumerate(self._columns):
            shares = [(frequencies.get(each) or {}).get(column.name) for each, _ in records]
            laid = laid.append_column(f"tf_{sql_name(number)}", pa.array(shares, pa.float64()))
        return laid


@lru_cache(maxsize=4)
def _statement(settings: str, columns: tuple[Column, ...]) -> str:
    """Return the SQL that scores `one` against `others`: each row is an id, a score, and a level for each column."""
    told = from_json(settings)
    prior = told["probability_two_random_records_match"]
    levels, weights = [], [repr(log2(prior / (1 - prior)))]
    for number, comparison in enumerate(told["comparisons"]):
        names, weighed = "", ""
        for level in comparison["comparison_levels"]:
            condition = level["sql_condition"]
            when = "ELSE" if condition == "ELSE" else f"WHEN {condition} THEN"
            names += f" {when} '{level['label_for_charts']}'"
            weighed += f" {when} {_weight(level, sql_name(number))}"
        levels.append(f"CASE{names} END")
        weights.append(f"CASE{weighed} END")
    sides = [f"{name}_{side}" for name in _fields(columns) for side in "lr"]
    pairs = ", ".join(f"{side[-1]}.{side[:-2]} AS {side}" for side in sides)
    return f"""
SELECT id_r, 1 - 1 / (1 + pow(2, {" + ".join(weights)})) AS score, {", ".join(levels)}
FROM (SELECT {pairs} FROM one AS l, others AS r)
ORDER BY score DESC, id_r"""  # noqa: S608 - the conditions of the model, and numbers


def _weight(level: Mapping[str, Any], c: str) -> str:
    if level.get("is_null_level"):
        return "0.0"
    m, u = level["m_probability"], level["u_probability"]
    if "tf_adjustment_column" not in level:
        return repr(log2(m / u))
    # Of what both say, and was not counted, it is taken that it is as frequent as other things are.
    return f"{log2(m)!r} - log2(coalesce(greatest(tf_{c}_l, tf_{c}_r), {u!r}))"


def _fields(columns: Sequence[Column]) -> list[str]:
    fields = ["id"]
    for number, column in enumerate(columns):
        c = sql_name(number)
        fields += [c, f"tf_{c}", *([f"{c}_parts"] if column.kind in LISTED else [])]
        fields += [f"{c}_forms"] if column.kind is Kind.NAME else []
    return fields
