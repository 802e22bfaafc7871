"""Folds one worker's shard of the whole log into an empty table."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple

from infra.log.log_reader import read_in_blocks
from infra.projector.folding import Decode, Rows, decoding, play, preparing, touches
from infra.projector.generations import Generation, connect
from infra.projector.parking import parking_of
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from replay.rebuilding.dealing import counted, shards
from replay.rebuilding.throttle import Throttle

# Rows written by one COPY: between two of them a worker can be told to rest.
ROWS_IN_A_COPY = 20_000


@dataclass(frozen=True, slots=True)
class Shard:
    """What is to be folded: the log up to a position, in so many parts, by so many workers, into one generation."""

    url: str
    generation: Generation
    last: int
    parts: int
    workers: int


class Step(NamedTuple):
    """What a worker has done in one step: it dealt out or folded so many facts, or wrote so many rows, in so long."""

    worker: int
    kind: Literal["deal", "fold", "write"]
    events: int
    rows: int
    seconds: float


def fold_shard(
    shard: Shard,
    projection: Projection[Any],
    decode: Decode,
    worker: int,
    tell: Callable[[Step], None],
    alive: Callable[[], None],
) -> None:
    """Fold one worker's parts into the table and tell of every step.

    What cannot take a fact in is parked. Raises PoisonEventError where that cannot be, and RebuildCancelledError.
    """
    with connect(shard.url) as connection:
        read_in_blocks(connection)
        generation = shard.generation
        pace = Throttle(connection, generation.name, generation.number, shard.workers, alive)
        store = RowStore(connection, projection, generation.schema)
        event_of, prepare = decoding(decode, projection), preparing(decode, projection)
        pace.turn(0)

        def dealt(events: int) -> None:
            tell(Step(worker, "deal", events, 0, pace.turn(events)))

        own, parts, last = range(worker, shard.parts, shard.workers), shard.parts, shard.last
        for part, reader in shards(connection, projection, decode, own, parts, last, pace.step, dealt):
            rows: Rows = {}
            parking = parking_of(connection, projection, generation, is_anew=True)
            start = 0
            while start < last:
                # A query that examines so many positions gives about as many facts of this part as a step shall have.
                end = min(start + pace.step() * parts, last)
                facts = reader.between(connection, start, end)
                prepare(facts)
                play(projection, rows, touches(projection, facts, event_of, parking), parking)
                written = 0
                if projection.is_append_only:
                    store.fill(connection, rows.values())
                    written = len(rows)
                    rows.clear()
                examined = counted(end, part, parts) - counted(start, part, parts)
                tell(Step(worker, "fold", examined, written, pace.turn(examined)))
                start = end
            every = iter(rows.values())
            while some := list(islice(every, ROWS_IN_A_COPY)):
                store.fill(connection, some)
                tell(Step(worker, "write", 0, len(some), pace.turn(len(some))))
            parking.write(connection, generation)
