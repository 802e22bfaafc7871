"""Puts a backup back: into an empty database, or in one transaction in place of what is there."""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import IO, Any

import psycopg

from infra.backup.backup import DUMP, REGISTER, STAYING, migrations_of, stored_tables, tables_of
from infra.backup.beside import put_back
from infra.backup.manifest import Manifest, checked
from infra.files.folder import FilesFolder, Stored
from infra.log.crypto import MasterKey
from infra.log.gaps import ACCEPTED, GAPS
from infra.migrations import MIGRATION_LOCK, migrate, scripts
from infra.migrations.server_version import require_new_enough
from infra.postgres.postgres_tools import ToolFailedError, environment_for, tool
from infra.projector.states import break_replaced
from infra.told import ToldError

PIECE = 1024 * 1024
"""Bytes handed on at once."""

GOING_SECONDS = 2.0
"""A session that has ended is listed for a moment longer."""

# An owner who is no superuser sees of other roles' sessions no more than these columns; the server's own have no user.
_OTHERS = """
    SELECT pid, coalesce(nullif(application_name, ''), usename::text, '')
    FROM pg_stat_activity
    WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
    ORDER BY pid
"""


_REFUSE_GAPS = """
DO $$
DECLARE
    gone text;
BEGIN
    SELECT string_agg(g.first || '-' || g.last, ', ' ORDER BY g.first) INTO gone FROM (%s) AS g;
    IF gone IS NOT NULL THEN
        RAISE EXCEPTION 'Facts were gone from this log when the backup was made, at the positions %%', left(gone, 200)
        USING HINT = 'Restore an older backup; or go on without them, on record: letopis restore --accept-gaps TEXT.';
    END IF;
END $$;
"""


class RestoreRefusedError(ToldError):
    """The backup was not restored, and nothing was changed; says why and what to do."""


def checked_backup(folder: Path, master: MasterKey) -> Manifest:
    """Return the manifest of a backup that is whole, of this master key, and not of a newer Letopis.

    Raises RestoreRefusedError, and what `infra.backup.manifest.checked` raises.
    """
    manifest = checked(folder, master)
    if unknown := sorted(set(manifest.migrations) - scripts().keys()):
        raise RestoreRefusedError(
            f"The backup was made by a newer Letopis: its migrations {', '.join(unknown)} are not known here. "
            "Restore it with that version."
        )
    return manifest


def restore(
    url: str,
    folder: Path,
    manifest: Manifest,
    *,
    role_passwords: Mapping[str, str],
    is_replacing: bool = False,
    may_have_gaps: bool = False,
    files: FilesFolder | None = None,
) -> list[Stored]:
    """Load a checked backup, its files before its facts; return the files that it has no whole bytes of.

    With `is_replacing` in place of what the database holds, all in one transaction.

    A log from which facts are gone is only taken when that was accepted before the backup, or with `may_have_gaps`:
    the caller records then that it was (infra.log.gaps.accept_gaps).

    Stopped or killed anywhere it leaves what was there. Whatever readers see of another log is `broken` afterwards,
    until it is built anew. Raises RestoreRefusedError and infra.postgres.postgres_tools.ToolFailedError.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=10, options="-c lock_timeout=10min") as connection:
        require_new_enough(connection)
        if not migrations_of(connection):
            migrate(url, role_passwords=role_passwords, upto=manifest.migrations[-1])
        # A service that starts now waits for this before it looks at anything.
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        _require_nobody_else(connection)
        _require_room(connection, manifest, is_replacing=is_replacing)
        tables = [table for table in tables_of(connection) if table not in STAYING]
        damaged = [] if files is None else put_back(folder, files)
        load(url, folder, tables, manifest.position, may_have_gaps=may_have_gaps)
        if REGISTER in tables_of(connection):
            break_replaced(connection)
        for table in tables:
            connection.execute(f"ANALYZE letopis.{table}".encode())
    return damaged


def _require_nobody_else(connection: psycopg.Connection[Any]) -> None:
    end = monotonic() + GOING_SECONDS
    while (others := connection.execute(_OTHERS).fetchall()) and monotonic() < end:
        sleep(0.05)
    if others:
        named = ", ".join(f"{name} (server process {pid})" for pid, name in others)
        raise RestoreRefusedError(
            f"Others are connected to the database: {named}. What they keep in memory would be of a log that is gone. "
            "Stop every service and session on it, then restore."
        )


def _require_room(connection: psycopg.Connection[Any], manifest: Manifest, *, is_replacing: bool) -> None:
    """Refuse a database that holds something, unless that is to be replaced and has the backup's form."""
    held = _held(connection)
    if held and not is_replacing:
        raise RestoreRefusedError(
            f"The database holds {held}. To replace all of it by the backup of {manifest.position:,} facts made "
            f"{manifest.made_at:%Y-%m-%d %H:%M} UTC: letopis restore --replace. Make a backup of it first."
        )
    if set(migrations_of(connection)) != set(manifest.migrations):
        raise RestoreRefusedError(
            f"The database has another form (migration {migrations_of(connection)[-1]}) than the backup (migration "
            f"{manifest.migrations[-1]}). Restore into an empty database (for the one that comes with Letopis: move "
            "var/postgres away, and leave var/master.key); it is then migrated from the backup's form to today's."
        )


