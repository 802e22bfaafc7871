"""The tables of read models in one session of the database only: what a question about the past is asked of."""

from collections import namedtuple
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, get_type_hints

import psycopg

from infra.projector.folding import RowAt
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from infra.projector.row_versions import Version
from infra.projector.tables import shown_of, statements_of, view_of

SCHEMA = "pg_temp"
"""The schema that every session has for itself: statements that name the readers' views find them in it alone."""

MANY_ROWS = 2_000
"""So many rows are only forgotten when a question is answered; more give their room back, which takes 10 ms."""

BETWEEN = {
    "valid_from_at": "timestamptz",
    "valid_from": "bigint",
    "valid_to_at": "timestamptz",
    "valid_to": "bigint",
}
"""What the versions of a row have besides: since which moment and fact it was so, and until before which."""


class SessionTables:
    """The tables of these read models as their .sql makes them, without the indexes; no other session sees them."""

    def __init__(self, connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]) -> None:
        self._connection = connection
        self._stores: dict[str, RowStore] = {}
        self._versions: dict[str, RowStore] = {}
        self._rows = 0
        self._filled: set[str] = set()
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        for one in projections:
            for statement in statements_of(one, SCHEMA)[0]:
                connection.execute(statement.encode())
            self._stores[one.name] = RowStore(connection, one, SCHEMA)
            shown = f"SELECT * FROM {SCHEMA}.{shown_of(connection, one, SCHEMA)}"  # noqa: S608 - constants
            connection.execute(f"CREATE TEMP VIEW {view_of(one)} AS {shown}".encode())
            if shown_of(connection, one, SCHEMA) == one.name:
                self._versions[one.name] = self._table_of_versions(connection, one)

    def _table_of_versions(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> RowStore:
        """Make the table <view>_versions, with every version of the rows of a read model that is shown as it is."""
        hints, table = get_type_hints(projection.row, include_extras=True), versions_of_view(view_of(projection))
        row = namedtuple("row", [*hints, *BETWEEN])  # type: ignore[misc]
        row.__annotations__ = {**hints, **dict.fromkeys(BETWEEN, object)}
        columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind in BETWEEN.items())
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE {SCHEMA}.{projection.name}, {columns})".encode())
        connection.execute(f"CREATE INDEX ON {table} ({', '.join(projection.key)})".encode())
        return RowStore(connection, replace(projection, name=table, row=row), SCHEMA)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the empty tables for one question."""
        with self._connection.transaction():
            yield
            if self._rows < MANY_ROWS:
                raise psycopg.Rollback
            self._connection.execute(f"TRUNCATE {', '.join(sorted(self._filled))}".encode())
            self._rows = 0
            self._filled.clear()

    def fill(self, projection: Projection[Any], rows: Collection[RowAt]) -> None:
        """Put rows that are not there yet into a read model's table."""
        self._rows += len(rows)
        self._filled.add(projection.name)
        self._stores[projection.name].fill(self._connection, rows)

    def fill_versions(self, projection: Projection[Any], versions: Collection[Version]) -> None:
        """Put versions of rows that are not there yet into a read model's table of them."""
        self._rows += len(versions)
        self._filled.add(versions_of_view(view_of(projection)))
        rows = [RowAt((*one.there.row, *one.since, *one.until), one.there.position) for one in versions]
        self._versions[projection.name].fill(self._connection, rows)

    def ask(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement of the readers on these tables, in place of their views in `read`."""
        return self._connection.execute(statement.encode(), values).fetchall()


def versions_of_view(view: str) -> str:
    """Return under which name a statement finds every version of the rows of a readers' view."""
    return f"{view}_versions"
