"""Sweeps the bytes that no fact needs: what a crash left without one, what was removed long ago, who was forgotten.

Nothing is taken for an orphan that the log could yet come to know of, and nothing of a client that it does not know:
the folder, or the database, may be another one's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from threading import Event as Signal
from threading import Thread
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import structlog
from psycopg import errors

from app.settings import Settings
from events.ids import files_of
from infra.files.folder import FilesFolder, Left, Stored
from infra.postgres.connection import connect
from read_api.views import CLIENT_FILES

SWEEP_SECONDS = 600.0
"""How often it is swept."""

ORPHANED_SECONDS = 6 * 3600.0
"""After so long without a byte a file on its way in was left by a process that is gone, and so is its command."""

AT_ONCE = 5_000
"""Clients that are asked for at once."""

SWEPT = "swept.json"
"""Where it is counted, in the folder itself: every process of it tells the same."""

GOING_SECONDS = 10.0

# Facts about clients are read before their files: who has none in this log is of another one.
_HAS_FACT: LiteralString = """
SELECT
    EXISTS (SELECT FROM letopis.event AS e WHERE e.stream_id = %(client_id)s),
    EXISTS (SELECT FROM letopis.event AS e WHERE e.stream_id = %(stream_id)s AND strpos(e.body::text, %(stored)s) > 0)
"""

_FORGOTTEN: LiteralString = """
SELECT w.client_id
FROM unnest(%s::uuid[], %s::uuid[]) AS w (client_id, stream_id)
WHERE EXISTS (SELECT FROM letopis.event AS e WHERE e.stream_id = w.stream_id)
    AND NOT EXISTS (SELECT FROM letopis.subject_key AS k WHERE k.subject_id = w.client_id)
"""

REMOVED = f"""
SELECT f.client_id, f.stored
FROM read.{CLIENT_FILES} AS f
WHERE f.removed_at < letopis.clock() - make_interval(days => %s)
"""  # noqa: S608 - constants

log = structlog.get_logger()


class Sweep:
    """Sweeps one folder."""

    def __init__(self, folder: FilesFolder, url: str, kept_days: int) -> None:
        """Know it; `url` is the projector's."""
        self._folder, self._url, self._kept_days = folder, url, kept_days

    def done(self) -> Mapping[str, int]:
        """Remove what no fact needs, count it, and return the counts; raises psycopg.Error and OSError."""
        with connect(self._url) as connection:
            swept = {
                "orphans": sum(self._swept(connection, each) for each in self._folder.left()),
                "forgotten": sum(map(self._folder.remove, self._forgotten(connection))),
                "removed": sum(map(self._folder.remove, self._removed(connection))),
            }
        if any(swept.values()):
            self._count(swept)
        return swept

    def _swept(self, connection: psycopg.Connection[Any], left: Left) -> bool:
        """Look at what came in and was not settled; tell whether it was an orphan, and is gone."""
        if left.seconds < ORPHANED_SECONDS:
            return False
        if left.stored is None:
            left.path.unlink(missing_ok=True)
            return True
        client_id, stored = left.stored
        asked = {"client_id": client_id, "stream_id": files_of(client_id), "stored": stored}
        [(is_known, has_fact)] = connection.execute(_HAS_FACT, asked)
        if not is_known:
            return False
        is_orphan = not has_fact
        if is_orphan:
            self._folder.remove(left.stored)
        left.path.unlink(missing_ok=True)
        return is_orphan

    def _forgotten(self, connection: psycopg.Connection[Any]) -> Iterator[Stored]:
        subjects = self._folder.subjects()
        while some := [*islice(subjects, AT_ONCE)]:
            for (client_id,) in connection.execute(_FORGOTTEN, [some, [*map(files_of, some)]]).fetchall():
                with suppress(FileNotFoundError):
                    yield from [Stored(client_id, each.name) for each in self._folder.folder(client_id).iterdir()]

    def _removed(self, connection: psycopg.Connection[Any]) -> Sequence[Stored]:
        try:
            rows = connection.execute(REMOVED.encode(), [self._kept_days]).fetchall()
        except errors.UndefinedTable:
            # The view is being built: they are removed when it is there.
            return ()
        return [Stored(*row) for row in rows]

    def _count(self, swept: Mapping[str, int]) -> None:
        before = swept_in(self._folder)
        new = self._folder.root / f".{uuid4()}"
        new.write_text(json.dumps({why: before[why] + number for why, number in swept.items()}))
        new.rename(self._folder.root / SWEPT)


def swept_in(folder: FilesFolder) -> dict[str, int]:
    """Return how many files were ever swept in a folder, by why."""
    counted = {"orphans": 0, "forgotten": 0, "removed": 0}
    with suppress(FileNotFoundError, ValueError):
        counted |= json.loads((folder.root / SWEPT).read_text())
    return counted


class Sweeping:
    """Sweeps every ten minutes, in a thread of its own."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._sweep = Sweep(FilesFolder(settings.files_folder), url, settings.file_kept_days)
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="files-sweep", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join(GOING_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                swept = self._sweep.done()
            except (psycopg.Error, OSError) as error:
                log.warning("files_swept", outcome="not now", error=type(error).__name__)
            else:
                if any(swept.values()):
                    log.info("files_swept", **swept)
            if self._stopping.wait(SWEEP_SECONDS):
                return
