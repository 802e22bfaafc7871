"""One DuckDB file of facts, and how far into the log it has come; both change in one transaction."""

import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from itertools import chain, islice
from os.path import samestat
from pathlib import Path
from typing import Any, NamedTuple, Self
from uuid import UUID

import duckdb
import structlog

from infra.amounts import DUCKDB_MACRO
from infra.analytics.arrow_log import ArrowLog, Slice
from infra.analytics.fact_schema import NAME, FactSchema
from infra.analytics.kept_answers import KeptAnswers
from infra.analytics.parked_facts import DDL, VALUE_ERRORS, ParkedFact, TooMuchParkedError, unloadable, waiting_in
from infra.log.log_reader import BEGINNING, Checkpoint
from infra.projector.parking import PARKED_AT_MOST

TOGETHER = 10
"""Slices stored in one transaction, some two seconds' work: every end of one costs a tenth of a second."""

# What DuckDB raises when the file itself is damaged, beside its bare Error for a block that is not what was written; a
# wrong value in an event is a DataError instead.
DAMAGE = (duckdb.FatalException, duckdb.InternalException, duckdb.IOException, duckdb.SerializationException)

NAMED_AT_MOST = 10
"""Facts named of each table that is not what the log makes: the report is read by people."""

Progress = Callable[[int, int], None]
"""(position reached, position aimed at) after every transaction."""

_log = structlog.get_logger(__name__)


class UnreadFactError(Exception):
    """A slice has an event that could not be read, and that nobody waits for yet."""


class StaleFactFileError(Exception):
    """The file was filled for other tables than those wanted now, or is no file of facts at all."""


class Difference(NamedTuple):
    """How many rows of a table are only in the live file, and how many only in the one filled from the log.

    `columns` are those in which rows of the same fact differ, `positions` the first of the facts whose rows do.
    """

    table: str
    only_live: int
    only_rebuilt: int
    columns: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()


