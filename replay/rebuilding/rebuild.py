"""Makes a read model anew from the whole log, beside the one in use, and puts it in its place in one moment."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any, Literal, NamedTuple

import psycopg

from infra.log.log_reader import BEGINNING, checkpoint_up_to, head_of
from infra.projector.advance import Leased, lease
from infra.projector.folding import Decode
from infra.projector.generations import (
    Generation,
    begin,
    connect,
    current,
    drop_others,
    fingerprint_of,
    has_current,
    in_use,
    log_is_the_same,
    newest_retired,
    set_checkpoint,
)
from infra.projector.indexes import drop_key, make_indexes_of_a_filled
from infra.projector.leases import build_lock
from infra.projector.projection import Projection
from infra.projector.promote import catch_up, promote, promote_again
from infra.told import ToldError
from replay.rebuilding.forecast import Forecast
from replay.rebuilding.foretold import bytes_dealt, rows_foretold
from replay.rebuilding.progress import Progress, ProgressReporter, last_costs
from replay.rebuilding.report import NotEqualError
from replay.rebuilding.resources import AS_USUAL, Resources
from replay.rebuilding.shard import Shard, fold_shard
from replay.rebuilding.verify import sample_of, verify
from replay.rebuilding.watch import Watch
from replay.rebuilding.workers import run_workers

Check = Literal["none", "sample", "full"]
"""What is compared with a fold from scratch before the swap; `sample`: a part of a long log, the whole of another."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made: which generation, of how many events, in how long, and how many places wait in it."""

    projection: str
    generation: int
    events: int
    seconds: float
    parked: int


class MoreParkedError(ToldError):
    """In a rebuilt read model more would wait than in the one in use; readers keep the one they had."""

    def __init__(self, name: str, count: int, first: int, reason: str) -> None:
        super().__init__(
            f"{name} was not swapped: {count} of its places could not take in a fact that the one in use did not"
            f" stumble over, the first at position {first}: {reason}. Correct the code and rebuild again, or swap all"
            f" the same with `letopis projections rebuild {name} --park`: then they wait, and readers are told so."
        )
        self.count = count
        self.first = first


