"""Moves builds from one state to another: for operators, and where one can go no further."""

from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import structlog

from infra.projector.generations import LOG_REPLACED, TABLE_GONE, Generation, State, in_use, set_state

KEPT_LONG_ENOUGH = "kept long enough"
"""The error of a retired generation that follows the log no more: it was kept as long as the operator wanted."""

# A paused or a poisoned one is not what this log makes either: it is built anew like the others.
_BREAK_REPLACED = """
    UPDATE letopis.projection AS p
    SET state = CASE p.state WHEN 'retired' THEN 'retired' ELSE 'broken' END, error = %(error)s,
        changed_at = clock_timestamp()
    WHERE p.state <> 'building'
        AND p.error IS DISTINCT FROM %(error)s
        AND p.position > 0
        AND NOT EXISTS (
            SELECT
            FROM letopis.event AS e
            WHERE e.position = p.position
                AND e.event_id = p.event_id)
    RETURNING p.name
"""

# Somebody dropped them by hand: nothing of ours drops a table and leaves its build registered.
_BREAK_GONE = """
    UPDATE letopis.projection AS p
    SET state = CASE p.state WHEN 'retired' THEN 'retired' ELSE 'broken' END, error = %(error)s,
        changed_at = clock_timestamp()
    WHERE p.state <> 'building'
        AND p.error IS DISTINCT FROM %(error)s
        AND (
            to_regclass(format('%%I.%%I', p.name || '_g' || p.generation, p.name)) IS NULL
            OR (p.is_shown AND to_regclass(format('read.%%I', p.name || '_v' || p.shape)) IS NULL)
        )
    RETURNING p.name
"""

_log = structlog.get_logger(__name__)


def stop_kept(connection: psycopg.Connection[Any], longest: timedelta) -> None:
    """Move no further what has been kept for a way back for so long; a way back then folds what it missed first.

    What readers of another shape still see follows the log as long as it is there.
    """
    stopped = connection.execute(
        "UPDATE letopis.projection SET error = %s, changed_at = clock_timestamp()"
        " WHERE state = 'retired' AND error IS NULL AND NOT is_shown AND retired_at <= clock_timestamp() - %s"
        " RETURNING name, generation",
        (KEPT_LONG_ENOUGH, longest),
    ).fetchall()
    for name, number in stopped:
        _log.info("projection_kept", projection=name, generation=number, outcome=KEPT_LONG_ENOUGH)


def stop(connection: psycopg.Connection[Any], generation: Generation, error: str) -> None:
    """Move a generation no further, and say why: what readers see becomes `broken`, what they saw stays `retired`."""
    state: State = "retired" if generation.state == "retired" else "broken"
    set_state(connection, generation, state, only_from=(generation.state,), error=error)


def _move(connection: psycopg.Connection[Any], name: str, state: State, only_from: State) -> bool:
    generation = in_use(connection, name)
    return generation is not None and set_state(connection, generation, state, only_from=(only_from,))


def pause(connection: psycopg.Connection[Any], name: str) -> bool:
    """Stop a live read model where it is; readers keep seeing it."""
    return _move(connection, name, "paused", "live")


def resume(connection: psycopg.Connection[Any], name: str) -> bool:
    """Let a paused read model go on."""
    return _move(connection, name, "live", "paused")


def retry(connection: psycopg.Connection[Any], name: str) -> bool:
    """Let a broken read model try again the fact it stopped before; one of another log has to be built anew instead."""
    generation = in_use(connection, name)
    if generation is None or generation.is_of_another_log:
        return False
    return set_state(connection, generation, "live", only_from=("broken",))


def break_replaced(connection: psycopg.Connection[Any]) -> list[str]:
    """Checkpoint whatever was folded from another log than this one: it is moved no more, and broken if readers see it.

    Returns the names.
    """
    return _broken(connection, _BREAK_REPLACED, LOG_REPLACED)


def break_gone(connection: psycopg.Connection[Any]) -> list[str]:
    """Say of a generation whose table, or the view by which it is seen, was dropped by hand that it is gone.

    Returns the names.
    """
    return _broken(connection, _BREAK_GONE, TABLE_GONE)


def _broken(connection: psycopg.Connection[Any], statement: LiteralString, error: str) -> list[str]:
    names = {name for (name,) in connection.execute(statement, {"error": error}).fetchall()}
    for name in sorted(names):
        _log.warning("projection_broken", projection=name, outcome=error)
    return sorted(names)
