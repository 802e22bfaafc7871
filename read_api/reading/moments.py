"""How a past moment is written in `?as_of=`: what was known by then, what had happened by then, or both."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from infra.log.past_log import AsOf
from read_api.reading.errors import WrongParameterError

WRITTEN_OUT = re.compile(r"\d{4}-\d\d-\d\d")
"""How a day is written: its year, month and day."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
_KINDS = ("recorded", "occurred")
# No fact happens outside of these, and a day at the end of the calendar has no next one.
_FIRST, _LAST = date(1899, 12, 31), date(2100, 1, 2)


def moment_from(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment (UTC): a day means its end in the company's zone; raises ValueError."""
    if WRITTEN_OUT.fullmatch(text):
        tomorrow = datetime.strptime(text, "%Y-%m-%d").date() + timedelta(days=1)  # noqa: DTZ007 - a day has no zone
        # By the calendar of the zone, and then back by what is the smallest step of time in the database.
        return datetime.combine(tomorrow, time.min, zone).astimezone(UTC) - timedelta(microseconds=1)
    moment = datetime.fromisoformat(text) if _MOMENT.fullmatch(text) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def period(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a period of whole days begins and when it has ended, by a zone's calendar."""
    begin, end = (min(max(day, _FIRST), _LAST) for day in (first, last))
    return datetime.combine(begin, time.min, zone), datetime.combine(end + timedelta(days=1), time.min, zone)


def as_of_from(text: str, zone: ZoneInfo) -> AsOf:
    """Return the past moment meant; raises WrongParameterError.

    `MOMENT` alone and `recorded:MOMENT` mean what was recorded by then: what this service answered at that moment.
    `occurred:MOMENT` means what had happened by then, as far as is known now. Both, with a comma between: what had
    happened by the one, as far as was known by the other.
    """
    given: dict[str, datetime] = {}
    try:
        for part in text.split(","):
            kind, colon, rest = part.partition(":")
            kind, moment = (kind, rest) if colon and kind in _KINDS else ("recorded", part)
            if kind in given:
                raise ValueError(text)
            given[kind] = moment_from(moment, zone)
    except (ValueError, OverflowError):
        raise WrongParameterError({"pointer": "/as_of", "in": "query", "code": "not-a-past-moment"}) from None
    return AsOf(occurred=given.get("occurred"), recorded=given.get("recorded"))
