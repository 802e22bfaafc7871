"""Where decided batches go: to the log, by a connection of their own."""

import time
from collections.abc import Sequence
from typing import Protocol

from infra.durations import Durations
from infra.log.append import Appended, is_stored, receive, send
from infra.log.eventlog import Decided
from infra.postgres.connection import Borrow


class Store(Protocol):
    """Stores a batch of decided commands in two steps, as infra.log.append does; one batch at a time."""

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None: ...
    def is_stored(self) -> bool:
        """Return whether `receive` would not have to wait."""
        ...

    def receive(self, batch: Sequence[Decided]) -> list[Appended]: ...


class LogStore:
    """Stores batches through a connection that is used for nothing else while one is on its way."""

    def __init__(self, borrow: Borrow, durations: Durations | None = None) -> None:
        """Take the connection, and what counts how long each batch took until it was known to be stored."""
        self._borrow = borrow
        self._durations = durations or Durations()
        self._sent_at = 0.0

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None:
        """Send a batch on its way."""
        with self._borrow() as connection:
            self._sent_at = time.perf_counter()
            send(connection, batch, atomic=atomic)

    def is_stored(self) -> bool:
        """Return whether the answer has come."""
        with self._borrow() as connection:
            return is_stored(connection)

    def receive(self, batch: Sequence[Decided]) -> list[Appended]:
        """Wait for the answer."""
        with self._borrow() as connection:
            appended = receive(connection, batch)
        self._durations.add((), time.perf_counter() - self._sent_at)
        return appended
