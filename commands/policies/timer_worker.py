"""Runs the timers: asks what has become due, has a command carried out for each moment, and remembers the answers.

What is due is read from a view, which may be behind, ahead or rebuilt; every command is decided on its own stream and
carried out once. So the worst that a late view, a second worker or a kill can do is to ask for nothing once more.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import psycopg
import structlog

from commands.execution.decision import KeyedHash, Request
from commands.execution.pending import Accepted, Answer
from commands.policies.base import Due, Timer
from commands.policies.leased import NOT_NOW, LeasedWorker, tell_refused
from commands.policies.policy_worker import Execute
from infra.log.timer_answers import TimerAnswer, forget_answers, forget_refusals, note_answers

NAME = "timers"
POLL = 1.0
"""Seconds after which it looks again: a reminder promises minutes."""

BATCH = 100
"""Commands asked together: after a month of downtime people's own commands still find room between."""

TIDYING = timedelta(minutes=1)
FORGOTTEN_AT_ONCE = 1_000

log = structlog.get_logger()


class Clock(Protocol):
    """Tells the time, UTC."""

    def __call__(self) -> datetime: ...


class DueTimers(Protocol):
    """Reads what is due; handed in, because a command never decides on a view."""

    def due(self, timers: Sequence[str], now: datetime, limit: int) -> list[Due]:
        """Return what these timers wait for that has come and was not answered yet, the oldest moment first."""
        ...

    def ended(self, limit: int) -> list[tuple[str, UUID]]:
        """Return the timers and streams of answers where nothing is waited for any more."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


def utc_now() -> datetime:
    """Return the time of the machine's clock."""
    return datetime.now(UTC)


class TimerWorker(LeasedWorker):
    """Runs all timers in one thread, in order of due moment; of several processes only one does at a time."""

    def __init__(
        self,
        timers: Iterable[Timer],
        url: str,
        due_timers: DueTimers,
        execute: Execute,
        keyed_hash: KeyedHash,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(NAME, url, POLL)
        self._timers = {timer.name: timer for timer in timers}
        self._due_timers = due_timers
        self._execute = execute
        self._keyed_hash = keyed_hash
        self._clock = clock
        self._tidied_at: datetime | None = None

    def stop(self) -> None:
        """Stop after what is being done now, and give lease and connections back."""
        super().stop()
        self._due_timers.close()

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Let what was refused be asked once more: this start may be the one with the reason mended."""
        forget_refusals(connection)

    def work(self, connection: psycopg.Connection[Any]) -> bool:
        """Ask about one batch of what is due; return whether there was any."""
        now = self._clock()
        due = self._due_timers.due(list(self._timers), now, BATCH)
        if not due:
            self._tidy(connection, now)
            return False
        note_answers(connection, self._answers(due, now))
        return True

    def _answers(self, due: Sequence[Due], now: datetime) -> list[TimerAnswer]:
        """Have the commands carried out; return what is settled, or raise if nothing is."""
        given: dict[Due, Answer] = {}
        requests: dict[Due, Request] = {}
        for each in due:
            try:
                requests[each] = self._request(each, now)
            except Exception as error:  # noqa: BLE001 - the outermost door of a declared timer: the others go on
                given[each] = error
        if requests:
            given |= zip(requests, self._execute(list(requests.values())), strict=True)
        settled = [
            TimerAnswer(*each, now, self._code(each, answer))
            for each, answer in given.items()
            if not isinstance(answer, NOT_NOW)
        ]
        if not settled:
            raise next(answer for answer in given.values() if isinstance(answer, NOT_NOW))
        log.info("timers_asked", asked=len(due), settled=len(settled))
        return settled

    def _request(self, due: Due, now: datetime) -> Request:
        timer = self._timers[due.timer]
        return Request.of(
            # A repeat is the same command to the letter, whatever zone a session tells moments in.
            timer.command_for(due._replace(due_at=due.due_at.astimezone(UTC))),
            timer.actor,
            self._keyed_hash,
            command_id=timer.command_id(due),
            received_at=now,
            causation_id=due.set_by,
        )

    def _code(self, due: Due, answer: Answer) -> str | None:
        """Return why a command was refused, and say so in the log, once; None if it was not."""
        if isinstance(answer, Accepted):
            return None
        facts = {"timer": due.timer, "stream_id": str(due.stream_id), "set_by": str(due.set_by)}
        return tell_refused("timer_refused", answer, **facts)

    def _tidy(self, connection: psycopg.Connection[Any], now: datetime) -> None:
        """Forget, once in a while, the answers where nothing is waited for any more."""
        if self._tidied_at is not None and abs(now - self._tidied_at) < TIDYING:
            return
        ended = self._due_timers.ended(FORGOTTEN_AT_ONCE)
        if ended:
            forget_answers(connection, ended)
        if len(ended) < FORGOTTEN_AT_ONCE:
            self._tidied_at = now
