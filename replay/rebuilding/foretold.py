"""How many rows a log will make, and how much room its facts take while they lie dealt out by shard."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from infra.projector.folding import Decode, PoisonEventError, Rows, decoding, play, preparing, reader_of, touches
from infra.projector.generations import Generation
from infra.projector.projection import Projection

SAMPLE = 20_000
"""Facts looked at to see what they make, and how large they are; they take a fraction of a second."""

LOOKS = 10
"""Places of the log, equally far apart, at which the size of facts is looked at: old ones may be larger than new."""


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


def bytes_dealt(connection: psycopg.Connection[Any], projection: Projection[Any], decode: Decode, head: int) -> float:
    """Return how many bytes of the server's disk the facts of a log take while they lie dealt out by shard."""
    reader, step = reader_of(projection, decode), max(1, head // LOOKS)
    each = min(step, SAMPLE // LOOKS)
    windows = [(start, start + each) for start in range(0, head, step)]
    looked_at = sum(min(last, head) - after for after, last in windows)
    return sum(reader.size(connection, after, last) for after, last in windows) * head / max(1, looked_at)
