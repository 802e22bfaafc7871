"""A copy of the facts for a notebook or a BI tool: one DuckDB file with every table that can be asked in SQL."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from infra.amounts import DUCKDB_MACRO
from infra.analytics.fact_file import remove
from infra.analytics.fact_schema import FactSchema
from infra.analytics.lent import Lent


def write_copy(source: Path, path: Path, facts: FactSchema, settings: Mapping[str, str], lent: Lent) -> int:
    """Write a closed file of facts to a path, with the tables made from them; returns the position it is at.

    What a table has of what is not lent is lacking in it. Raises OSError and errors of duckdb.
    """
    fresh = path.with_name(path.name + ".new")
    remove(fresh)
    try:
        shutil.copyfile(source, fresh)
        with duckdb.connect(str(fresh)) as connection:
            connection.execute(DUCKDB_MACRO)
            for name, columns in facts.lent.items():
                connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} VARCHAR' for column in columns)})")
                holders = ", ".join("?" for _ in columns)
                for row in lent.get(name, ()):
                    connection.execute(f"INSERT INTO {name} VALUES ({holders})", list(row))  # noqa: S608 - constants
            for name, select in facts.views(None, None, settings):
                connection.execute(f"CREATE VIEW {name} AS {select}")
            [(position,)] = connection.execute("SELECT position FROM followed").fetchall()
        fresh.replace(path)
    finally:
        remove(fresh)
    return int(position)
