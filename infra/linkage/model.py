"""The model by which pairs of records are scored: that of Fellegi and Sunter (1969), as Splink carries it out.

Of each column it is looked how far two records agree in it. How often records of one thing agree so (m) is known
beforehand, the same for all companies; how often two that are of different things do by chance (u) is counted in the
records themselves, and of a value of its own by how many others have it. The score is the probability that the two are
of one thing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from infra.linkage.columns import Column, Kind

SUGGESTED = 0.9
"""Pairs with this score or more are suggested, unless somebody asks for more or less."""

KEPT = 0.5
"""Pairs with less are not kept: they are more likely two than one."""

NOT_KNOWN, DIFFERENT = "not_known", "different"


class Level(NamedTuple):
    """How far two records agree in a column: m, and what u is taken for until much was counted.

    `condition` is SQL over `{c}_l` and `{c}_r`; the first level whose condition holds counts, and the last has none.
    Of a level with a `frequency` the frequency of the very value stands in place of u.
    """

    name: str
    condition: str
    m: float
    u: float
    frequency: bool = False


_TYPO = "damerau_levenshtein({c}_l, {c}_r) <= 1"
_SAME = "{c}_l = {c}_r"
_ALL_OF_ONE = (
    "len(list_intersect({c}_parts_l, {c}_parts_r)) >= 2"
    " AND len(list_intersect({c}_parts_l, {c}_parts_r)) = least(len({c}_parts_l), len({c}_parts_r))"
)
_NUMBER = (
    Level("same", _SAME, 0.86, 1e-3, frequency=True),
    Level("typo", f"length({{c}}_l) >= 4 AND {_TYPO}", 0.08, 1e-3),
    Level(DIFFERENT, "", 0.06, 0.998),
)
LEVELS: Mapping[Kind, tuple[Level, ...]] = {
    Kind.NAME: (
        Level("same", _SAME, 0.70, 1e-3, frequency=True),
        Level("words", _ALL_OF_ONE, 0.08, 5e-4, frequency=True),
        Level("typo", f"{_TYPO} OR jaro_winkler_similarity({{c}}_l, {{c}}_r) >= 0.94", 0.11, 3e-4),
        Level("initials", "list_has_any({c}_forms_l, {c}_forms_r)", 0.05, 2e-3),
        Level(
            "part",
            "list_has_any({c}_parts_l, {c}_parts_r) OR jaro_winkler_similarity({c}_l, {c}_r) >= 0.85",
            0.05,
            3e-2,
        ),
        Level(DIFFERENT, "", 0.01, 0.966),
    ),
    Kind.TEXT: (
        Level("same", _SAME, 0.80, 2e-3, frequency=True),
        Level("typo", f"{_TYPO} OR jaro_winkler_similarity({{c}}_l, {{c}}_r) >= 0.92", 0.10, 1e-3),
        Level("alike", "jaro_winkler_similarity({c}_l, {c}_r) >= 0.8", 0.04, 1e-2),
        Level(DIFFERENT, "", 0.06, 0.987),
    ),
    Kind.NUMBER: _NUMBER,
    Kind.DATE: _NUMBER,
    Kind.CATEGORY: (Level("same", _SAME, 0.93, 0.3), Level(DIFFERENT, "", 0.07, 0.7)),
    # No two may have one phone, so that those who are one mostly have two.
    Kind.SET: (
        Level("same", "list_has_any({c}_parts_l, {c}_parts_r)", 0.25, 1e-4, frequency=True),
        Level("typo", f"length({{c}}_l) >= 4 AND {_TYPO}", 0.10, 1e-4),
        Level(DIFFERENT, "", 0.65, 0.9998),
    ),
}
"""What is known beforehand; it fits no file: what records of one thing differ in was put down before any was read."""

PRIOR_PAIRS = 1000
"""So many pairs what is known of u beforehand counts for, beside those that were looked at."""


def sql_name(number: int) -> str:
    """Return how the column of this number, from 0, is called in SQL."""
    return f"c{number}"


def with_frequencies(columns: Sequence[Column]) -> list[tuple[str, Column]]:
    """Return, by their names in SQL, the columns of which it counts how frequent the very value is: all but groups."""
    return [(sql_name(n), column) for n, column in enumerate(columns) if column.kind is not Kind.CATEGORY]


def agreement(columns: Sequence[Column], levels: Iterable[str]) -> dict[str, str]:
    """Return how far two records agree, by column, given a level for each; what is not known of both is left out."""
    told = zip(columns, levels, strict=True)
    return {column.name: level for column, level in told if level != NOT_KNOWN}


def settings_of(columns: Sequence[Column], records: int) -> dict[str, Any]:
    """Return the settings of Splink before anything was counted, for so many records."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "n",
        "sql_dialect": "duckdb",
        # One other record of the same thing for each: few companies have more.
        "probability_two_random_records_match": 1 / max(records, 2),
        "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.n = r.n", "sql_dialect": "duckdb"}],
        "comparisons": [_comparison(sql_name(number), column) for number, column in enumerate(columns)],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": False,
    }


def _comparison(c: str, column: Column) -> dict[str, Any]:
    null = {"sql_condition": f"{c}_l IS NULL OR {c}_r IS NULL", "label_for_charts": NOT_KNOWN, "is_null_level": True}
    levels = [null]
    for level in LEVELS[column.kind]:
        known: dict[str, Any] = {
            "sql_condition": level.condition.format(c=c) or "ELSE",
            "label_for_charts": level.name,
            "m_probability": level.m,
            "u_probability": level.u,
        }
        if level.frequency:
            known |= {"tf_adjustment_column": c, "disable_tf_exact_match_detection": True}
        levels.append(known)
    return {"output_column_name": c, "comparison_levels": levels}


def counted(
    settings: dict[str, Any],
    trained: Mapping[str, Any],
    columns: Sequence[Column],
    pairs: Sequence[float],
) -> None:
    """Put what was counted (trained settings) into settings, beside what is known beforehand.

    `pairs` are how many pairs were looked at of which both say something in a column, one number for each.
    """
    comparisons = zip(columns, settings["comparisons"], trained["comparisons"], pairs, strict=True)
    for column, comparison, found, looked_at in comparisons:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        seen = [level for level in found["comparison_levels"] if not level.get("is_null_level")]
        for level, known, one in zip(levels, LEVELS[column.kind], seen, strict=True):
            share = one.get("u_probability") or 0.0
            level["u_probability"] = (share * looked_at + known.u * PRIOR_PAIRS) / (looked_at + PRIOR_PAIRS)
