"""What was in each stage of a board on every day: told by the days on which it became something else."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

Held = tuple[int, int, Sequence[tuple[str, str]]]
"""A day, counted from the first one; how many deals there are from then on, and what they are worth by currency."""


def first_day(given: str) -> date:
    """Return the day that is counted from; what is none is told by the report itself."""
    try:
        return date.fromisoformat(given)
    except ValueError:
        return date.min


def days_of(rows: Iterable[Mapping[str, Any]], first: date) -> Mapping[str, Sequence[Held]]:
    """Return what each stage held, from rows of the report of the board by day in its order."""
    held: dict[str, dict[int, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    last = 0
    for row in rows:
        last = (date.fromisoformat(row["day"]) - first).days
        held[row["stage"]][last].append(row)
    return {stage: list(_changes(days, last)) for stage, days in held.items()}


def _changes(days: Mapping[int, Sequence[Mapping[str, Any]]], last: int) -> Iterable[Held]:
    """Give the days on which something changed; a day of which nothing is told had nothing."""
    before: tuple[int, Sequence[tuple[str, str]]] = (0, [])
    for day in range(min(days), last + 1):
        there = days.get(day, ())
        worth = [(row["currency"], row["amount"]) for row in there if row["currency"] is not None]
        now = (sum(row["deals"] for row in there), worth)
        if now != before:
            yield day, *now
        before = now
