"""What time it is, from more than one witness: no single reading of a clock is believed when facts are recorded.

A clock that is a year ahead for a minute would be the time of recording of all that follows, for a year. A log that was
idle for a year is no sign of that; a clock that leaps while a process watches it is, and so are two clocks of which one
is far beyond both the other and the log.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, NamedTuple

import psycopg
import structlog

from infra.log.eventlog import APPEND_LOCK
from infra.moments import moment_text
from infra.told import ToldError

BEHIND_SECONDS = 60.0
"""Seconds by which the last fact may be later than the clock says, unsaid: clocks are corrected now and then."""

RETRY_AFTER = 30

TOLD_AGAIN = 3_600.0
"""Seconds after which the log says once more that a clock is wrong."""

log = structlog.get_logger()

STATUS: LiteralString = "SELECT now, position, recorded_at, ahead_seconds FROM read.clock_status"

_ACCEPT: LiteralString = """
    INSERT INTO letopis.accepted_clock (position, recorded_at, accepted_at, reason, actor)
    SELECT s.position, s.recorded_at, s.now, %s, %s
    FROM read.clock_status AS s
    WHERE s.ahead_seconds > 0
        AND s.now > coalesce((SELECT max(a.accepted_at) FROM letopis.accepted_clock AS a), '-infinity')
        AND EXISTS (SELECT FROM letopis.event AS e WHERE e.recorded_at <= s.now)
    RETURNING position
"""

_FROM: LiteralString = """
    SELECT min(e.position)
    FROM letopis.event AS e
    JOIN letopis.accepted_clock AS a ON a.position = %s
    WHERE e.recorded_at > a.accepted_at
        AND e.position <= a.position
        AND e.position > coalesce((
            SELECT max(b.position)
            FROM letopis.accepted_clock AS b
            WHERE b.position < a.position), 0)
"""


class ClockAheadError(ToldError):
    """A clock is so far ahead that nothing is recorded; facts: clock, expected (moments), retry_after (seconds)."""

    code = "clock-ahead"

    def __init__(self, clock: datetime, expected: datetime) -> None:
        super().__init__(
            f"The clock says {clock:%Y-%m-%d %H:%M} UTC where it should be about {expected:%Y-%m-%d %H:%M}, and "
            "nothing is recorded meanwhile. Set the clock of this machine and of the database's; if it is right, "
            "restart Letopis."
        )
        self.facts: dict[str, Any] = {
            "clock": moment_text(clock),
            "expected": moment_text(expected),
            "retry_after": RETRY_AFTER,
        }


class ClockBehindError(ToldError):
    """All of the log is later than the clock says, or what was accepted last is: then it is the clock that is wrong."""


def passed() -> float:
    """Return seconds that never leap; they go on while the machine sleeps, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Reckoning:
    """The time by a process's own reckoning: its clock when it began, and what has passed since."""

    def __init__(self, clock: Callable[[], float] = time.time, passed: Callable[[], float] = passed) -> None:
        self._clock = clock
        self._passed = passed
        self._began = clock() - passed()

    def now(self) -> tuple[datetime, datetime]:
        """Return the time as it is reckoned and as the clock tells it: the same, unless the clock has leapt since."""
        return moment_of(self._began + self._passed()), moment_of(self._clock())


HERE = Reckoning()
"""The reckoning of this process."""


def moment_of(seconds: float) -> datetime:
    """Return the moment so many seconds after the beginning of 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class Hourly:
    """Says the same in the log once an hour at most, however often it is met."""

    def __init__(self) -> None:
        self._told_at: dict[str, float] = {}

    def __call__(self, event: str, **facts: Any) -> None:
        """Warn, unless it was said already."""
        now = passed()
        if now - self._told_at.get(event, -TOLD_AGAIN) >= TOLD_AGAIN:
            self._told_at[event] = now
            log.warning(event, **facts)


warn_hourly = Hourly()


class ClockStatus(NamedTuple):
    """How the database's clock and the last fact stand to each other; an accepted difference is 0 seconds."""

    now: datetime
    position: int
    recorded_at: datetime | None
    ahead_seconds: float

    @property
    def wrong(self) -> str | None:
        """What is wrong, None if nothing is."""
        if self.recorded_at is None or self.ahead_seconds <= BEHIND_SECONDS:
            return None
        return (
            f"the last fact (position {self.position}) is of {self.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC,"
            f" {timedelta(seconds=round(self.ahead_seconds))} ahead of the clock"
        )


def accept_clock(connection: psycopg.Connection[Any], *, reason: str, actor: str) -> tuple[int, int] | None:
    """Record for ever that the clock is right and the last facts were recorded by one that was ahead.

    Return the first and the last of those facts, None where the clock is not behind. Raises ClockBehindError.
    """
    with connection.transaction():
        connection.execute(APPEND_LOCK)
        status = ClockStatus(*connection.execute(STATUS).fetchall()[0])
        if not status.ahead_seconds:
            return None
        accepted = connection.execute(_ACCEPT, (reason, actor)).fetchone()
        if accepted is None:
            raise ClockBehindError(
                f"It is {status.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC by the database's clock, and all of the log is "
                "later, or what was accepted last is. Then it is the clock that is wrong: set it."
            )
    # No index leads to it: the log may go on meanwhile.
    ((first,),) = connection.execute(_FROM, accepted).fetchall()
    return first, status.position
