"""A connection somebody keeps for themselves: opened when first needed, opened anew after a failure."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import psycopg
from psycopg import sql

LIMITS = "-c enable_seqscan=off -c jit=off -c statement_timeout=60s -c lock_timeout=30s"


@contextmanager
def one_snapshot(connection: psycopg.Connection[Any], exported: str | None = None) -> Iterator[None]:
    """Read on one snapshot inside, one's own or that which another session exported; nothing can be written.

    The connection, an autocommit one, is left reading like that.
    """
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        if exported is not None:
            connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(exported))
        yield


def exported_snapshot(connection: psycopg.Connection[Any]) -> str:
    """Return the name by which other sessions read on the snapshot of this one, as long as its transaction lasts."""
    ((name,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
    return str(name)


class Borrow(Protocol):
    """Lends a connection of one's own (autocommit) for a moment."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...


class OwnConnection:
    """One autocommit connection with time limits, for one thread."""

    def __init__(self, url: str, options: str = LIMITS) -> None:
        self._url = url
        self._options = options
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def __call__(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend the connection for a moment; raises psycopg.OperationalError when the server cannot be reached."""
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5, options=self._options)
        yield self._connection

    def fileno(self) -> int:
        """Return what to wait for when something was sent; only while the connection is open."""
        assert self._connection is not None  # noqa: S101 - something was sent through it
        return self._connection.fileno()

    def close(self) -> None:
        """Give the connection back to the server."""
        if self._connection is not None:
            self._connection.close()
