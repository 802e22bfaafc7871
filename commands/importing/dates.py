"""Dates as people type them. Which number is the day is decided once for a whole file, never cell by cell."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Order = Literal["dmy", "mdy"]

SERIAL = "serial"
"""Among the formats of a mapping: days since 1899-12-30, as spreadsheets count them."""
_DAY_NOUGHT = datetime(1899, 12, 30)  # noqa: DTZ001 - a day of the file's own zone
_LAST_SERIAL = 2_958_465.0
"""The last day of the year 9999."""

_MONTHS = (
    "jan янв", "feb фев", "mar мар", "apr апр", "may май мая", "jun июн", "jul июл", "aug авг", "sep сен", "oct окт",
    "nov ноя", "dec дек",
)  # fmt: skip
_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in words.split()}
_DIGITS = re.compile(r"([0-9]{1,4})\s*([./-])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,4})(?:\s*г\.?)?(?:[T\s,]+(.*))?")
_DAY_FIRST = re.compile(
    r"([0-9]{1,2})[\s.-]*([^\W\d_]{3,8})\.?,?[\s-]*([0-9]{4}|[0-9]{2})(?:\s*г(?:\.|ода)?)?(?:[T\s,]+(.*))?"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,9})\.?\s+([0-9]{1,2}),?\s+([0-9]{4})(?:[T\s,]+(.*))?")
_TIME = re.compile(
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2})(?:[.,]([0-9]{1,6})[0-9]*)?)?\s*([ap]\.?m\.?)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.IGNORECASE,
)


class WrongDateError(ValueError):
    """A text names no day."""


class AmbiguousDateError(ValueError):
    """A text names two days, and nothing in the file says which is meant."""


def evidence_of(typed: str) -> tuple[str, Order] | None:
    """Return which order a date shows, with the sign between its numbers, when it can be read in one way only."""
    match = _DIGITS.fullmatch(typed)
    if match is None or len(match[1]) > 2 or len(match[4]) == 3:
        return None
    first, second = int(match[1]), int(match[3])
    if (first > 12) == (second > 12):
        return None
    return match[2], "dmy" if first > 12 else "mdy"


class DateReader:
    """Reads dates and moments of one file; a day is its midnight in the zone of the file."""

    def __init__(
        self, zone: str, patterns: Iterable[str], order: Order | None, evidence: Iterable[tuple[str, Order]] = ()
    ) -> None:
        """Take what the mapping says, and what the whole file shows; signs that show both orders show none."""
        self.zone = ZoneInfo(zone)
        self._patterns = tuple(each for each in patterns if each != SERIAL)
        self._is_serial = SERIAL in patterns
        shown = frozenset(evidence)
        found: dict[str, Order | None] = {}
        for sign in "./-":
            orders = {each for where, each in shown if where == sign}
            # Whoever writes points writes the day first.
            found[sign] = order or (orders.pop() if len(orders) == 1 else "dmy" if sign == "." and not orders else None)
        self._orders = found

    def moment(self, typed: str) -> datetime:
        """Return the moment a text names, UTC; raises WrongDateError and AmbiguousDateError."""
        try:
            naive = self._read(typed)
            return (naive if naive.tzinfo else naive.replace(tzinfo=self.zone)).astimezone(UTC)
        except OverflowError:
            raise WrongDateError(typed) from None

    def _read(self, typed: str) -> datetime:
        for pattern in self._patterns:
            try:
                return datetime.strptime(typed, pattern)  # noqa: DTZ007 - the zone is the file's
            except ValueError:
                continue
        if self._is_serial:
            return _serial(typed)
        try:
            return datetime.fromisoformat(typed)
        except ValueError:
            return self._by_form(typed)

    def _by_form(self, typed: str) -> datetime:
        if match := _DIGITS.fullmatch(typed):
            return _at(self._day(match), match[5])
        if match := _DAY_FIRST.fullmatch(typed):
            return _at(_day(_year(match[3]), _month(match[2]), int(match[1])), match[4])
        if match := _MONTH_FIRST.fullmatch(typed):
            return _at(_day(int(match[3]), _month(match[1]), int(match[2])), match[4])
        raise WrongDateError(typed)

    def _day(self, match: re.Match[str]) -> date:
        first, second, third = match[1], match[3], match[4]
        if len(first) == 4 and len(third) <= 2:
            return _day(int(first), int(second), int(third))
        if len(first) > 2 or len(third) not in {2, 4}:
            raise WrongDateError(match[0])
        year, one, two = _year(third), int(first), int(second)
        order = self._orders[match[2]]
        if order is None and one <= 12 and two <= 12 and one != two:
            raise AmbiguousDateError(match[0])
        if order is None:
            order = "mdy" if two > 12 else "dmy"
        return _day(year, two, one) if order == "dmy" else _day(year, one, two)


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise WrongDateError from None


def _year(digits: str) -> int:
    """Return the year; of two digits as POSIX has them, 69 to 99 are of the last century."""
    year = int(digits)
    return year if len(digits) == 4 else year + (1900 if year >= 69 else 2000)


def _month(word: str) -> int:
    month = _MONTH_OF.get(word[:3].casefold())
    if month is None:
        raise WrongDateError(word)
    return month


def _at(day: date, clock: str | None) -> datetime:
    """Return the day at the time that stands behind it."""
    if not clock:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the zone is the file's
    match = _TIME.fullmatch(clock.strip())
    if match is None:
        raise WrongDateError(clock)
    hour, half = int(match[1]), (match[5] or "").casefold()[:1]
    if half and not 1 <= hour <= 12:
        raise WrongDateError(clock)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    microsecond = int((match[4] or "").ljust(6, "0"))
    text = f"{day.isoformat()}T{hour:02}:{match[2]}:{match[3] or '00'}.{microsecond:06}{match[6] or ''}"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WrongDateError(clock) from None


def _serial(typed: str) -> datetime:
    try:
        days = float(typed)
    except ValueError:
        raise WrongDateError(typed) from None
    if not 1 <= days <= _LAST_SERIAL:
        raise WrongDateError(typed)
    return _DAY_NOUGHT + timedelta(seconds=round(days * 86_400))
