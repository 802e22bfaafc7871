"""A thread that works in steps while it holds a lease: of several processes only one does this work at a time."""

import threading
from abc import ABC, abstractmethod
from typing import Any

import psycopg
import structlog

from aggregates.base import DomainError
from commands.errors import ContendedError, OutcomeUnknownError, OverloadedError, RequestError
from infra.log.clock import ClockAheadError
from infra.postgres.connection import OwnConnection
from infra.postgres.faults import is_lost

NOT_NOW = (OverloadedError, OutcomeUnknownError, ContendedError, ClockAheadError)
"""Answers that say nothing about the command: the same one is asked again, and may be carried out."""

PAUSE_AFTER_BUG = 30.0
"""Seconds: a bug is there the next time as well, and each time is a page of log."""

log = structlog.get_logger()


def tell_refused(event: str, answer: Exception, **facts: Any) -> str:
    """Say in the log that a command was refused, and return the code; refused otherwise than by a rule is a bug."""
    is_by_rule = isinstance(answer, DomainError | RequestError)
    code: str = getattr(answer, "code", type(answer).__name__)
    (log.warning if is_by_rule else log.error)(event, code=code, **facts)
    return code


class LeasedWorker(ABC):
    """Works step by step in a thread of its own, on a connection of its own, whose session holds the lease."""

    def __init__(self, name: str, url: str, poll_seconds: float) -> None:
        """`name` names the lease; `poll_seconds` is after what time it looks again although nobody woke it."""
        self.name = name
        self._borrow = OwnConnection(url)
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._holder: psycopg.Connection[Any] | None = None
        self._thread = threading.Thread(target=self._work, name=f"policy-{name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is being done now, and give the lease back."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._borrow.close()

    def wake(self) -> None:
        """Say that there may be more to do."""
        self._wake.set()

    def step(self) -> bool:
        """Do one piece of work, if the lease is ours; return whether there may be more.

        Raises psycopg.Error and what is in NOT_NOW; the same work is done again then, and what was done has a receipt.
        """
        if self._stopping.is_set():
            return False
        with self._borrow() as connection:
            if self._holder is not connection:
                if not _takes(connection, self.name):
                    return False
                self.begin(connection)
                self._holder = connection
            return self.work(connection)

    def begin(self, connection: psycopg.Connection[Any]) -> None:  # noqa: B027 - most have nothing to do
        """Do what is to be done once, when the lease was taken."""

    @abstractmethod
    def work(self, connection: psycopg.Connection[Any]) -> bool:
        """Do one piece of work; return whether there may be more."""

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                while self.step():
                    pass
            except Exception as error:  # the thread's outermost door: it lives on, for the mended thing and the others
                self._borrow.close()
                if is_lost(error) or isinstance(error, NOT_NOW):
                    log.warning("policy_waits", policy=self.name, error=type(error).__name__)
                else:
                    log.exception("policy_failed", policy=self.name)
                    self._stopping.wait(PAUSE_AFTER_BUG)
            self._wake.wait(self._poll_seconds)
            self._wake.clear()


def _takes(connection: psycopg.Connection[Any], name: str) -> bool:
    """Return whether this session holds the lease; it keeps it until it ends."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [name]).fetchone()
    return bool(row and row[0])
