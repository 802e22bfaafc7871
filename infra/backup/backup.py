"""Makes a backup: a folder with what pg_dump writes of the schema `letopis`, the bytes of files, and a manifest.

Only what cannot be made again is in it. Read models, snapshots and the analytics file are made from the log.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from infra.backup.beside import take_along
from infra.backup.manifest import UNFINISHED, Manifest, key_check, sums_of
from infra.files.folder import FilesFolder, synchronise
from infra.log.crypto import MasterKey
from infra.log.gaps import open_gaps, told
from infra.log.log_reader import head_of
from infra.postgres.connection import exported_snapshot
from infra.postgres.postgres_tools import TOOLS_VERSION, run_tool
from infra.told import ToldError

REGISTER = "projection"
"""Says which generations of the read models there are."""

STAYING = frozenset({REGISTER, "parked", "rebuild", "operation", "import_upload"})
"""Tables that stay when a backup is put back, because the read models' tables do: which there are, what waits there,
how they were made, what operators asked for, and which files that lie here were sent."""

DERIVED = STAYING | {
    "snapshot",
    "timer_answer",
    "stream_ticket",
    "kept_secret",
    "duplicate_run",
    "duplicate_pair",
    "duplicate_frequency",
}
"""Tables of the schema `letopis` whose rows are made from the log, or need not be known."""

DUMP = "letopis"
"""The folder in a backup that pg_dump writes."""

LOCK_TIMEOUT = "30s"
"""Nobody holds a table of the log for longer, unless something is stuck; pg_dump would wait for ever."""

JOBS = 2
"""Tables written at once; each takes a core for packing it."""


class BackupRefusedError(ToldError):
    """The backup cannot be made; says why and what to do."""


def back_up(url: str, master: MasterKey, folder: Path, files: FilesFolder | None = None) -> Manifest:
    """Make a backup in a new folder, beside a running service or without one; return its manifest.

    All of it is of one moment: the manifest and every job of the dump look at the same snapshot, and the `files` are
    taken along that there are after it: each that a fact of it names, but for one that was swept meanwhile.

    The folder takes its name when it is whole and on the disk. What a restore would refuse is refused before anything
    is written. Raises BackupRefusedError and infra.postgres.postgres_tools.ToolFailedError.
    """
    began, made_at = monotonic(), datetime.now(UTC)
    with _unfinished(folder) as place, _snapshot(url) as (connection, snapshot):
        require_readable(connection.info.server_version)
        tables = stored_tables(connection)
        if not tables:
            raise BackupRefusedError("There is no log in this database, so there is nothing to back up.")
        require_whole(connection)
        _dump(url, snapshot, place / DUMP)
        if files is not None:
            take_along(files, place)
        mark = head_of(connection)
        manifest = Manifest(
            made_at=made_at,
            seconds=round(monotonic() - began, 3),
            server=connection.info.parameter_status("server_version") or "",
            migrations=migrations_of(connection),
            position=mark.position,
            event_id=mark.event_id,
            tables=tables,
            files=sums_of(place),
            key_check=key_check(master),
        ).signed(master)
        manifest.write(place)
    return manifest


def _dump(url: str, snapshot: str, place: Path) -> None:
    run_tool(
        "pg_dump",
        *("--format=directory", "--data-only", "--schema=letopis", "--compress=gzip:1", f"--file={place}"),
        *(f"--exclude-table-data=letopis.{table}" for table in sorted(DERIVED)),
        *(f"--jobs={JOBS}", f"--snapshot={snapshot}", f"--lock-wait-timeout={LOCK_TIMEOUT}", "--no-password"),
        url=url,
    )


def require_readable(server_version: int) -> None:
    """Refuse a server that is newer than our tools; raises BackupRefusedError."""
    if (newer := server_version // 10_000) > TOOLS_VERSION:
        raise BackupRefusedError(
            f"The server is PostgreSQL {newer}, and the tools that come with Letopis are of version {TOOLS_VERSION}, "
            "which cannot read it. Use a newer Letopis, or that server's own pg_dump."
        )


def require_whole(connection: psycopg.Connection[Any]) -> None:
    """Refuse a log that no restore would take, because facts are gone from it; raises BackupRefusedError."""
    try:
        gaps = open_gaps(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupRefusedError(
            f"The user {connection.info.user} may not read the log ({error.diag.message_primary}). Name the database's "
            "owner in LETOPIS_DATABASE_URL."
        ) from None
    if gaps:
        raise BackupRefusedError(
            f"Facts are gone from this log, at the positions {told(gaps)}, and a restore would not take it. Restore a "
            "backup made before that. If there is none, go on without them, on record: letopis database accept-gaps "
            "--reason TEXT. Then make this backup again."
        )


def stored_tables(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Return the tables of the schema `letopis` whose rows cannot be made again, by name."""
    return tuple(name for name in tables_of(connection) if name not in DERIVED)


def tables_of(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Return all tables of the schema `letopis`, by name."""
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'letopis' ORDER BY tablename")
    return tuple(name for (name,) in rows)


def migrations_of(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Return the migrations that were run in this database, in order; none where there is no log."""
    found = connection.execute("SELECT to_regclass('public.letopis_migration') IS NOT NULL").fetchone()
    if not found or not found[0]:
        return ()
    return tuple(name for (name,) in connection.execute("SELECT name FROM public.letopis_migration ORDER BY name"))


@contextmanager
def _snapshot(url: str) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """Lend a session that looks at one moment of the database, and the name by which others look at the same."""
    patience = f"-c idle_in_transaction_session_timeout=0 -c statement_timeout=0 -c lock_timeout={LOCK_TIMEOUT}"
    with psycopg.connect(url, connect_timeout=10, options=patience) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection, exported_snapshot(connection)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Lend a new folder beside the one wanted; after the block it takes that one's name, or goes if the block fails."""
    place = folder.with_name(folder.name + UNFINISHED)
    if folder.exists():
        raise BackupRefusedError(f"{folder} is there already. Name a folder that is not.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir(mode=0o700)
    except FileExistsError:
        raise BackupRefusedError(
            f"{place} is there: another backup is being made, or one was killed. Remove it, or name another folder."
        ) from None
    except OSError as error:
        raise BackupRefusedError(f"{place} cannot be made ({error.strerror}). Name another folder.") from error
    try:
        yield place
        place.rename(folder)
    except BaseException:
        # Ctrl-C as well.
        shutil.rmtree(place, ignore_errors=True)
        raise
    synchronise(folder.parent)
