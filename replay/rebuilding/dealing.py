"""Gives one worker what reads its shards: one straight from the log, several after one pass that deals them out."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg

from infra.log.dealt_log import DealtLog
from infra.log.log_reader import LogReader
from infra.projector.folding import Decode, reader_of
from infra.projector.projection import Projection

STEPS_AT_ONCE = 10
"""Steps that are dealt out at once: to deal takes about a tenth of the time that folding takes."""


def shards(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    decode: Decode,
    own: range,
    parts: int,
    last: int,
    step: Callable[[], int],
    dealt: Callable[[int], None],
) -> Iterator[tuple[int, LogReader]]:
    """Give the number of each shard in `own`, of so many `parts`, with what reads its facts up to a position.

    Ask for the next one when all of one is read. `step` is how many facts shall be dealt out at once; `dealt` is told
    how many were.
    """
    if len(own) == 1 or projection.is_append_only:
        for part in own:
            yield part, reader_of(projection, decode, part, parts)
        return
    log = DealtLog(connection, reader_of(projection, decode, own.start, own.step), projection.partition_by, own, parts)
    start = 0
    while start < last:
        end = min(start + STEPS_AT_ONCE * step() * own.step, last)
        log.spread(start, end)
        dealt(counted(end, own.start, own.step) - counted(start, own.start, own.step))
        start = end
    for part in own:
        yield part, log.shard(part)
        log.drop(part)
    log.close()


def counted(position: int, part: int, parts: int) -> int:
    """Return how many of the positions up to one are counted as a part's own: all parts together count each once."""
    return (position + parts - 1 - part) // parts
