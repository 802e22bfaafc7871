"""Plays facts into rows in memory: the one place where a read model's fold is called."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from infra.log.envelope import AnyEvent
from infra.log.log_reader import LogReader
from infra.projector.parking import Parked, ParkedKey, Parking
from infra.projector.projection import Fold, Key, Projection
from infra.told import ToldError

Decode = Callable[[AnyEvent], Any]
Touch = tuple[Any, tuple[Key, ...], Fold]
"""An event, the keys of the rows it touches, and what folds it."""


@dataclass(slots=True)
class RowAt:
    """A row as it stands (None: there is none) and the position of the fact that last changed it."""

    row: Any
    position: int


Rows = dict[Key, RowAt]


class PoisonEventError(ToldError):
    """A read model cannot take a fact in, nor let its place wait; it stops before it, and says which and why."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"position {position} {reason}")
        self.position = position
        self.reason = reason

    @classmethod
    def because(cls, position: int, topic: str, cause: BaseException) -> "PoisonEventError":
        """Say which fact and what was raised where; not its text, which may quote personal data."""
        return cls(position, f"({topic}): {_what_happened(cause)}")


class StrayRowError(Exception):
    """A fold returned a row of another key than the one it was asked for."""


def _what_happened(error: BaseException) -> str:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    where = f"{step.tb_frame.f_code.co_qualname}:{step.tb_lineno}" if step else "an unknown place"
    return f"{type(error).__name__} at {where}"


def _park(parking: Parking | None, place: ParkedKey | None, position: int, topic: str, cause: Exception) -> None:
    """Let the place wait from this fact on; raises PoisonEventError where nothing may wait, or no more."""
    if parking is None or place is None or not parking.has_room:
        raise PoisonEventError.because(position, topic, cause) from cause
    parking.park(Parked(place, position, _what_happened(cause)))


def decoding(decode: Decode, projection: Projection[Any]) -> Decode:
    """Return what reads of each fact no more than the read model looks at, if the decoder can do that."""
    reading: Callable[[Mapping[str, Any]], Decode] | None = getattr(decode, "reading", None)
    return decode if reading is None or not projection.parts else reading(projection.parts)


def preparing(decode: Decode, projection: Projection[Any]) -> Callable[[Sequence[AnyEvent]], None]:
    """Return what gets all at once what reading some facts will need, if the decoder can do that."""
    prepare: Callable[[Sequence[AnyEvent], Mapping[str, Any]], None] | None = getattr(decode, "prepare", None)
    return lambda facts: None if prepare is None else prepare(facts, projection.parts)


def reader_of(projection: Projection[Any], decode: Decode, part: int = 0, parts: int = 1) -> LogReader:
    """Return what reads all that the read model folds, or one of several parts of it, for `decoding` to make events of.

    What is encrypted stays at the server where the read model looks at nothing in it, if the decoder can do without.
    """
    closed = {}
    if projection.parts and hasattr(decode, "reading"):
        encrypted = {each.TOPIC for each in projection.folds if each.PERSONAL_FIELDS}
        closed = {
            topic: each.SCHEMA_VERSION
            for topic, each in projection.parts.items()
            if topic in encrypted and not each.PERSONAL_FIELDS
        }
    return LogReader(
        projection.topics,
        with_parties=projection.needs_parties,
        partition_by=projection.partition_by,
        part=part,
        parts=parts,
        closed=closed,
    )


def touches(
    projection: Projection[Any], facts: Iterable[AnyEvent], decode: Decode, parking: Parking | None = None
) -> Iterator[Touch]:
    """Give each event with what it touches, less the events that touch nothing and those that wait.

    Whatever was wrong with a fact, its stream or subject is parked. PoisonEventError is raised instead when there is no
    `parking`, when it is full, and when the read model is not shared out, so that the fact might touch any row. A
    database that fails (keys are fetched from it) says nothing about the fact: psycopg.Error passes.
    """
    folds = projection.folds
    for fact in facts:
        if parking is not None and parking.has_events and parking.holds_event(fact):
            continue
        try:
            event = decode(fact)
            keys_of, fold = folds[type(event)]
            keys = tuple(keys_of(event))
        except psycopg.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            envelope = fact.envelope
            place = None if parking is None else parking.partition_of(fact)
            _park(parking, place, envelope.position, envelope.topic, error)
            continue
        if keys:
            yield event, keys, fold


def play(projection: Projection[Any], rows: Rows, touching: Iterable[Touch], parking: Parking | None = None) -> None:
    """Play events, in order of position, into the rows.

    A row that already holds an event is left alone, so a batch played twice changes nothing. When a fold fails its row
    is as before that event and is parked: later events of it wait, all others flow. Without `parking`, and when it is
    full, PoisonEventError is raised.
    """
    odd = frozenset() if parking is None else parking.keys
    for event, keys, fold in touching:
        position: int = event.position
        for key in keys:
            if odd and key in odd and parking is not None and parking.holds(key, position):
                continue
            try:
                there = rows.get(key)
                if there is None:
                    row = fold(None, event, key)
                    if row is not None:
                        _check_key(projection, row, key)
                        rows[key] = RowAt(row, position)
                elif position > there.position:
                    old = there.row
                    row = fold(old, event, key)
                    if row is not old and row != old:
                        if old is None:
                            _check_key(projection, row, key)
                        there.row = row
                        there.position = position
            except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                _park(parking, key, position, type(event).TOPIC, error)


def _check_key(projection: Projection[Any], row: Any, key: Key) -> None:
    """Look at the key of a row when it is made; later it can only be copied."""
    if projection.key_of(row) != key:
        raise StrayRowError


def positions_of(rows: Rows) -> dict[Key, int]:
    """Return which fact each row was last changed by."""
    return {key: there.position for key, there in rows.items()}


def changed_since(before: Mapping[Key, int], rows: Rows) -> Rows:
    """Return the rows that were changed since their positions were noted."""
    return {key: there for key, there in rows.items() if before.get(key) != there.position}
