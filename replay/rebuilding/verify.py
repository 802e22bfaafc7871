"""Proves a read model: folds the log from scratch and compares, row by row, with what readers see."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from infra.log.log_reader import LogReader, read_in_blocks
from infra.postgres.connection import one_snapshot
from infra.projector.folding import Decode, Rows, decoding, play, preparing, touches
from infra.projector.generations import Generation, connect, in_use, log_is_the_same
from infra.projector.parking import parking_of
from infra.projector.projection import Key, Projection
from infra.projector.row_store import RowStore
from infra.told import ToldError
from replay.rebuilding.dealing import counted, shards
from replay.rebuilding.foretold import bytes_dealt, rows_expected
from replay.rebuilding.report import Report
from replay.rebuilding.resources import AS_USUAL, Resources
from replay.rebuilding.throttle import STEP, Throttle
from replay.rebuilding.watch import UNWATCHED, Kind, Looked, Watch
from replay.rebuilding.workers import run_workers

# A sample of a long log has about so many.
EVENTS_IN_A_SAMPLE = 1_000_000
# Rows compared by one query.
CHUNK = 5_000


class NoSuchGenerationError(ToldError):
    """The read model has no generation in use, or none any more."""


Find = Callable[[psycopg.Connection[Any], str], Generation | None]
"""Finds a generation of a read model by its name."""


def sample_of(projection: Projection[Any], events: int) -> int:
    """Return one row in how many a sample of a log of this length looks at; 1: at all of them."""
    return 1 if projection.partition_by == "none" else -(-events // EVENTS_IN_A_SAMPLE) or 1


def verify(
    projection: Projection[Any],
    url: str,
    decoder: Callable[[], Decode],
    *,
    resources: Resources = AS_USUAL,
    one_in: int = 1,
    find: Find = in_use,
    watch: Watch = UNWATCHED,
) -> Report:
    """Check the generation in use (or another one) up to its checkpoint, on one snapshot; the live worker goes on.

    `decoder` makes what reads events; it is called in each process, so it must be picklable if there are several.
    Raises NoSuchGenerationError, NoRoomError, and PoisonEventError at a fact that cannot be read and could touch any
    row.
    """
    # Of the table itself this session takes no lock before its workers are done: whoever waits to drop it would stand
    # between the two, behind this session and before theirs.
    with connect(url) as connection, one_snapshot(connection):
        generation = find(connection, projection.name)
        if generation is None:
            raise NoSuchGenerationError(f"{projection.name} has not been built: start the service or rebuild it.")
        report = _begun(connection, projection, generation, one_in)
        if report.is_log_the_same:
            workers = resources.workers(projection, generation.position)
            ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
            with _still_there(generation):
                asked, parts = _parts(projection, url, generation, workers, report.one_in, resources, decoder)
                job = _Job(url, generation, snapshot, workers, report.one_in, asked, parts, watch.is_paced)
                _run_workers(projection, decoder, job, report, watch)
                if report.extra and report.one_in == 1:
                    with connect(url) as reading:
                        again = _Checking(
                            connection, reading, projection, job, decoder(), lambda *_: None, lambda: STEP
                        )
                        again.name_extra(report)
        return report


def _begun(
    connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation, one_in: int
) -> Report:
    """Return the report of a check that has looked at no row yet."""
    report = Report(projection.name, generation.number, generation.position)
    report.is_log_the_same = log_is_the_same(connection, generation)
    report.one_in = 1 if projection.partition_by == "none" else one_in
    parking = parking_of(connection, projection, generation)
    report.parked, report.skipped = len(parking.waiting), len(parking.skipped)
    return report


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be checked: some of the parts of the log, shared out among workers who see one snapshot of it all."""

    url: str
    generation: Generation
    snapshot: str
    workers: int
    one_in: int
    asked: range
    parts: int
    is_paced: bool


def _parts(
    projection: Projection[Any],
    url: str,
    generation: Generation,
    workers: int,
    one_in: int,
    resources: Resources,
    decoder: Callable[[], Decode],
) -> tuple[range, int]:
    """Return which parts of how many are to be checked: all, or those of one sample, chosen by chance."""
    with connect(url) as connection:

        def rows_of_each() -> float:
            return rows_expected(connection, generation, generation.position) / one_in / workers

        of_each = resources.shards_of_each(projection, rows_of_each)
        if of_each > 1 and resources.disk is not None:
            dealt = bytes_dealt(connection, projection, decoder(), generation.position)
            resources.require_room(projection.name, dealt / one_in)
    parts = one_in * workers * of_each
    return range(secrets.randbelow(one_in), parts, one_in), parts


def _run_workers(
    projection: Projection[Any], decoder: Callable[[], Decode], job: _Job, report: Report, watch: Watch
) -> None:
    def hear(said: Looked | Report) -> None:
        if isinstance(said, Report):
            report.add(said)
        else:
            watch.looked(said)

    run_workers(projection, decoder, partial(_check, job), job.workers, hear, watch.look)


