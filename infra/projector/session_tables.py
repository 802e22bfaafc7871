"""The tables of read models in one session of the database only: what a question about the past is asked of."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from infra.projector.folding import RowAt
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from infra.projector.tables import shown_of, statements_of, view_of

SCHEMA = "pg_temp"
"""The schema that every session has for itself."""

MANY_ROWS = 2_000
"""So many rows are only forgotten when a question is answered; more give their room back, which takes 20 ms."""

_READERS_VIEW = re.compile(r"\bread\.(\w+_v\d+)\b")


class SessionTables:
    """The tables of these read models as their .sql makes them, without the indexes; nobody else sees them."""

    def __init__(self, connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]) -> None:
        self._connection = connection
        self._stores: dict[str, RowStore] = {}
        self._shown: dict[str, str] = {}
        self._rows = 0
        for one in projections:
            for statement in statements_of(one, SCHEMA)[0]:
                end = " ON COMMIT DELETE ROWS" if statement.startswith("CREATE TABLE") else ""
                connection.execute((statement + end).encode())
            self._stores[one.name] = RowStore(connection, one, SCHEMA)
            self._shown[view_of(one)] = f"{SCHEMA}.{shown_of(connection, one, SCHEMA)}"

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
        """Run a statement of the readers on these tables, in place of the views in `read` that it names."""
        here = _READERS_VIEW.sub(lambda found: self._shown[found[1]], statement)
        return self._connection.execute(here.encode(), values).fetchall()
