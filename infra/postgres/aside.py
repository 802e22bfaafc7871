"""Rows that are kept aside from the log: a thread of its own writes many in one commit, and nobody waits for it."""

import threading
import time
from collections import deque
from typing import Any, LiteralString, NamedTuple, Protocol

import psycopg
import structlog
from pydantic_core import to_json

from infra.postgres.connection import OwnConnection
from infra.postgres.faults import is_lost

PAUSE_SECONDS = 0.5
"""A row waits at most so long for others: two commits a second, however many there are."""

CLEANING_SECONDS = 60.0
"""So often what is older than it is kept is taken away, a part at a time."""

log = structlog.get_logger()


class Row(Protocol):
    """What becomes one row: its columns by name."""

    def _asdict(self) -> dict[str, Any]: ...


class Kept(NamedTuple):
    """How rows are kept: the statement that takes a JSON list of them, and one that takes away what is too old.

    So many in `batch` wait no longer; beyond `limit` waiting they are counted and dropped.
    """

    name: str
    insert: LiteralString
    batch: int
    limit: int
    clean: LiteralString | None = None
    values: tuple[Any, ...] = ()
    """The parameters of `clean`."""


class Aside:
    """Writes rows aside. A process that is killed loses those of the last second: of the pause, and of the writing."""

    def __init__(self, url: str, kept: Kept, *, pause: float = PAUSE_SECONDS) -> None:
        self._connection = OwnConnection(url)
        self._kept = kept
        self._pause = pause
        self._waiting: deque[Row] = deque()
        self._some = threading.Event()
        self._enough = threading.Event()
        self._is_stopping = False
        self._cleaned_at = 0.0
        self._thread = threading.Thread(target=self._work, name=kept.name, daemon=True)
        self.written = 0
        self.commits = 0
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, if the database can be reached, and stop."""
        self._is_stopping = True
        self._some.set()
        self._enough.set()
        if self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    def add(self, row: Row) -> None:
        """Let a row be written; returns at once."""
        if len(self._waiting) >= self._kept.limit:
            self.dropped += 1
            return
        self._waiting.append(row)
        if not self._some.is_set():
            self._some.set()
        if len(self._waiting) >= self._kept.batch:
            self._enough.set()

    def _work(self) -> None:
        while not self._is_stopping:
            self._some.wait()
            self._enough.wait(self._pause)
            self._enough.clear()
            self._some.clear()
            if not self._write() and not self._is_stopping:
                self._some.set()  # the database cannot be reached: they wait for the next turn
        self._write()

    def _write(self) -> bool:
        """Write all that waits, in one commit; return whether that is settled."""
        batch = list(self._waiting)
        if not batch:
            return True
        try:
            with self._connection() as connection, connection.transaction():
                connection.execute("SET LOCAL synchronous_commit TO off")
                connection.execute(self._kept.insert, [to_json([row._asdict() for row in batch]).decode()])
                self._clean(connection)
        except psycopg.Error as error:
            if is_lost(error):
                log.warning("rows_wait", kept=self._kept.name, rows=len(batch), error=type(error).__name__)
                self._connection.close()
                return False
            # They would never get in; the next ones may.
            log.error("rows_lost", kept=self._kept.name, rows=len(batch), error=type(error).__name__)
            self.dropped += len(batch)
        else:
            self.written += len(batch)
            self.commits += 1
        for _ in batch:
            self._waiting.popleft()
        return True

    def _clean(self, connection: psycopg.Connection[Any]) -> None:
        now = time.monotonic()
        if self._kept.clean is not None and (not self._cleaned_at or now - self._cleaned_at >= CLEANING_SECONDS):
            connection.execute(self._kept.clean, self._kept.values)
            self._cleaned_at = now
