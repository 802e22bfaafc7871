"""The tables of read models in one session of the database only: what a question about the past is asked of."""

import re
from collections import namedtuple
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
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
"""Until so many rows came into tables these are only emptied after a question; then they give their room back."""

BETWEEN = {
    "valid_from_at": "timestamptz",
    "valid_from": "bigint",
    "valid_to_at": "timestamptz",
    "valid_to": "bigint",
}
"""What the versions of a row have besides: since which moment and fact it was so, and until before which."""

_STAND_AT = "SELECT set_config('letopis.at', %s, true), set_config('letopis.at_position', %s, true)"
# In queries of their own the settings are read once, and not for every row.
_MOMENT = "(SELECT current_setting('letopis.at')::timestamptz), (SELECT current_setting('letopis.at_position')::bigint)"
_COUNTS = f"(v.valid_from_at, v.valid_from) <= ({_MOMENT}) AND ({_MOMENT}) < (v.valid_to_at, v.valid_to)"


class SessionTables:
    """The tables of these read models as their .sql makes them, without the indexes; no other session sees them."""

    def __init__(self, connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]) -> None:
        self._connection = connection
        self._stores: dict[str, RowStore] = {}
        self._versions: dict[str, RowStore] = {}
        self._rows = 0
        """How many rows were put into tables since these gave their room back."""
        self._written: set[str] = set()
        """The tables that rows were put into since then."""
        self._filled: set[str] = set()
        self._with_versions: set[str] = set()
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        for one in projections:
            for statement in statements_of(one, SCHEMA)[0]:
                connection.execute(statement.encode())
            self._stores[one.name] = RowStore(connection, one, SCHEMA)
            shown = f"SELECT * FROM {SCHEMA}.{shown_of(connection, one, SCHEMA)}"  # noqa: S608 - constants
            connection.execute(f"CREATE TEMP VIEW {view_of(one)} AS {shown}".encode())
            if shown_of(connection, one, SCHEMA) == one.name:
                self._versions[one.name] = self._table_of_versions(connection, one)
        views = "|".join(sorted(view_of(one) for one in projections if self.has_versions(one)))
        # What is named with its schema are the views of the present.
        self._named = re.compile(rf"(?<![.\w])(?:{views})\b")

    def _table_of_versions(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> RowStore:
        """Make the table <view>_versions, with every version of the rows of a read model that is shown as it is."""
        hints, table = get_type_hints(projection.row, include_extras=True), versions_of_view(view_of(projection))
        row = namedtuple("row", [*hints, *BETWEEN])  # type: ignore[misc]
        row.__annotations__ = {**hints, **dict.fromkeys(BETWEEN, object)}
        columns = ", ".join(f"{name} {kind} NOT NULL" for name, kind in BETWEEN.items())
        connection.execute(f"CREATE TEMP TABLE {table} (LIKE {SCHEMA}.{projection.name}, {columns})".encode())
        connection.execute(f"CREATE INDEX ON {table} ({', '.join(projection.key)})".encode())
        shown = ", ".join(f"v.{name}" for name in (*projection.columns, "position"))
        at_moment = f"SELECT {shown} FROM {table} AS v WHERE {_COUNTS}"  # noqa: S608 - constants
        connection.execute(f"CREATE TEMP VIEW {_at_moment(view_of(projection))} AS {at_moment}".encode())
        return RowStore(connection, replace(projection, name=table, row=row), SCHEMA)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the tables for one question; but for versions that were kept before, they are empty."""
        kept = set(self._with_versions)
        try:
            with self._connection.transaction():
                yield
                if self._rows < MANY_ROWS:
                    raise psycopg.Rollback
                self._empty(self._filled | (self._with_versions - kept))
        finally:
            self._filled.clear()
            self._with_versions = kept

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Lend the tables for one question that leaves its versions in them, for others until `forget`."""
        with self._connection.transaction():
            yield
            self._empty(self._filled)
            self._filled.clear()

    def forget(self, *, at_rest: bool = False) -> None:
        """Empty the tables of versions; `at_rest`: and give their room back. A session in which that fails is ended."""
        if self._connection.closed:
            return
        try:
            self._empty(self._with_versions, to_room=at_rest)
            self._with_versions.clear()
        except psycopg.Error:
            self._connection.close()

    def _empty(self, tables: Collection[str], *, to_room: bool = False) -> None:
        """Leave nothing in these tables.

        Few rows are deleted: how statements are carried out is planned anew for tables that gave their room back, and
        that takes ten times as long as to carry them out. Their room is given back when it has come to be much.
        """
        if not tables:
            return
        if self._rows < MANY_ROWS and not to_room:
            emptying = ";".join(f"DELETE FROM {table}" for table in sorted(tables))  # noqa: S608 - names of ours
            self._connection.execute(emptying.encode(), prepare=False)
            return
        # The versions that are kept are not to be emptied.
        empty = (self._written | set(tables)) - (self._with_versions - set(tables))
        self._connection.execute(f"TRUNCATE {', '.join(sorted(empty))}".encode())
        self._written -= empty
        self._rows = 0

    def has_versions(self, projection: Projection[Any]) -> bool:
        """Tell whether there is a table with the versions of a read model's rows."""
        return projection.name in self._versions

    def stand_at(self, moment: tuple[datetime, int]) -> None:
        """Let what `at_moment` makes of a statement, in this transaction, be asked of the versions of this moment."""
        at, position = moment
        self._connection.execute(_STAND_AT, [at.isoformat(), str(position)])

    def at_moment(self, statement: str) -> str:
        """Return a statement of the readers, asked of the versions of one moment in place of the rows."""
        return self._named.sub(lambda named: _at_moment(named[0]), statement)

    def fill(self, projection: Projection[Any], rows: Collection[RowAt]) -> None:
        """Put rows that are not there yet into a read model's table."""
        self._rows += len(rows)
        self._filled.add(projection.name)
        self._written.add(projection.name)
        self._stores[projection.name].fill(self._connection, rows)

    def fill_versions(self, projection: Projection[Any], versions: Collection[Version]) -> None:
        """Put versions of rows that are not there yet into a read model's table of them."""
        self._rows += len(versions)
        table = versions_of_view(view_of(projection))
        self._with_versions.add(table)
        self._written.add(table)
        rows = [RowAt((*one.there.row, *one.since, *one.until), one.there.position) for one in versions]
        self._versions[projection.name].fill(self._connection, rows)

    def ask(self, statement: str, values: Mapping[str, Any], *, again: bool = False) -> list[tuple[Any, ...]]:
        """Run a statement of the readers on these tables, in place of their views in `read`.

        One that is asked `again` and again of few rows is planned by the server a few times only. Otherwise it is
        planned each time: a plan that was made for few rows is a bad one for very many.
        """
        return self._connection.execute(statement.encode(), values, prepare=again).fetchall()


def _at_moment(view: str) -> str:
    return f"{view}_at_moment"


def versions_of_view(view: str) -> str:
    """Return under which name a statement finds every version of the rows of a readers' view."""
    return f"{view}_versions"
