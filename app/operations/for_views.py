"""The jobs about read models, and backups: how each is done, and what became of one whose process is gone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from time import monotonic, sleep
from typing import Any

import psycopg

from app.operations import doing
from app.operations.merging import merge_alike, take_apart
from app.operations.outcomes import (
    Failure,
    of_comparison,
    of_drop,
    of_duplicates,
    of_merges,
    of_rebuild,
    of_retry,
    of_roll_back,
    of_unmerges,
)
from app.operations.runner import ATTEMPTS, Stage
from app.operations.site import KNOWN, Site, UnknownReadModelError
from infra.files.folder import FilesFolder
from infra.projector.generations import connect, in_use, sweep
from infra.projector.leases import idle_build_lock
from infra.projector.parking import parked_key_from
from replay.rebuilding.progress import Progress
from replay.rebuilding.throttle import ask
from replay.rebuilding.watch import Looked, Watch
from replay.repair.jobs import (
    FIND_DUPLICATES,
    MERGE_DUPLICATES,
    UNMERGE_DUPLICATES,
    Ended,
    Job,
    NoPlaceForBackupsError,
)
from replay.repair.lanes import is_deaf, withdraw

AGAIN = frozenset(
    {"verify", "drop", "pause", "resume", "throttle", "retry", FIND_DUPLICATES, MERGE_DUPLICATES, UNMERGE_DUPLICATES}
)
"""What may be begun once more: done twice it is as if it were done once."""

GOING_SECONDS = 5.0
"""How long the sessions of a process that is gone may take to end."""

_MADE = "SELECT generation FROM letopis.rebuild WHERE name = %s AND started_at >= %s"


class ForViews:
    """Does the jobs of one installation that are not about its analytics."""

    failures: tuple[Failure, ...] = ()
    attempts = ATTEMPTS

    def __init__(self, here: Site) -> None:
        self._here = here

    def do(self, job: Job, stage: Stage) -> Ended:
        """Do a job."""
        return _DOING[job.operation](self._here, job, stage)

    def left(self, job: Job) -> Ended | None:
        """Return what became of it; what a rebuild left half made is dropped."""
        if job.operation == "rebuild":
            return self._rebuild_left(job)
        if job.operation == "backup":
            return Ended("abandoned", "backup-left", job.parameters)
        return None if job.operation in AGAIN else Ended("abandoned", "operation-left", {"about": job.about})

    def _rebuild_left(self, job: Job) -> Ended:
        with connect(self._here.urls.projector) as connection:
            _wait_for_sessions(connection, job.about)
            sweep(connection, job.about)
            present = in_use(connection, job.about)
            made = connection.execute(_MADE, (job.about, job.started_at)).fetchone()
        facts = {"about": job.about, "generation": present.number if present else None}
        if present and made and made[0] == present.number:
            return Ended("done", "rebuild-went-through", facts)
        return Ended("abandoned", "rebuild-left", facts)

    def interrupt(self, job: Job) -> None:
        """Let a rebuild end; all else is short, or looks by itself."""
        if job.operation == "rebuild":
            with connect(self._here.urls.projector) as connection:
                ask(connection, job.about, "cancel")


def _wait_for_sessions(connection: psycopg.Connection[Any], name: str) -> None:
    over = monotonic() + GOING_SECONDS
    while monotonic() < over:
        with idle_build_lock(connection, name) as is_idle:
            if is_idle:
                return
        sleep(0.1)


def _rebuild(here: Site, job: Job, stage: Stage) -> Ended:
    def tell(now: Progress) -> None:
        stage.tell(
            phase=now.phase,
            is_paused=now.is_paused,
            done=now.done,
            total=now.total,
            fraction=now.fraction,
            eta_seconds=now.eta_seconds,
        )

    given = job.parameters
    how = doing.How(given["processes"], given["verify"], given.get("throttle"), may_park=given["park"])
    return of_rebuild(doing.rebuilt(here, here.projection(job.about), how, tell))


def _verify(here: Site, job: Job, stage: Stage) -> Ended:
    done = 0

    def looked(what: Looked) -> None:
        nonlocal done
        done += what.pieces if what.kind == "check" else 0
        stage.tell(phase="verifying", is_paused=False, done=done, total=None, fraction=None, eta_seconds=None)

    report = doing.verified(
        here,
        here.projection(job.about),
        processes=job.parameters["processes"],
        one_in=job.parameters["sample"],
        watch=Watch(looked, stage.look),
    )
    return of_comparison(report)


def _roll_back(here: Site, job: Job, _: Stage) -> Ended:
    return of_roll_back(doing.rolled_back(here, here.projection(job.about)))


def _drop(here: Site, job: Job, _: Stage) -> Ended:
    with connect(here.urls.projector) as connection:
        numbers = doing.dropped(connection, job.about)
    if not numbers and numbers is not None and job.about not in KNOWN:
        raise UnknownReadModelError(job.about)
    return of_drop(job.about, numbers)


def _said(here: Site, name: str, word: doing.Word) -> str:
    """Say a word, to a rebuild that begins as soon as it hears; one that has to wait is not waited for."""
    over = monotonic() + GOING_SECONDS
    with connect(here.urls.projector) as connection:
        while is_deaf(connection, name) and monotonic() < over:
            sleep(0.05)
        return word.said(connection, name)


def _pause(here: Site, job: Job, _: Stage) -> Ended:
    return Ended("done", _said(here, job.about, doing.PAUSE), {"about": job.about})


def _resume(here: Site, job: Job, _: Stage) -> Ended:
    return Ended("done", _said(here, job.about, doing.RESUME), {"about": job.about})


def _throttle(here: Site, job: Job, _: Stage) -> Ended:
    events = job.parameters["events"]
    code = _said(here, job.about, doing.hold_to(events or None))
    return Ended("done", code, {"about": job.about, "events": events})


def _cancel(here: Site, job: Job, _: Stage) -> Ended:
    about = {"about": job.about}
    with connect(here.urls.projector) as connection:
        withdrawn = Ended("cancelled", "rebuild-withdrawn", {**about, "asked_by": job.asked_by})
        if withdraw(connection, job.about, withdrawn):
            return Ended("done", "rebuild-withdrawn", about)
    return Ended("done", _said(here, job.about, doing.CANCEL), about)


def _retry(here: Site, job: Job, _: Stage) -> Ended:
    projection, key = here.projection(job.about), job.parameters.get("key")
    tried, goes_on = doing.retried(here, projection, None if key is None else parked_key_from(projection, key))
    return of_retry(job.about, tried, goes_on=goes_on)


def _skip(here: Site, job: Job, _: Stage) -> Ended:
    projection = here.projection(job.about)
    place = parked_key_from(projection, job.parameters["key"])
    tried = doing.skipped(here, projection, place, reason=job.reason or "", actor=job.asked_by)
    return of_retry(job.about, [tried])


def _back_up(here: Site, _job: Job, _: Stage) -> Ended:
    if here.settings.backup_to is None:
        raise NoPlaceForBackupsError
    folder = here.settings.backup_to / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    made = doing.backed_up(here.urls.owner, here.master, folder, FilesFolder(here.settings.files_folder))
    size, seconds = made.size_bytes, round(made.seconds, 1)
    facts = {"folder": folder.name, "position": made.position, "size_bytes": size, "seconds": seconds}
    return Ended("done", "backed-up", facts)


def _find_duplicates(here: Site, _job: Job, stage: Stage) -> Ended:
    def tell(phase: str, done: int) -> None:
        stage.tell(phase=phase, is_paused=False, done=done, total=None, fraction=None, eta_seconds=None)
        stage.look()

    return of_duplicates(doing.duplicates_found(here, tell))


def _merge_duplicates(here: Site, job: Job, stage: Stage) -> Ended:
    return of_merges(merge_alike(here, job, partial(_tell_merges, stage)), is_dry=job.parameters["is_dry"])


def _unmerge_duplicates(here: Site, job: Job, stage: Stage) -> Ended:
    return of_unmerges(take_apart(here, job, partial(_tell_merges, stage)), is_dry=job.parameters["is_dry"])


def _tell_merges(stage: Stage, done: int, total: int) -> None:
    stage.tell(phase="merging", is_paused=False, done=done, total=total, fraction=done / total, eta_seconds=None)
    stage.look()


_DOING: Mapping[str, Callable[[Site, Job, Stage], Ended]] = {
    "rebuild": _rebuild,
    "verify": _verify,
    "rollback": _roll_back,
    "drop": _drop,
    "pause": _pause,
    "resume": _resume,
    "throttle": _throttle,
    "cancel": _cancel,
    "retry": _retry,
    "skip": _skip,
    "backup": _back_up,
    FIND_DUPLICATES: _find_duplicates,
    MERGE_DUPLICATES: _merge_duplicates,
    UNMERGE_DUPLICATES: _unmerge_duplicates,
}
