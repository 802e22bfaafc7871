"""Does the jobs of operators, in the process that has what they need: whoever asked for one need not wait for it."""

import time
from collections.abc import Mapping
from threading import Event as Signal
from threading import Thread
from typing import Any, Protocol
from uuid import UUID

import psycopg
import structlog
from psycopg.errors import DiskFull

from app.operations.outcomes import Failure, ended_by
from app.operations.site import ANALYTICS
from infra.postgres.connection import connect
from infra.postgres.faults import is_lost
from replay.repair.jobs import CHANNEL, WORD_LANE, Ended, Job
from replay.repair.lanes import end, hold, is_free, left, open_lanes, take, tell, wait_again

POLL_SECONDS = 1.0
"""How often it is looked for jobs without a notification, and told how far those are that are being done."""

AT_ONCE = 4
"""Lanes in which something is done at once, besides words: a rebuild takes several cores and its share of the disk."""

PATIENCE_SECONDS = 8.0
"""How long a stop waits for what is being done to end in order."""

RECONNECT_SECONDS = 1.0
ATTEMPTS = 2
"""How often most jobs are begun."""

log = structlog.get_logger()


class StoppedError(Exception):
    """The service stops, and with it what it does for operators."""


class Stage:
    """What a job tells while it is done, and hears."""

    def __init__(self, stopping: Signal) -> None:
        self.progress: Mapping[str, Any] | None = None
        self._stopping = stopping

    def tell(self, **progress: Any) -> None:
        """Say how far it is."""
        self.progress = progress

    def look(self) -> None:
        """Raise StoppedError when the service stops."""
        if self._stopping.is_set():
            raise StoppedError


class Hands(Protocol):
    """What does the jobs."""

    failures: tuple[Failure, ...]
    """What else can be raised than what every job may raise."""

    attempts: int
    """How often a job is begun: one that takes its process with it would do so for ever."""

    def do(self, job: Job, stage: Stage) -> Ended:
        """Do a job, and return how it ended; raises what FAILURES and `failures` know, and StoppedError."""
        ...

    def left(self, job: Job) -> Ended | None:
        """Return what became of a job that was begun by a process that is gone; None if it can be begun again."""
        ...

    def interrupt(self, job: Job) -> None:
        """Let a job end that does not look by itself."""
        ...


class Runner:
    """Takes up jobs: of the analytics, or of everything else; those of each lane in order, in a thread of its own.

    Those of imports are taken up by who says with what their `lane` begins.
    """

    def __init__(self, url: str, hands: Hands, *, of_analytics: bool, lane: str | None = None) -> None:
        self._url = url
        self._hands = hands
        self._of_analytics = of_analytics
        self._lane = lane
        self._stopping = Signal()
        self._thread = Thread(target=self._run, name="operations", daemon=True)
        self._lanes: dict[str, Thread] = {}
        self._doing: dict[UUID, tuple[Job, Stage]] = {}

    def start(self) -> None:
        """Begin to look for jobs; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no more, and let those that are being done end; what does not end in time ends with the process."""
        self._stopping.set()
        over = time.monotonic() + PATIENCE_SECONDS
        while self._lanes and time.monotonic() < over:
            for job, _ in list(self._doing.values()):
                self._interrupt(job)
            time.sleep(0.1)
        self._thread.join(max(0.0, over - time.monotonic()) + POLL_SECONDS)

    def _interrupt(self, job: Job) -> None:
        try:
            self._hands.interrupt(job)
        except psycopg.Error as error:
            log.warning("operation_interrupted", job=str(job.job_id), outcome=type(error).__name__)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    while not self._stopping.is_set():
                        self._look(connection)
                        for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                            pass
            except Exception as error:  # noqa: BLE001 - the outermost door of this thread: jobs are asked for later too
                _log(error)
                self._stopping.wait(RECONNECT_SECONDS)

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        for job_id, (_, stage) in list(self._doing.items()):
            tell(connection, job_id, stage.progress)
        for lane in open_lanes(connection, ANALYTICS, of_analytics=self._of_analytics, lane=self._lane):
            if lane in self._lanes or not self._has_room(lane) or not is_free(connection, lane):
                continue
            thread = Thread(target=self._work, args=(lane,), name=f"operations-{lane}", daemon=True)
            self._lanes[lane] = thread
            thread.start()

    def _has_room(self, lane: str) -> bool:
        long = [one for one in list(self._lanes) if not one.startswith(WORD_LANE)]
        return lane.startswith(WORD_LANE) or len(long) < AT_ONCE

    def _work(self, lane: str) -> None:
        """Do the jobs of a lane, as long as it has any; the session that holds it ends with the process."""
        try:
            with connect(self._url) as connection:
                if not hold(connection, lane):
                    return
                for begun in left(connection, lane):
                    self._end(begun, None)
                while not self._stopping.is_set() and (job := take(connection, lane)) is not None:
                    self._do(job)
        except Exception as error:  # noqa: BLE001 - the outermost door of this thread: the next look begins another
            _log(error)
        finally:
            del self._lanes[lane]

    def _do(self, job: Job) -> None:
        stage = Stage(self._stopping)
        self._doing[job.job_id] = job, stage
        try:
            ended = self._done(job, stage)
        finally:
            self._doing.pop(job.job_id)
        self._end(job, ended)

    def _done(self, job: Job, stage: Stage) -> Ended | None:
        """Do a job and return how it ended; None where only a look tells, as after a process that is gone."""
        try:
            ended = self._hands.do(job, stage)
        except StoppedError:
            return None
        except Exception as error:  # noqa: BLE001 - the outermost door: the job ends, and its record says how
            if is_lost(error) and not isinstance(error, DiskFull):
                return None
            ended = ended_by(error, job.about, self._hands.failures) or self._bug(error, job)
        return None if self._stopping.is_set() and ended.state == "cancelled" else ended

    def _bug(self, error: Exception, job: Job) -> Ended:
        """Return how a job ended by a fault of ours; it is logged by the number of the job."""
        incident = str(job.job_id)
        log.error("operation_failed", job=incident, action=job.operation, error=type(error).__name__, exc_info=True)
        return Ended("failed", "internal-error", {"incident": incident})

    def _end(self, job: Job, ended: Ended | None) -> None:
        """Put on record how a job ended, or that it is to be begun again; tries until the database takes it."""
        while True:
            try:
                became = ended or self._left(job)
                with connect(self._url) as connection:
                    if became is None:
                        wait_again(connection, job.job_id)
                    else:
                        end(connection, job.job_id, became)
            except psycopg.Error as error:
                if not is_lost(error) or self._stopping.is_set():
                    raise
                _log(error)
                self._stopping.wait(RECONNECT_SECONDS)
            else:
                code = "begun again" if became is None else became.code
                log.info("operation", action=job.operation, about=job.about, job=str(job.job_id), outcome=code)
                return

    def _left(self, job: Job) -> Ended | None:
        """Return what became of a job whose process, or whose session, is gone; None: it is to be begun again."""
        ended = self._hands.left(job)
        if ended is None and job.attempts >= self._hands.attempts:
            return Ended("abandoned", "operation-left", {"about": job.about})
        return ended


def _log(error: Exception) -> None:
    if is_lost(error):
        log.warning("operations", outcome="database lost", error=type(error).__name__)
    else:
        log.error("operations", outcome="failed", error=type(error).__name__, exc_info=True)
