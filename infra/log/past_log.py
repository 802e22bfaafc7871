"""The log as it was at a past moment: what counts of it, and how the facts of one party or of some streams are read."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import RowFactory

from infra.log.envelope import ReadEvent
from infra.log.log_reader import READ_COLUMNS, Checkpoint, read_events, read_events_with_parties
from infra.moments import moment_text
from infra.told import ToldError


@dataclass(frozen=True)
class AsOf:
    """A past moment: what had occurred by then, what was recorded by then, or the log up to a position."""

    occurred: datetime | None = None
    recorded: datetime | None = None
    position: int | None = None


STEP = 20_000
"""Positions examined by one query of those that read the whole log."""

# A fact gets its time under the append's lock, and is seen when that is let go: what was recorded a moment ago may not
# be seen yet. No append is so slow that it would not be seen after this.
SETTLING = "2 minutes"

_SETTLED = f"""
SELECT pg_advisory_xact_lock_shared(hashtextextended('letopis.append', 0))
WHERE %(recorded)s::timestamptz > letopis.clock() - interval '{SETTLING}'
"""

# Times of recording never decrease with the position, where those of a clock that was ahead are taken for the moment at
# which that was accepted: halving finds the last fact with one look-up a bit.
#
# When exactly the facts of such a clock were recorded nobody knows: they count from the fact before them on, together.
# So do facts that are ahead of the clock now, and were not accepted: whatever has come, they have.
_CUT = """
WITH RECURSIVE
clock AS MATERIALIZED (SELECT letopis.clock() AS now),
head AS (SELECT coalesce(max(e.position), 0) AS position FROM letopis.event AS e),
search (low, high) AS (
    SELECT 0::bigint, head.position
    FROM head
    UNION ALL
    SELECT
        CASE WHEN known.is_so THEN middle.position ELSE s.low END,
        CASE WHEN known.is_so THEN s.high ELSE middle.position - 1 END
    FROM search AS s
    CROSS JOIN LATERAL (SELECT (s.low + s.high + 1) / 2 AS position) AS middle
    LEFT JOIN LATERAL (
        SELECT e.position, e.recorded_at
        FROM letopis.event AS e
        WHERE e.position <= middle.position
        ORDER BY e.position DESC
        LIMIT 1
    ) AS m ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(least(m.recorded_at, (
            SELECT min(a.accepted_at)
            FROM letopis.accepted_clock AS a
            WHERE a.position >= m.position)) <= %(recorded)s, true) AS is_so
    ) AS known
    WHERE s.low < s.high
),
following AS (
    SELECT
        e.recorded_at,
        coalesce(a.accepted_at, clock.now) AS known_at,
        coalesce(a.position, head.position) AS last
    FROM search AS s
    CROSS JOIN head
    CROSS JOIN clock
    JOIN LATERAL (
        SELECT each.position, each.recorded_at
        FROM letopis.event AS each
        WHERE each.position > s.low
        ORDER BY each.position
        LIMIT 1
    ) AS e ON true
    LEFT JOIN LATERAL (
        SELECT each.position, each.accepted_at
        FROM letopis.accepted_clock AS each
        WHERE each.position >= e.position
        ORDER BY each.position
        LIMIT 1
    ) AS a ON true
    WHERE s.low = s.high
)
SELECT
    greatest(clock.now, (
        SELECT e.recorded_at
        FROM letopis.event AS e
        LEFT JOIN letopis.accepted_clock AS a USING (position)
        WHERE e.position = head.position
            AND a.position IS NULL)),
    coalesce((
        SELECT f.last
        FROM following AS f
        WHERE f.recorded_at > f.known_at
            AND %(recorded)s::timestamptz <= f.known_at), s.low)
FROM search AS s
CROSS JOIN head
CROSS JOIN clock
WHERE s.low = s.high
"""

_COUNTS = """e.topic = ANY (%(topics)s)
    AND e.position <= %(last)s
    AND e.occurred_at <= coalesce(%(occurred)s::timestamptz, 'infinity')"""

_OF_PARTY = f"""
SELECT {READ_COLUMNS}, e.parties, e.body::text
FROM letopis.event_party AS p
JOIN letopis.event AS e USING (position)
WHERE p.party_id = %(party)s
    AND {_COUNTS}
ORDER BY e.position
"""  # noqa: S608 - put together from constants

_OF_STREAMS = f"""
SELECT {READ_COLUMNS}, e.parties, e.body::text
FROM letopis.event AS e
WHERE e.stream_id = ANY (%(streams)s)
    AND e.position <> ALL (%(known)s::bigint[])
    AND {_COUNTS}
ORDER BY e.position
"""  # noqa: S608 - put together from constants

_EVERY = f"""
SELECT {READ_COLUMNS}, e.parties, e.body::text
FROM letopis.event AS e
WHERE e.position > %(after)s
    AND {_COUNTS}
