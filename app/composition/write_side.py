"""The write side of one process: who carries commands out, who wakes the readers, and what follows by itself."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from app.composition.decoding import decoder_at
from app.composition.due_timers import ViewOfDueTimers
from app.composition.wiring import batch_runner
from app.database import Urls
from app.settings import Settings
from commands.execution.decision import Request
from commands.execution.executor import MAX_BATCH, Executor
from commands.execution.pending import Answer
from commands.execution.refusals import RefusalRecord
from commands.policies import POLICIES, TIMERS
from commands.policies.leased import LeasedWorker
from commands.policies.policy_worker import PolicyWorker
from commands.policies.timer_worker import TimerWorker
from infra.durations import Durations
from infra.log.accesses import AccessRecord
from infra.log.crypto import MasterKey
from infra.log.key_uses import KeyUses
from infra.log.wake_up import WakeUp
from infra.postgres.connection import OwnConnection


class WriteSide:
    """The write side of one process: the executor, the wake-up of readers, the policies and the timers."""

    def __init__(self, urls: Urls, settings: Settings, master: MasterKey, *, with_policies: bool) -> None:
        self._wake_up = WakeUp(urls.writer)
        self.refusals = RefusalRecord(urls.writer)
        self.accesses = AccessRecord(urls.writer, settings.access_record_days)
        self.key_uses = KeyUses(urls.writer, lambda: datetime.now(settings.company_zone).date())
        self._policies: list[LeasedWorker] = []
        self.listeners: list[Callable[[], None]] = []
        self.appends = Durations()
        # So that the executor has tried once more, and given up, before the deadline of those who wait.
        seconds = settings.command_seconds / 3
        reading, writing = OwnConnection(urls.writer, seconds), OwnConnection(urls.writer, seconds)
        self.executor = Executor(
            batch_runner(master, reading, writing, self.appends, home=settings.home),
            (reading, writing),
            on_stored=self._stored,
            limit=settings.queue_size,
            deadline=settings.command_seconds,
        )
        if with_policies:
            self._policies = self._workers(urls, master)

    def _workers(self, urls: Urls, master: MasterKey) -> list[LeasedWorker]:
        """Return what runs the policies and the timers; a policy is woken by facts, a timer by the clock."""
        decode = decoder_at(urls.writer, master)
        policies = [PolicyWorker(policy, urls.writer, decode, self.carry_out, master.keyed_hash) for policy in POLICIES]
        self.listeners += [worker.wake for worker in policies]
        due = ViewOfDueTimers(urls.reader)
        return [*policies, TimerWorker(TIMERS, urls.writer, due, self.carry_out, master.keyed_hash)]

    def _stored(self, position: int) -> None:
        self._wake_up.stored(position)
        for listener in self.listeners:
            listener()

    def carry_out(self, requests: Sequence[Request]) -> list[Answer]:
        """Carry out commands and wait for their answers; for threads that are not an event loop's.

        However many they are, others' commands find room between.
        """
        pieces = (requests[first : first + MAX_BATCH] for first in range(0, len(requests), MAX_BATCH))
        return [answer for piece in pieces for answer in self._carry_out(piece)]

    def _carry_out(self, requests: Sequence[Request]) -> list[Answer]:
        done = threading.Event()
        answers: list[Answer] = []

        def deliver(given: list[Answer]) -> None:
            answers.extend(given)
            done.set()

        self.executor.submit(requests, deliver)
        done.wait()
        return answers

    def start(self) -> None:
        """Begin to take commands."""
        self._wake_up.start()
        self.refusals.start()
        self.accesses.start()
        self.key_uses.start()
        self.executor.start()
        for policy in self._policies:
            policy.start()

    def stop(self) -> None:
        """Finish what waits and stop."""
        for policy in self._policies:
            policy.stop()
        self.executor.stop()
        self.refusals.stop()
        self.accesses.stop()
        self.key_uses.stop()
        self._wake_up.stop()
