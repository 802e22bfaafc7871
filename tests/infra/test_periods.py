"""Periods of days behave as a dictionary with one entry for each day."""

from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from infra.periods import laid_over, on_day, without

FIRST = date(2026, 1, 1)
DAYS = 12


class Said(NamedTuple):
    """What is said of some days."""

    from_day: date
    to_day: date | None
    what: str | None


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


SAYINGS = st.lists(
    st.tuples(st.integers(0, DAYS), st.none() | st.integers(1, DAYS), st.none() | st.sampled_from("abc")), max_size=12
)


@given(SAYINGS)
def test_what_was_said_last_of_a_day_holds_on_it(sayings: list[tuple[int, int | None, str | None]]) -> None:
    by_day: dict[int, str] = {}
    periods: tuple[Said, ...] = ()
    for first, length, what in sayings:
        end = None if length is None else first + length
        until = None if end is None else day(end)
        for number in range(first, DAYS * 3 if end is None else end):
            by_day.pop(number, None)
            if what is not None:
                by_day[number] = what
        if what is None:
            periods = without(periods, day(first), until)
        else:
            periods = laid_over(periods, Said(day(first), until, what))
    for number in range(-1, DAYS * 3):
        held = on_day(periods, day(number))
        assert (None if held is None else held.what) == by_day.get(number), (number, periods)
    assert all(each.to_day is None or each.from_day < each.to_day for each in periods)
    assert list(periods) == sorted(periods, key=lambda each: each.from_day)


def test_the_day_after_the_last_is_not_in_it() -> None:
    year = (Said(FIRST, date(2026, 12, 31), "a"),)
    assert on_day(year, date(2026, 12, 30)) == year[0]
    assert on_day(year, date(2026, 12, 31)) is None
    assert on_day(year, FIRST - timedelta(days=1)) is None
