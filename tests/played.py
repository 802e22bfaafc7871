"""Plays events that were read already, for tests that need no log."""

from collections.abc import Iterable
from typing import Any

from infra.projector.folding import Rows, changed_since, play, positions_of
from infra.projector.projection import Key, Projection


def play_events(projection: Projection[Any], rows: Rows, events: Iterable[Any]) -> set[Key]:
    """Play events that were read already into the rows and return the keys of those that changed."""
    before = positions_of(rows)
    folds = projection.folds
    play(projection, rows, ((e, keys, folds[type(e)][1]) for e in events if (keys := projection.keys(e))))
    return set(changed_since(before, rows))
