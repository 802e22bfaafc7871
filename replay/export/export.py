"""Writes the log as Parquet files by month, for engines that are bigger than one machine: what is written stays so.

A file holds the facts of one month of recorded time (UTC), position after position, every column as the log has it;
what is personal in a body stays encrypted. Its folder names the month and its name the positions:

    DIR/recorded_month=2026-03/000000000001-000000250000.parquet

Positions and recorded time only grow, so a file that was written never changes, and the next run goes on behind it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infra.analytics.arrow_log import connect
from infra.files.folder import synchronise
from infra.postgres.folder_lock import FolderInUseError, FolderLock
from infra.told import ToldError

Progress = Callable[[int, int], None]
"""(position reached, position aimed at) after every file."""

STEP = 250_000
"""Facts in a file at most: about 200 MB in memory while it is written, and 60 MB on the disk."""

ROW_GROUP = 50_000
PARTITION = "recorded_month"
LAST_EVENT = b"letopis_last_event"
_UNFINISHED = ".part"

SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("event_id", pa.string()),
        ("stream_id", pa.string()),
        ("version", pa.int32()),
        ("topic", pa.string()),
        ("schema_version", pa.int16()),
        ("subject_id", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        ("recorded_at", pa.timestamp("us", "UTC")),
        ("actor", pa.string()),
        ("command_id", pa.string()),
        ("correlation_id", pa.string()),
        ("causation_id", pa.string()),
        ("parties", pa.list_(pa.string())),
        ("body", pa.string()),
    ]
)
"""One row is one fact; ids are text, because every engine reads that; `body` is the exact JSON text."""

_IN_SQL = {
    **{name: f"{name}::text" for name in SCHEMA.names if name.endswith("_id")},
    "parties": "parties::text[]",
    "body": "body::text",
}
_COLUMNS = ", ".join(f"{_IN_SQL.get(name, name)} AS {name}" for name in SCHEMA.names)


class ExportError(ToldError):
    """The folder cannot be continued: it holds another log, or not all of this one; says which and what to do."""


class Part(NamedTuple):
    """One written file: the facts from the first position to the last one."""

    first: int
    last: int
    path: Path


@dataclass(frozen=True, slots=True)
class Exported:
    """What a run added: so many facts in so many files; the folder now holds the log up to a position."""

    events: int
    files: int
    bytes: int
    position: int


def export_log(url: str, folder: Path, progress: Progress | None = None, step: int = STEP) -> Exported:
    """Write what the log holds beyond what the folder holds; stopped or killed at any moment it goes on the next time.

    Raises ExportError, and adbc_driver_manager.Error when the log cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder), connect(url) as connection:
        for unfinished in folder.glob(f"*/*{_UNFINISHED}"):
            unfinished.unlink()
        present = parts_of(folder)
        reached = present[-1].last if present else 0
        if present:
            _check_same_log(connection, present[-1])
        ((head,),) = _rows(connection, "SELECT coalesce(max(position), 0) FROM letopis.event")
        added: list[Part] = []
        while reached < head:
            facts = _facts(connection, reached, min(reached + step, head))
            for month, piece in _by_month(facts):
                added.append(_write(folder / f"{PARTITION}={month}", piece))
                reached = added[-1].last
                if progress:
                    progress(reached, head)
    written = sum(part.path.stat().st_size for part in added)
    return Exported(sum(part.last - part.first + 1 for part in added), len(added), written, reached)


def parts_of(folder: Path) -> list[Part]:
    """Return the files of an exported log in order; raises ExportError unless they hold positions 1, 2, 3, …"""
    found = sorted(_part(path) for path in folder.glob(f"{PARTITION}=*/*.parquet"))
    expected = 1
    for part in found:
        if part.first != expected:
            raise ExportError(
                f"{folder}: the file of the facts from position {expected} on is missing, or another overlaps it: "
                f"{part.path.name} comes next. Put it back, or delete that file and all later ones: the next run "
                "writes them anew."
            )
        expected = part.last + 1
    return found


def _part(path: Path) -> Part:
    first, _, last = path.stem.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise ExportError(f"{path} is no file of an exported log. Take it out of the folder, or name another one.")
    return Part(int(first), int(last), path)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = FolderLock(folder / ".lock")
    try:
        lock.acquire()
    except FolderInUseError as error:
        raise ExportError(f"{folder}: process {error.pid} writes into it just now. Wait for its end.") from error
    try:
        yield
    finally:
        lock.release()


def _check_same_log(connection: Any, newest: Part) -> None:
    exported = (pq.read_schema(newest.path).metadata or {}).get(LAST_EVENT, b"").decode()
    found = _rows(connection, f"SELECT event_id::text FROM letopis.event WHERE position = {newest.last:d}")  # noqa: S608
    if found != [(exported,)]:
        raise ExportError(
            f"{newest.path}: position {newest.last} of the log is not the fact {exported} that was exported: this is "
            "another log, or one restored to an earlier moment. Export it into a folder of its own."
        )


def _rows(connection: Any, statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _facts(connection: Any, after: int, last: int) -> pa.Table:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM letopis.event"  # noqa: S608 - positions are numbers, columns are ours
            f" WHERE position > {after:d} AND position <= {last:d} ORDER BY position"
        )
        facts: pa.Table = cursor.fetch_arrow_table().cast(SCHEMA)
    if facts.num_rows != last - after:
        raise ExportError(f"The log holds {facts.num_rows} facts where positions {after + 1} to {last} should be.")
    return facts


def _by_month(facts: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Divide facts in order of position by their month; a month comes again only where a clock was ahead before."""
    months = pc.strftime(facts["recorded_at"], format="%Y-%m").combine_chunks()
    runs = pc.run_end_encode(months)
    start = 0
    for month, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield month, facts.slice(start, end - start)
        start = end


def _write(folder: Path, facts: pa.Table) -> Part:
    """Write one file whole, or not at all, and see it on the disk."""
    ends = facts["position"][0].as_py(), facts["position"][-1].as_py()
    last_event = facts["event_id"][-1].as_py()
    path = folder / f"{ends[0]:012}-{ends[1]:012}.parquet"
    unfinished = path.with_suffix(_UNFINISHED)
    folder.mkdir(exist_ok=True)
    with unfinished.open("wb") as file:
        pq.write_table(
            facts.replace_schema_metadata({LAST_EVENT: last_event.encode()}),
            file,
            compression="zstd",
            row_group_size=ROW_GROUP,
        )
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    for each in (folder, folder.parent):
        synchronise(each)
    return Part(*ends, path)