def _check(
    job: _Job,
    projection: Projection[Any],
    decode: Decode,
    worker: int,
    tell: Callable[[Looked | Report], None],
    alive: Callable[[], None],
) -> None:
    """Check one worker's parts, tell of every step, and at last report."""
    with ExitStack() as sessions:
        connection = sessions.enter_context(connect(job.url))
        # What is dealt out, and asked meanwhile, is not in the snapshot; the facts up to a position are those of any.
        reading = sessions.enter_context(connect(job.url))
        read_in_blocks(reading)
        pace = (
            Throttle(reading, job.generation.name, job.generation.number, job.workers, alive) if job.is_paced else None
        )

        def looked(kind: Kind, pieces: int) -> None:
            alive()
            tell(Looked(kind, pieces, pace.turn(pieces) if pace else 0.0))

        with one_snapshot(connection, job.snapshot):
            _hold(connection, job.generation)
            step = pace.step if pace else lambda: STEP
            checking = _Checking(connection, reading, projection, job, decode, looked, step)
            checking.check(job.asked[worker :: job.workers])
            if worker == 0 and job.one_in == 1:
                checking.count()
            tell(checking.report)


def _hold(connection: psycopg.Connection[Any], generation: Generation) -> None:
    """Keep the table from being dropped meanwhile."""
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(generation.table))


@contextmanager
def _still_there(generation: Generation) -> Iterator[None]:
    """Raise NoSuchGenerationError for what the database says of a table that was dropped."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        raise NoSuchGenerationError(
            f"{generation.name}: generation {generation.number} was dropped before it could be looked at; verify again."
        ) from None


class _Checking:
    """One worker's shards of the check of one generation: rows of `connection` are compared with facts of `reading`."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        reading: psycopg.Connection[Any],
        projection: Projection[Any],
        job: _Job,
        decode: Decode,
        looked: Callable[[Kind, int], None],
        step: Callable[[], int],
    ) -> None:
        self._connection, self._reading = connection, reading
        self._projection = projection
        self._job = job
        self._decode = decode
        self._event_of, self._prepare = decoding(decode, projection), preparing(decode, projection)
        self._looked, self._step = looked, step
        self._store = RowStore(connection, projection, job.generation.schema)
        self._parking = parking_of(connection, projection, job.generation)
        self.report = Report(projection.name, job.generation.number, job.generation.position)

    def count(self) -> None:
        """Count the rows that are there; all workers together take away those that they find."""
        there = self._store.count(self._connection)
        self.report.rows += there
        self.report.extra += there

    def check(self, own: range) -> None:
        """Compare the rows that some shards of the log make; of a sample also count those that are there."""
        for part, folded in self.folded(own):
            expected: set[Key] = set()
            for made in folded:
                self._compare(made)
                if self._job.one_in > 1:
                    expected.update(made)
            if self._job.one_in > 1:
                self._count_those_of(part, expected)
        self.report.failing = len(self._parking.new)

    def _count_those_of(self, part: int, expected: set[Key]) -> None:
        # Rows of no fact are of no part: the first one takes them.
        of_part, is_first = self._projection.partition_by, part == self._job.asked[0]
        for key in self._store.keys_of_part(self._connection, of_part, part, self._job.parts, or_none=is_first):
            self.report.rows += 1
            if key not in expected:
                self.report.extra += 1
                self.report.name_extra(key)

    def folded(self, own: range) -> Iterator[tuple[int, Iterator[Rows]]]:
        """Give each shard with the rows that its facts make, once no further fact can change them."""
        last, parts = self._job.generation.position, self._job.parts
        dealt = partial(self._looked, "deal")
        for part, reader in shards(self._reading, self._projection, self._decode, own, parts, last, self._step, dealt):
            yield part, self._rows_of(part, reader)

    def _rows_of(self, part: int, reader: LogReader) -> Iterator[Rows]:
        projection, parts = self._projection, self._job.parts
        rows: Rows = {}
        start, last = 0, self._job.generation.position
        while start < last:
            end = min(start + self._step() * parts, last)
            facts = reader.between(self._reading, start, end)
            self._prepare(facts)
            play(projection, rows, touches(projection, facts, self._event_of, self._parking), self._parking)
            self._looked("check", counted(end, part, parts) - counted(start, part, parts))
            start = end
            if projection.is_append_only:
                yield rows
                rows = {}
        yield {key: there for key, there in rows.items() if there.row is not None}

    def _compare(self, expected: Rows) -> None:
        report = self.report
        keys = list(expected)
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            found = self._store.load(self._connection, chunk)
            if self._job.one_in == 1:
                report.extra -= len(found)
            self._looked("compare", len(chunk))
            for key in chunk:
                there = found.get(key)
                if there is None:
                    report.note_missing(key)
                elif there != expected[key]:
                    report.note_difference(key, there, expected[key])

    def name_extra(self, report: Report) -> None:
        """Fold all once more to name in a report the rows that should not be there."""
        # By hash: so many keys may not fit in memory.
        expected = {hash(key) for _, folded in self.folded(self._job.asked) for made in folded for key in made}
        for key in self._store.keys(self._connection):
            if hash(key) not in expected:
                report.name_extra(key)
