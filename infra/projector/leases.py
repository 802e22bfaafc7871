"""Who may build a read model, and who may move one of its generations on: one session at a time, while it lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def build_lock(connection: psycopg.Connection[Any], name: str) -> Iterator[None]:
    """Be the only one who builds this read model; waits for another to end."""
    key = f"letopis.build.{name}"
    connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (key,))
    try:
        yield
    finally:
        _unlock(connection, key)


@contextmanager
def idle_build_lock(connection: psycopg.Connection[Any], name: str) -> Iterator[bool]:
    """Be the only builder of this read model; gives False when another process builds it right now."""
    key = f"letopis.build.{name}"
    is_mine = _try_lock(connection, key)
    try:
        yield is_mine
    finally:
        if is_mine:
            _unlock(connection, key)


def try_lease(connection: psycopg.Connection[Any], schema: str) -> bool:
    """Become the one worker of a build for the life of this session; False when another is."""
    return _try_lock(connection, f"letopis.hold.{schema}")


def release(connection: psycopg.Connection[Any], schema: str) -> None:
    """Let another worker have the build."""
    _unlock(connection, f"letopis.hold.{schema}")


def _try_lock(connection: psycopg.Connection[Any], key: str) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (key,)).fetchone()
    return bool(row and row[0])


def _unlock(connection: psycopg.Connection[Any], key: str) -> None:
    # A session that is gone has taken its locks with it.
    if not connection.closed and not connection.broken:
        connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (key,))