ORDER BY e.position
"""  # noqa: S608 - put together from constants

# Whoever folds a million facts and does not ask whom they concern is not told: it is a fifth of the reading.
_EVERY_WITHOUT_PARTIES = _EVERY.replace("e.parties", "NULL")

# Where the log was replaced by another, another fact stands there.
_HAS_MORE = """
SELECT
    (%(after)s > 0 AND NOT EXISTS (
        SELECT FROM letopis.event AS e WHERE e.position = %(after)s AND e.event_id = %(event_id)s
    ))
    OR EXISTS (
        SELECT FROM letopis.event AS e
        WHERE e.position > %(after)s
            AND e.position <= %(last)s
            AND (e.parties && %(parties)s::uuid[] OR e.stream_id = ANY (%(streams)s::uuid[]))
    )
"""


class MomentAheadError(ToldError):
    """The moment asked for has not come yet; `now` is the log's clock, or its last fact where that is later."""

    def __init__(self, now: datetime) -> None:
        super().__init__(f"It is {moment_text(now)}: nothing is known of what comes after. Name a moment up to now.")
        self.now = now


class TooLongError(ToldError):
    """So much of the log cannot be read and folded in the time there is; `seconds` says how much that is."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"It takes longer than {seconds:g} s. Raise LETOPIS_AS_OF_SECONDS.")
        self.seconds = seconds


class Cut(NamedTuple):
    """What counts of the log: the facts up to a position; if a moment is given, only what had occurred by it."""

    position: int
    occurred: datetime | None = None


def cut_at(connection: psycopg.Connection[Any], as_of: AsOf) -> Cut:
    """Return what counts as of a moment: the same whenever it is asked for; raises MomentAheadError.

    What had been recorded by then ends at a position; without `recorded` it is all that is known now. Only while the
    log is ahead of the clock, and that was not accepted, what comes meanwhile counts as of every moment since the leap.
    """
    recorded = as_of.recorded or "infinity"
    with connection.transaction():
        if as_of.recorded is not None:
            connection.execute(_SETTLED, {"recorded": recorded})
        row = connection.execute(_CUT, {"recorded": recorded}).fetchone()
    assert row is not None  # noqa: S101 - the search always ends
    now, position = row
    if any(moment is not None and moment > now for moment in (as_of.recorded, as_of.occurred)):
        raise MomentAheadError(now)
    return Cut(position if as_of.position is None else min(position, as_of.position), as_of.occurred)


class PastLog:
    """The facts that count at a cut of the log, in order of position, each with its parties unless it says otherwise.

    After so many seconds nothing more is read: TooLongError.
    """

    def __init__(self, connection: psycopg.Connection[Any], cut: Cut, seconds: float) -> None:
        self._connection = connection
        self._cut = cut
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def of_party(self, party_id: UUID, topics: Sequence[str]) -> list[ReadEvent]:
        """Return the facts of these topics that concern a party."""
        return self._read(_OF_PARTY, self._values(topics, party=party_id))

    def of_streams(
        self, stream_ids: Collection[UUID], topics: Sequence[str], known: Sequence[ReadEvent] = ()
    ) -> list[ReadEvent]:
        """Return the facts of these topics in some streams, without those that are `known`: they were read before."""
        if not stream_ids or not topics:
            return []
        positions = [fact.position for fact in known]
        return self._read(_OF_STREAMS, self._values(topics, streams=list(stream_ids), known=positions))

    def every(self, topics: Sequence[str], *, with_parties: bool = False) -> Iterator[list[ReadEvent]]:
        """Give all facts of these topics, with their parties or with None instead, in pieces that fit in memory."""
        statement, made = (_EVERY, read_events_with_parties) if with_parties else (_EVERY_WITHOUT_PARTIES, read_events)
        for after in range(0, self._cut.position, STEP):
            values = self._values(topics, after=after, last=min(after + STEP, self._cut.position))
            yield self._read(statement, values, made)

    def has_more(self, end: Checkpoint, party_ids: Collection[UUID], stream_ids: Collection[UUID]) -> bool:
        """Tell whether facts after a place that was read up to concern one of some parties or stand in some streams.

        It is told of a place, too, that is none of this log.
        """
        asked = {"after": end.position, "event_id": end.event_id, "last": max(end.position, self._cut.position)}
        values = {**asked, "parties": list(party_ids), "streams": list(stream_ids)}
        row = self._connection.execute(_HAS_MORE, values).fetchone()
        return bool(row and row[0])

    def _values(self, topics: Sequence[str], **given: Any) -> dict[str, Any]:
        return {"topics": list(topics), "last": self._cut.position, "occurred": self._cut.occurred, **given}

    def require_time(self) -> None:
        """Go no further when the time is over; raises TooLongError."""
        if time.monotonic() > self._end:
            raise TooLongError(self._seconds)

    def _read(
        self, statement: str, values: Mapping[str, Any], made: RowFactory[ReadEvent] = read_events_with_parties
    ) -> list[ReadEvent]:
        self.require_time()
        with self._connection.cursor(binary=True, row_factory=made) as cursor:
            return cursor.execute(statement.encode(), values).fetchall()
