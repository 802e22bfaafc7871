"""The jobs about the analytics: done in the process that holds their file."""

import adbc_driver_manager

from app.operations.outcomes import Failure, nothing, of_filling, of_retry, of_tables
from app.operations.runner import ATTEMPTS, Stage
from infra.analytics.arrow_log import LogReplacedError
from infra.analytics.duck import AnalyticsNode, AnalyticsNotReadyError
from infra.analytics.follower import UNLOADABLE
from infra.analytics.parked_facts import stream_from
from infra.analytics.repair import NotParkedError, retry_parked, skip_parked
from replay.repair.jobs import Ended, Job
from replay.repair.parked import Tried


class ForReports:
    """Does the jobs about the analytics file of a node; `url` is the projector's."""

    failures: tuple[Failure, ...] = (
        (AnalyticsNotReadyError, "reports-not-ready", nothing),
        (LogReplacedError, "reports-not-ready", nothing),
        (NotParkedError, "not-parked", nothing),
        (adbc_driver_manager.Error, "database-lost", nothing),
        *((kind, "reports-not-loaded", nothing) for kind in UNLOADABLE),
    )

    attempts = ATTEMPTS

    def __init__(self, node: AnalyticsNode, url: str) -> None:
        self._node = node
        self._url = url

    def do(self, job: Job, stage: Stage) -> Ended:
        """Do a job."""
        key = job.parameters.get("key")
        stream = None if key is None else stream_from(key)
        if job.operation == "skip":
            assert stream is not None  # noqa: S101 - it cannot be asked for without a key
            tried = skip_parked(self._node, self._url, stream, reason=job.reason or "", actor=job.asked_by)
            return of_retry(job.about, [Tried(job.about, *tried)])
        if job.operation == "retry":
            return of_retry(job.about, [Tried(job.about, *one) for one in retry_parked(self._node, stream)])

        def tell(reached: int, aim: int) -> None:
            stage.tell(phase="loading", is_paused=False, done=reached, total=aim, fraction=None, eta_seconds=None)
            stage.look()

        if job.operation == "verify":
            differences = [one._asdict() for one in self._node.verify(tell)]
            return of_tables(job.about, self._node.position, differences)
        self._node.rebuild(tell)
        return of_filling(job.about, self._node.position, len(self._node.parked))

    def left(self, job: Job) -> Ended | None:
        """Return what became of it: the file that answers was not touched, and a new one is not whole."""
        if job.operation in {"verify", "retry"}:
            return None
        code = "reports-left" if job.operation == "rebuild" else "operation-left"
        return Ended("abandoned", code, {"about": job.about})

    def interrupt(self, job: Job) -> None:
        """Do nothing: what takes long looks by itself."""
