"""Builds the read models that are missing, and shows readers ours again where other code left what they see."""

from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog

from infra.postgres.faults import is_lost
from infra.projector.folding import Decode
from infra.projector.generations import connect, fingerprint_of, has_current, in_use, newest_retired, sweep
from infra.projector.leases import idle_build_lock, release, try_lease
from infra.projector.projection import Projection
from infra.projector.promote import promote_again
from infra.told import ToldError

Build = Callable[[Projection[Any]], object]

RECONNECT_SECONDS = 1.0
# How often it is looked whether the build that readers see was left by the code that made it, and how long it may be:
# a process that died is back sooner.
WATCH_SECONDS, LEFT_SECONDS = 1.0, 10.0

_log = structlog.get_logger(__name__)


class Builder:
    """One thread that builds what is missing, one read model after another.

    `succeeded` names the read models of which readers see a generation of other code than ours.
    """

    def __init__(self, projections: Mapping[str, Projection[Any]], build: Build, decode: Decode, url: str) -> None:
        self.succeeded: frozenset[str] = frozenset()
        self._projections = projections
        self._build = build
        self._decode = decode
        self._url = url
        self._stopping = Signal()
        self._to_build: SimpleQueue[Projection[Any] | None] = SimpleQueue()
        self._thread: Thread | None = None
        # Since when what readers see of other code has had no worker, by name.
        self._left_since: dict[str, float] = {}

    def start(self) -> None:
        """Begin with what is missing now; returns at once."""
        self._stopping.clear()
        self._to_build = SimpleQueue()
        for name in self._projections:
            self.look_at(name)
        self._thread = Thread(target=self._run, name="projector-build", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the build under way."""
        self._stopping.set()
        self._to_build.put(None)
        if self._thread is not None:
            self._thread.join()

    def look_at(self, name: str) -> None:
        """Build a read model when its turn comes, if it is missing then."""
        self._to_build.put(self._projections[name])

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                projection = self._to_build.get(timeout=WATCH_SECONDS)
            except Empty:
                self._watch()
                continue
            while projection is not None and not self._stopping.is_set() and not self._is_built(projection):
                self._stopping.wait(RECONNECT_SECONDS)

    def _watch(self) -> None:
        succeeded = self.succeeded
        self._left_since = {name: since for name, since in self._left_since.items() if name in succeeded}
        if not succeeded:
            return
        try:
            with connect(self._url) as connection:
                for name in sorted(succeeded):
                    self._take_back(connection, self._projections[name])
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: others may still be missing
            if is_lost(error):
                _log.warning("projection_watch", outcome="database lost", error=str(error))
            else:
                _log.error("projection_watch", outcome="failed", error=type(error).__name__, exc_info=True)

    def _is_built(self, projection: Projection[Any]) -> bool:
        """Build a read model if it is missing; False when the database was lost, so that it has to be tried again."""
        name = projection.name
        try:
            with connect(self._url) as connection:
                sweep(connection, name)
                is_there = has_current(connection, projection) or self._has_successor(connection, projection)
            if not is_there:
                self._build(projection)
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: the others are still built
            if is_lost(error):
                _log.warning("projection_build", projection=name, outcome="database lost", error=str(error))
                return False
            if isinstance(error, ToldError):
                # A fact that cannot be taken in, a full disk: status, doctor and `/ready` say so.
                _log.warning("projection_build", projection=name, outcome=type(error).__name__, error=str(error))
                return True
            _log.error("projection_build", projection=name, outcome="failed", error=type(error).__name__, exc_info=True)
        return True

    def _take_back(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> None:
        """Show readers what this code made again when other code that took its place in their view is gone for good."""
        name = projection.name
        ours = newest_retired(connection, name, fingerprint_of(projection))
        if ours is None or ours.is_of_another_log or not self._is_left(connection, projection):
            self._left_since.pop(name, None)
        elif monotonic() - self._left_since.setdefault(name, monotonic()) > LEFT_SECONDS:
            with idle_build_lock(connection, name) as is_mine:
                if is_mine:
                    promote_again(connection, projection, ours, self._decode)
                    _log.warning("projection_taken_back", projection=name, generation=ours.number)

    def _has_successor(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> bool:
        """Tell whether other code, which runs, took the place of what this code made: that is not taken back."""
        fingerprint = fingerprint_of(projection)
        ours = newest_retired(connection, projection.name, fingerprint)
        present = in_use(connection, projection.name)
        is_other = present is not None and present.fingerprint != fingerprint
        return ours is not None and is_other and not self._is_left(connection, projection)

    def _is_left(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> bool:
        """Tell whether what readers see was made by other code, of which no process runs."""
        present = in_use(connection, projection.name)
        if present is None or present.fingerprint == fingerprint_of(projection):
            return False
        if present.shape != projection.shape:
            # Each has readers of its own, who see their own.
            return False
        is_free = try_lease(connection, present.schema)
        if is_free:
            release(connection, present.schema)
        return is_free
