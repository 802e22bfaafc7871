"""Makes a read model anew from the whole log, beside the one in use, and puts it in its place in one moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Literal

import psycopg

from infra.advance import Held, hold
from infra.folding import Decode
from infra.generations import (
    Generation,
    begin,
    build_lock,
    connect,
    drop_key,
    drop_others,
    fingerprint_of,
    in_use,
    is_missing,
    log_is_the_same,
    make_indexes_of_a_filled,
    newest_retired,
    set_mark,
    set_state,
)
from infra.log_reader import BEGINNING, head_of
from infra.projection import Projection
from infra.projector import catch_up, hand_over
from replay.folding_processes import Share, fold_here, fold_in_processes
from replay.verify import Report, verify_generation

Phase = Literal["counting", "folding", "indexing", "catching up", "verifying", "swapping", "done"]

# Up to here one process is done before a second one has started.
SMALL_LOG = 20_000
# How many events one pass of one process folds in memory: at a row of 2 kB for each, 2 GB at the very most.
EVENTS_IN_A_PASS = 1_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is; while folding, `done` facts of `total` were examined. `eta_seconds` is None if unknown."""

    projection: str
    phase: Phase
    done: int
    total: int
    per_second: float
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made: which generation, of how many events, in how long, and how many places wait in it."""

    projection: str
    generation: int
    events: int
    seconds: float
    parked: int


class NotEqualError(Exception):
    """A rebuilt read model differs from what the log makes; readers keep the one they had."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.projection} was not swapped: {report.summary}")
        self.report = report


class MoreParkedError(Exception):
    """In a rebuilt read model more would wait than in the one in use; readers keep the one they had."""

    def __init__(self, name: str, count: int, first: int, reason: str) -> None:
        super().__init__(
            f"{name} was not swapped: {count} of its places could not take in a fact that the one in use did not"
            f" stumble over, the first at position {first}: {reason}. Correct the code and rebuild again, or swap all"
            f" the same with `letopis projections rebuild {name} --park`: then they wait, and readers are told so."
        )


class NothingToRollBackToError(Exception):
    """There is no earlier generation that this version of the code made from this log."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: no earlier generation made by this version of the code from this log is kept. Start the version"
            " that made it, or rebuild."
        )


class _Teller:
    """Tells the caller of a rebuild how far it is."""

    def __init__(self, projection: str, progress: Callable[[Progress], None] | None) -> None:
        self._progress = progress
        self._now = Progress(projection, "counting", 0, 0, 0.0, None)
        self._began = monotonic()

    def phase(self, phase: Phase, total: int | None = None) -> None:
        if phase == "folding":
            self._began = monotonic()
        self._tell(replace(self._now, phase=phase, total=self._now.total if total is None else total, eta_seconds=None))

    def folded(self, count: int) -> None:
        done = self._now.done + count
        rate = done / max(monotonic() - self._began, 1e-6)
        eta = (self._now.total - done) / rate if rate else None
        self._tell(replace(self._now, done=done, per_second=rate, eta_seconds=eta))

    @property
    def done(self) -> int:
        return self._now.done

    def _tell(self, progress: Progress) -> None:
        self._now = progress
        if self._progress:
            self._progress(progress)


def rebuild(
    projection: Projection[Any],
    url: str,
    decoder: Callable[[], Decode],
    *,
    processes: int = 2,
    progress: Callable[[Progress], None] | None = None,
    is_verified: bool = False,
    only_if_missing: bool = False,
    may_park: bool = False,
    events_in_a_pass: int = EVENTS_IN_A_PASS,
    small_log: int = SMALL_LOG,
) -> Rebuilt | None:
    """Fold the log from the beginning into a new generation and swap it in; the live one goes on until that moment.

    `decoder` makes what reads events; it is called in each process, so it must be picklable (a function of a module,
    or functools.partial of one). Stopped or killed anywhere, it leaves the readers' generation untouched, and the next
    start drops the half-made one. With `only_if_missing` nothing is done, and None returned, when the generation in
    use is of this very code and of this log. What cannot take a fact in is parked as in the live one; where something
    would wait that does not in the one in use, MoreParkedError is raised unless `may_park`. Raises NotEqualError when
    `is_verified` and the result differs, and PoisonEventError at a fact that cannot be read and could touch any row.
    """
    began = monotonic()
    teller = _Teller(projection.name, progress)
    with connect(url) as connection, build_lock(connection, projection.name):
        present = in_use(connection, projection.name)
        if only_if_missing and not is_missing(present, projection):
            return None
        drop_others(connection, projection.name, keep_retired=0)
        generation = begin(connection, projection)
        try:
            fill = _Fill(connection, projection, generation, decoder, teller)
            fill.run(url, processes, events_in_a_pass, small_log)
            if present and not may_park:
                _require_no_more_parked(connection, present, generation)
            if is_verified:
                teller.phase("verifying")
                report = verify_generation(connection, projection, generation, decoder())
                if not report.is_equal:
                    raise NotEqualError(report)
            teller.phase("swapping")
            held = fill.held()
            hand_over(connection, held, decoder())
        finally:
            # After a failure, or Ctrl-C: what is half made goes. After the swap there is nothing in this state.
            if not connection.closed:
                # What was made of another log is nothing to roll back to.
                drop_others(connection, projection.name, keep_retired=0 if present and present.is_of_another_log else 1)
    teller.phase("done")
    parked = len(held.parking.waiting)
    return Rebuilt(projection.name, generation.number, teller.done, monotonic() - began, parked)


_MORE_PARKED = """
    SELECT count(*), min(made.position), (array_agg(made.reason ORDER BY made.position))[1]
    FROM letopis.parked AS made
    LEFT JOIN letopis.parked AS used
        ON used.name = made.name AND used.generation = %s AND used.place = made.place
        AND used.position <= made.position
    WHERE made.name = %s AND made.generation = %s AND used.place IS NULL
