"""One thread per process that carries out all waiting commands together: one load, one append, one fsync a batch."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import structlog

from commands.batch import Answer, BatchRunner, Borrow
from commands.decision import Request
from commands.errors import OverloadedError
from infra.connection import OwnConnection

MAX_BATCH = 256
"""Commands carried out together; beyond this the append grows no faster, and a caller would only wait longer."""

UNREACHABLE_PATIENCE = 10.0
"""Seconds a command waits for a log that cannot be reached before its caller is told to come again."""

FAILURE_LASTS = 5.0
"""Seconds after which a failed append says nothing any more: whoever is not ready gets no command to try again with."""

RECONNECT_PAUSE = 0.2
"""Seconds between two attempts to reach the log."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Job:
    """Commands that came in one request; they go into one batch, in order."""

    requests: Sequence[Request]
    deliver: Callable[[list[Answer]], None]
    is_atomic: bool = False
    arrived: float = field(default_factory=time.monotonic)


class Executor:
    """Takes commands from any thread or event loop, carries them out in order of arrival, and answers each."""

    def __init__(
        self, make_runner: Callable[[Borrow], BatchRunner], url: str, *, on_stored: Callable[[int], None], limit: int
    ) -> None:
        """`on_stored` hears the last position of each batch; `limit` is how many commands may wait."""
        self._connection = OwnConnection(url)
        self._runner = make_runner(self._connection)
        self._on_stored = on_stored
        self._limit = limit
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._wake = threading.Condition()
        self._is_stopping = False
        self._failed_at: float | None = None
        self._thread = threading.Thread(target=self._work, name="executor", daemon=True)

    def start(self) -> None:
        """Begin to carry out commands."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, take nothing more, and close the connection."""
        with self._wake:
            self._is_stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._connection.close()

    @property
    def can_store(self) -> bool:
        """False while the log does not take what it is given: out of reach, or readable on a full disk."""
        failed_at = self._failed_at
        return failed_at is None or time.monotonic() - failed_at > FAILURE_LASTS

    @property
    def waiting(self) -> int:
        """How many commands wait or are being carried out."""
        return self._waiting

    def submit(
        self, requests: Sequence[Request], deliver: Callable[[list[Answer]], None], *, is_atomic: bool = False
    ) -> None:
        """Queue commands; `deliver` is called from the executor's thread with their answers, in order.

        Raises OverloadedError when too many commands wait.
        """
        with self._wake:
            if self._is_stopping or self._waiting + len(requests) > self._limit:
                raise OverloadedError(retry_after=1)
            self._waiting += len(requests)
            self._jobs.append(_Job(requests, deliver, is_atomic))
            if len(self._jobs) == 1:
                self._wake.notify()

    async def execute(self, requests: Sequence[Request], *, is_atomic: bool = False) -> list[Answer]:
        """Queue commands and wait for their answers without blocking the event loop."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Answer]] = loop.create_future()

        def resolve(answers: list[Answer]) -> None:
            if not future.done():
                future.set_result(answers)

        self.submit(requests, lambda answers: _call_in(loop, resolve, answers), is_atomic=is_atomic)
        return await future

    def _take(self) -> list[_Job] | None:
        with self._wake:
            while not self._jobs:
                if self._is_stopping:
                    return None
                self._wake.wait()
            taken = [self._jobs.popleft()]
            size = len(taken[0].requests)
            while (
                self._jobs
                and not taken[0].is_atomic
                and not self._jobs[0].is_atomic
                and size + len(self._jobs[0].requests) <= MAX_BATCH
            ):
                taken.append(self._jobs.popleft())
                size += len(taken[-1].requests)
            return taken

    def _work(self) -> None:
        while (jobs := self._take()) is not None:
            requests = [request for job in jobs for request in job.requests]
            answers = self._carry_out(requests, is_atomic=jobs[0].is_atomic)
            last = max((getattr(answer, "position", 0) for answer in answers), default=0)
            if last:
                self._on_stored(last)
            start = 0
            for job in jobs:
                job.deliver(answers[start : start + len(job.requests)])
                start += len(job.requests)
            with self._wake:
                self._waiting -= len(requests)

    def _carry_out(self, requests: list[Request], *, is_atomic: bool) -> list[Answer]:
        started = time.monotonic()
        is_retry = False
        while True:
            try:
                answers = self._runner.run(requests, atomic=is_atomic, is_retry=is_retry)
            except psycopg.Error as error:
                is_retry = True
                self._failed_at = time.monotonic()
                log.warning("log_unreachable", commands=len(requests), error=type(error).__name__)
                if time.monotonic() - started > UNREACHABLE_PATIENCE or self._is_stopping:
                    return [OverloadedError(retry_after=2)] * len(requests)
                self._connection.close()
                time.sleep(RECONNECT_PAUSE)
            except Exception as error:  # a bug: these callers get a 500, the thread lives on for the others
                log.exception("batch_failed", commands=len(requests))
                return [error] * len(requests)
            else:
                self._failed_at = None
                log.debug("batch", commands=len(requests), duration_ms=round((time.monotonic() - started) * 1e3, 1))
                return answers


def _call_in(loop: asyncio.AbstractEventLoop, resolve: Callable[[list[Answer]], None], answers: list[Answer]) -> None:
    try:
        loop.call_soon_threadsafe(resolve, answers)
    except RuntimeError:  # the loop was closed while its command was carried out: nobody waits any more
        log.info("caller_gone")
