"""How far the read models are behind while commands arrive at a steady rate."""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from threading import Event, Thread
from typing import Any

import psycopg

from tests.bench.commands import write_side
from tests.bench.ground import Ground, Place
from tests.bench.http import letopis, load, token
from tests.bench.measuring import Race

RATE, QUIET_RATE = 500.0, 50.0
TURNS_LONG = 5
"""One sample lasts so many turns: 1 % of a short one would be very few facts."""

LOOK_EVERY = 0.002
SETTLED_SECONDS = 30.0


class _Watcher:
    """Looks all the time how far the slowest live read model is; a fact's lag is known to the next look."""

    def __init__(self, place: Place) -> None:
        self._url = place.urls.owner
        self._stopping = Event()
        self._positions: list[int] = []
        self._moments: list[datetime] = []
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stopping.is_set():
                row = connection.execute(
                    "SELECT min(position), clock_timestamp() FROM letopis.projection WHERE state = 'live'", prepare=True
                ).fetchone()
                assert row is not None, "an aggregate gives a row"
                self._positions.append(row[0])
                self._moments.append(row[1])
                time.sleep(LOOK_EVERY)

    def lags_ms(self, after: int) -> list[float]:
        """Wait until all is shown, and return, sorted, how long each fact after a position took to be in view."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            facts = connection.execute(
                "SELECT position, recorded_at FROM letopis.event WHERE position > %s", [after]
            ).fetchall()
        last = max(position for position, _ in facts)
        deadline = time.monotonic() + SETTLED_SECONDS
        while self._positions[-1] < last:
            assert time.monotonic() < deadline, "the views did not catch up"
            time.sleep(LOOK_EVERY)
        return sorted(
            (self._moments[bisect_left(self._positions, position)] - recorded_at).total_seconds() * 1e3
            for position, recorded_at in facts
        )


def _head(place: Place) -> int:
    with psycopg.connect(place.urls.owner) as connection:
        row = connection.execute("SELECT coalesce(max(position), 0) FROM letopis.event").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def live_lag(ground: Ground) -> Iterator[Race]:
    """At 500 commands a second 99 of 100 facts are in all ten read models within 200 ms of being stored.

    Measured for every fact, from the log's own `recorded_at` to the first look (every 2 ms) that finds the slowest live
    read model at or past it; server, projector, PostgreSQL, DuckDB, load generator and the looking share two cores.
    The baseline is the same service at 50 commands a second, where nothing has to wait for anything else: what is
    beyond it is the load's. Unfair would be the median, or a rate the service does not keep up (`rate` says it).
    """
    with ground.place("lag") as place:
        with write_side(place):  # hires the administrator whose token is used
            pass
        with letopis(place, "all") as port:
            runs = count(1)
            seen: dict[str, float] = {}

            def lag(per_second: float) -> float:
                asked: Mapping[str, Any] = {
                    "path": "/commands/register-client",
                    "token": token(place),
                    "first": next(runs) * 1_000_000,
                }
                before = _head(place)
                with _Watcher(place) as watcher:
                    found = load(port, ground.seconds * TURNS_LONG, "registering", asked, per_second)
                    lags = watcher.lags_ms(before)
                if per_second == RATE:
                    seen.update(
                        rate=round(found["rate"]),
                        median_ms=round(lags[len(lags) // 2], 1),
                        worst_ms=round(lags[-1], 1),
                        command_p99_ms=found["p99_ms"],
                    )
                return lags[len(lags) * 99 // 100]

            lag(QUIET_RATE)
            yield Race(
                lambda: lag(RATE),
                lambda: lag(QUIET_RATE),
                f"the same at {QUIET_RATE:.0f} commands/s",
                "ms behind, p99",
                extras=lambda: seen,
                is_duration=True,
            )
