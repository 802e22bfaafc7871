"""Plays facts into rows in memory: the one place where a read model's fold is called."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from infra.envelope import AnyFact
from infra.projection import Fold, Key, Projection

Decode = Callable[[AnyFact], Any]
Touch = tuple[Any, tuple[Key, ...], Fold]
"""An event, the keys of the rows it touches, and what folds it."""


@dataclass(slots=True)
class RowAt:
    """A row as it stands (None: there is none) and the position of the fact that last changed it."""

    row: Any
    position: int


Rows = dict[Key, RowAt]


class PoisonEventError(Exception):
    """A read model cannot take a fact in; it stops before it, and says which and why."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"position {position} {reason}")
        self.position = position
        self.reason = reason

    @classmethod
    def because(cls, position: int, topic: str, cause: BaseException) -> "PoisonEventError":
        """Say which fact and what was raised where; not its text, which may quote personal data."""
        return cls(position, f"({topic}): {type(cause).__name__} at {_place(cause)}")


class StrayRowError(Exception):
    """A fold returned a row of another key than the one it was asked for."""


def _place(error: BaseException) -> str:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return f"{step.tb_frame.f_code.co_qualname}:{step.tb_lineno}" if step else "an unknown place"


def decoding(decode: Decode, projection: Projection[Any]) -> Decode:
    """Return what reads of each fact no more than the read model looks at, if the decoder can do that."""
    reading: Callable[[Mapping[str, Any]], Decode] | None = getattr(decode, "reading", None)
    return decode if reading is None or not projection.parts else reading(projection.parts)


def preparing(decode: Decode, projection: Projection[Any]) -> Callable[[Sequence[AnyFact]], None]:
    """Return what gets all at once what reading some facts will need, if the decoder can do that."""
    prepare: Callable[[Sequence[AnyFact], Mapping[str, Any]], None] | None = getattr(decode, "prepare", None)
    return lambda facts: None if prepare is None else prepare(facts, projection.parts)


def touches(projection: Projection[Any], facts: Iterable[AnyFact], decode: Decode) -> Iterator[Touch]:
    """Give each event with what it touches, less the events that touch nothing.

    Raises PoisonEventError whatever was wrong with a fact. A database out of reach (keys are fetched from it) says
    nothing about the fact: psycopg.OperationalError passes.
    """
    folds = projection.folds
    for fact in facts:
        try:
            event = decode(fact)
            keys_of, fold = folds[type(event)]
            keys = tuple(keys_of(event))
        except psycopg.OperationalError:
            raise
        except Exception as error:
            envelope = fact.envelope
            raise PoisonEventError.because(envelope.position, envelope.topic, error) from error
        if keys:
            yield event, keys, fold


def play(projection: Projection[Any], rows: Rows, touching: Iterable[Touch]) -> None:
    """Play events, in order of position, into the rows.

    A row that already holds an event is left alone, so a batch played twice changes nothing. When a fold fails the rows
    are as before that event, and PoisonEventError is raised.
    """
    for event, keys, fold in touching:
        position: int = event.position
        try:
            if len(keys) > 1:
                _play_in_several(projection, rows, event, keys, fold)
                continue
            (key,) = keys
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
        except Exception as error:
            raise PoisonEventError.because(position, type(event).TOPIC, error) from error


def _play_in_several(projection: Projection[Any], rows: Rows, event: Any, keys: tuple[Key, ...], fold: Fold) -> None:
    """Play one event into several rows: all of them, or none when one of the folds fails."""
    touched: Rows = {}
    for key in keys:
        there = rows.get(key)
        touched[key] = RowAt(None, 0) if there is None else RowAt(there.row, there.position)
        play(projection, touched, [(event, (key,), fold)])
    rows.update((key, there) for key, there in touched.items() if there.position == event.position)


def _check_key(projection: Projection[Any], row: Any, key: Key) -> None:
    """Look at the key of a row when it is made; later it can only be copied."""
    if projection.key_of(row) != key:
        raise StrayRowError


def play_events(projection: Projection[Any], rows: Rows, events: Iterable[Any]) -> set[Key]:
    """Play events that were read already into the rows and return the keys of those that changed."""
    before = positions_of(rows)
    folds = projection.folds
    play(projection, rows, ((e, keys, folds[type(e)][1]) for e in events if (keys := projection.keys(e))))
    return set(changed_since(before, rows))


def positions_of(rows: Rows) -> dict[Key, int]:
    """Return which fact each row was last changed by."""
    return {key: there.position for key, there in rows.items()}


def changed_since(before: Mapping[Key, int], rows: Rows) -> Rows:
    """Return the rows that were changed since their positions were noted."""
    return {key: there for key, there in rows.items() if before.get(key) != there.position}


def fold_key(projection: Projection[Any], events: Iterable[Any], key: Key) -> Any:
    """Return one row as the given events, in order of position, make it; None when there is none."""
    rows: Rows = {}
    folds = projection.folds
    play(projection, rows, ((e, (key,), folds[type(e)][1]) for e in events if key in projection.keys(e)))
    return rows[key].row if key in rows else None
