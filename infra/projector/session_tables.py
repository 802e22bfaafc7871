"""The tables of read models in one session of the database only: what a question about the past is asked of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from infra.projector.folding import RowAt
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from infra.projector.tables import shown_of, statements_of, view_of

SCHEMA = "pg_temp"
"""The schema that every session has for itself: statements that name the readers' views find them in it alone."""

MANY_ROWS = 2_000
"""So many rows are only forgotten when a question is answered; more give their room back, which takes 20 ms."""


class SessionTables:
    """The tables of these read models as their .sql makes them, without the indexes; no other session sees them."""

    def __init__(self, connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]) -> None:
        self._connection = connection
        self._stores: dict[str, RowStore] = {}
        self._rows = 0
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        for one in projections:
            for statement in statements_of(one, SCHEMA)[0]:
                end = " ON COMMIT DELETE ROWS" if statement.startswith("CREATE TABLE") else ""
                connection.execute((statement + end).encode())
            self._stores[one.name] = RowStore(connection, one, SCHEMA)
            shown = f"SELECT * FROM {SCHEMA}.{shown_of(connection, one, SCHEMA)}"  # noqa: S608 - constants
            connection.execute(f"CREATE TEMP VIEW {view_of(one)} AS {shown}".encode())

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the empty tables for one question."""
        with self._connection.transaction():
            yield
            if self._rows < MANY_ROWS:
                raise psycopg.Rollback
            self._rows = 0

    def fill(self, projection: Projection[Any], rows: Collection[RowAt]) -> None:
        """Put rows that are not there yet into a read model's table."""
        self._rows += len(rows)
        self._stores[projection.name].fill(self._connection, rows)

    def ask(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement of the readers on these tables, in place of their views in `read`."""
        return self._connection.execute(statement.encode(), values).fetchall()
