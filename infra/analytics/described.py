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


@cache
def tables_of(facts: FactSchema) -> tuple[Table, ...]:
    """Return every table that can be asked, facts first; raises KeyError for one that nobody has described."""
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
            words = facts.words["table"][name]
            own = words.get("column", {})
            titles = {column: own.get(column) or facts.words["column"][column] for column, *_ in columns}
            found.append(
                Table(
                    name,
                    {language: words[language] for language in ("en", "ru")},
                    tuple(TableColumn(column, kind, titles[column]) for column, kind, *_ in columns),
                )
            )
    return tuple(found)
