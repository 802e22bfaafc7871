"""What one build of a read model could not take in: the places that wait, and the facts an operator had skipped.

A place is the key of a row; or, where the rows that a fact touches cannot be told, the stream or subject whose facts
wait.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, LiteralString, get_type_hints
from uuid import UUID

import psycopg
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from infra.log.envelope import AnyEvent
from infra.projector.generations import Generation
from infra.projector.projection import Key, Projection
from infra.told import ToldError

ParkedKey = Key | UUID
"""The key of a row, or the stream or subject (whichever the read model is shared out by) that a fact belongs to."""

PARKED_AT_MOST = 1_000
"""So many places wait at once in one build; at one more the fold is to blame and not the facts, and it stops."""

_PARKED: LiteralString = "SELECT place::text, position, reason FROM letopis.parked WHERE name = %s AND generation = %s"
# Where the log was replaced by another, another fact stands there, which no operator had skipped.
_SKIPPED: LiteralString = """
    SELECT s.name, s.place::text, s.position
    FROM letopis.skipped s
    JOIN letopis.event e ON e.position = s.position AND e.event_id = s.event_id
    WHERE s.name = ANY(%s)
"""
# When it came to wait is kept when it is tried again and waits again.
_PARK: LiteralString = """
    INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)
    SELECT %s, %s, n.place, n.position, e.event_id, e.topic, n.reason
    FROM unnest(%s::jsonb[], %s::bigint[], %s::text[]) AS n(place, position, reason)
    JOIN letopis.event e ON e.position = n.position
    ON CONFLICT (name, generation, place) DO UPDATE
    SET position = excluded.position, event_id = excluded.event_id, topic = excluded.topic, reason = excluded.reason
"""


@dataclass(frozen=True, slots=True)
class Parked:
    """A place that waits: from which fact on, and what was raised where."""

    place: ParkedKey
    position: int
    reason: str


class WrongParkedKeyError(ToldError):
    """A text names no place of a read model."""

    def __init__(self, projection: Projection[Any], text: str) -> None:
        columns = ", ".join(projection.key)
        super().__init__(
            f"{text!r} is no key of {projection.name}, whose rows have ({columns}). Give it as"
            f" `letopis projections parked {projection.name}` shows it."
        )


class Parking:
    """The places of one build that wait, and the facts it passes over; it is empty in all ordinary times."""

    def __init__(
        self,
        projection: Projection[Any],
        waiting: Iterable[Parked] = (),
        skipped: Iterable[tuple[ParkedKey, int]] = (),
        *,
        may_park: bool = True,
    ) -> None:
        self._may_park = may_park
        self._projection = projection
        self.waiting = {one.place: one for one in waiting}
        self.skipped = frozenset(skipped)
        self.new: list[Parked] = []
        self._skipped_events = {position for place, position in self.skipped if isinstance(place, UUID)}
        self.keys: set[Key] = set()
        """The rows about which there is something to know."""
        self.has_events = False
        """True when there is something to know about whole facts."""
        for place in (*self.waiting, *(place for place, _ in self.skipped)):
            self._note(place)

    def _note(self, place: ParkedKey) -> None:
        if isinstance(place, UUID):
            self.has_events = True
        else:
            self.keys.add(place)

    def branch(self, *, without: ParkedKey | None = None) -> "Parking":
        """Return a copy to go on with, that can be thrown away; one place may be let go in it."""
        waiting = (one for one in self.waiting.values() if one.place != without)
        return Parking(self._projection, waiting, self.skipped)

    @property
    def has_room(self) -> bool:
        """False when nothing may wait here, or so much waits that the code of the fold must be wrong, not the facts."""
        return self._may_park and len(self.waiting) < PARKED_AT_MOST

    def partition_of(self, fact: AnyEvent) -> UUID | None:
        """Return where a fact waits whose rows cannot be told; None: it could touch any row at all."""
        if self._projection.partition_by == "none":
            return None
        value: UUID = getattr(fact.envelope, f"{self._projection.partition_by}_id")
        return value

    def holds_event(self, fact: AnyEvent) -> bool:
        """Tell whether a fact is to be left alone: it is skipped, or its stream or subject waits."""
        position: int = fact.envelope.position
        if position in self._skipped_events:
            return True
        place = self.partition_of(fact)
        return place is not None and self._waits(place, position)

    def holds(self, key: Key, position: int) -> bool:
        """Tell whether the row is to be left as it is by the fact at this position."""
        return self._waits(key, position) or (key, position) in self.skipped

    def _waits(self, place: ParkedKey, position: int) -> bool:
        there = self.waiting.get(place)
        return there is not None and position >= there.position

    def park(self, parked: Parked) -> None:
        """Let a place wait from a fact on."""
        self.waiting[parked.place] = parked
        self.new.append(parked)
        self._note(parked.place)

    def write(self, connection: psycopg.Connection[Any], generation: Generation) -> None:
        """Put down what came to wait, in the transaction that writes the rows."""
        if self.new:
            places = [parked_key_text(self._projection, one.place) for one in self.new]
            positions, reasons = [one.position for one in self.new], [one.reason for one in self.new]
            connection.execute(_PARK, (generation.name, generation.number, places, positions, reasons))


def parking_of(
    connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation, *, is_anew: bool = False
) -> Parking:
    """Return what waits in a build, and what is skipped in all builds of its read model; `is_anew`: nothing waits."""
    skipped = _skipped(connection, [projection])[projection.name]
    waiting = [] if is_anew else connection.execute(_PARKED, (generation.name, generation.number)).fetchall()
    return Parking(
        projection,
        [Parked(parked_key_from(projection, text), position, reason) for text, position, reason in waiting],
        skipped,
    )


def passing_over(connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]) -> dict[str, Parking]:
    """Return, by name, what is skipped in read models that are folded for the moment, where nothing may wait."""
    skipped = _skipped(connection, projections)
    return {one.name: Parking(one, (), skipped[one.name], may_park=False) for one in projections}


def _skipped(
    connection: psycopg.Connection[Any], projections: Sequence[Projection[Any]]
) -> dict[str, list[tuple[ParkedKey, int]]]:
    known = {one.name: one for one in projections}
    skipped: dict[str, list[tuple[ParkedKey, int]]] = {name: [] for name in known}
    for name, text, position in connection.execute(_SKIPPED, (list(known),)):
        # A key of an older version of the read model, whose rows had another one, says nothing about these.
        with suppress(WrongParkedKeyError):
            skipped[name].append((parked_key_from(known[name], text), position))
    return skipped


@cache
def _key_type(projection: Projection[Any]) -> TypeAdapter[Any]:
    hints = get_type_hints(projection.row)
    kind: Any = tuple[tuple(hints[name] for name in projection.key)]  # type: ignore[misc]  # made at run time
    return TypeAdapter(kind)


def parked_key_text(projection: Projection[Any], place: ParkedKey) -> str:
    """Return a place as JSON: ["…"] for the row of a key, {"stream": "…"} for all facts of a stream."""
    return to_json({projection.partition_by: place} if isinstance(place, UUID) else place).decode()


def parked_key_from(projection: Projection[Any], text: str) -> ParkedKey:
    """Return the place that a text names; a key of one column may be written plainly. Raises WrongParkedKeyError."""
    try:
        if text.startswith("{"):
            (value,) = from_json(text).values()
            return UUID(value)
        key: Key = _key_type(projection).validate_python(from_json(text) if text.startswith("[") else (text,))
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise WrongParkedKeyError(projection, text) from error
    return key
