"""The tables that analysts ask, described: what one row is, and what each column means."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import duckdb

from infra.analytics.fact_schema import FactSchema
from infra.analytics.lent import lend

Words = Mapping[str, str]
"""What people call it, by language."""


class TableColumn(NamedTuple):
    """One column of a table, with its DuckDB type."""

    name: str
    type: str
    title: Words


class Table(NamedTuple):
    """One table that can be asked; `row` says what one row is."""

    name: str
    row: Words
    columns: tuple[TableColumn, ...]


class UndescribedError(Exception):
    """Nobody has said what a table is, or what its columns mean."""

    def __init__(self, table: str, missing: list[str]) -> None:
        super().__init__(
            f"{table} lacks {', '.join(missing)}: say what one row is (en, ru) and what its columns mean, in the"
            " facts.toml beside it or in words.toml beside the reports."
        )


@cache
def tables_of(facts: FactSchema) -> tuple[Table, ...]:
    """Return every table that can be asked, facts first; raises UndescribedError."""
    found = []
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS facts")
        connection.execute("USE facts")
        for table in facts.tables:
            connection.execute(table.ddl)
        connection.execute("USE memory")
        lend(connection, facts.lent, {})
        for name, select in facts.views("facts", None, {"zone": "UTC"}):
            connection.execute(f"CREATE VIEW {name} AS {select}")
            columns = connection.execute(f"DESCRIBE {name}").fetchall()
            words = facts.words["table"].get(name, {})
            known = {**facts.words["column"], **words.get("column", {})}
            if missing := [word for word in ("en", "ru") if word not in words]:
                raise UndescribedError(name, missing)
            if missing := [column for column, *_ in columns if column not in known]:
                raise UndescribedError(name, missing)
            found.append(
                Table(
                    name,
                    {language: words[language] for language in ("en", "ru")},
                    tuple(TableColumn(column, kind, known[column]) for column, kind, *_ in columns),
                )
            )
    return tuple(found)