class FactFile:
    """An open file of facts; one thread writes through `load`, any thread reads through a cursor of its own."""

    def __init__(self, path: Path, schema: FactSchema) -> None:
        self.path = path
        self.answers = KeptAnswers()
        self._schema = schema
        self._connection = duckdb.connect(str(path))
        try:
            # Answers do not depend on where the server stands; months are made with an explicit zone.
            self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
            # A row's place in a table says nothing here, and not keeping it lets both cores fill a table.
            self._connection.execute("SET GLOBAL preserve_insertion_order = false")
            self.checkpoint = self._prepare()
            self._connection.execute(DUCKDB_MACRO)
            self._place = path.stat()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> Checkpoint:
        tables = {row[0] for row in self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if not tables:
            self._create()
        elif "followed" not in tables:
            raise StaleFactFileError("no file of facts")
        found = self._connection.execute("SELECT fingerprint, position, event_id FROM followed").fetchall()
        if len(found) != 1 or found[0][0] != self._schema.fingerprint:
            raise StaleFactFileError("filled for other tables than those wanted now")
        [(_, position, event_id)] = found
        # What an older program filled has no such table.
        self._connection.execute(DDL)
        self.waiting = waiting_in(self._connection)
        return Checkpoint(position, None if event_id is None else UUID(event_id))

    def _create(self) -> None:
        self._connection.execute("BEGIN")
        for table in self._schema.tables:
            self._connection.execute(table.ddl)
        # One row says which build of the tables this is and which event was the last to be loaded.
        self._connection.execute("CREATE TABLE followed (fingerprint VARCHAR, position BIGINT, event_id VARCHAR)")
        self._connection.execute("INSERT INTO followed VALUES (?, ?, ?)", [self._schema.fingerprint, *BEGINNING])
        self._connection.execute("COMMIT")

    @property
    def is_in_place(self) -> bool:
        """False when the file was deleted or replaced since it was opened; what is open can still be read."""
        try:
            return samestat(self._place, self.path.stat())
        except FileNotFoundError:
            return False

    def read_all(self) -> None:
        """Read every block of every table; raises duckdb.Error when one of them is not what was written."""
        with self.cursor() as cursor:
            for table in self._schema.tables:
                cursor.execute(f"SELECT bit_xor(hash({table.name})) FROM {table.name}").fetchall()  # noqa: S608

    def load(self, pieces: Iterable[Slice], parked: Sequence[ParkedFact] = (), released: UUID | None = None) -> None:
        """Store the events of slices, in order, and the place the last one ends at: all of it, or nothing.

        What is `parked` waits from now on, the stream `released` does not any more. Raises UnreadFactError for an event
        that should wait and does not yet, and errors of duckdb, VALUE_ERRORS among them for one that does not fit.
        """
        place, waiting = self.checkpoint, self.waiting.after(parked, released)
        changed = set[str]()
        try:
            self._connection.execute("BEGIN")
            if released is not None:
                self._connection.execute("DELETE FROM parked WHERE stream_id = ?", [released])
            for one in parked:
                self._connection.execute("INSERT INTO parked VALUES (?, ?, ?, ?, ?)", list(one))
            for piece in pieces:
                if any(not waiting.holds(one.stream, one.position) for one in piece.unread):
                    raise UnreadFactError
                events = waiting.left_of(piece.events)
                self._connection.register("batch", events)
                changed.update(self._insert(set(events["topic"].unique().to_pylist())))
                place = piece.upto
            self._connection.execute(
                "UPDATE followed SET position = ?, event_id = ?", [place.position, str(place.event_id)]
            )
            self._connection.execute("COMMIT")
        except BaseException:
            # A damaged file refuses even this; what damaged it is the error to report.
            with suppress(duckdb.Error):
                self._connection.rollback()
            raise
        finally:
            with suppress(duckdb.Error):
                self._connection.unregister("batch")
        # In this order: whoever sees that the file has come so far finds no older answer.
        self.answers.changes.update(changed)
        self.waiting, self.checkpoint = waiting, place

    def _insert(self, topics: set[str]) -> list[str]:
        """Store a batch, and return the tables that take in any of these topics."""
        tables = [table for table in self._schema.tables if topics & set(table.topics)]
        for table in tables:
            self._connection.execute(table.insert)
        return [table.name for table in tables]

    def _load_what_fits(self, piece: Slice, released: UUID | None = None) -> None:
        """Store a slice, but let the streams wait of which an event does not fit."""
        waiting = self.waiting.after((), released)
        found = [one for one in piece.unread if not waiting.holds(one.stream, one.position)]
        with self.cursor() as cursor:
            found += unloadable(cursor, self._schema, waiting.left_of(piece.events))
        # Of each stream the first: the later ones wait behind it.
        new = {one.stream: one for one in sorted(found, key=lambda one: one.position, reverse=True)}
        if new and len(waiting) + len(new) > PARKED_AT_MOST:
            raise TooMuchParkedError(min(one.position for one in new.values()))
        self.load([piece], list(new.values()), released)
        for one in new.values():
            _log.warning("parked", projection=NAME, position=one.position, outcome=one.reason)

    def follow(
        self, log: ArrowLog, upto: Checkpoint, loaded: Progress | None = None, stop: threading.Event | None = None
    ) -> int:
        """Load the log up to a place, or until `stop` is set, and return how many positions that were.

        An event that the tables cannot take in waits, with all later ones of its stream. Raises TooMuchParkedError.
        """
        start = self.checkpoint.position
        self.waiting.skipped = log.skipped() if upto.position > start else self.waiting.skipped
        is_careful = False
        while self.checkpoint.position < upto.position and not (stop and stop.is_set()):
            # Slices that were read ahead are given up: the next reader begins where the file is.
            with closing(log.slices(self.checkpoint, upto)) as pieces:
                try:
                    for first in pieces:
                        together = chain((first,), islice(pieces, TOGETHER - 1))
                        if is_careful:
                            for piece in together:
                                self._load_what_fits(piece)
                            is_careful = False
                        else:
                            self.load(together)
                        if loaded:
                            loaded(self.checkpoint.position, upto.position)
                        if stop and stop.is_set():
                            break
                except (UnreadFactError, *VALUE_ERRORS):
                    if is_careful:
                        raise
                    is_careful = True
        return self.checkpoint.position - start

    def retry(self, log: ArrowLog, stream: UUID) -> ParkedFact | None:
        """Load what a stream that waits has up to the checkpoint; return what it waits for now, None if for nothing."""
        self.waiting.skipped = log.skipped()
        piece = log.of_stream(stream, self.waiting.by_stream[stream].position, self.checkpoint)
        self._load_what_fits(piece, released=stream)
        return self.waiting.by_stream.get(stream)

    def compare(self, path: Path, upto: Checkpoint) -> tuple[Difference, ...]:
        """Compare every table, up to a place, row by row with that of a closed file; return the tables that differ."""
        quoted = str(path).replace("'", "''")
        with self.cursor() as cursor:
            cursor.execute(f"ATTACH '{quoted}' AS rebuilt (READ_ONLY)")
            try:
                found = [self._difference(cursor, table.name, upto) for table in self._schema.tables]
            finally:
                cursor.execute("DETACH rebuilt")
        return tuple(difference for difference in found if difference.only_live or difference.only_rebuilt)

    @staticmethod
    def _difference(cursor: Any, table: str, upto: Checkpoint) -> Difference:
        live = f"SELECT * FROM main.{table} WHERE position <= {upto.position:d}"  # noqa: S608
        rebuilt = f"SELECT * FROM rebuilt.main.{table}"  # noqa: S608
        for name, one, other in (("only_live", live, rebuilt), ("only_rebuilt", rebuilt, live)):
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS ({one} EXCEPT ALL {other})")

        def ask(question: str) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = cursor.execute(question).fetchall()
            return found

        [(more, fewer)] = ask("SELECT (SELECT count(*) FROM only_live), (SELECT count(*) FROM only_rebuilt)")
        positions = ask(
            "SELECT position FROM only_live UNION SELECT position FROM only_rebuilt"  # noqa: S608
            f" ORDER BY position LIMIT {NAMED_AT_MOST}"
        )
        columns = [name for name, *_ in ask("DESCRIBE only_live")]
        unlike = ", ".join(f"bool_or(l.{name} IS DISTINCT FROM r.{name})" for name in columns)
        [differ] = ask(f"SELECT {unlike} FROM only_live AS l JOIN only_rebuilt AS r USING (position)")  # noqa: S608
        named = tuple(name for name, differs in zip(columns, differ, strict=True) if differs)
        return Difference(table, more, fewer, named, tuple(position for (position,) in positions))

    def copy_to(self, path: Path) -> None:
        """Copy the file, with what DuckDB keeps beside it, while nobody writes it; raises OSError."""
        remove(path)
        shutil.copyfile(self.path, path)
        # What was committed last stands there alone, until DuckDB moves it into the file.
        with suppress(FileNotFoundError):
            shutil.copyfile(wal_of(self.path), wal_of(path))

    def cursor(self) -> Any:
        """Return a connection of the caller's own: an unfinished result blocks only that one."""
        return self._connection.cursor()

    def close(self) -> None:
        """Write everything into the one file and let go of it."""
        # A damaged file refuses that; what was not written is in the log.
        with suppress(duckdb.Error):
            self._connection.close()


def filled(path: Path, schema: FactSchema, log: ArrowLog, progress: Progress | None, stop: threading.Event) -> bool:
    """Fill a new file up to the log's end; False when it is stopped before."""
    with FactFile(path, schema) as fresh:
        while (upto := log.target(fresh.checkpoint, 10_000_000)) != fresh.checkpoint and not stop.is_set():
            fresh.follow(log, upto, progress, stop)
    return not stop.is_set()


def may_be_damage(error: duckdb.Error) -> bool:
    """Tell whether a damaged file can be the reason of this error; others can be too, such as a full disk."""
    return isinstance(error, DAMAGE) or type(error) is duckdb.Error


def remove(path: Path) -> None:
    """Remove a file of facts together with what DuckDB keeps beside it."""
    path.unlink(missing_ok=True)
    wal_of(path).unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Return how many bytes a file of facts has, together with what DuckDB keeps beside it; 0 where there is none."""
    return sum(each.stat().st_size for each in (path, wal_of(path)) if each.exists())


def wal_of(path: Path) -> Path:
    """Return where DuckDB keeps what is committed and not in the file yet."""
    return path.with_name(path.name + ".wal")
