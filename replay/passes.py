"""In how many passes over the log a process folds a read model, so that the rows it holds fit in its memory."""

from typing import Any

import psycopg
from psycopg import sql

from infra.generations import Generation
from infra.projection import Projection

ROWS_AT_ONCE = 250_000
"""Rows that one process holds at the same time: a card takes 3.6 kB there, so two processes stay below 2 GB."""


def passes(projection: Projection[Any], rows: float, rows_at_once: int = ROWS_AT_ONCE) -> int:
    """Return how often one process goes through the log to make so many rows; what is only added to needs one pass."""
    return 1 if projection.is_append_only else int(-(-rows // rows_at_once)) or 1


def rows_expected(connection: psycopg.Connection[Any], generation: Generation | None, events: int) -> float:
    """Return how many rows so many events make, going by what those before made; at the worst, one each."""
    if generation is None or not generation.position:
        return events
    table = sql.Identifier(generation.schema, generation.name)
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    return (row[0] if row else 0) * max(1.0, events / generation.position)
