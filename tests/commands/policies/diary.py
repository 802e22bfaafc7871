"""A seller's diary on a real database, driven by hand: plans, the view of what is due, and a clock that tests move."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from app.composition.decoding import decoder_at
from app.composition.due_timers import ViewOfDueTimers
from app.composition.wiring import batch_runner
from commands.activity import CancelActivity, PlanActivity, RescheduleActivity
from commands.base import Actor, Command
from commands.execution.batch import BatchRunner
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.policies import TIMERS
from commands.policies.base import Timer
from commands.policies.timer_worker import TimerWorker
from commands.staff import HireStaff
from events.values import Channel, StaffRole
from infra.postgres.connection import OwnConnection
from infra.projector.advance import advance, lease, reader_for
from infra.projector.generations import connect, in_use
from infra.projector.projector import build
from infra.projector.tables import view_of
from projections.timers.timers_due import timers_due
from tests.database import MASTER, Database

ADMIN = Actor("admin", "admin")
SELLER = UUID(int=0x51)
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plan_id(number: int) -> UUID:
    return UUID(int=0xA0000 + number)


@dataclass
class Clock:
    """Tells the time that a test set."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Diary:
    """Plans, what became of their reminders, and everybody who has to do with it."""

    database: Database
    runner: BatchRunner
    clock: Clock = field(default_factory=Clock)
    asked: list[Request] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def do(self, *commands: Command) -> list[Answer]:
        """Have an admin's commands carried out, now."""
        answers: list[Answer] = []
        for first in range(0, len(commands), 200):
            answers += self.runner.run([self._request(each) for each in commands[first : first + 200]])
        assert all(isinstance(answer, Accepted) for answer in answers), answers
        return answers

    def _request(self, command: Command) -> Request:
        return Request.of(command, ADMIN, MASTER.keyed_hash, received_at=self.clock.now)

    def plan(self, number: int = 1, *, due_at: datetime, remind_before: timedelta | None = HOUR) -> UUID:
        """Plan a call, with a reminder; return its id."""
        self.do(planning(number, due_at=due_at, remind_before=remind_before))
        return plan_id(number)

    def put_off(self, number: int, due_at: datetime) -> None:
        self.do(RescheduleActivity(activity_id=plan_id(number), due_at=due_at))

    def cancel(self, number: int) -> None:
        self.do(CancelActivity(activity_id=plan_id(number), reason="not needed any more"))

    def follow(self) -> None:
        """Let the view see everything recorded."""
        url = self.database.projector_url
        decode = decoder_at(url, MASTER)
        build(timers_due, decode, url)
        with connect(url) as projector:
            generation = in_use(projector, timers_due.name)
            assert generation is not None
            held = [lease(projector, timers_due, generation)]
            while advance(projector, held, reader_for(held), decode, 10_000):
                pass

    def execute(self, requests: Sequence[Request]) -> list[Answer]:
        """Carry out a worker's commands, and note that they were asked."""
        self.asked += requests
        self.batches.append(len(requests))
        return self.runner.run(requests)

    @contextmanager
    def worker(self, timers: Sequence[Timer] = TIMERS, **more: Any) -> Iterator[TimerWorker]:
        """Lend a worker that has not started: a test takes its steps."""
        due = ViewOfDueTimers(self.database.reader_url)
        parts = {"execute": self.execute, "keyed_hash": MASTER.keyed_hash, "clock": self.clock, **more}
        worker = TimerWorker(timers, self.database.writer_url, due, **parts)
        try:
            yield worker
        finally:
            worker.stop()

    def run(self, timers: Sequence[Timer] = TIMERS) -> None:
        """Do what a worker does that starts, finds what is due, and stops."""
        with self.worker(timers) as worker:
            while worker.step():
                pass

    def fell(self) -> list[tuple[UUID, datetime]]:
        """Return the reminders that fell, in the order recorded: of which plan, and when they were to fall."""
        with psycopg.connect(self.database.owner_url) as connection:
            return [
                (stream_id, datetime.fromisoformat(moment))
                for stream_id, moment in connection.execute(
                    "SELECT stream_id, body ->> 'remind_at' FROM letopis.event"
                    " WHERE topic = 'activity.reminder_fell' ORDER BY position"
                )
            ]

    def one(self, query: str) -> Any:
        """Return the one value that a query of the owner's gives."""
        with psycopg.connect(self.database.owner_url) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def waiting(self) -> int:
        """Return how many moments the view waits for."""
        return int(self.one(f"SELECT count(*) FROM read.{view_of(timers_due)}"))

    def answers(self) -> int:
        """Return how many answers are remembered."""
        return int(self.one("SELECT count(*) FROM letopis.timer_answer"))


def planning(number: int, *, due_at: datetime, remind_before: timedelta | None = HOUR) -> PlanActivity:
    return PlanActivity(
        activity_id=plan_id(number),
        channel=Channel.CALL,
        staff_id=SELLER,
        topic="Prices",
        due_at=due_at,
        remind_before=remind_before,
    )


@contextmanager
def diary(database: Database) -> Iterator[Diary]:
    """Lend the diary of a seller just hired, with an empty view of what is due."""
    borrow = OwnConnection(database.writer_url)
    opened = Diary(database, batch_runner(MASTER, borrow))
    opened.do(HireStaff(staff_id=SELLER, name="Anna", role=StaffRole.SELLER))
    opened.follow()
    try:
        yield opened
    finally:
        borrow.close()
