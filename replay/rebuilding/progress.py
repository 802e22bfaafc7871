"""Tells how far a rebuild is, its caller at once and all others through the database, and hears what is asked of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event as Signal
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self, get_args

import psycopg
from pydantic_core import to_json

from infra.log.log_reader import head_of
from infra.projector.folding import PoisonEventError
from infra.projector.generations import Generation, connect
from replay.rebuilding.forecast import Costs, Forecast
from replay.rebuilding.report import NotEqualError
from replay.rebuilding.resources import NoRoomError
from replay.rebuilding.shard import Step
from replay.rebuilding.throttle import SLICE_SECONDS, RebuildCancelledError, Wishes
from replay.rebuilding.watch import Looked

Ended = Literal["done", "cancelled", "failed"]
Phase = Literal["counting", "dealing", "folding", "writing", "indexing", "catching up", "verifying", "swapping", Ended]

ENDED = frozenset(get_args(Ended))

TELL_SECONDS = 1.0
"""How often the database is told."""

RATE_SECONDS = 5.0
"""How far back the events a second look."""

CATCH_UP_SECONDS = 80e-6
"""What it takes to fold an event the live way, which what arrives during the rebuild is folded in."""

_BEGIN = """
INSERT INTO letopis.rebuild (name, generation, phase, throttle)
VALUES (%(name)s, %(generation)s, 'counting', %(throttle)s)
ON CONFLICT (name) DO UPDATE
SET generation = excluded.generation, phase = excluded.phase, throttle = excluded.throttle, wish = 'run', done = 0,
    total = 0, per_second = 0, fraction = 0, eta_seconds = NULL, workers = '[]', error = NULL,
    started_at = clock_timestamp(), told_at = clock_timestamp()
"""
_TELL = """
UPDATE letopis.rebuild
SET phase = %(phase)s, done = %(done)s, total = %(total)s, per_second = %(per_second)s, fraction = %(fraction)s,
    eta_seconds = %(eta_seconds)s, workers = %(workers)s::jsonb, error = %(error)s,
    costs = coalesce(%(costs)s::jsonb, costs), told_at = clock_timestamp()
WHERE name = %(name)s
    AND generation = %(generation)s
RETURNING wish, throttle
"""
_COSTS = "SELECT costs FROM letopis.rebuild WHERE name = %s AND costs IS NOT NULL"


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """How far one worker of a rebuild is: facts folded, rows written, facts a second."""

    worker: int
    events: int
    rows: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is: `done` facts of `total` were folded; `fraction` (0 to 1) and `eta_seconds` are of it all.

    `eta_seconds` is None while it rests, and before anything is known.
    """

    projection: str
    generation: int
    phase: Phase
    done: int
    total: int
    per_second: float
    fraction: float
    eta_seconds: float | None
    is_paused: bool
    throttle: int | None
    workers: tuple[WorkerProgress, ...]


def last_costs(connection: psycopg.Connection[Any], name: str) -> Costs | None:
    """Return what the last rebuild of a read model that ended well cost on this machine, if there was one."""
    row = connection.execute(_COSTS, (name,)).fetchone()
    # Code before or after this one may have kept others.
    is_ours = row and set(Costs._fields) >= row[0].keys() >= set(Costs._fields) - set(Costs._field_defaults)
    return Costs(**row[0]) if row and is_ours else None


def _reason(error: BaseException) -> str:
    """Say what ended a rebuild; of a refusal of the database without what it quotes, which may be personal."""
    if isinstance(error, psycopg.Error):
        return error.diag.message_primary or type(error).__name__
    is_told = isinstance(error, PoisonEventError | RebuildCancelledError | NotEqualError | NoRoomError)
    return str(error) if is_told else type(error).__name__


