"""Plays facts into rows in memory: the one place where a read model's fold is called."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg

from infra.envelope import StoredFact
from infra.projection import Key, Projection

Decode = Callable[[StoredFact], Any]


class RowAt(NamedTuple):
    """A row (None: there is none) and the position of the fact that last changed it."""

    row: Any
    position: int


NO_ROW = RowAt(None, 0)
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


def read_event(decode: Decode, fact: StoredFact) -> Any:
    """Return the event that a stored fact is; raises PoisonEventError whatever was wrong with it.

    A database out of reach (keys are fetched from it) says nothing about the fact: psycopg.OperationalError passes.
    """
    try:
        return decode(fact)
    except psycopg.OperationalError:
        raise
    except Exception as error:
        raise PoisonEventError.because(fact.envelope.position, fact.envelope.topic, error) from error


def keys_of(projection: Projection[Any], event: Any) -> tuple[Key, ...]:
    """Return the keys of the rows an event touches; raises PoisonEventError whatever was wrong with it."""
    try:
        return projection.keys(event)
    except Exception as error:
        raise PoisonEventError.because(event.position, type(event).TOPIC, error) from error


def fold_event(projection: Projection[Any], rows: Rows, event: Any, keys: Iterable[Key]) -> Rows:
    """Play one event into the rows and return those it changed.

    A row that already holds the event is left alone, so a batch played twice changes nothing. When the fold fails no
    row is touched and PoisonEventError is raised.
    """
    position: int = event.position
    changed: Rows = {}
    try:
        for key in keys:
            there = rows.get(key, NO_ROW)
            if position > there.position:
                old = there.row
                row = projection.fold(old, event, key)
                if row is not old and row != old:
                    # The row of a key was looked at when it was made: then its key can only be copied.
                    if row is not None and old is None and projection.key_of(row) != key:
                        raise StrayRowError
                    changed[key] = RowAt(row, position)
    except Exception as error:
        raise PoisonEventError.because(position, type(event).TOPIC, error) from error
    rows.update(changed)
    return changed


def fold_all(projection: Projection[Any], rows: Rows, events: Iterable[Any]) -> set[Key]:
    """Play events, in order of position, into the rows and return the keys of those that changed."""
    changed: set[Key] = set()
    for event in events:
        changed.update(fold_event(projection, rows, event, keys_of(projection, event)))
    return changed


def fold_key(projection: Projection[Any], events: Iterable[Any], key: Key) -> Any:
    """Return one row as the given events, in order of position, make it; None when there is none."""
    rows: Rows = {}
    for event in events:
        if key in keys_of(projection, event):
            fold_event(projection, rows, event, (key,))
    return rows.get(key, NO_ROW).row