class NothingToRollBackToError(ToldError):
    """There is no earlier generation that this version of the code made from this log."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: no earlier generation made by this version of the code from this log is kept. Start the version"
            " that made it, or rebuild."
        )


def rebuild(
    projection: Projection[Any],
    url: str,
    decoder: Callable[[], Decode],
    *,
    resources: Resources = AS_USUAL,
    progress: Callable[[Progress], None] | None = None,
    check: Check = "sample",
    throttle: int | None = None,
    only_if_missing: bool = False,
    may_park: bool = False,
) -> Rebuilt | None:
    """Fold the log from the beginning into a new generation and swap it in; the live one goes on until that moment.

    `decoder` makes what reads events; it is called in each process, so it must be picklable (a function of a module,
    or functools.partial of one). `throttle` is how many events a second it folds at most. Stopped, cancelled or killed
    anywhere, it leaves the readers' generation untouched, and the next start drops the half-made one. With
    `only_if_missing` nothing is done, and None returned, when there is a generation of this very code and log. What
    cannot take a fact in is parked as in the live one; where something would wait that does not in the one in use,
    MoreParkedError is raised unless `may_park`. Raises NotEqualError when the check finds a difference, NoRoomError,
    RebuildCancelledError, and PoisonEventError at a fact that cannot be read and could touch any row.
    """
    began = monotonic()
    with connect(url) as connection, build_lock(connection, projection.name):
        present = in_use(connection, projection.name)
        if only_if_missing and has_current(connection, projection):
            return None
        size = size_of(connection, projection, resources, decoder)
        resources.require_room(projection.name, size.dealt_bytes)
        drop_others(connection, projection.name, keep_retired=0, own=fingerprint_of(projection))
        generation = begin(connection, projection)
        try:
            with ProgressReporter(url, generation, progress, throttle) as teller:
                fill = _Fill(connection, url, projection, generation, decoder, teller, resources)
                fill.run(size, check)
                if present and not may_park:
                    _require_no_more_parked(connection, present, generation)
                if check != "none":
                    fill.verify(size, check)
                teller.phase("swapping")
                leased = fill.leased()
                promote(connection, leased, decoder(), teller.look)
        finally:
            # After a failure, or Ctrl-C: what is half made goes. After the swap there is nothing in this state.
            if not connection.closed:
                # What was made of another log is nothing to roll back to.
                drop_others(connection, projection.name, keep_retired=0 if present and present.is_of_another_log else 1)
    parked = len(leased.parking.waiting)
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


class Size(NamedTuple):
    """How the folding of so many events is shared out: among how many workers, in how many parts altogether.

    With more parts than workers the events are dealt out by part before they are folded, and take so much room then.
    """

    events: int
    workers: int
    parts: int
    dealt_bytes: float = 0.0

    def checks(self, projection: Projection[Any], check: Check) -> int:
        """Return how many events a check folds."""
        if check == "none":
            return 0
        return self.events // (sample_of(projection, self.events) if check == "sample" else 1)

    def deals(self, check: Check) -> int:
        """Return how many events are dealt out: to be folded, and for a full check once more."""
        return self.events * (2 if check == "full" else 1) if self.parts > self.workers else 0


def size_of(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    resources: Resources,
    decoder: Callable[[], Decode],
) -> Size:
    """Return how a rebuild of the log as it is now would be shared out."""
    head = head_of(connection).position
    workers = resources.workers(projection, head)

    def rows_of_each() -> float:
        few = head <= resources.rows_at_once
        present = in_use(connection, projection.name)
        return (head if few else rows_foretold(connection, projection, present, head, decoder)) / workers

    parts = workers * resources.shards_of_each(projection, rows_of_each)
    dealt = bytes_dealt(connection, projection, decoder(), head) if parts > workers else 0.0
    return Size(head, workers, parts, dealt)


class _Fill:
    """Fills the empty tables of one generation, brings it to the head of the log and holds it against the log."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        url: str,
        projection: Projection[Any],
        generation: Generation,
        decoder: Callable[[], Decode],
        teller: ProgressReporter,
        resources: Resources,
    ) -> None:
        self._connection = connection
        self._url = url
        self._projection = projection
        self._generation = generation
        self._decoder = decoder
        self._teller = teller
        self._resources = resources
        self._checkpoint = BEGINNING

    def run(self, size: Size, check: Check) -> None:
        """Fold the log into the tables, make the indexes and take in what arrived meanwhile; `check` comes later."""
        connection, projection, generation, url = self._connection, self._projection, self._generation, self._url
        self._checkpoint = checkpoint_up_to(connection, size.events)
        self._teller.begin(forecast_of(connection, projection, size, check), size.events)
        drop_key(connection, generation)
        shard = Shard(url, generation, size.events, size.parts, size.workers)
        run_workers(
            projection,
            self._decoder,
            partial(fold_shard, shard),
            size.workers,
            self._teller.heard,
            self._teller.cancelled,
        )
        self._teller.phase("indexing")
        make_indexes_of_a_filled(connection, projection, generation, url)
        set_checkpoint(connection, generation, self._checkpoint)
        self._teller.phase("catching up")
        leased = self.leased()
        catch_up(connection, leased, self._decoder(), look=self._teller.look)
        self._checkpoint = leased.checkpoint

    def verify(self, size: Size, check: Check) -> None:
        """Compare what was made with a fold from scratch; raises NotEqualError."""
        self._teller.phase("verifying")
        generation = self._generation
        found = verify(
            self._projection,
            self._url,
            self._decoder,
            resources=replace(self._resources, processes=size.workers, small_log=0),
            one_in=sample_of(self._projection, self._checkpoint.position) if check == "sample" else 1,
            find=lambda connection, _: current(connection, generation),
            watch=Watch(self._teller.checked, self._teller.cancelled, is_paced=True),
        )
        if not found.is_equal:
            raise NotEqualError(found)

    def leased(self) -> Leased:
        one = lease(self._connection, self._projection, self._generation)
        one.checkpoint = self._checkpoint
        return one


def forecast_of(connection: psycopg.Connection[Any], projection: Projection[Any], size: Size, check: Check) -> Forecast:
    """Return how long a rebuild will take, by what the last one cost."""
    return Forecast(
        last_costs(connection, projection.name),
        events=size.events,
        checks=size.checks(projection, check),
        workers=size.workers,
        deals=size.deals(check),
        writes_at_once=projection.is_append_only,
    )


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
        promote_again(connection, projection, earlier, decode)
        return earlier
