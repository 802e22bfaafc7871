"""What the executor is given at once: the commands of one request, and who waits for their answers."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from commands.errors import OutcomeUnknownError, OverloadedError
from commands.execution.decision import Request
from commands.execution.pending import RETRY_AFTER, Answer, PendingCommand
from infra.durations import Durations
from infra.log.clock import ClockAheadError

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Job:
    """Commands that came in one request; they go into one batch, in order. `future` or `deliver` gets the answers."""

    requests: Sequence[Request]
    deliver: Callable[[list[Answer]], None] | None = None
    future: "asyncio.Future[list[Answer]] | None" = None
    is_atomic: bool = False
    turns: Sequence[PendingCommand] = ()
    missing: int = 0
    queued_at: float = field(default_factory=time.perf_counter)
    _turn: list[None] = field(default_factory=lambda: [None])
    """Taken out by who comes first, of two threads: the one that carries out, and the one that waits no longer."""

    def begin(self) -> Sequence[PendingCommand]:
        """Return the turns of the commands, which come back with their answers; none if nobody waits for them."""
        if not self._is_first():
            return ()
        self.turns = [PendingCommand(request, self) for request in self.requests]
        self.missing = len(self.turns)
        return self.turns

    def withdraw(self) -> bool:
        """See to it that nothing is carried out; False when it was begun."""
        return self._is_first()

    def _is_first(self) -> bool:
        try:
            self._turn.pop()
        except IndexError:
            return False
        return True

    def answers(self) -> list[Answer]:
        """Return the answers, in order."""
        return [turn.answer for turn in self.turns if turn.answer is not None]

    def leave(self, answer: Answer) -> None:
        """Give whoever still waits this answer to every command; on the event loop of its future."""
        if self.future is not None and not self.future.done():
            self.future.set_result([answer] * len(self.requests))


def note(durations: Durations, jobs: Sequence[Job]) -> None:
    """Count how long the commands took whose answers are there now."""
    now = time.perf_counter()
    for job in jobs:
        for request in job.requests:
            durations.add((request.command.command_name(),), now - job.queued_at)


def hand_out(jobs: Sequence[Job]) -> None:
    """Give all their answers: one call into each event loop, however many of its callers wait."""
    of_loop: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        if job.future is not None:
            of_loop.setdefault(job.future.get_loop(), []).append(job)
        elif job.deliver is not None:
            job.deliver(job.answers())
    for loop, waiting in of_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, waiting)
        except RuntimeError:  # the loop was closed while its commands were carried out: nobody waits any more
            log.info("callers_gone", commands=len(waiting))


def _resolve(jobs: Sequence[Job]) -> None:
    """Hand out the answers; on the event loop of the futures."""
    for job in jobs:
        if job.future is not None and not job.future.done():
            job.future.set_result(job.answers())


def not_now(*, is_known: bool) -> Answer:
    """Return what a caller hears who cannot wait longer; `is_known`: nothing of theirs was given to the log."""
    kind = OverloadedError if is_known else OutcomeUnknownError
    return kind(retry_after=RETRY_AFTER)


def tell_failed(error: Exception) -> None:
    """Say in the log that the commands being carried out failed; by a wrong clock is no bug, and was said already."""
    if not isinstance(error, ClockAheadError):
        log.exception("batch_failed")
