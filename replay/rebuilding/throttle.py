"""What an operator asks of a rebuild that is under way: to rest, to go on, to end, to be no faster than so much."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, Literal, NamedTuple

import psycopg
from psycopg import sql

from infra.told import ToldError

Wish = Literal["run", "pause", "cancel"]

STEP = 2_000
"""Facts folded between two looks at the wishes, when nothing holds the rebuild back; so many stay in a core's cache."""

THROTTLED_STEP_SECONDS = 0.1
"""How much work a throttled worker does at once: little enough that those who are to be spared do not notice."""

SLICE_SECONDS = 0.2
"""How often a worker that waits looks again."""

_WISHES = "SELECT wish, throttle FROM letopis.rebuild WHERE name = %s AND generation = %s"
_ASK = """
UPDATE letopis.rebuild AS r
SET {} = %(asked)s
FROM read.rebuild_status AS s
WHERE r.name = %(name)s
    AND s.name = r.name
    AND s.is_running
"""


class RebuildCancelledError(ToldError):
    """An operator ended a rebuild; readers keep what they had."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The rebuild of {name} was cancelled; readers keep what they had.")


class Wishes(NamedTuple):
    """What is asked of a rebuild; `throttle` in events a second, None for as fast as it can."""

    wish: Wish
    throttle: int | None


def ask(connection: psycopg.Connection[Any], name: str, wish: Wish) -> bool:
    """Ask something of the rebuild under way; False when there is none."""
    return _asked(connection, name, "wish", wish)


def throttle(connection: psycopg.Connection[Any], name: str, events_per_second: int | None) -> bool:
    """Hold the rebuild under way to a pace, or to none any more; False when there is no rebuild."""
    return _asked(connection, name, "throttle", events_per_second)


def _asked(connection: psycopg.Connection[Any], name: str, column: str, asked: str | int | None) -> bool:
    statement = sql.SQL(_ASK).format(sql.Identifier(column))
    return connection.execute(statement, {"name": name, "asked": asked}).rowcount == 1


class Throttle:
    """Keeps one of the workers of a rebuild to its operator's wishes; it asks before every step.

    `alive` is called while the worker waits, and may end it. `busy_seconds` is the time not spent waiting here.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        name: str,
        generation: int,
        workers: int,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._connection = connection
        self._of = (name, generation)
        self._workers = workers
        self._alive = alive
        self._throttle: int | None = None
        self._free_at = self._began = monotonic()

    def turn(self, done: int) -> float:
        """Wait until the next step may be done, after one of so many facts or rows; return how long that step took.

        Raises RebuildCancelledError.
        """
        now = monotonic()
        busy = now - self._began
        if self._throttle:
            # Time that was lost is not made up for by a burst.
            self._free_at = max(self._free_at, now - busy) + done * self._workers / self._throttle
        while True:
            self._alive()
            wish, self._throttle = self._wishes()
            if wish == "cancel":
                raise RebuildCancelledError(self._of[0])
            left = SLICE_SECONDS if wish == "pause" else self._free_at - monotonic() if self._throttle else 0.0
            if left <= 0:
                break
            sleep(min(left, SLICE_SECONDS))
        self._began = monotonic()
        return busy

    def step(self) -> int:
        """Return how many facts the next step shall have."""
        if self._throttle is None:
            return STEP
        return min(STEP, max(1, int(self._throttle / self._workers * THROTTLED_STEP_SECONDS)))

    def _wishes(self) -> Wishes:
        row = self._connection.execute(_WISHES, self._of).fetchone()
        # Its row was taken by another rebuild: this one was given up for lost.
        return Wishes(*row) if row else Wishes("cancel", None)
