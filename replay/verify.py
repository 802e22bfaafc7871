"""Proves a read model: folds the log from scratch and compares, row by row, with what readers see."""

from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from infra.folding import Decode, RowAt, Rows, decoding, play, touches
from infra.generations import Generation, connect, in_use, log_is_the_same
from infra.log_reader import LogReader
from infra.parking import Parking, parking_of
from infra.projection import Key, Projection
from infra.row_store import RowStore

# As many events as fit in memory at once, with a row for each at the worst.
EVENTS_IN_A_PASS = 1_000_000
# Rows compared by one query.
CHUNK = 5_000
# A report names at most so many rows of each kind: it is read by people.
NAMED_AT_MOST = 100
STEP = 10_000


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

    Places that are `parked` were compared as they stood before the fact they wait for, and `skipped` facts were passed
    over here too; at `failing` places this code cannot take in what the build did take in.
    """

    projection: str
    generation: int
    position: int
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

    @property
    def summary(self) -> str:
        """Return one line for people and logs; without any values, which may be personal."""
        if not self.is_log_the_same:
            return f"log replaced: another fact is at position {self.position} than the one that was folded"
        columns = sorted({name for one in self.differences for name in one.columns})
        named = f" (columns: {', '.join(columns)})" if columns else ""
        odd = {"wait (parked)": self.parked, "facts skipped": self.skipped, "cannot be folded any more": self.failing}
        return (
            f"{self.rows} rows at position {self.position}: {self.differing} differ{named},"
            f" {self.missing} missing, {self.extra} extra"
            + "".join(f", {count} {what}" for what, count in odd.items() if count)
        )


def verify(
    projection: Projection[Any], url: str, decode: Decode, *, events_in_a_pass: int = EVENTS_IN_A_PASS
) -> Report:
    """Check the generation in use up to its checkpoint, on one consistent snapshot; the live worker goes on.

    Raises NoSuchGenerationError, and PoisonEventError at a fact that cannot be read and could touch any row.
    """
    with connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            generation = in_use(connection, projection.name)
            if generation is None:
                raise NoSuchGenerationError(f"{projection.name} has not been built: start the service or rebuild it.")
            return _check(connection, projection, generation, decode, events_in_a_pass)


def verify_generation(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    generation: Generation,
    decode: Decode,
    *,
    events_in_a_pass: int = EVENTS_IN_A_PASS,
) -> Report:
    """Check a build that nobody else writes, whatever its state, up to its present checkpoint."""
    row = connection.execute(
        "SELECT position, event_id FROM letopis.projection WHERE name = %s AND generation = %s",
        (generation.name, generation.number),
    ).fetchone()
    if row is None:
        raise NoSuchGenerationError(f"{generation.schema} is gone")
    position, event_id = row
    with connection.transaction():
        return _check(
            connection,
            projection,
            replace(generation, position=position, event_id=event_id),
            decode,
            events_in_a_pass,
        )


def _check(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    generation: Generation,
    decode: Decode,
    events_in_a_pass: int,
) -> Report:
    report = Report(projection.name, generation.number, generation.position)
    if not log_is_the_same(connection, generation):
        report.is_log_the_same = False
        return report
    store = RowStore(connection, projection, generation.schema)
    parts = 1
    if projection.partition_by != "none":
        total = LogReader(projection.topics).count(connection, 0, generation.position)
        parts = -(-total // events_in_a_pass) or 1
    parking = parking_of(connection, projection, generation)
    report.parked, report.skipped = len(parking.waiting), len(parking.skipped)
    expected: set[Key] = set()
    for part in range(parts):
        rows = _fold_part(connection, projection, decode, parking, generation.position, part, parts)
        expected.update(rows)
        _compare(connection, store, rows, report)
    there = 0
    for key, _ in store.every(connection):
        there += 1
        if key not in expected:
            report.extra += 1
            if len(report.extra_keys) < NAMED_AT_MOST:
                report.extra_keys.append(key)
    report.rows, report.failing = there, len(parking.new)
    return report


def _fold_part(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    decode: Decode,
    parking: Parking,
    last: int,
    part: int,
    parts: int,
) -> Rows:
    reader = LogReader(
        projection.topics,
        with_parties=projection.needs_parties,
        partition_by=projection.partition_by,
        part=part,
        parts=parts,
    )
    rows: Rows = {}
    event_of = decoding(decode, projection)
    for _, facts in reader.stream(connection, 0, last, STEP * parts):
        play(projection, rows, touches(projection, facts, event_of, parking), parking)
    return {key: there for key, there in rows.items() if there.row is not None}


def _compare(connection: psycopg.Connection[Any], store: RowStore, expected: Rows, report: Report) -> None:
    keys = list(expected)
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        found = store.load(connection, chunk)
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


def _columns(there: RowAt, right: RowAt) -> dict[str, tuple[Any, Any]]:
    touching: dict[str, tuple[Any, Any]] = {
        name: (is_there, should_be)
        for name, is_there, should_be in zip(right.row._fields, there.row, right.row, strict=True)
    }
    touching["position"] = (there.position, right.position)
    return {name: (is_there, should_be) for name, (is_there, should_be) in touching.items() if is_there != should_be}
