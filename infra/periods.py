"""Periods of days: from a day on, up to another one that is not in it any more, or without an end (None).

So two that meet share no day and leave none out. People write the last day that counts; what is stored is the day
after it. Of a list of periods none overlaps another one; their order is that of their days.
"""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """A named tuple of what holds for some days."""

    @property
    def from_day(self) -> date: ...
    @property
    def to_day(self) -> date | None: ...


P = TypeVar("P", bound=Dated)


def ends(to_day: date | None) -> date:
    """Return the first day after a period, for comparing: one without an end ends after all days."""
    return to_day or date.max


def on_day(periods: Iterable[P], day: date) -> P | None:
    """Return what holds on a day; None where nothing does."""
    return next((each for each in periods if each.from_day <= day < ends(each.to_day)), None)


def without(periods: Iterable[P], from_day: date, to_day: date | None) -> tuple[P, ...]:
    """Return what is left of the periods when these days are cut out of them, in order."""
    left: list[P] = []
    for each in periods:
        if each.from_day < from_day:
            end = each.to_day if ends(each.to_day) <= from_day else from_day
            left.append(_between(each, each.from_day, end))
        if to_day is not None and to_day < ends(each.to_day):
            left.append(_between(each, max(each.from_day, to_day), each.to_day))
    return tuple(left)


def laid_over(periods: Iterable[P], new: P) -> tuple[P, ...]:
    """Return the periods with a new one, which holds on its days instead of what held there, in order."""
    left = without(periods, new.from_day, new.to_day)
    return tuple(sorted((*left, new), key=lambda each: each.from_day))


def with_border_moved(periods: Iterable[P], from_day: date, to_day: date) -> tuple[P, ...]:
    """Return the periods with the day on which one ends and the next one begins put to another day."""
    moved: list[P] = []
    for each in periods:
        begins = to_day if each.from_day == from_day else each.from_day
        ends_on = to_day if each.to_day == from_day else each.to_day
        moved.append(_between(each, begins, ends_on))
    return tuple(moved)


def _between(period: P, from_day: date, to_day: date | None) -> P:
    found: P = period._replace(from_day=from_day, to_day=to_day)  # type: ignore[attr-defined] # of a named tuple
    return found
