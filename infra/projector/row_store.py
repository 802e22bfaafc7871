"""Keeps the rows of one read model in its table: loads them by key, writes the changed ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import psycopg
from psycopg import sql
from pydantic import TypeAdapter
from pydantic_core import to_json

from infra.log.log_reader import PartitionBy, shard_of
from infra.projector.copy_text import lines, writer_of
from infra.projector.folding import RowAt, Rows
from infra.projector.projection import Key, Projection

Convert = Callable[[Any], Any]

EVERYWHERE = sql.SQL("")

BLOCK = 500
"""Rows written to the server in one piece."""

AS_TEXT = frozenset({"json", "jsonb", "tsvector"})
"""Types of columns whose values are read as the texts that they are written as."""

_COLUMNS_OF = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a
    WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
"""


class TableMismatchError(Exception):
    """The table in the .sql and the row type in the .py of a read model do not have the same columns."""

    def __init__(self, name: str, only_row: set[str], only_table: set[str]) -> None:
        super().__init__(
            f"{name}: only in the row type: {sorted(only_row)}; only in the table: {sorted(only_table)}."
            " Give both the same columns; the table has `position bigint NOT NULL` besides."
        )


def _plain_types(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in {Union, UnionType}:
        return tuple(one for one in get_args(hint) if one is not NoneType)
    return (hint,)


def _converter(hint: Any, column_type: str) -> Convert | None:
    """Return what makes a field's value of what the driver gives; None where it is that value already."""
    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    if column_type in {"json", "jsonb"}:
        return adapter.validate_json
    plain = _plain_types(hint)
    if len(plain) == 1 and isinstance(plain[0], type) and issubclass(plain[0], Enum):
        return plain[0]
    if column_type.endswith("[]"):
        return adapter.validate_python
    return None


class RowStore:
    """The table of one generation of a read model, seen as its rows.

    Whole batches travel as one JSON array that PostgreSQL unpacks by the table's own column types: one statement for
    any number of rows, whatever the types.
    """

    def __init__(self, connection: psycopg.Connection[Any], projection: Projection[Any], schema: str) -> None:
        self.table = sql.Identifier(schema, projection.name)
        found = connection.execute(_COLUMNS_OF, (self.table.as_string(connection),)).fetchall()
        types: dict[str, str] = dict(found)
        names = projection.columns
        if set(types) != {*names, "position"}:
            raise TableMismatchError(projection.name, set(names) - set(types), set(types) - {*names, "position"})
        hints = get_type_hints(projection.row, include_extras=True)
        self._row: Any = projection.row
        self._names = names
        self._key = projection.key
        self._key_of = projection.key_of
        converters = {name: _converter(hints[name], types[name]) for name in names}
        self._convert = [(index, convert) for index, convert in enumerate(converters.values()) if convert]
        self._convert_key = [converters[name] for name in projection.key]
        self._writers = [*(writer_of(types[name]) for name in names), writer_of("bigint")]
        self._prepare_statements(names, types)

    def _prepare_statements(self, names: Sequence[str], types: Mapping[str, str]) -> None:
        def typed(columns: Iterable[str]) -> sql.Composed:
            return sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types[name])) for name in columns
            )

        def listed(columns: Iterable[str], prefix: str = "") -> sql.Composed:
            return sql.SQL(", ").join(
                sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in columns
            )

        selected = sql.SQL(", ").join(
            sql.SQL("t.{}::text" if types[name] in AS_TEXT else "t.{}").format(sql.Identifier(name)) for name in names
        )
        given_keys = sql.SQL("json_to_recordset(%s::json) AS k({})").format(typed(self._key))
        same_key = sql.SQL(" AND ").join(sql.SQL("t.{0} = k.{0}").format(sql.Identifier(name)) for name in self._key)
        others = [name for name in (*names, "position") if name not in self._key]
        self._copy = sql.SQL("COPY {} ({}, position) FROM STDIN").format(self.table, listed(names))
        self._keys = sql.SQL("SELECT {} FROM {} t").format(listed(self._key, "t"), self.table)
        self._load = sql.SQL("SELECT {}, t.position FROM {} JOIN {} t ON {}").format(
            selected, given_keys, self.table, same_key
        )
        self._present = sql.SQL("SELECT {} FROM {} JOIN {} t ON {}").format(
            listed(self._key, "t"), given_keys, self.table, same_key
        )
        self._delete = sql.SQL("DELETE FROM {} t USING {} WHERE {}").format(self.table, given_keys, same_key)
        self._upsert = sql.SQL(
            "INSERT INTO {} ({}, position) SELECT {}, p.position FROM ROWS FROM"
            " (json_to_recordset(%s::json) AS ({}), unnest(%s::bigint[])) AS p({}, position)"
            " ON CONFLICT ({}) DO UPDATE SET {}"
        ).format(
            self.table,
            listed(names),
            listed(names, "p"),
            typed(names),
            listed(names),
            listed(self._key),
            sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others),
        )

    def _read(self, values: Sequence[Any]) -> tuple[Key, RowAt]:
        cells = list(values[:-1])
        for index, convert in self._convert:
            if cells[index] is not None:
                cells[index] = convert(cells[index])
        row = self._row._make(cells)
        return self._key_of(row), RowAt(row, values[-1])

    def _key_json(self, keys: Iterable[Key]) -> str:
        return to_json([dict(zip(self._key, key, strict=True)) for key in keys]).decode()

    def load(self, connection: psycopg.Connection[Any], keys: Iterable[Key]) -> Rows:
        """Return those of the rows that are there, each with the position of the fact that last changed it."""
        with connection.cursor(binary=True) as cursor:
            cursor.execute(self._load, (self._key_json(keys),))
            return dict(map(self._read, cursor.fetchall()))

    def present(self, connection: psycopg.Connection[Any], keys: Iterable[Key]) -> set[Key]:
        """Return those of the keys that have a row."""
        with connection.cursor(binary=True) as cursor:
            return set(map(self._read_key, cursor.execute(self._present, (self._key_json(keys),))))

    def write(self, connection: psycopg.Connection[Any], rows: Mapping[Key, RowAt]) -> None:
        """Make the table hold these rows; a row that is None is removed."""
        gone = [key for key, there in rows.items() if there.row is None]
        if gone:
            connection.execute(self._delete, (self._key_json(gone),))
        there = [one for one in rows.values() if one.row is not None]
        if there:
            texts = to_json([dict(zip(self._names, one.row, strict=True)) for one in there]).decode()
            connection.execute(self._upsert, (texts, [one.position for one in there]))

    def fill(self, connection: psycopg.Connection[Any], rows: Iterable[RowAt]) -> None:
        """Put rows into a table that holds none of them yet, by COPY."""
        given = ((*there.row, there.position) for there in rows if there.row is not None)
        with connection.cursor() as cursor, cursor.copy(self._copy) as copy:
            while block := list(islice(given, BLOCK)):
                columns = zip(*block, strict=True)
                copy.write(lines(write(column) for write, column in zip(self._writers, columns, strict=True)))

    def count(self, connection: psycopg.Connection[Any]) -> int:
        """Return how many rows there are."""
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(self.table)).fetchone()
        return int(row[0]) if row else 0

    def keys(
        self, connection: psycopg.Connection[Any], where: sql.Composable = EVERYWHERE, step: int = 5_000
    ) -> Iterator[Key]:
        """Give the keys of all rows, in no order; runs inside the caller's transaction."""
        with connection.cursor(name="every_key", binary=True) as cursor:
            cursor.itersize = step
            cursor.execute(self._keys + where, ())
            yield from map(self._read_key, cursor)

    def _read_key(self, cells: Sequence[Any]) -> Key:
        return tuple(convert(cell) if convert else cell for convert, cell in zip(self._convert_key, cells, strict=True))

    def keys_of_part(
        self, connection: psycopg.Connection[Any], partition_by: PartitionBy, part: int, parts: int, *, or_none: bool
    ) -> Iterator[Key]:
        """Give the keys of the rows that a fact of one shard of the log has changed last, `or_none` that is there."""
        where = sql.SQL(" LEFT JOIN letopis.event e ON e.position = t.position WHERE {}{}").format(
            sql.SQL("e.position IS NULL OR " if or_none else ""), shard_of(partition_by, part, parts)
        )
        return self.keys(connection, where)
