"""Using the time the log takes to store: while it works on one batch, the next one is read and made ready."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from commands.batch import BatchRunner, Store
from infra.eventlog import Appended, Decided


class Overlap:
    """Lets a batch be stored by a thread of its own, and does other work until the answer is there.

    Nothing but the waiting is shared out: what is read and what is decided stays in one thread, one after the other.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, "append")
        self._work: Callable[[], None] | None = None

    def meanwhile(self, work: Callable[[], None]) -> None:
        """Name the work to do, once, while the next batch is stored."""
        self._work = work

    def store(
        self, connection: psycopg.Connection[Any], batch: Sequence[Decided], *, atomic: bool = False
    ) -> list[Appended]:
        """Store the batch as the log does, working meanwhile."""
        pending = self._thread.submit(self._store, connection, batch, atomic=atomic)
        work, self._work = self._work, None
        try:
            if work is not None:
                work()
        finally:
            pending.exception()  # the connection is free again only when the answer is there
        return pending.result()


def overlapping(runner: BatchRunner) -> Overlap:
    """Make a runner work on while a batch is stored; return what tells it at what."""
    overlap = Overlap(runner.store)
    runner.store = overlap.store
    return overlap
