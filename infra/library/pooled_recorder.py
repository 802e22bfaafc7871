"""What our recorders share: connections for many threads, and errors as the eventsourcing library names them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing import persistence
from psycopg_pool import ConnectionPool

from infra.postgres.connection import LINE, SECONDS, BoundedConnection, limits

WITHOUT_END = 2**62
"""A version and a position that nothing reaches."""

DATABASE_ERRORS = frozenset(
    f"{kind}Error"
    for kind in ("Interface", "Database", "Data", "Operational", "Integrity", "Internal", "Programming", "NotSupported")
)
"""The names that PEP 249 gives; psycopg and the library both follow it."""


class PooledRecorder:
    """Connections to the database, shared by the threads that record and read."""

    def __init__(self, url: str) -> None:
        """Take the writer's URL; connections are made as they are needed."""
        self.url = url
        bounds = {**LINE, "autocommit": True, "options": limits(SECONDS)}
        self._pool = ConnectionPool(
            url, connection_class=BoundedConnection, min_size=0, max_size=16, kwargs=bounds, open=True
        )

    def close(self) -> None:
        """Give the connections back to the server."""
        self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend a connection; raises the library's error of the same name for one of psycopg."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except psycopg.Error as error:
            names = [each.__name__ for each in type(error).__mro__]
            kinds = (getattr(persistence, name) for name in names if name in DATABASE_ERRORS)
            raise next(kinds, persistence.PersistenceError)(str(error)) from error
