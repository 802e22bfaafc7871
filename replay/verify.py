"""Proves a read model: folds the log from scratch and compares, row by row, with what readers see."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import psycopg

from infra.folding import Decode, RowAt, Rows, decoding, play, preparing, reader_of, touches
from infra.generations import Generation, connect, current, in_use, log_is_the_same
from infra.parking import parking_of
from infra.projection import Key, Projection
from infra.row_store import RowStore
from replay.forecast import Checked
from replay.pace import STEP
from replay.passes import ROWS_AT_ONCE, passes, rows_expected

# A sample of a long log has about so many.
EVENTS_IN_A_SAMPLE = 1_000_000
# Rows compared by one query.
CHUNK = 5_000
# A report names at most so many rows of each kind: it is read by people.
NAMED_AT_MOST = 100


class NoSuchGenerationError(Exception):
    """The read model has no generation in use."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what the log makes; `columns` has, by name, what is there and what should be."""

    key: Key
    columns: dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class Report:
    """What a check found: counts are complete, the lists name the first of each kind.

    A sample has looked at one row in `one_in`, chosen by chance, and at all the facts that make it. Places that are
    `parked` were compared as they stood before the fact they wait for, and `skipped` facts were passed over here too;
    at `failing` places this code cannot take in what the build did take in.
    """

    projection: str
    generation: int
    position: int
    one_in: int = 1
    is_log_the_same: bool = True
    rows: int = 0
    differing: int = 0
    missing: int = 0
    extra: int = 0
    parked: int = 0
    skipped: int = 0
    failing: int = 0
    differences: list[Difference] = field(default_factory=list)
    missing_keys: list[Key] = field(default_factory=list)
    extra_keys: list[Key] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """True when every row is what the log makes, none is missing and none too many."""
        return self.is_log_the_same and not (self.differing or self.missing or self.extra or self.failing)

    def lines(self) -> list[str]:
        """Return a line for each row that is named: its key, and the columns in which it differs, without values."""
        return [
            *(f"differs: {_key(one.key)}: {', '.join(one.columns)}" for one in self.differences),
            *(f"missing: {_key(key)}" for key in self.missing_keys),
            *(f"extra: {_key(key)}" for key in self.extra_keys),
        ]

    @property
    def summary(self) -> str:
        """Return one line for people and logs; without any values, which may be personal."""
        if not self.is_log_the_same:
            return f"log replaced: another fact is at position {self.position} than the one that was folded"
        columns = sorted({name for one in self.differences for name in one.columns})
        named = f" (columns: {', '.join(columns)})" if columns else ""
        sample = f" (a sample: one in {self.one_in})" if self.one_in > 1 else ""
        odd = {"wait (parked)": self.parked, "facts skipped": self.skipped, "cannot be folded any more": self.failing}
        return (
            f"{self.rows} rows{sample} at position {self.position}: {self.differing} differ{named},"
            f" {self.missing} missing, {self.extra} extra"
            + "".join(f", {count} {what}" for what, count in odd.items() if count)
        )


class NotEqualError(Exception):
    """A rebuilt read model differs from what the log makes; readers keep the one they had."""

    def __init__(self, report: Report) -> None:
        super().__init__(f"{report.projection} was not swapped: {report.summary}")
        self.report = report


class Watch(NamedTuple):
    """Who watches a check: is told what was looked at, and says how many facts come next."""

    checked: Callable[[Checked, int], None] = lambda _, __: None
    step: Callable[[], int] = lambda: STEP


UNWATCHED = Watch()

Find = Callable[[psycopg.Connection[Any], str], Generation | None]
"""Finds a generation of a read model by its name."""


def _key(key: Key) -> str:
    return ", ".join(map(str, key))


