"""Keeps every read model up to date: follows the log and folds what is new, a batch at a time."""

from collections.abc import Iterable
from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from psycopg import errors

from infra.durations import Durations
from infra.log.eventlog import WAKE_UP_CHANNEL
from infra.log.log_reader import LogReader
from infra.postgres.faults import is_lost
from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.builder import Build, Builder
from infra.projector.folding import Decode, PoisonEventError
from infra.projector.generations import (
    TABLE_GONE,
    Generation,
    GenerationMovedError,
    begin,
    connect,
    current,
    drop_others,
    fingerprint_of,
    has_current,
    in_use,
    kept_up,
    publish,
)
from infra.projector.indexes import make_indexes
from infra.projector.leases import build_lock, release, try_lease
from infra.projector.projection import Projection
from infra.projector.promote import BATCH, promote
from infra.projector.row_store import TableMismatchError
from infra.projector.states import break_gone, break_replaced, stop, stop_kept

# How often the log and the register are looked at without a wake-up, in seconds.
POLL_SECONDS = 0.5
# After a batch that was not full: what arrives meanwhile shares the next transaction, and the importer gets the core.
BREATH_SECONDS = 0.02
RECONNECT_SECONDS = 1.0

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
    """Return what a lease was taken for: when the state or what waits changes, it has to be taken anew."""
    return generation.state, generation.revision


class ProjectorService:
    """One thread that moves every read model no other process moves, and one that builds those that are missing.

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
        self._builder = Builder(self._projections, build or self._build_here, decode, url)
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._keep_retired = keep_retired
        self.delays = Durations()
        """How long after it was recorded each fact was shown, by read model; of what readers see now."""
        self._stopping = Signal()
        self._thread: Thread | None = None
        # By the schema of the generation.
        self._leased: dict[str, Leased] = {}
        self._locked: set[str] = set()
        self._reader: LogReader | None = None

    def start(self) -> None:
        """Begin to follow the log; returns at once."""
        self._stopping.clear()
        self._builder.start()
        self._thread = Thread(target=self._follow, name="projector", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stopping.set()
        self._builder.stop()
        if self._thread is not None:
            self._thread.join()

    def _build_here(self, projection: Projection[Any]) -> None:
        build(projection, self._decode, self._url)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url, is_live=True) as connection:
                    connection.execute(f"LISTEN {WAKE_UP_CHANNEL}")
                    self._follow_in(connection)
            except Exception as error:  # noqa: BLE001 - the outermost door of this thread: the read models go on
                if is_lost(error):
                    _log.warning("projector_session", outcome="lost", error=str(error))
                else:
                    _log.error("projector_session", outcome="failed", error=type(error).__name__, exc_info=True)
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
            examined = advance(connection, near, self._reader, self._decode, self._batch, self.delays)
            if far:
                examined = max(examined, advance(connection, far, self._reader, self._decode, self._batch, self.delays))
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
        """Lease what this code made and no other process has leased; release what it may move no more.

        That is what readers see, and what they saw before: so that there is a way back at once, and so that readers of
        the version before, which processes of its own serve, are not left behind while and after a new one is built.
        """
        for name in sorted({*break_replaced(connection), *break_gone(connection)}):
            present = in_use(connection, name)
            # What newer code has taken the place of is not built anew: it would take that place back.
            if present and present.fingerprint == self._fingerprints.get(name):
                self._builder.look_at(name)
        if self._keep_retired is not None:
            stop_kept(connection, self._keep_retired)
        every = kept_up(connection)
        ours = {one.schema: one for one in every if self._fingerprints.get(one.name) == one.fingerprint}
        self._builder.succeeded = frozenset(
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
                    # The process that leased it may have died while building it anew.
                    self._builder.look_at(generation.name)
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
                stop(connection, generation, TABLE_GONE)

    def _release(self, connection: psycopg.Connection[Any], schema: str) -> None:
        self._leased.pop(schema, None)
        if schema in self._locked:
            self._locked.remove(schema)
            release(connection, schema)
