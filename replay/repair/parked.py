"""What waits in the read models because a fact could not be taken in, and how it goes on: tried again, or skipped.

Everything is done in one transaction under the lock of the read model's register, whether or not a service is running:
its worker waits for the moment, finds that something was changed, and looks again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from infra.log.log_reader import LogReader
from infra.projector.folding import Decode, Rows, Touch, changed_since, decoding, play, positions_of, touches
from infra.projector.generations import Generation, connect, fingerprint_of, in_use, lock_all
from infra.projector.leases import build_lock
from infra.projector.parking import ParkedKey, Parking, parked_key_text, parking_of
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from infra.told import ToldError
from replay.rebuilding.verify import NoSuchGenerationError

_PARKED = """
    SELECT k.name AS projection, k.place::text, k.position, k.topic, k.reason, k.parked_at
    FROM read.parked k
    WHERE k.name = ANY(%s)
    ORDER BY k.name, k.position, k.place
"""
_SKIPPED = """
    SELECT s.name AS projection, s.place::text, s.position, s.topic, s.failure, s.reason, s.actor, s.skipped_at
    FROM letopis.skipped s
    WHERE s.name = ANY(%s)
    ORDER BY s.name, s.position, s.place
"""
_SKIP = """
    INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)
    SELECT k.name, k.place, k.position, k.event_id, k.topic, k.reason, %s, %s
    FROM letopis.parked k
    WHERE k.name = %s AND k.generation = %s AND k.place = %s::jsonb
"""


@dataclass(frozen=True, slots=True)
class ParkedPlace:
    """A place of the generation in use that waits: `place` is its key as JSON; the fact at `position` is the first."""

    projection: str
    place: str
    position: int
    topic: str
    reason: str
    parked_at: datetime


@dataclass(frozen=True, slots=True)
class SkippedFact:
    """A fact that is passed over at one place for ever: what was wrong with it, and who said so why."""

    projection: str
    place: str
    position: int
    topic: str
    failure: str
    reason: str
    actor: str
    skipped_at: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a place that waited: it flows again, or waits at `position` (the same or a later one)."""

    projection: str
    place: str
    position: int | None
    reason: str | None

    @property
    def flows(self) -> bool:
        """True when nothing waits there any more."""
        return self.position is None


class NotParkedError(ToldError):
    """Nothing waits at this place."""

    def __init__(self, name: str, place: str) -> None:
        super().__init__(f"{name}: nothing waits at {place}. `letopis projections parked {name}` shows what does.")


