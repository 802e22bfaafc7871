"""Checks what a read model has taken in: holds its checkpoint and its rows' positions against the log, on the spot.

Every fact is read once, but of all rows only those are folded that are not there: it takes no memory to speak of beside
a running service. Whether a row says the right thing is what `verify` tells.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from infra.log.log_reader import LogReader, head_of
from infra.postgres.connection import one_snapshot
from infra.projector.folding import Decode, Rows, Touch, play, touches
from infra.projector.generations import Generation, connect, in_use, log_is_the_same
from infra.projector.parking import Parking, parking_of
from infra.projector.projection import Key, Projection
from infra.projector.row_store import RowStore
from replay.rebuilding.verify import NoSuchGenerationError

# Positions of each kind that a report names; the counts are complete.
NAMED_AT_MOST = 100

_BEYOND = "SELECT count(*), min(position) FROM {table} WHERE position > %s"
_STRAY = """
SELECT r.position
FROM {table} AS r
LEFT JOIN letopis.event AS e ON e.position = r.position AND e.topic = ANY (%s)
WHERE e.position IS NULL
    AND r.position <= %s
ORDER BY r.position
"""
_ROWS = "SELECT position, count(*) FROM {table} GROUP BY position"


@dataclass(slots=True)
class Consumption:
    """What a read model has taken in of the log, at one moment.

    `facts` are those of its topics up to its checkpoint, `waiting` those after it. `beyond` counts rows of facts after
    the checkpoint; `stray` has positions that rows name and where no fact of its topics stands; `skipped` has the
    positions of the facts that last changed a row which is not there; `parked` counts the places that wait, whose rows
    are not missed.
    """

    projection: str
    generation: int
    state: str
    position: int
    head: int
    is_log_the_same: bool
    facts: int = 0
    waiting: int = 0
    rows: int = 0
    beyond: int = 0
    parked: int = 0
    stray: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """True when the checkpoint is in the log and no row contradicts it."""
        return self.is_log_the_same and not (self.beyond or self.stray or self.skipped)

    @property
    def summary(self) -> str:
        """Return one line for people and logs."""
        if not self.is_log_the_same:
            return f"log replaced: position {self.position} is not in the log as it was (its end is {self.head})"
        return (
            f"{self.facts} facts taken in up to position {self.position}, {self.waiting} waiting; {self.rows} rows:"
            f" {self.beyond} beyond the checkpoint, {_named(self.stray)} of no fact, {_named(self.skipped)} missing"
            + (f", {self.parked} wait (parked)" if self.parked else "")
        )


def _named(positions: list[int]) -> str:
    shown = ", ".join(str(position) for position in positions[:5])
    return f"{len(positions)} ({shown}{', …' if len(positions) > 5 else ''})" if positions else "0"


def check_checkpoint(projection: Projection[Any], url: str, decode: Decode) -> Consumption:
    """Compare, on one consistent snapshot, what the generation in use has consumed with the log.

    Raises NoSuchGenerationError, and PoisonEventError at a fact that cannot be read and could touch any row.
    """
    with connect(url) as connection, one_snapshot(connection):
        generation = in_use(connection, projection.name)
        if generation is None:
            raise NoSuchGenerationError(f"{projection.name} has not been built: start the service or rebuild it.")
        return _checked(connection, projection, generation, decode)


def _checked(
    connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation, decode: Decode
) -> Consumption:
    head = head_of(connection).position
    is_same = log_is_the_same(connection, generation)
    found = Consumption(projection.name, generation.number, generation.state, generation.position, head, is_same)
    reader = LogReader(projection.topics, with_parties=projection.needs_parties)
    found.facts = reader.count(connection, 0, generation.position)
    found.waiting = reader.count(connection, generation.position, head)
    table = generation.table
    beyond = connection.execute(sql.SQL(_BEYOND).format(table=table), (generation.position,)).fetchone()
    found.beyond = beyond[0] if beyond else 0
    stray = connection.execute(
        sql.SQL(_STRAY).format(table=table), (list(projection.topics), generation.position)
    ).fetchall()
    found.stray = [position for (position,) in stray[:NAMED_AT_MOST]]
    rows = dict(connection.execute(sql.SQL(_ROWS).format(table=table)).fetchall())
    found.rows = sum(rows.values())
    parking = parking_of(connection, projection, generation)
    found.parked = len(parking.waiting)
    if projection.is_append_only:
        found.skipped = _skipped(connection, reader, projection, decode, parking, generation.position, rows)
    else:
        found.skipped = _missing(connection, reader, projection, decode, parking, generation)
    return found


def _skipped(
    connection: psycopg.Connection[Any],
    reader: LogReader,
    projection: Projection[Any],
    decode: Decode,
    parking: Parking,
    last: int,
    rows: dict[int, int],
) -> list[int]:
    """Return the positions of facts of which not every row is there."""
    missing = []
    for touching in _touching(connection, reader, projection, decode, parking, last):
        missing += [
            event.position
            for event, keys, _ in touching
            if rows.get(event.position, 0) < sum(not parking.holds(key, event.position) for key in set(keys))
        ]
    return missing[:NAMED_AT_MOST]


def _missing(
    connection: psycopg.Connection[Any],
    reader: LogReader,
    projection: Projection[Any],
    decode: Decode,
    parking: Parking,
    generation: Generation,
) -> list[int]:
    """Return the positions of the facts that last changed those rows that are not there and should be.

    Most keys without a row have none because a fact took it away: they are folded to know.
    """
    store = RowStore(connection, projection, generation.schema)
    absent: set[Key] = set()
    for touching in _touching(connection, reader, projection, decode, parking, generation.position):
        keys = {key for _, touched, _ in touching for key in touched} - absent
        absent |= keys - store.present(connection, keys)
    rows: Rows = {}
    if absent:
        for touching in _touching(connection, reader, projection, decode, parking, generation.position):
            only = ((event, tuple(key for key in keys if key in absent), fold) for event, keys, fold in touching)
            play(projection, rows, only, parking)
    return sorted(there.position for there in rows.values() if there.row is not None)[:NAMED_AT_MOST]


def _touching(
    connection: psycopg.Connection[Any],
    reader: LogReader,
    projection: Projection[Any],
    decode: Decode,
    parking: Parking,
    last: int,
) -> Iterator[list[Touch]]:
    for _, facts in reader.stream(connection, 0, last):
        yield list(touches(projection, facts, decode, parking))
