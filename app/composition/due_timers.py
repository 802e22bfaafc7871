"""Reads for the worker of the timers what has become due: the view says it, and no command decides on it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import errors, sql

from commands.policies.base import Due
from infra.postgres.connection import OwnConnection
from infra.projector.tables import view_of
from projections.timers.timers_due import timers_due

VIEW = sql.Identifier("read", view_of(timers_due))

DUE = sql.SQL("""
SELECT d.timer, d.stream_id, d.due_at, d.set_by
FROM {} AS d
WHERE d.due_at <= %s
    AND d.timer = ANY (%s)
    AND NOT EXISTS (
        SELECT FROM read.timer_answer AS a
        WHERE a.timer = d.timer
            AND a.stream_id = d.stream_id
            AND a.due_at = d.due_at
            AND a.set_by = d.set_by
    )
ORDER BY d.due_at, d.timer, d.stream_id
LIMIT %s
""").format(VIEW)

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