class OtherCodeError(ToldError):
    """The generation in use was made by other code, whose rows this code must not touch."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was made by another version of the code. Use that version, or rebuild it with this one:"
            f" `letopis projections rebuild {name}`."
        )


def parked(url: str, names: Iterable[str]) -> list[ParkedPlace]:
    """Return what waits in these read models, by name and position."""
    with connect(url) as connection, connection.cursor(row_factory=class_row(ParkedPlace)) as cursor:
        return cursor.execute(_PARKED, (list(names),)).fetchall()


def skipped(url: str, names: Iterable[str]) -> list[SkippedFact]:
    """Return what these read models pass over, by name and position."""
    with connect(url) as connection, connection.cursor(row_factory=class_row(SkippedFact)) as cursor:
        return cursor.execute(_SKIPPED, (list(names),)).fetchall()


def retry_parked(projection: Projection[Any], url: str, decode: Decode, place: ParkedKey | None = None) -> list[Tried]:
    """Try again to take in what waits at a place, or at all places, each for itself; return what became of them.

    Raises NotParkedError, OtherCodeError and, for one place, NoSuchGenerationError.
    """
    with connect(url) as connection:
        if place is not None:
            return [_go_on(connection, projection, decode, place)]
        generation = in_use(connection, projection.name)
        if generation is None:
            return []
        _require_our_code(projection, generation)
        waiting = parking_of(connection, projection, generation).waiting.values()
        in_order = sorted(waiting, key=lambda one: one.position)
        return [_go_on(connection, projection, decode, one.place) for one in in_order]


def skip_parked(
    projection: Projection[Any], url: str, decode: Decode, place: ParkedKey, *, reason: str, actor: str
) -> Tried:
    """Pass over the one fact that a place waits for, in this and every later build, and go on with what is after it.

    The reason is kept for ever, with who gave it: it names no person. Waits for the end of a rebuild under way.
    Raises NotParkedError, OtherCodeError and NoSuchGenerationError.
    """
    with connect(url) as connection, build_lock(connection, projection.name), connection.transaction():
        # Rows that a crash of the server takes away are folded again; what somebody said is not said again.
        connection.execute("SET LOCAL synchronous_commit = on")
        generation = _locked(connection, projection)
        text = parked_key_text(projection, place)
        noted = connection.execute(_SKIP, (reason, actor, generation.name, generation.number, text))
        if not noted.rowcount:
            raise NotParkedError(projection.name, text)
        return _go_on(connection, projection, decode, place)


def _locked(connection: psycopg.Connection[Any], projection: Projection[Any]) -> Generation:
    """Return the generation in use, which nobody moves until the transaction ends."""
    lock_all(connection, projection.name)
    generation = in_use(connection, projection.name)
    if generation is None:
        raise NoSuchGenerationError(f"{projection.name} has not been built: start the service or rebuild it.")
    _require_our_code(projection, generation)
    return generation


def _require_our_code(projection: Projection[Any], generation: Generation) -> None:
    if generation.fingerprint != fingerprint_of(projection):
        raise OtherCodeError(projection.name)


def _go_on(connection: psycopg.Connection[Any], projection: Projection[Any], decode: Decode, place: ParkedKey) -> Tried:
    """Take in what waits at a place up to the checkpoint; rows and what waits now are written together."""
    text = parked_key_text(projection, place)
    with connection.transaction():
        generation = _locked(connection, projection)
        parking = parking_of(connection, projection, generation)
        waiting = parking.waiting.get(place)
        if waiting is None:
            raise NotParkedError(projection.name, text)
        going_on = _GoingOn(connection, projection, decode, generation, parking.branch(without=place), place)
        going_on.run(waiting.position - 1)
        again = going_on.parking.waiting.get(place)
        if again is None:
            connection.execute(
                "DELETE FROM letopis.parked WHERE name = %s AND generation = %s AND place = %s::jsonb",
                (generation.name, generation.number, text),
            )
        going_on.parking.write(connection, generation)
        connection.execute(
            "UPDATE letopis.projection SET revision = revision + 1 WHERE name = %s AND generation = %s",
            (generation.name, generation.number),
        )
    return Tried(projection.name, text, again.position if again else None, again.reason if again else None)


class _GoingOn:
    """Plays the facts that one place waits for into its rows."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        projection: Projection[Any],
        decode: Decode,
        generation: Generation,
        parking: Parking,
        place: ParkedKey,
    ) -> None:
        self._connection = connection
        self._projection = projection
        self._decode = decoding(decode, projection)
        self._last = generation.position
        self._store = RowStore(connection, projection, generation.schema)
        self._place = place
        self._rows: Rows = {}
        self._before: dict[Any, int] = {}
        self.parking = parking

    def run(self, after: int) -> None:
        """Play what is after a position up to the checkpoint, and write the rows that changed."""
        for _, facts in self._reader(after).stream(self._connection, after, self._last):
            touching = [one for one in self._touching(facts) if one[1]]
            self._load({key for _, keys, _ in touching for key in keys})
            play(self._projection, self._rows, touching, self.parking)
        self._store.write(self._connection, changed_since(self._before, self._rows))

    def _reader(self, after: int) -> LogReader:
        """Return what reads no more of the log than the first fact's stream or subject, where rows have one."""
        projection = self._projection
        only = None
        if projection.partition_by != "none":
            column = sql.Identifier(f"{projection.partition_by}_id")
            query = sql.SQL("SELECT {} FROM letopis.event WHERE position = %s").format(column)
            (only,) = self._connection.execute(query, (after + 1,)).fetchone() or (None,)
        parties = projection.needs_parties
        return LogReader(projection.topics, with_parties=parties, partition_by=projection.partition_by, only=only)

    def _touching(self, facts: Iterable[Any]) -> Iterable[Touch]:
        every = touches(self._projection, facts, self._decode, self.parking)
        if isinstance(self._place, UUID):
            return every
        key = self._place
        return ((event, (key,) if key in keys else (), fold) for event, keys, fold in every)

    def _load(self, keys: set[Any]) -> None:
        unseen = keys - self._rows.keys()
        loaded = self._store.load(self._connection, unseen) if unseen else {}
        self._before.update(positions_of(loaded))
        self._rows.update(loaded)