def _held(connection: psycopg.Connection[Any]) -> str:
    """Say what the database holds of what a backup holds; nothing if it is empty."""
    facts = connection.execute("SELECT count(*), max(recorded_at) FROM letopis.event").fetchone()
    if facts and facts[0]:
        return f"{facts[0]:,} facts, the last of {facts[1]:%Y-%m-%d %H:%M} UTC"
    filled = [table for table in stored_tables(connection) if _has_rows(connection, table)]
    return f"rows in {', '.join(filled)}" if filled else ""


def _has_rows(connection: psycopg.Connection[Any], table: str) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT FROM letopis.{table})".encode()).fetchone()  # noqa: S608 - a table's name
    return bool(row and row[0])


def load(url: str, folder: Path, tables: Sequence[str], position: int, *, may_have_gaps: bool = False) -> None:
    """Replace all rows of the tables by those of a dump, whose log ends at a position, in one transaction.

    Raises ToolFailedError, and then nothing was changed.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        psql = subprocess.Popen(
            [
                str(tool("psql")),
                "--no-password",
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--output=/dev/null",
            ],
            env=environment_for(url),
            stdin=subprocess.PIPE,
            stderr=said,
        )
        assert psql.stdin is not None  # noqa: S101 - asked for
        try:
            with psql.stdin:
                psql.stdin.write(_before(tables).encode())
                _hand_on(folder / DUMP, psql.stdin)
                psql.stdin.write(_after(tables, position, may_have_gaps=may_have_gaps).encode())
        except BrokenPipeError:
            # psql ended before the end, and has said why.
            pass
        finally:
            # Whatever went wrong: without the last word, COMMIT, it ends and everything is as it was.
            failed = psql.wait() != 0
        if failed:
            said.seek(0)
            raise ToolFailedError("psql", said.read())


def _hand_on(dump: Path, psql: IO[bytes]) -> None:
    """Let pg_restore turn a dump into SQL for psql; raises ToolFailedError."""
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen(
            [str(tool("pg_restore")), "--data-only", "--file=-", str(dump)], stdout=subprocess.PIPE, stderr=said
        ) as reader,
    ):
        assert reader.stdout is not None  # noqa: S101 - asked for
        shutil.copyfileobj(reader.stdout, psql, PIECE)
        if reader.wait() != 0:
            said.seek(0)
            raise ToolFailedError("pg_restore", said.read())


def _before(tables: Sequence[str]) -> str:
    """Return what begins the transaction: what is there goes, which its triggers would refuse."""
    return "\n".join(
        [
            "BEGIN;",
            "SET LOCAL lock_timeout = '30s';",
            *(f"ALTER TABLE letopis.{table} DISABLE TRIGGER USER;" for table in tables),
            f"TRUNCATE {', '.join(f'letopis.{table}' for table in tables)};",
            "",
        ]
    )


def _after(tables: Sequence[str], position: int, *, may_have_gaps: bool) -> str:
    """Return what ends it: the triggers are back, the log reaches to where it should, and no fact of it is missing."""
    # A backup made before gaps could be accepted has no table of them.
    known = f"{GAPS} EXCEPT {ACCEPTED}" if "accepted_gap" in tables else GAPS
    return "\n".join(
        [
            *(f"ALTER TABLE letopis.{table} ENABLE TRIGGER USER;" for table in tables),
            "DO $$ BEGIN",
            f"    IF (SELECT coalesce(max(position), 0) FROM letopis.event) <> {position:d} THEN",  # noqa: S608
            "        RAISE EXCEPTION 'The log that was loaded is not the one that the manifest promises';",
            "    END IF;",
            "END $$;",
            *([] if may_have_gaps else [_REFUSE_GAPS % known]),
            "COMMIT;",
            "",
        ]
    )
