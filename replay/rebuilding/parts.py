"""Into how many shards the rows of a read model are divided, so that those that a process holds fit in its memory."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from infra.projector.folding import Decode, PoisonEventError, Rows, decoding, play, preparing, reader_of, touches
from infra.projector.generations import Generation
from infra.projector.projection import Projection

ROWS_AT_ONCE = 250_000
"""Rows that one process holds at the same time: a card takes 3.1 kB there, so two processes stay below 2 GB."""

SHARE_OF_A_SHARD = 5
"""Where one process has several shards, each has this part of the rows it may hold: more shards cost nothing then,
fewer rows stay nearer to the processor, and there may be more of them than was foretold."""

SAMPLE = 20_000
"""Facts folded to see what they make; they take a fraction of a second."""


def shards_of_each(projection: Projection[Any], rows: Callable[[], float], rows_at_once: int = ROWS_AT_ONCE) -> int:
    """Return in how many shards one process makes so many rows.

    What is only added to is written as it is folded, and what is not shared out is folded whole: that is one shard, and
    nobody has to know then how many rows there are.
    """
    if projection.is_append_only or projection.partition_by == "none":
        return 1
    expected = rows()
    return 1 if expected <= rows_at_once else int(-(-expected // max(1, rows_at_once // SHARE_OF_A_SHARD)))


def rows_foretold(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    present: Generation | None,
    head: int,
    decoder: Callable[[], Decode],
) -> float:
    """Return how many rows a log of this length makes: by the build in use, or else by the newest facts."""
    if present and present.position > head // 2:
        return rows_expected(connection, present, head)
    try:
        rows = len(rows_of_a_sample(connection, projection, decoder(), head))
    except PoisonEventError:
        return head
    return head * rows / max(1, min(head, SAMPLE))


def rows_expected(connection: psycopg.Connection[Any], generation: Generation, events: int) -> float:
    """Return how many rows so many events make, going by what those that a build has seen made."""
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(generation.table)).fetchone()
    return (row[0] if row else 0) * max(1.0, events / max(1, generation.position))


def rows_of_a_sample(
    connection: psycopg.Connection[Any], projection: Projection[Any], decode: Decode, head: int
) -> list[Any]:
    """Return the rows that the newest facts make, at most SAMPLE of them; a long log makes fewer for each.

    Raises PoisonEventError at a fact that cannot be folded.
    """
    facts = reader_of(projection, decode).between(connection, max(0, head - SAMPLE), head)
    preparing(decode, projection)(facts)
    rows: Rows = {}
    play(projection, rows, touches(projection, facts, decoding(decode, projection)))
    return [one.row for one in rows.values() if one.row is not None]
