"""Reads for the worker of the timers what has become due: the view says it, and no command decides on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import errors, sql

from commands.policies import TIMERS
from commands.policies.base import Due
from infra.postgres.connection import OwnConnection
from infra.projector.tables import view_of
from projections.timers.timers_due import timers_due

VIEW = sql.Identifier("read", view_of(timers_due))

# What was answered is not due; and of another moment, or one that was set anew, nothing is known yet.
_IS_UNANSWERED = sql.SQL("""NOT EXISTS (
        SELECT FROM read.timer_answer AS a
        WHERE a.timer = d.timer
            AND a.stream_id = d.stream_id
            AND a.due_at = d.due_at
            AND a.set_by = d.set_by
    )""")

DUE = sql.SQL("""
SELECT d.timer, d.stream_id, d.due_at, d.set_by
FROM {} AS d
WHERE d.due_at <= %s
    AND d.timer = ANY (%s)
    AND {}
ORDER BY d.due_at, d.timer, d.stream_id
LIMIT %s
""").format(VIEW, _IS_UNANSWERED)

COUNTED = 1_000
"""Moments that have come are counted up to here: more is said no better."""

STATUS = sql.SQL("""
SELECT t.name, true AS is_timer, late.moments AS lag_events, late.seconds AS lag_seconds,
    greatest(least(late.seconds, answered.seconds), 0) AS still_seconds, answered.refused AS unanswered
FROM unnest({}::text[]) AS t (name)
CROSS JOIN LATERAL (
    SELECT count(*) AS moments, coalesce(extract(epoch FROM clock_timestamp() - min(w.due_at)), 0)::float AS seconds
    FROM (
        SELECT d.due_at
        FROM {} AS d
        WHERE d.due_at <= clock_timestamp()
            AND d.timer = t.name
            AND {}
        ORDER BY d.due_at
        LIMIT {}
    ) AS w
) AS late
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM clock_timestamp() - max(a.answered_at))::float AS seconds, count(a.code) AS refused
    FROM read.timer_answer AS a
    WHERE a.timer = t.name
) AS answered
""").format(sql.Literal([timer.name for timer in TIMERS]), VIEW, _IS_UNANSWERED, sql.Literal(COUNTED))
"""How far each timer is, a row for each; there is no such view while it is built for the first time."""

ENDED = sql.SQL("""
SELECT a.timer, a.stream_id
FROM read.timer_answer AS a
WHERE NOT EXISTS (
    SELECT FROM {} AS d
    WHERE d.timer = a.timer
        AND d.stream_id = a.stream_id
)
LIMIT %s
""").format(VIEW)


class ViewOfDueTimers:
    """What is due, as the readers' view shows it; on a connection of its own, for one thread."""

    def __init__(self, reader_url: str) -> None:
        self._borrow = OwnConnection(reader_url)

    def due(self, timers: Sequence[str], now: datetime, limit: int) -> list[Due]:
        """Return what these timers wait for that has come and was not answered yet, the oldest moment first."""
        with self._borrow() as connection:
            try:
                return [Due(*row) for row in connection.execute(DUE, [now, list(timers), limit])]
            except errors.UndefinedTable:  # the first start, or a new shape: the view is being built
                return []

    def ended(self, limit: int) -> list[tuple[str, UUID]]:
        """Return the timers and streams of answers where nothing is waited for any more."""
        with self._borrow() as connection:
            try:
                return connection.execute(ENDED, [limit]).fetchall()
            except errors.UndefinedTable:
                return []

    def close(self) -> None:
        """Give the connection back."""
        self._borrow.close()