"""


def _require_no_more_parked(connection: psycopg.Connection[Any], present: Generation, made: Generation) -> None:
    row = connection.execute(_MORE_PARKED, (present.number, made.name, made.number)).fetchone()
    if row and row[0]:
        raise MoreParkedError(made.name, *row)


class _Fill:
    """Fills the empty tables of one generation and brings it to the head of the log."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        projection: Projection[Any],
        generation: Generation,
        decoder: Callable[[], Decode],
        teller: _Teller,
    ) -> None:
        self._connection = connection
        self._projection = projection
        self._generation = generation
        self._decoder = decoder
        self._teller = teller
        self._mark = BEGINNING

    def run(self, url: str, processes: int, events_in_a_pass: int, small_log: int) -> None:
        connection, projection = self._connection, self._projection
        self._mark = head_of(connection)
        total = self._mark.position
        self._teller.phase("folding", total)
        workers = 1 if projection.partition_by == "none" or total < small_log else processes
        passes = 1 if projection.partition_by == "none" else -(-total // (workers * events_in_a_pass)) or 1
        share = Share(url, self._generation, self._mark.position, workers * passes)
        drop_key(connection, self._generation)
        if workers == 1:
            fold_here(projection, self._decoder(), share, range(passes), self._teller.folded)
        else:
            fold_in_processes(projection, self._decoder, share, workers, self._teller.folded)
        self._teller.phase("indexing")
        make_indexes_of_a_filled(connection, projection, self._generation, url)
        set_mark(connection, self._generation, self._mark)
        self._teller.phase("catching up")
        held = self.held()
        catch_up(connection, held, self._decoder())
        self._mark = held.mark

    def held(self) -> Held:
        one = hold(self._connection, self._projection, self._generation)
        one.mark = self._mark
        return one


def roll_back(projection: Projection[Any], url: str, decode: Decode) -> Generation:
    """Show readers the generation they saw before the present one again, brought up to date first.

    Raises NothingToRollBackToError unless it was made by this very version of the code from this log.
    """
    with connect(url) as connection, build_lock(connection, projection.name):
        earlier = newest_retired(connection, projection.name)
        if (
            earlier is None
            or earlier.fingerprint != fingerprint_of(projection)
            or not log_is_the_same(connection, earlier)
        ):
            raise NothingToRollBackToError(projection.name)
        set_state(connection, earlier, "building", only_from=("retired",))
        earlier = replace(earlier, state="building")
        hand_over(connection, hold(connection, projection, earlier), decode)
        return earlier
