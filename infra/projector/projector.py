"""Keeps every read model up to date: follows the log and folds what is new, a batch at a time."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg import errors

from infra.log.eventlog import WAKE_UP_CHANNEL
from infra.log.log_reader import LogReader
from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.folding import Decode, PoisonEventError
from infra.projector.generations import (
    Generation,
    GenerationMovedError,
    begin,
    break_replaced,
    connect,
    current,
    drop_others,
    fingerprint_of,
    has_current,
    in_use,
    kept_up,
    newest_retired,
    publish,
    stop,
    stop_kept,
    sweep,
)
from infra.projector.indexes import make_indexes
from infra.projector.leases import build_lock, idle_build_lock, release, try_lease
from infra.projector.projection import Projection
from infra.projector.promote import BATCH, promote, promote_again
from infra.projector.row_store import TableMismatchError

Build = Callable[[Projection[Any]], object]

# How often the log and the register are looked at though nobody said anything, in seconds.
POLL_SECONDS = 0.5
# After a batch that was not full: what arrives meanwhile shares the next transaction, and the importer gets the core.
BREATH_SECONDS = 0.02
RECONNECT_SECONDS = 1.0
# How often it is looked whether the build that readers see was left by the code that made it, and how long it may be:
# a process that died is back sooner.
WATCH_SECONDS, LEFT_SECONDS = 1.0, 10.0

_log = structlog.get_logger(__name__)


def build(projection: Projection[Any], decode: Decode, url: str) -> None:
    """Build a read model from the whole log in this thread, as the live projector would, and put it before readers.

    Does nothing when there is one of this very code and of this log already. What a killed build left is dropped
    first. At a fact that cannot be taken in a first build is shown as far as it came, as `broken`; otherwise
    PoisonEventError is raised and readers keep what they have.
    """
    with connect(url) as connection, build_lock(connection, projection.name):
        present = in_use(connection, projection.name)
        if has_current(connection, projection):
            return
        drop_others(connection, projection.name, keep_retired=0, own=fingerprint_of(projection))
        generation = begin(connection, projection)
        make_indexes(connection, projection, generation)
        try:
            promote(connection, lease(connection, projection, generation), decode)
        except PoisonEventError as poison:
            if present:
                drop_others(connection, projection.name, keep_retired=1)
                raise
            with connection.transaction():
                publish(connection, projection, generation, "broken", error=str(poison))


def _hand(generation: Generation) -> tuple[str, int]:
    """Name a build as it is in hand: another state is moved otherwise, another revision has other rows waiting."""
    return generation.state, generation.revision


class ProjectorService:
    """One thread that drives every read model nobody else drives, and one that builds those that are missing.

    A read model is leased by a lock of the very session that writes it: when the session dies, so does the hold, and
    nothing of it can be written afterwards. `decode` is called from both threads. `build` makes and publishes the
    read model it is given when none of this code's is in use, or the log under it was replaced. What readers saw before
    follows the log for at most `keep_retired`; None: until it is dropped.
    """

    def __init__(
        self,
        projections: Iterable[Projection[Any]],
        decode: Decode,
        url: str,
        *,
        build: Build | None = None,
        batch: int = BATCH,
        poll_seconds: float = POLL_SECONDS,
        keep_retired: timedelta | None = None,
    ) -> None:
        self._projections = {one.name: one for one in projections}
        self._fingerprints = {name: fingerprint_of(one) for name, one in self._projections.items()}
        self._decode = decode
        self._url = url
        self._build: Build = build or self._build_here
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._keep_retired = keep_retired
        self._stopping = Signal()
        self._threads: list[Thread] = []
        # By the schema of the generation.
        self._leased: dict[str, Leased] = {}
        self._locked: set[str] = set()
        self._reader: LogReader | None = None
        self._to_build: SimpleQueue[Projection[Any] | None] = SimpleQueue()
        # Of what readers see a generation of other code than ours, and since when that has had no worker, by name.
        self._succeeded: frozenset[str] = frozenset()
        self._left_since: dict[str, float] = {}

    def start(self) -> None:
        """Begin to follow the log; returns at once."""
        self._stopping.clear()
        self._to_build = SimpleQueue()
        for projection in self._projections.values():
            self._to_build.put(projection)
        self._threads = [
            Thread(target=self._follow, name="projector", daemon=True),
            Thread(target=self._build_missing, name="projector-build", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stopping.set()
        self._to_build.put(None)
        for thread in self._threads:
            thread.join()

    def _build_here(self, projection: Projection[Any]) -> None:
        build(projection, self._decode, self._url)

    def _build_missing(self) -> None:
        while not self._stopping.is_set():
            try:
                projection = self._to_build.get(timeout=WATCH_SECONDS)
            except Empty:
                self._watch()
                continue
            while projection is not None and not self._stopping.is_set() and not self._is_built(projection):
                self._stopping.wait(RECONNECT_SECONDS)

    def _watch(self) -> None:
        succeeded = self._succeeded
        self._left_since = {name: since for name, since in self._left_since.items() if name in succeeded}
        if not succeeded:
            return
        try:
            with connect(self._url) as connection:
                for name in sorted(succeeded):
                    self._take_back(connection, self._projections[name])
        except psycopg.OperationalError as error:
            _log.warning("projection_watch", outcome="database lost", error=str(error))
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: others may still be missing
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
        except psycopg.OperationalError as error:
            _log.warning("projection_build", projection=name, outcome="database lost", error=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: the others are still built
            _log.error("projection_build", projection=name, outcome="failed", error=type(error).__name__, exc_info=True)
        return True

    def _take_back(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> None:
        """Show readers what this code made again when other code that took its place in their view is gone for good."""
        name = projection.name
        ours = newest_retired(connection, name, self._fingerprints[name])
        if ours is None or ours.is_of_another_log or not self._is_left(connection, projection):
            self._left_since.pop(name, None)
        elif monotonic() - self._left_since.setdefault(name, monotonic()) > LEFT_SECONDS:
            with idle_build_lock(connection, name) as is_mine:
                if is_mine:
                    promote_again(connection, projection, ours, self._decode)
                    _log.warning("projection_taken_back", projection=name, generation=ours.number)

    def _has_successor(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> bool:
        """Tell whether other code, which runs, took the place of what this code made: that is not taken back."""
        fingerprint = self._fingerprints[projection.name]
        ours = newest_retired(connection, projection.name, fingerprint)
        present = in_use(connection, projection.name)
        is_other = present is not None and present.fingerprint != fingerprint
        return ours is not None and is_other and not self._is_left(connection, projection)

    def _is_left(self, connection: psycopg.Connection[Any], projection: Projection[Any]) -> bool:
        """Tell whether what readers see is of other code, and nobody who has that code runs."""
        present = in_use(connection, projection.name)
        if present is None or present.fingerprint == self._fingerprints[projection.name]:
            return False
        if present.shape != projection.shape:
            # Each has readers of its own, who see their own.
            return False
        is_free = try_lease(connection, present.schema)
        if is_free:
            release(connection, present.schema)
        return is_free

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url, is_live=True) as connection:
                    connection.execute(f"LISTEN {WAKE_UP_CHANNEL}")
                    self._follow_in(connection)
            except psycopg.OperationalError as error:
                _log.warning("projector_session", outcome="lost", error=str(error))
                self._stopping.wait(RECONNECT_SECONDS)
            finally:
                # The session's locks went with it.
                self._leased, self._locked = {}, set()

    def _follow_in(self, connection: psycopg.Connection[Any]) -> None:
        look_again_at = 0.0
        while not self._stopping.is_set():
            if monotonic() >= look_again_at:
                self._look(connection)
                look_again_at = monotonic() + self._poll_seconds
            examined = self._step(connection)
            if examined == 0:
                for _ in connection.notifies(timeout=self._poll_seconds, stop_after=1):
                    pass
            elif examined < self._batch:
                self._stopping.wait(BREATH_SECONDS)

    def _step(self, connection: psycopg.Connection[Any]) -> int:
        """Move on what is leased; return how many facts were examined."""
        if not self._leased or self._reader is None:
            return 0
        started = monotonic()
        every = list(self._leased.values())
        front = max(one.checkpoint.position for one in every)
        # One that is far behind (it was paused, say) goes on by itself: the others do not wait for it.
        near = [one for one in every if front - one.checkpoint.position <= self._batch]
        far = [one for one in every if front - one.checkpoint.position > self._batch]
        try:
            examined = advance(connection, near, self._reader, self._decode, self._batch)
            if far:
                examined = max(examined, advance(connection, far, self._reader, self._decode, self._batch))
        except GenerationMovedError:
            self._look(connection)
            return 1
        except errors.UndefinedTable:
            # One was dropped since the register was looked at.
            self._look(connection)
            return 0
        if examined:
            _log.debug("projector_batch", examined=examined, duration_ms=round((monotonic() - started) * 1000, 1))
        return examined

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        """Take in hand what may be driven by this code and by nobody else; let go of what may not.

        That is what readers see, and what they saw before: so that there is a way back at once, and so that readers of
        the version before, which processes of its own serve, are not left behind while and after a new one is built.
        """
        for name in break_replaced(connection):
            present = in_use(connection, name)
            # What newer code has taken the place of is not built anew: it would take that place back.
            if present and present.fingerprint == self._fingerprints.get(name):
                self._to_build.put(self._projections[name])
        if self._keep_retired is not None:
            stop_kept(connection, self._keep_retired)
        every = kept_up(connection)
        ours = {one.schema: one for one in every if self._fingerprints.get(one.name) == one.fingerprint}
        self._succeeded = frozenset(
            one.name
            for one in every
            if one.state != "retired" and self._fingerprints.get(one.name, one.fingerprint) != one.fingerprint
        )
        for schema in (self._locked | self._leased.keys()) - ours.keys():
            self._release(connection, schema)
        for schema, found in ours.items():
            generation = found
            if schema not in self._locked:
                if not try_lease(connection, schema):
                    continue
                self._locked.add(schema)
                if generation.state != "retired":
                    # Whoever leased it may have died over building it anew.
                    self._to_build.put(self._projections[generation.name])
                try:
                    # Its last holder may have moved it on since the register was read.
                    generation = current(connection, found)
                except GenerationMovedError:
                    self._release(connection, schema)
                    continue
            self._take(connection, self._projections[generation.name], generation)
        self._reader = reader_for(self._leased.values()) if self._leased else None

    def _take(self, connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation) -> None:
        leased = self._leased.get(generation.schema)
        if generation.state not in {"live", "retired"}:
            self._leased.pop(generation.schema, None)
        elif (
            leased is None
            or _hand(leased.generation) != _hand(generation)
            or leased.checkpoint != generation.checkpoint
        ):
            self._leased.pop(generation.schema, None)
            try:
                self._leased[generation.schema] = lease(connection, projection, generation)
            except TableMismatchError:
                if generation.state == "live":
                    raise
                stop(connection, generation, "its table is gone")

    def _release(self, connection: psycopg.Connection[Any], schema: str) -> None:
        self._leased.pop(schema, None)
        if schema in self._locked:
            self._locked.remove(schema)
            release(connection, schema)
