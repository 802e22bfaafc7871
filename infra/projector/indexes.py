"""Makes the indexes of a generation's table: of an empty one before it is followed, of a filled one all at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from os import cpu_count
from typing import Any

import psycopg
from psycopg import sql

from infra.projector.generations import Generation, connect
from infra.projector.projection import Projection
from infra.projector.tables import statements_of

INDEXERS = 2
"""Indexes made at once; each session may use a core, and maintenance_work_mem."""


def drop_key(connection: psycopg.Connection[Any], generation: Generation) -> None:
    """Take the primary key off an empty table, to load it faster; `make_indexes_of_a_filled` puts it back."""
    connection.execute(
        sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(generation.table, sql.Identifier(_key_name(generation)))
    )


def _key_name(generation: Generation) -> str:
    """Return the name that PostgreSQL gives a table's primary key."""
    return f"{generation.name}_pkey"


def make_indexes(connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation) -> None:
    """Make the indexes of a generation, and the planner's statistics."""
    for statement in statements_of(projection, generation.schema)[1]:
        connection.execute(statement.encode())
    analyse(connection, generation.table)


def analyse(connection: psycopg.Connection[Any], table: sql.Identifier) -> None:
    """Make the planner's statistics, less those of documents: nobody searches by one, and they take half the time.

    The table is named without its columns, or what indexes are made of would get no statistics.
    """
    documents = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
        " AND atttypid IN ('json'::regtype, 'jsonb'::regtype)",
        (table.as_string(connection),),
    ).fetchall()
    for (name,) in documents:
        connection.execute(sql.SQL("ALTER TABLE {} ALTER {} SET STATISTICS 0").format(table, sql.Identifier(name)))
    connection.execute(sql.SQL("ANALYZE {}").format(table))


def make_indexes_of_a_filled(
    connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation, url: str
) -> None:
    """Make the indexes and the primary key of a large table, two at a time, and the planner's statistics."""
    table, key = generation.table, sql.Identifier(_key_name(generation))
    columns = sql.SQL(", ").join(map(sql.Identifier, projection.key))
    unique = sql.SQL("CREATE UNIQUE INDEX {} ON {} ({})").format(key, table, columns).as_string(connection)
    waiting = [unique, *statements_of(projection, generation.schema)[1]]

    def work() -> None:
        # To take one is one step, so each is taken once; then nothing is left.
        with connect(url) as session, suppress(IndexError):
            # PostgreSQL would share each of them out among all cores, and the two would be in each other's way.
            session.execute(f"SET max_parallel_maintenance_workers = {max(0, (cpu_count() or 1) // INDEXERS - 1)}")
            while statement := waiting.pop():
                session.execute(statement.encode())

    with ThreadPoolExecutor(INDEXERS, "index") as pool:
        for done in [pool.submit(work) for _ in range(INDEXERS)]:
            done.result()
    connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY USING INDEX {}").format(table, key))
    analyse(connection, table)
