"""One thread per process that carries out all waiting commands together: one append, one fsync a batch."""

import asyncio
import math
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg
import structlog

from commands.errors import OverloadedError
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.job import Job, hand_out, not_now, note, tell_failed
from commands.execution.pending import Answer, PendingCommand
from infra.durations import Durations
from infra.postgres.connection import OwnConnection
from infra.postgres.faults import is_refusal

MAX_BATCH = 256
"""Commands carried out together; beyond this the append grows no faster, and a caller would only wait longer."""

DEADLINE = 30.0
"""Seconds after which a caller on an event loop has an answer, whatever the log, the queue and this thread do.

For a third of them a command waits for a log that cannot be reached.
"""

LOOK = 1_000
"""Milliseconds after which it is looked whether the batch on its way has been there for too long."""

FAILURE_LASTS = 5.0
"""Seconds after which a failed append says nothing any more: whoever is not ready gets no command to try again with."""

RECONNECT_PAUSE = 0.2
"""Seconds between two attempts to reach the log."""

log = structlog.get_logger()


class Executor:
    """Takes commands from any thread or event loop, carries them out in order of arrival, and answers each.

    While the log stores one batch the thread decides what arrives meanwhile, and sends all of it when the log is free.
    """

    def __init__(
        self,
        runner: BatchRunner,
        connections: Sequence[OwnConnection],
        *,
        on_stored: Callable[[int], None],
        limit: int,
        deadline: float = DEADLINE,
    ) -> None:
        """Take what carries out batches, and its connections, of which the last one is the one that stores.

        `on_stored` hears the last position of each batch; `limit` is how many commands may wait, `deadline` after how
        many seconds a caller has an answer.
        """
        self._runner = runner
        self._connections = connections
        self._on_stored = on_stored
        self._limit = limit
        self._deadline = deadline
        self._patience = deadline / 3
        self._jobs: deque[Job] = deque()
        self._waiting = 0
        self._counting = threading.Lock()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)
        self._is_asleep = False
        self._is_stopping = False
        self._failed_at: float | None = None
        self.durations = Durations()
        """How long commands took, by name, from when they were queued to their answer."""
        self._thread = threading.Thread(target=self._work, name="executor", daemon=True)

    def start(self) -> None:
        """Begin to carry out commands."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, take nothing more, and close the connections."""
        self._is_stopping = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        for connection in self._connections:
            connection.close()
        os.close(self._wake_reader)
        os.close(self._wake_writer)

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
        self._queue(Job(requests, deliver, is_atomic=is_atomic))

    async def execute(self, requests: Sequence[Request], *, is_atomic: bool = False) -> list[Answer]:
        """Queue commands and wait for their answers without blocking the event loop, up to the deadline."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Answer]] = loop.create_future()
        job = Job(requests, future=future, is_atomic=is_atomic)
        self._queue(job)
        overdue = loop.call_later(self._deadline, self._leave, job)
        try:
            return await future
        finally:
            overdue.cancel()

    def _leave(self, job: Job) -> None:
        """Answer a caller whose deadline has come; commands that still queue are not carried out any more."""
        is_withdrawn = job.withdraw()
        if is_withdrawn:
            with self._counting:
                self._waiting -= len(job.requests)
            note(self.durations, [job])
        job.leave(not_now(is_known=is_withdrawn))

    def _queue(self, job: Job) -> None:
        with self._counting:
            # Commands that come together wait together: whoever finds nobody waiting is taken, however many they are.
            if self._is_stopping or (self._waiting and self._waiting + len(job.requests) > self._limit):
                raise OverloadedError(retry_after=1)
            self._waiting += len(job.requests)
        self._jobs.append(job)
        if self._is_asleep:
            self._wake()

    # --- the thread ------------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._is_asleep = False
        os.write(self._wake_writer, b"\0")

    def _work(self) -> None:
        while not (self._is_stopping and not self._jobs and self._runner.is_idle):
            try:
                self._step()
            except psycopg.Error as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 - a bug most often; the thread lives on for the others
                tell_failed(error)
                self._answer(self._runner.give_up(error))

    def _step(self) -> None:
        """Decide what has arrived, and see what has become of the batch on its way."""
        runner = self._runner
        if self._has_atomic and runner.is_idle:
            self._carry_out_alone(self._jobs.popleft())
            return
        turns = self._take()
        if turns:
            runner.decide(turns)
        elif runner.is_idle or runner.is_storing:
            runner.rest()
            self._sleep()
        if not runner.is_idle:
            answered = runner.advance(wait=False)
            if answered:
                self._failed_at = None
                self._answer(answered)

    @property
    def _has_atomic(self) -> bool:
        """Whether the next commands may share no batch with others: they wait until the log has nothing else to do."""
        return bool(self._jobs) and self._jobs[0].is_atomic

    def _fits(self, room: int) -> bool:
        """Whether the next commands may join the batch being decided; a large request has one for itself."""
        jobs = self._jobs
        return bool(jobs) and not jobs[0].is_atomic and (len(jobs[0].requests) <= room or room == MAX_BATCH)

    def _take(self) -> list[PendingCommand]:
        turns: list[PendingCommand] = []
        room = MAX_BATCH - self._runner.deciding
        while self._fits(room):
            begun = self._jobs.popleft().begin()
            turns += begun
            room -= len(begun)
        return turns

    def _sleep(self) -> None:
        """Sleep until a command arrives that can be decided, or the batch on its way is stored."""
        runner = self._runner
        poll = select.poll()
        if runner.is_storing:
            poll.register(self._connections[-1].fileno(), select.POLLIN)
        if not self._jobs:
            # What waits already could not be taken: nobody who comes after it needs to wake us.
            self._is_asleep = True
            poll.register(self._wake_reader, select.POLLIN)
        # A command that arrived before the flag was up has woken nobody.
        must_go_on = self._fits(MAX_BATCH - runner.deciding) or (runner.is_idle and (self._jobs or self._is_stopping))
        if not must_go_on:
            poll.poll(LOOK if runner.is_storing else None)
        self._is_asleep = False
        with suppress(BlockingIOError):
            os.read(self._wake_reader, 1024)

    def _carry_out_alone(self, job: Job) -> None:
        turns = job.begin()
        if not turns:
            return
        started = time.monotonic()
        lost_at, was_sent = None, False
        while True:
            try:
                answers = self._runner.run(job.requests, atomic=True, lost_at=lost_at)
                break
            except psycopg.Error as error:
                if is_refusal(error):
                    answers = [error] * len(job.requests)
                    break
                lost_at, was_sent = started, was_sent or self._runner.has_lost_answers
                self._pause_after(error)
                if time.monotonic() - started > self._patience or self._is_stopping:
                    answers = [not_now(is_known=not was_sent)] * len(job.requests)
                    break
            except Exception as error:  # noqa: BLE001 - as above
                tell_failed(error)
                answers = [error] * len(job.requests)
                break
        for turn, answer in zip(turns, answers, strict=True):
            turn.answer = answer
        self._answer(turns)

    # --- answering -------------------------------------------------------------------------------------------------

    def _answer(self, turns: Sequence[PendingCommand]) -> None:
        """Deliver what is complete."""
        if not turns:
            return
        done: list[Job] = []
        last = 0
        for turn in turns:
            job: Job = turn.tag
            job.missing -= 1
            if not job.missing:
                done.append(job)
            position = getattr(turn.answer, "position", 0)
            last = max(last, position)
        if last:
            self._on_stored(last)
        log.debug("batch", commands=len(turns), position=last)
        with self._counting:
            self._waiting -= len(turns)
        note(self.durations, done)
        hand_out(done)

    # --- failing ---------------------------------------------------------------------------------------------------

    def _fail(self, error: psycopg.Error) -> None:
        """Wait and let everything be tried again; callers who have waited too long are told to come again.

        What the database refuses for what it is, and not for the moment, is found and answered at once.
        """
        if is_refusal(error):
            try:
                self._answer(self._runner.carry_out_singly())
            except psycopg.Error as another:
                error = another
            else:
                return
        self._pause_after(error)
        patience = -math.inf if self._is_stopping else self._patience
        self._answer(self._runner.give_up(not_now(is_known=True), lost_before=time.monotonic() - patience))

    def _pause_after(self, error: psycopg.Error) -> None:
        self._failed_at = time.monotonic()
        log.warning("log_unreachable", commands=self._waiting, error=type(error).__name__)
        for connection in self._connections:
            connection.close()
        time.sleep(RECONNECT_PAUSE)
