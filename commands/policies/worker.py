"""Policies: facts in, commands out. Each remembers how far it has read, and plays twice as if once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid5

import psycopg
import structlog

from commands.base import Actor, Command
from commands.errors import OverloadedError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.ownership import ReassignClient
from events.base import Event
from events.client import ClientClaimed, ClientTransferred
from events.staff import StaffDeparted
from infra.log.checkpoints import read_checkpoint, streams_concerning, write_checkpoint
from infra.log.envelope import AnyEvent
from infra.log.log_reader import LogReader
from infra.postgres.connection import OwnConnection

COMMAND_SPACE = UUID("0f6f8d0a-58c8-5a34-9a0e-7a4f1b6f0c11")
"""The namespace of the ids of a policy's commands, made from the fact they answer."""

POLL = 0.5
"""Seconds after which a policy looks again although nobody woke it."""

WINDOW = 10_000
"""Facts examined at once; few of them concern a policy."""

log = structlog.get_logger()

Execute = Callable[[Sequence[Request]], list[Answer]]


class OwnershipReassignment:
    """When somebody leaves the company, all their clients get another owner, or are released and listed."""

    NAME = "ownership-reassignment"
    ACTOR = Actor(id="policy:ownership-reassignment", role="policy")
    TOPICS = (StaffDeparted.TOPIC,)

    def commands_for(self, connection: psycopg.Connection[Any], event: Event) -> list[tuple[UUID, Command]]:
        """Return the commands that answer a departure, one per client the departed ever owned, with what each is about.

        No claim can come after the departure in the log (a claim is decided on the seller's being active), so the
        clients found now are all there will be; who owns each today is decided by the command itself.
        """
        assert isinstance(event, StaffDeparted)  # noqa: S101 - TOPICS names no other
        topics = [ClientClaimed.TOPIC, ClientTransferred.TOPIC]
        return [
            (
                client_id,
                ReassignClient(
                    client_id=client_id,
                    departed_id=event.stream_id,
                    successor_id=event.successor_id,
                    head_id=event.head_id,
                ),
            )
            for client_id in streams_concerning(connection, event.stream_id, topics)
        ]


class PolicyWorker:
    """Runs one policy in a thread of its own; of several processes only one runs it at a time."""

    def __init__(
        self,
        policy: OwnershipReassignment,
        url: str,
        decode: Callable[[AnyEvent], Event],
        execute: Execute,
        keyed_hash: Callable[[str], bytes],
    ) -> None:
        self._policy = policy
        self._borrow = OwnConnection(url)
        self._decode = decode
        self._execute = execute
        self._keyed_hash = keyed_hash
        self._reader = LogReader(policy.TOPICS)
        self._wake = threading.Event()
        self._holder: psycopg.Connection[Any] | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._work, name=f"policy-{policy.NAME}", daemon=True)

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after what is being done now."""
        self._is_stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._borrow.close()

    def wake(self) -> None:
        """Say that there may be more to read."""
        self._wake.set()

    def _work(self) -> None:
        while not self._is_stopping:
            try:
                while self.step():
                    pass
            except (psycopg.Error, OverloadedError) as error:
                log.warning("policy_waits", policy=self._policy.NAME, error=type(error).__name__)
                self._borrow.close()
            self._wake.wait(POLL)
            self._wake.clear()

    def step(self) -> bool:
        """Answer the facts of one window and move the checkpoint on; return whether there was anything to read.

        Raises psycopg.Error and OverloadedError; the window is read again then, and what was answered has its receipt.
        """
        if self._is_stopping:
            return False
        with self._borrow() as connection:
            if self._holder is not connection:
                if not _takes(connection, self._policy.NAME):
                    return False
                self._holder = connection
            after = read_checkpoint(connection, self._policy.NAME)
            window = self._reader.window(connection, after, WINDOW)
            if window.end.position <= after:
                return False
            for fact in window.facts:
                self._answer(connection, self._decode(fact))
            write_checkpoint(connection, self._policy.NAME, window.end.position, window.end.event_id)
            return True

    def _answer(self, connection: psycopg.Connection[Any], event: Event) -> None:
        requests = [
            self._request(event, about, command) for about, command in self._policy.commands_for(connection, event)
        ]
        if not requests:
            return
        for request, answer in zip(requests, self._execute(requests), strict=True):
            if isinstance(answer, OverloadedError):
                raise answer
            if not isinstance(answer, Accepted):
                log.error(
                    "policy_refused",
                    policy=self._policy.NAME,
                    position=event.position,
                    command_id=str(request.command_id),
                    code=getattr(answer, "code", type(answer).__name__),
                )

    def _request(self, event: Event, about: UUID, command: Command) -> Request:
        cause: UUID = event.envelope.event_id
        command_id = uuid5(COMMAND_SPACE, f"{cause}:{about}")
        return Request.of(command, self._policy.ACTOR, self._keyed_hash, command_id=command_id, causation_id=cause)


def _takes(connection: psycopg.Connection[Any], name: str) -> bool:
    """Return whether this session may run the policy; it keeps the lock until it ends."""
    row = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 1))", [name]).fetchone()
    return bool(row and row[0])
