"""How an installation stands, for those who operate it: its log, what it keeps and where, its backups, its doctor."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row
from pydantic_core import from_json

from app.composition.files_kept import files_kept
from app.composition.readers import Readers
from app.composition.wiring import ANALYTICS_FILE
from app.settings import Settings
from infra.analytics.fact_file import size_of
from infra.backup.manifest import UNFINISHED, DamagedBackupError, Manifest, manifest_of
from infra.log.crypto import MasterKey, WrongMasterKeyError
from infra.log.past_log import AsOf, MomentAheadError, cut_at
from read_api.reading.errors import DoctorAwayError

SPANS = {"in_minute": timedelta(minutes=1), "in_hour": timedelta(hours=1), "in_day": timedelta(days=1)}

DOCTOR_SECONDS = 90.0
"""How long the doctor may take: it counts the facts of the log, and asks the provider for its keys."""

REMEMBERED_SECONDS = 10.0
"""For how long what the doctor found is told again."""

RETRY_AFTER = 30
BEGIN = "from app.terminal.cli import main; main()"

BACKUPS = 30
"""So many backups are looked at, the latest ones."""

_HEAD = "SELECT letopis.clock() AS now, h.position, h.recorded_at FROM read.log_head AS h"

_KEPT = """
SELECT
    CASE
        WHEN n.nspname <> 'letopis' THEN 'views'
        WHEN c.relname IN ('event', 'event_party') THEN 'log'
        ELSE 'beside'
    END AS part,
    CASE WHEN n.nspname = 'letopis' THEN c.relname ELSE n.nspname END AS name,
    sum(pg_total_relation_size(c.oid))::bigint AS size_bytes,
    CASE WHEN bool_and(c.reltuples >= 0) THEN sum(c.reltuples)::bigint END AS rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm')
    AND (n.nspname = 'letopis' OR n.nspname IN (SELECT p.name || '_g' || p.generation FROM letopis.projection AS p))
GROUP BY 1, 2
ORDER BY size_bytes DESC, name
"""

Installation = Callable[[], Coroutine[Any, Any, Mapping[str, Any]]]
Findings = Callable[[str], Coroutine[Any, Any, Sequence[Mapping[str, Any]]]]


def installation_at(settings: Settings, url: str, master: MasterKey) -> Installation:
    """Return what tells how an installation stands: the members of `read_api.status.Installation`."""
    readers = Readers(url, 1, settings.read_seconds)

    async def told() -> Mapping[str, Any]:
        known = await readers.ask(_in_database)
        return {**known, **await asyncio.to_thread(_on_disk, settings, master, known["kept"])}

    return told


def _in_database(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        head = cursor.execute(_HEAD).fetchone() or {"now": None, "position": 0, "recorded_at": None}
        kept = cursor.execute(_KEPT).fetchall()
        there = files_kept(connection)
    if there is not None and there.files:
        kept.append({"part": "files", "name": "files", "size_bytes": there.size_bytes, "rows": there.files})
    now = head.pop("now")
    counts = dict.fromkeys(SPANS, 0)
    if now is not None:
        for name, span in SPANS.items():
            counts[name] = max(0, head["position"] - _position_at(connection, AsOf(recorded=now - span)))
    return {"log": {**head, **counts}, "kept": kept}


def _position_at(connection: psycopg.Connection[Any], as_of: AsOf) -> int:
    try:
        return cut_at(connection, as_of).position
    except MomentAheadError:
        # The log's own clock was put back meanwhile: nothing is known of the time since.
        return 0


def _on_disk(settings: Settings, master: MasterKey, kept: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    disk = shutil.disk_usage(settings.var)
    size = size_of(settings.var / ANALYTICS_FILE)
    reports = {"part": "analytics", "name": ANALYTICS_FILE, "size_bytes": size, "rows": None}
    return {
        "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
        "kept": [*kept, *([reports] if size else [])],
        "backups": _backups(settings.backup_to, master),
    }


def _backups(folder: Path | None, master: MasterKey) -> Mapping[str, Any]:
    try:
        items = [] if folder is None else _backups_in(folder, master)
    except OSError:
        return {"is_configured": True, "is_readable": False, "items": []}
    return {"is_configured": folder is not None, "is_readable": folder is not None, "items": items}


def _backups_in(folder: Path, master: MasterKey) -> list[Mapping[str, Any]]:
    """Return the backups in a folder, the latest first: each is named by its moment; what is being made is none yet."""
    found = folder.iterdir() if folder.exists() else ()
    whole = (each for each in found if each.is_dir() and each.suffix != UNFINISHED)
    return [_backup(each, master) for each in sorted(whole, reverse=True)[:BACKUPS]]


def _backup(folder: Path, master: MasterKey) -> Mapping[str, Any]:
    told = {"name": folder.name, "made_at": None, "position": None, "size_bytes": None}
    try:
        manifest = manifest_of(folder, master)
    except WrongMasterKeyError:
        return {**told, "state": "of_another_key"}
    except DamagedBackupError:
        return {**told, "state": "damaged"}
    if not _has_its_files(folder, manifest):
        return {**told, "state": "damaged", "made_at": manifest.made_at}
    return {
        "name": folder.name,
        "state": "whole",
        "made_at": manifest.made_at,
        "position": manifest.position,
        "size_bytes": manifest.size_bytes,
    }


def _has_its_files(folder: Path, manifest: Manifest) -> bool:
    paths = {folder / name: told.size for name, told in manifest.files.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def doctor_at(var: Path, seconds: float = DOCTOR_SECONDS) -> Findings:
    """Return what asks the doctor: a process of its own, which looks at the installation from outside, as people do."""
    turns = asyncio.Semaphore(1)
    known: dict[str, tuple[float, Sequence[Mapping[str, Any]]]] = {}

    async def findings(language: str) -> Sequence[Mapping[str, Any]]:
        async with turns:
            if language not in known or time.monotonic() - known[language][0] > REMEMBERED_SECONDS:
                found = await asyncio.to_thread(_examined, var, language, seconds)
                known[language] = time.monotonic(), found
            return known[language][1]

    return findings


def _examined(var: Path, language: str, seconds: float) -> Sequence[Mapping[str, Any]]:
    """Run the doctor; raises DoctorAwayError when it says nothing, or not in time."""
    asked = [sys.executable, "-c", BEGIN, "doctor", "--json", *(["--ru"] if language == "ru" else [])]
    try:
        # A Ctrl-C in the terminal of the service is not for it.
        told = subprocess.run(
            asked,
            env={**os.environ, "LETOPIS_VAR": str(var.absolute())},
            capture_output=True,
            timeout=seconds,
            check=False,
            start_new_session=True,
        )
        found: Sequence[Mapping[str, Any]] = from_json(told.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise DoctorAwayError(retry_after=RETRY_AFTER) from None
    return found