def sample_of(projection: Projection[Any], events: int) -> int:
    """Return one row in how many a sample of a log of this length looks at; 1: at all of them."""
    return 1 if projection.partition_by == "none" else -(-events // EVENTS_IN_A_SAMPLE) or 1


def verify(
    projection: Projection[Any],
    url: str,
    decode: Decode,
    *,
    one_in: int = 1,
    rows_at_once: int = ROWS_AT_ONCE,
    find: Find = in_use,
) -> Report:
    """Check the generation in use (or another one) up to its checkpoint, on one snapshot; the live worker goes on.

    Raises NoSuchGenerationError, and PoisonEventError at a fact that cannot be read and could touch any row.
    """
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            generation = find(connection, projection.name)
            if generation is None:
                raise NoSuchGenerationError(f"{projection.name} has not been built: start the service or rebuild it.")
            return _Checking(connection, projection, generation, decode, UNWATCHED).run(one_in, rows_at_once)


def verify_generation(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    generation: Generation,
    decode: Decode,
    *,
    one_in: int = 1,
    watch: Watch = UNWATCHED,
) -> Report:
    """Check a build that nobody else writes, whatever its state, up to its present checkpoint."""
    with connection.transaction():
        return _Checking(connection, projection, current(connection, generation), decode, watch).run(one_in)


class _Checking:
    """One check of one generation."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        projection: Projection[Any],
        generation: Generation,
        decode: Decode,
        watch: Watch,
    ) -> None:
        self._connection = connection
        self._projection = projection
        self._generation = generation
        self._decode = decode
        self._event_of, self._prepare = decoding(decode, projection), preparing(decode, projection)
        self._watch = watch
        self._store = RowStore(connection, projection, generation.schema)
        self._parking = parking_of(connection, projection, generation)
        self._report = Report(projection.name, generation.number, generation.position)

    def run(self, one_in: int, rows_at_once: int = ROWS_AT_ONCE) -> Report:
        report = self._report
        if not log_is_the_same(self._connection, self._generation):
            report.is_log_the_same = False
            return report
        report.parked, report.skipped = len(self._parking.waiting), len(self._parking.skipped)
        report.one_in = 1 if self._projection.partition_by == "none" else one_in
        parts = 1
        if self._projection.partition_by != "none":

            def rows_of_a_pass() -> float:
                return rows_expected(self._connection, self._generation, report.position) / report.one_in

            parts = report.one_in * passes(self._projection, rows_of_a_pass, rows_at_once)
        expected: set[Key] = set()
        for part in range(secrets.randbelow(report.one_in), parts, report.one_in):
            for made in self._folded(part, parts):
                expected.update(made)
                self._compare(made)
            if report.one_in > 1:
                self._count(self._store.of_part(self._connection, self._projection.partition_by, part, parts), expected)
        if report.one_in == 1:
            self._count(self._store.every(self._connection), expected)
        report.failing = len(self._parking.new)
        return report

    def _folded(self, part: int, parts: int) -> Iterator[Rows]:
        """Give the rows that one part of the log makes, once no further fact can change them."""
        projection = self._projection
        reader = reader_of(projection, self._decode, part, parts)
        rows: Rows = {}
        start, last = 0, self._generation.position
        while start < last:
            end = min(start + self._watch.step() * parts, last)
            facts = reader.between(self._connection, start, end)
            self._prepare(facts)
            play(projection, rows, touches(projection, facts, self._event_of, self._parking), self._parking)
            self._watch.checked("check", (end - start) // parts)
            start = end
            if projection.is_append_only:
                yield rows
                rows = {}
        yield {key: there for key, there in rows.items() if there.row is not None}

    def _compare(self, expected: Rows) -> None:
        report = self._report
        keys = list(expected)
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            found = self._store.load(self._connection, chunk)
            self._watch.checked("compare", len(chunk))
            for key in chunk:
                there = found.get(key)
                if there is None:
                    report.missing += 1
                    if len(report.missing_keys) < NAMED_AT_MOST:
                        report.missing_keys.append(key)
                elif there != expected[key]:
                    report.differing += 1
                    if len(report.differences) < NAMED_AT_MOST:
                        report.differences.append(Difference(key, _columns(there, expected[key])))

    def _count(self, there: Iterator[tuple[Key, RowAt]], expected: set[Key]) -> None:
        """Count the rows that are there, and those among them that should not be."""
        report = self._report
        while some := list(islice(there, CHUNK)):
            self._watch.checked("see", len(some))
            report.rows += len(some)
            for key, _ in some:
                if key not in expected:
                    report.extra += 1
                    if len(report.extra_keys) < NAMED_AT_MOST:
                        report.extra_keys.append(key)


def _columns(there: RowAt, right: RowAt) -> dict[str, tuple[Any, Any]]:
    touching: dict[str, tuple[Any, Any]] = {
        name: (is_there, should_be)
        for name, is_there, should_be in zip(right.row._fields, there.row, right.row, strict=True)
    }
    touching["position"] = (there.position, right.position)
    return {name: (is_there, should_be) for name, (is_there, should_be) in touching.items() if is_there != should_be}
