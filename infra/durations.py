"""How long things took, in counts by how long: what a monitoring system computes a median or a 99th percentile from."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from threading import Lock

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds up to which, inclusive, each bucket counts; one more counts what took longer than all of them."""

Key = tuple[str, ...]
"""What took so long, by its labels."""

Row = list[float]
"""How many fell into each bucket, and behind them the seconds of all together."""

SUM = len(BOUNDS) + 1


class Durations:
    """Counts durations by key; from any thread, and adds what other processes counted."""

    def __init__(self) -> None:
        self._rows: dict[Key, Row] = {}
        self._lock = Lock()

    def add(self, key: Key, seconds: float) -> None:
        """Count one; less than nothing, by two clocks that differ, is nothing."""
        with self._lock:
            row = self._row(key)
            row[bisect_left(BOUNDS, seconds)] += 1
            row[SUM] += max(seconds, 0.0)

    def add_each(self, key: Key, durations: Iterable[float]) -> None:
        """Count several of one key."""
        for seconds in durations:
            self.add(key, seconds)

    def take(self) -> dict[Key, Row]:
        """Return what was counted since the last time, to be added to another process's counts."""
        with self._lock:
            taken, self._rows = self._rows, {}
        return taken

    def add_all(self, taken: Mapping[Key, Row]) -> None:
        """Add what another process took from its counts."""
        with self._lock:
            for key, counted in taken.items():
                row = self._row(key)
                row[:] = [had + more for had, more in zip(row, counted, strict=True)]

    def told(self) -> dict[Key, Row]:
        """Return what was counted so far, in order of the keys."""
        with self._lock:
            return {key: [*row] for key, row in sorted(self._rows.items())}

    def _row(self, key: Key) -> Row:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = [*[0] * SUM, 0.0]
        return row