class _Rate:
    """Facts a second over the last seconds."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, int]] = []

    def at(self, now: float, done: int) -> float:
        self._marks = [mark for mark in self._marks if now - mark[0] <= RATE_SECONDS] or self._marks[-1:]
        self._marks.append((now, done))
        since, before = self._marks[0]
        return (done - before) / (now - since) if now > since else 0.0


class ProgressReporter:
    """Tells of one rebuild, from its beginning to its end."""

    def __init__(
        self, url: str, generation: Generation, progress: Callable[[Progress], None] | None, throttle: int | None = None
    ) -> None:
        self._url = url
        self._generation = generation
        self._progress = progress
        self._wishes = Wishes("run", throttle)
        self._lock = Lock()
        self._ended = Signal()
        self._began = self._phase_began = monotonic()
        self._rested = 0.0
        self._phase: Phase = "counting"
        self._total = 0
        self._forecast: Forecast | None = None
        self._rates: dict[int, _Rate] = {}
        self._workers: dict[int, WorkerProgress] = {}
        self._lag = 0
        self._last = 0

    def __enter__(self) -> Self:
        with connect(self._url) as connection:
            connection.execute(
                _BEGIN,
                {
                    "name": self._generation.name,
                    "generation": self._generation.number,
                    "throttle": self._wishes.throttle,
                },
            )
        self._thread = Thread(target=self._keep_telling, name="rebuild-tell", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        if kind is None:
            self._phase = "done"
        else:
            self._phase = "cancelled" if issubclass(kind, RebuildCancelledError | KeyboardInterrupt) else "failed"
        self._show()
        with suppress(psycopg.OperationalError), connect(self._url) as connection:
            self._tell_database(connection, None if error is None else _reason(error))

    @property
    def done(self) -> int:
        """How many facts were folded."""
        return self._forecast.folded if self._forecast else 0

    def begin(self, forecast: Forecast, total: int) -> None:
        """Begin to fold so many facts, or first to deal them out."""
        self._forecast, self._total, self._last = forecast, total, total
        self.phase("dealing" if forecast.deals else "folding")

    def phase(self, phase: Phase) -> None:
        """Enter a phase; raises RebuildCancelledError."""
        self.look()
        with self._lock:
            if self._phase == "indexing" and self._forecast:
                self._forecast.index_seconds = monotonic() - self._phase_began
            if phase == "indexing" and self._forecast:
                self._forecast.all_written()
            self._phase, self._phase_began = phase, monotonic()
        self._show()

    def heard(self, told: Step) -> None:
        """Note what a worker did."""
        assert self._forecast is not None  # noqa: S101 - workers start after the forecast is made
        with self._lock:
            if told.kind == "deal":
                self._forecast.deal(told.events, told.seconds)
            elif told.kind == "fold":
                self._forecast.fold(told.events, told.seconds)
                self._forecast.written += told.rows
            else:
                self._forecast.write(told.rows, told.seconds)
            self._phase = self._phase_of(told)
            before = self._workers.get(told.worker, WorkerProgress(told.worker, 0, 0, 0.0))
            events = before.events + (told.events if told.kind == "fold" else 0)
            rate = self._rates.setdefault(told.worker, _Rate()).at(monotonic(), events)
            self._workers[told.worker] = WorkerProgress(told.worker, events, before.rows + told.rows, rate)
        self._show()

    def _phase_of(self, told: Step) -> Phase:
        if told.kind == "write" and self.done >= self._total:
            return "writing"
        return "folding" if told.kind == "fold" and self._phase == "dealing" else self._phase

    def checked(self, looked: Looked) -> None:
        """Note that so many facts or rows were checked."""
        if self._forecast:
            with self._lock:
                if looked.kind == "deal":
                    self._forecast.deal(looked.pieces, looked.seconds)
                else:
                    self._forecast.check(looked.kind, looked.pieces, looked.seconds)
        self._show()

    def look(self) -> None:
        """Wait while the rebuild shall rest; raises RebuildCancelledError."""
        while self._wishes.wish == "pause" and not self._ended.wait(SLICE_SECONDS):
            pass
        self.cancelled()

    def cancelled(self) -> None:
        """Raise RebuildCancelledError if the rebuild shall end."""
        if self._wishes.wish == "cancel":
            raise RebuildCancelledError(self._generation.name)

    def now(self) -> Progress:
        """Return how far it is."""
        with self._lock:
            elapsed = monotonic() - self._began - self._rested
            left = self._seconds_left(elapsed)
            is_paused = self._wishes.wish == "pause" and self._phase not in ENDED
            return Progress(
                self._generation.name,
                self._generation.number,
                self._phase,
                self.done,
                self._total,
                sum(worker.per_second for worker in self._workers.values()),
                1.0 if self._phase == "done" else elapsed / (elapsed + left) if left is not None else 0.0,
                None if is_paused or self._phase in {"cancelled", "failed"} else left,
                is_paused,
                self._wishes.throttle,
                tuple(self._workers[number] for number in sorted(self._workers)),
            )

    def _seconds_left(self, elapsed: float) -> float | None:
        if self._phase == "done":
            return 0.0
        if self._forecast is None or not (self._forecast.dealt or self._forecast.folded):
            return None
        is_indexing = self._phase == "indexing"
        indexing_for = monotonic() - self._phase_began if is_indexing else 0.0
        left = self._forecast.seconds_left(self._wishes.throttle, indexing_for=indexing_for)
        # What arrives meanwhile has to be folded as well, before the swap.
        arriving = self._lag / elapsed if elapsed else 0.0
        return left + CATCH_UP_SECONDS * (self._lag + arriving * left)

    def _show(self) -> None:
        if self._progress:
            self._progress(self.now())

    def _keep_telling(self) -> None:
        while not self._ended.is_set():
            # A database that is away for a moment: the rebuild itself will notice, or go on.
            with suppress(psycopg.OperationalError), connect(self._url) as connection:
                while not self._ended.wait(TELL_SECONDS):
                    if self._wishes.wish == "pause":
                        self._rested += TELL_SECONDS
                    self._lag = max(0, head_of(connection).position - self._last) if self._total else 0
                    self._tell_database(connection, None)
                    self._show()
            self._ended.wait(TELL_SECONDS)

    def _tell_database(self, connection: psycopg.Connection[Any], error: str | None) -> None:
        now = self.now()
        costs = self._forecast.costs._asdict() if now.phase == "done" and self._forecast else None
        row = connection.execute(
            _TELL,
            {
                "name": now.projection,
                "generation": now.generation,
                "phase": now.phase,
                "done": now.done,
                "total": now.total,
                "per_second": now.per_second,
                "fraction": now.fraction,
                "eta_seconds": now.eta_seconds,
                "workers": to_json(now.workers).decode(),
                "error": error,
                "costs": None if costs is None else to_json(costs).decode(),
            },
        ).fetchone()
        self._wishes = Wishes(*row) if row else Wishes("cancel", None)
