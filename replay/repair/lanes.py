"""The lanes in which jobs wait: those of one lane are done one after the other, by who holds it for a session's life.

A job that is begun while nobody holds its lane was left by a process that is gone.
"""

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from pydantic_core import to_json

from infra.projector.leases import release, try_lease
from replay.repair.jobs import COLUMNS, IMPORT_LANE, Ended, Job, one

_LANES = """
SELECT lane
FROM letopis.operation
WHERE ended_at IS NULL
    AND CASE
        WHEN %(lane)s::text IS NULL THEN
            (about = %(analytics)s) = %(of_analytics)s AND NOT starts_with(lane, %(of_imports)s)
        ELSE starts_with(lane, %(lane)s)
    END
GROUP BY lane
ORDER BY min(asked_at)
"""
_LEFT: LiteralString = f"""
SELECT {COLUMNS} FROM letopis.operation WHERE lane = %s AND state = 'running' ORDER BY asked_at
"""  # noqa: S608 - constants
_TAKE: LiteralString = f"""
UPDATE letopis.operation
SET state = 'running', attempts = attempts + 1, started_at = clock_timestamp(), heard_at = clock_timestamp()
WHERE job_id = (
    SELECT o.job_id
    FROM letopis.operation AS o
    WHERE o.lane = %s
        AND o.state = 'waiting'
    ORDER BY o.asked_at, o.job_id
    LIMIT 1
    FOR UPDATE)
RETURNING {COLUMNS}
"""  # noqa: S608 - constants
_TELL = """
UPDATE letopis.operation
SET heard_at = clock_timestamp(), progress = coalesce(%s::jsonb, progress)
WHERE job_id = %s
    AND state = 'running'
"""
_AGAIN = """
UPDATE letopis.operation
SET state = 'waiting', started_at = NULL, heard_at = NULL, progress = NULL
WHERE job_id = %s
    AND state = 'running'
"""
_END = """
UPDATE letopis.operation
SET state = %(state)s, outcome = %(outcome)s::jsonb, ended_at = clock_timestamp()
WHERE job_id = %(job_id)s
    AND ended_at IS NULL
"""
# A rebuild can be told something once it tells of itself: not while it waits, or counts what there is to fold.
_DEAF = """
SELECT EXISTS (
    SELECT
    FROM letopis.operation AS o
    WHERE o.operation = 'rebuild'
        AND o.about = %(about)s
        AND o.ended_at IS NULL
        AND NOT EXISTS (
            SELECT FROM letopis.rebuild AS r WHERE r.name = o.about AND r.started_at >= o.started_at))
"""
_WITHDRAW = """
UPDATE letopis.operation
SET state = 'cancelled', outcome = %(outcome)s::jsonb, ended_at = clock_timestamp()
WHERE operation = %(operation)s
    AND about = %(about)s
    AND state = 'waiting'
"""


def open_lanes(
    connection: psycopg.Connection[Any], analytics: str, *, of_analytics: bool, lane: str | None = None
) -> list[str]:
    """Return the lanes in which something is to be done: of the analytics, or of everything else but imports.

    If the beginning of a `lane` is given, of those that begin so.
    """
    given = {"analytics": analytics, "of_analytics": of_analytics, "of_imports": IMPORT_LANE, "lane": lane}
    rows = connection.execute(_LANES, given)
    return [each for (each,) in rows]


def hold(connection: psycopg.Connection[Any], lane: str) -> bool:
    """Be the one who does the jobs of a lane, for the life of this session; False when another is."""
    return try_lease(connection, f"operation.{lane}")


def is_free(connection: psycopg.Connection[Any], lane: str) -> bool:
    """Tell whether nobody does the jobs of a lane."""
    is_mine = hold(connection, lane)
    if is_mine:
        release(connection, f"operation.{lane}")
    return is_mine


def left(connection: psycopg.Connection[Any], lane: str) -> list[Job]:
    """Return, for who holds the lane, the jobs that a process began which is gone."""
    with connection.cursor(row_factory=class_row(Job)) as cursor:
        return cursor.execute(_LEFT, [lane]).fetchall()


def take(connection: psycopg.Connection[Any], lane: str) -> Job | None:
    """Begin the next job of a lane, for who holds it."""
    return one(connection, _TAKE, [lane])


def tell(connection: psycopg.Connection[Any], job_id: UUID, progress: Mapping[str, Any] | None) -> None:
    """Say that a job is being done, and how far it is if that is known."""
    connection.execute(_TELL, [None if progress is None else to_json(progress).decode(), job_id])


def wait_again(connection: psycopg.Connection[Any], job_id: UUID) -> None:
    """Let a job that was begun be begun once more."""
    connection.execute(_AGAIN, [job_id])


def end(connection: psycopg.Connection[Any], job_id: UUID, ended: Ended) -> None:
    """Note how a job ended; one that has ended stays as it is."""
    connection.execute(_END, {"job_id": job_id, "state": ended.state, "outcome": ended.told()})


def withdraw(connection: psycopg.Connection[Any], about: str, ended: Ended) -> bool:
    """End a rebuild that nobody has begun; tell whether there was one."""
    return end_waiting(connection, "rebuild", about, ended)


def end_waiting(connection: psycopg.Connection[Any], operation: str, about: str, ended: Ended) -> bool:
    """End a job that nobody has begun; tell whether there was one."""
    given = {"operation": operation, "about": about, "outcome": ended.told()}
    return connection.execute(_WITHDRAW, given).rowcount > 0


def is_deaf(connection: psycopg.Connection[Any], about: str) -> bool:
    """Tell whether there is a rebuild that is a job and cannot be told anything yet."""
    row = connection.execute(_DEAF, {"about": about}).fetchone()
    return bool(row and row[0])
