"""Does the jobs of imports whose bytes are in this data folder, each in a process of its own, and clears up."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Event as Signal
from threading import Thread
from typing import Any
from uuid import UUID

import psycopg
import structlog

from app.database import Urls
from app.imports import outcomes, records
from app.imports.files import ERRORS, WARNINGS, ImportFiles
from app.imports.process import Imported, Lost, NoRoom, Progress, Refused, Revert, Reverted, Site, Work, begin
from app.imports.records import Upload
from app.operations.outcomes import Failure
from app.operations.runner import Runner, Stage
from app.settings import Settings
from app.spawned import spawned
from infra.log.crypto import MasterKey
from infra.postgres.connection import connect
from infra.postgres.faults import is_lost
from replay.repair.jobs import IMPORT_LANE, REVERT_IMPORT, Ended, Job

HEAR_SECONDS = 0.3
"""How often the process is heard."""

LOOK_SECONDS = 1.0
"""How often it is looked whether somebody wants it to end."""

SWEEP_SECONDS = 600.0
"""How often what is not needed any more is removed."""

WAITS_HOURS = 24
"""How long a file waits that somebody sent, and nobody imports."""

GOING_SECONDS = 10.0
"""How long a process may take to end that was told to."""

Told = Imported | Reverted | Refused | Lost | NoRoom
"""How the process says that it has ended."""

log = structlog.get_logger()


def lane_of(place: UUID, *, is_dry: bool) -> str:
    """Return what an import waits in: behind others of its place; a dry run stores nothing, and waits for none."""
    return f"{IMPORT_LANE}{place}{':dry' if is_dry else ''}"


class ForImports:
    """Does the jobs of the imports of one data folder."""

    failures: tuple[Failure, ...] = ()
    attempts = 100
    """It takes no process of ours with it: the file is read by another one. Each stop of the service counts."""

    def __init__(self, settings: Settings, urls: Urls, master: MasterKey) -> None:
        self._settings = settings
        self._urls = urls
        self._site = Site(urls.writer, master, settings.home)
        self._files = ImportFiles(settings.var)

    def do(self, job: Job, stage: Stage) -> Ended:
        """Do a job; of an import that has come to its end, or is not to, the bytes are removed."""
        import_id = UUID(job.about)
        if job.operation == REVERT_IMPORT:
            return self._carried_out(job, stage, Revert(import_id, job.reason or "", job.asked_by, _is_dry(job)))
        ended = self._done(job, import_id, stage)
        if not _is_dry(job):
            self._removed(import_id, is_discarded=False)
        return ended

    def left(self, job: Job) -> Ended | None:  # noqa: ARG002 - as all hands
        """Return None: begun once more it goes on where it stopped."""
        return None

    def interrupt(self, job: Job) -> None:
        """Do nothing: it looks by itself."""

    def _done(self, job: Job, import_id: UUID, stage: Stage) -> Ended:
        with connect(self._urls.projector) as connection:
            upload = records.find(connection, import_id)
            # What an earlier run wrote is written anew.
            records.note_errors(connection, import_id, 0, has_errors=False, has_warnings=False)
        if upload is None or upload.mapping is None or not self._files.upload(import_id).exists():
            return outcomes.WITHOUT_FILE
        return self._carried_out(job, stage, self._work(job, upload))

    def _carried_out(self, job: Job, stage: Stage, work: Work | Revert) -> Ended:
        process, ours = spawned("letopis-import", begin, work, self._site)
        try:
            told = self._heard(job, work.import_id, stage, process, ours)
        finally:
            _end(process, ours)
        return told if isinstance(told, Ended) else self._ended(job, work.import_id, told)

    def _heard(self, job: Job, import_id: UUID, stage: Stage, process: Any, ours: Connection) -> Ended | Told:
        """Hear the process to its end, or until it is to end; raises StoppedError."""
        last, looked_at = Progress("reading", 0, None), 0.0
        while True:
            is_alive = process.is_alive()
            for told in _said(ours, HEAR_SECONDS if is_alive else None):
                if not isinstance(told, Progress):
                    return told
                last = told
            if not is_alive:
                return outcomes.REVERT_DIED if job.operation == REVERT_IMPORT else outcomes.DIED
            _tell(stage, last)
            stage.look()
            if time.monotonic() - looked_at > LOOK_SECONDS:
                looked_at = time.monotonic()
                if self._is_unwanted(import_id, job.job_id):
                    return outcomes.cancelled(last.done)

    def _work(self, job: Job, upload: Upload) -> Work:
        assert upload.mapping is not None  # noqa: S101 - looked at before
        return Work(
            upload.import_id,
            self._files.folder(upload.import_id),
            upload.name,
            upload.digest,
            upload.mapping,
            self._settings.zone,
            job.asked_by,
            str(job.parameters["language"]),
            is_dry=_is_dry(job),
            is_strict=bool(job.parameters["is_strict"]),
            names_rivals=bool(job.parameters["names_rivals"]),
        )

    def _is_unwanted(self, import_id: UUID, job_id: UUID) -> bool:
        try:
            with connect(self._urls.projector) as connection:
                upload = records.find(connection, import_id)
        except psycopg.Error as error:
            if is_lost(error):
                return False
            raise
        return upload is not None and upload.unwanted_job == job_id

    def _ended(self, job: Job, import_id: UUID, told: Told) -> Ended:
        match told:
            case Imported(report, has_errors, has_warnings):
                days = self._settings.import_errors_days
                with connect(self._urls.projector) as connection:
                    records.note_errors(connection, import_id, days, has_errors=has_errors, has_warnings=has_warnings)
                return outcomes.came_through(report, is_dry=_is_dry(job))
            case Reverted(report):
                return outcomes.reverted(report, is_dry=_is_dry(job))
            case Refused(code, en, ru):
                return outcomes.refused(code, en, ru, of_revert=job.operation == REVERT_IMPORT)
            case Lost():
                raise psycopg.OperationalError("the log stayed out of reach of an import")
            case NoRoom():
                return outcomes.NO_ROOM

    def _removed(self, import_id: UUID, *, is_discarded: bool) -> None:
        """Remove the bytes, and note it: in this order, so that none stay that are said to be gone."""
        self._files.upload(import_id).unlink(missing_ok=True)
        with connect(self._urls.projector) as connection:
            records.note_gone(connection, import_id, is_discarded=is_discarded)
            upload = records.find(connection, import_id)
        if upload is None or not (upload.has_errors or upload.has_warnings):
            self._files.remove(import_id)

    def sweep(self) -> Mapping[str, int]:
        """Remove what is not needed any more, and count it: files not imported, old errors, what nobody knows of."""
        place = self._files.place
        with connect(self._urls.projector) as connection:
            stale = records.stale(connection, place, WAITS_HOURS)
            over = records.over(connection, place)
            folders = dict(self._files.left())
            known = records.known(connection, list(folders))
        for import_id in stale:
            self._removed(import_id, is_discarded=True)
        for import_id in over:
            for name in (ERRORS, WARNINGS):
                (self._files.folder(import_id) / name).unlink(missing_ok=True)
        with connect(self._urls.projector) as connection:
            records.note_no_errors(connection, over)
        orphans = [each for each, is_old in folders.items() if is_old and each not in known]
        for import_id in orphans:
            self._files.remove(import_id)
        return {"uploads": len(stale), "errors": len(over), "orphans": len(orphans)}


class Imports:
    """Takes up the imports of this data folder, and clears up; in threads of its own."""

    def __init__(self, settings: Settings, urls: Urls, master: MasterKey) -> None:
        self._hands = ForImports(settings, urls, master)
        place = ImportFiles(settings.var).place
        lane = f"{IMPORT_LANE}{place}"
        self._runner = Runner(urls.projector, self._hands, of_analytics=False, lane=lane)
        self._stopping = Signal()
        self._sweeping = Thread(target=self._sweep, name="imports-sweep", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._runner.start()
        self._sweeping.start()

    def stop(self) -> None:
        """Begin no more; what is under way goes on at the next start."""
        self._stopping.set()
        self._runner.stop()
        self._sweeping.join(GOING_SECONDS)

    def _sweep(self) -> None:
        while True:
            try:
                swept = self._hands.sweep()
            except (psycopg.Error, OSError) as error:
                log.warning("imports_swept", outcome="not now", error=type(error).__name__)
            else:
                if any(swept.values()):
                    log.info("imports_swept", **swept)
            if self._stopping.wait(SWEEP_SECONDS):
                return


def _said(ours: Connection, seconds: float | None) -> Iterator[Progress | Told]:
    """Yield what the process says for so long, however often it does; None: what it has said before it ended."""
    over = None if seconds is None else time.monotonic() + seconds
    with suppress(EOFError, OSError):
        while (left := 0.0 if over is None else over - time.monotonic()) >= 0 and ours.poll(left):
            yield ours.recv()


def _is_dry(job: Job) -> bool:
    return bool(job.parameters["is_dry"])


def _tell(stage: Stage, now: Progress) -> None:
    fraction = now.done / now.total if now.total else None
    stage.tell(phase=now.phase, is_paused=False, done=now.done, total=now.total, fraction=fraction, eta_seconds=None)


def _end(process: Any, ours: Connection) -> None:
    """Let the process end: what it has stored stays."""
    ours.close()
    process.join(GOING_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
