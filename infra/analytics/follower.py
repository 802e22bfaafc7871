"""The thread that keeps a node level with the log, whatever happens to the log and the file."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import adbc_driver_manager
import duckdb
import structlog

from infra.analytics.arrow_log import LogReplacedError
from infra.analytics.parked_facts import TooMuchParkedError
from infra.analytics.standing import Standing
from infra.log.event_versions import NewerLogError

# Nothing is wrong with one event, for which only its stream would wait, but with the program or with all of them.
UNLOADABLE = (duckdb.DataError, duckdb.IntegrityError, NewerLogError, TooMuchParkedError)

PAUSE_SECONDS = 5.0
"""How long a node rests when it cannot go on: a full disk is not emptied by trying all the time."""

REST = 4.0
"""After a few new facts the node rests for so many times as long as they took: what it costs to take some in is nearly
the same for one and for a hundred, and it shares its process with the commands."""

LONGEST_REST_SECONDS = 1.0

FEW = 10_000
"""After so many positions there may be as many more: then it does not rest."""

_log = structlog.get_logger(__name__)


class Node(Protocol):
    """What is kept level with the log."""

    standing: Standing

    @property
    def position(self) -> int: ...
    def follow_once(self) -> int:
        """Load what is new in the log, and return how many positions were passed."""
        ...


class Follower:
    """Lets a node follow in a thread of its own, from `start` until `stop`; `is_stopping` ends the slice at hand."""

    def __init__(self) -> None:
        self.is_stopping = threading.Event()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._waiting = 0
        self._one = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_running(self) -> bool:
        """True between start and stop."""
        return self._thread is not None

    def start(self, node: Node, poll: float) -> None:
        """Begin, and look at least once in `poll` seconds."""
        self.is_stopping.clear()
        self._hurry.clear()
        self._thread = threading.Thread(target=self._run, args=(node, poll), name="analytics", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something new in the log."""
        self._wake.set()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Let the node not rest while somebody waits for it."""
        with self._one:
            self._waiting += 1
            self._hurry.set()
        try:
            yield
        finally:
            with self._one:
                self._waiting -= 1
                if not self._waiting and not self.is_stopping.is_set():
                    self._hurry.clear()

    def stop(self) -> None:
        """End, and wait for the slice at hand."""
        self.is_stopping.set()
        self._hurry.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _run(self, node: Node, poll: float) -> None:
        while not self.is_stopping.is_set():
            self._wake.clear()
            began = time.monotonic()
            moved = self._moved(node)
            if not moved:
                self._wake.wait(poll)
            elif moved < FEW:
                self._hurry.wait(min(REST * (time.monotonic() - began), LONGEST_REST_SECONDS))

    def _moved(self, node: Node) -> int:
        try:
            return node.follow_once()
        except (adbc_driver_manager.Error, LogReplacedError) as error:
            node.standing.problem = f"the log cannot be read: {error}"
            _log.warning("analytics-follow", outcome="log unreachable", position=node.position)
            return 0
        except UNLOADABLE:
            # Nothing is skipped: the facts stay as they are until a newer program reads on.
            pass
        except (duckdb.Error, OSError) as error:
            node.standing.problem = f"the file cannot be written: {error}"
            _log.warning("analytics-follow", outcome=node.standing.problem, position=node.position)
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is told
            # The thread's outermost door: without it the reports would stand still for ever, and look well.
            node.standing.broken(f"a bug: {type(bug).__name__}")
            _log.exception("analytics-follow", position=node.position)
        self.is_stopping.wait(PAUSE_SECONDS)
        return 0
