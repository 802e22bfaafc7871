"""Keeps every read model up to date: follows the log and folds what is new, a batch at a time."""

from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Event as Signal
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import structlog

from infra.advance import Held, advance, hold, reader_for
from infra.eventlog import WAKE_UP_CHANNEL
from infra.folding import Decode, PoisonEventError
from infra.generations import (
    Generation,
    HandedOverError,
    all_in_use,
    begin,
    break_replaced,
    build_lock,
    connect,
    drop_others,
    fingerprint_of,
    in_use,
    is_missing,
    let_go,
    make_indexes,
    publish,
    sweep,
    try_hold,
)
from infra.log_reader import LogReader
from infra.projection import Projection

Build = Callable[[Projection[Any]], object]

# Facts examined in one transaction: large enough to share the round trips, small enough to be short.
BATCH = 1_000
# How often the log and the register are looked at though nobody said anything, in seconds.
POLL_SECONDS = 0.5
# After a batch that was not full: what arrives meanwhile shares the next transaction, and the importer gets the core.
BREATH_SECONDS = 0.02
RECONNECT_SECONDS = 1.0

_log = structlog.get_logger(__name__)


def catch_up(connection: psycopg.Connection[Any], held: Held, decode: Decode, batch: int = BATCH) -> None:
    """Bring one build to the head of the log; raises PoisonEventError at a fact that it cannot take in."""
    reader = reader_for([held])
    while advance(connection, [held], reader, decode, batch):
        pass


def hand_over(connection: psycopg.Connection[Any], held: Held, decode: Decode) -> None:
    """Put a filled generation before the readers, in one transaction, not behind the one they saw until now."""
    catch_up(connection, held, decode)
    with connection.transaction():
        # The live worker's checkpoint waits for this lock, then finds its generation retired and writes nothing.
        in_use(connection, held.projection.name, lock=True)
        catch_up(connection, held, decode)
        publish(connection, held.projection, held.generation)


def build(projection: Projection[Any], decode: Decode, url: str) -> None:
    """Build a read model from the whole log in this thread, as the live projector would, and put it before readers.

    Does nothing when the generation in use is of this very code and of this log. What a killed build left is dropped
    first. At a fact that cannot be taken in a first build is shown as far as it came, as `broken`; otherwise
    PoisonEventError is raised and readers keep what they have.
    """
    with connect(url) as connection, build_lock(connection, projection.name):
        present = in_use(connection, projection.name)
        if not is_missing(present, projection):
            return
        drop_others(connection, projection.name, keep_retired=0)
        generation = begin(connection, projection)
        make_indexes(connection, projection, generation)
        try:
            hand_over(connection, hold(connection, projection, generation), decode)
        except PoisonEventError as poison:
            if present:
                drop_others(connection, projection.name, keep_retired=0)
                raise
            with connection.transaction():
                publish(connection, projection, generation, "broken", error=str(poison))


def _build_of(generation: Generation) -> tuple[int, int]:
    """Name a build as it is in hand: another number is another table, another revision has other rows waiting."""
    return generation.number, generation.revision


class ProjectorService:
    """One thread that drives every read model nobody else drives, and one that builds those that are missing.

    A read model is held by a lock of the very session that writes it: when the session dies, so does the hold, and
    nothing of it can be written afterwards. `decode` is called from both threads. `build` makes and publishes the
    read model it is given when none of this code's is in use, or the log under it was replaced.
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
    ) -> None:
        self._projections = {one.name: one for one in projections}
        self._fingerprints = {name: fingerprint_of(one) for name, one in self._projections.items()}
        self._decode = decode
        self._url = url
        self._build: Build = build or self._build_here
        self._batch = batch
        self._poll_seconds = poll_seconds
        self._stopping = Signal()
        self._threads: list[Thread] = []
        self._held: dict[str, Held] = {}
        self._locked: set[str] = set()
        self._reader: LogReader | None = None
        self._to_build: SimpleQueue[Projection[Any] | None] = SimpleQueue()

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
        while (projection := self._to_build.get()) is not None:
            while not self._stopping.is_set() and not self._is_built(projection):
                self._stopping.wait(RECONNECT_SECONDS)

    def _is_built(self, projection: Projection[Any]) -> bool:
        """Build a read model if it is missing; False when the database was lost, so that it has to be tried again."""
        name = projection.name
        try:
            with connect(self._url) as connection:
                present = in_use(connection, name)
                sweep(connection, name)
            if is_missing(present, projection):
                self._build(projection)
        except psycopg.OperationalError as error:
            _log.warning("projection_build", projection=name, outcome="database lost", error=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: the others are still built
            _log.error("projection_build", projection=name, outcome="failed", error=type(error).__name__, exc_info=True)
        return True

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
                self._held, self._locked = {}, set()

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
        if not self._held or self._reader is None:
            return 0
        started = monotonic()
        try:
            examined = advance(connection, list(self._held.values()), self._reader, self._decode, self._batch)
        except HandedOverError:
            self._look(connection)
            return 1
        if examined:
            _log.debug("projector_batch", examined=examined, duration_ms=round((monotonic() - started) * 1000, 1))
        return examined

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        """Take in hand what may be driven by this code and by nobody else; let go of what may not."""
        for name in break_replaced(connection):
            if name in self._projections:
                self._to_build.put(self._projections[name])
        generations = all_in_use(connection)
        for name, projection in self._projections.items():
            generation = generations.get(name)
            if generation is None or generation.fingerprint != self._fingerprints[name]:
                self._release(connection, name)
                continue
            if name not in self._locked:
                if not try_hold(connection, name):
                    continue
                self._locked.add(name)
                # Whoever held it may have died over building it anew.
                self._to_build.put(projection)
                # Its last holder may have moved it on since the register was read.
                generation = in_use(connection, name) or generation
            self._take(connection, projection, generation)
        self._reader = reader_for(self._held.values()) if self._held else None

    def _take(self, connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation) -> None:
        held = self._held.get(projection.name)
        if generation.state != "live":
            self._held.pop(projection.name, None)
        elif held is None or _build_of(held.generation) != _build_of(generation):
            self._held[projection.name] = hold(connection, projection, generation)

    def _release(self, connection: psycopg.Connection[Any], name: str) -> None:
        self._held.pop(name, None)
        if name in self._locked:
            self._locked.remove(name)
            let_go(connection, name)
