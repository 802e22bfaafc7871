"""Runs one policy: reads on from its checkpoint, and has the commands carried out that answer the facts."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import structlog

from commands.base import Command
from commands.execution.decision import KeyedHash, Request
from commands.execution.pending import Accepted, Answer
from commands.policies.base import Policy
from commands.policies.leased import NOT_NOW, LeasedWorker, tell_refused
from events.base import Event
from infra.log.checkpoints import read_checkpoint, streams_concerning, write_checkpoint
from infra.log.envelope import AnyEvent
from infra.log.log_reader import LogReader

POLL = 0.5
"""Seconds after which a policy looks again although nobody woke it."""

WINDOW = 10_000
"""Facts examined at once; few of them concern a policy."""

log = structlog.get_logger()

Execute = Callable[[Sequence[Request]], list[Answer]]


class _LogLookup:
    """What a policy may ask of the log."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def streams_concerning(self, party_id: UUID, topics: Sequence[str]) -> list[UUID]:
        """Return the streams in which a fact of these kinds concerns the party, in order of id."""
        return streams_concerning(self._connection, party_id, topics)


class PolicyWorker(LeasedWorker):
    """Runs one policy in a thread of its own; of several processes only one runs it at a time."""

    def __init__(
        self,
        policy: Policy,
        url: str,
        decode: Callable[[AnyEvent], Event],
        execute: Execute,
        keyed_hash: KeyedHash,
    ) -> None:
        super().__init__(policy.name, url, POLL)
        self._policy = policy
        self._decode = decode
        self._execute = execute
        self._keyed_hash = keyed_hash
        self._reader = LogReader(policy.topics)

    def work(self, connection: psycopg.Connection[Any]) -> bool:
        """Answer the facts of one window and move the checkpoint on; return whether there was anything to read."""
        after = read_checkpoint(connection, self.name)
        window = self._reader.window(connection, after, WINDOW)
        if window.end.position <= after:
            return False
        for fact in window.facts:
            self._answer(connection, self._decode(fact))
        write_checkpoint(connection, self.name, window.end.position, window.end.event_id)
        return True

    def _answer(self, connection: psycopg.Connection[Any], event: Event) -> None:
        commands = self._policy.commands_for(event, _LogLookup(connection))
        requests = [self._request(event, about, command) for about, command in commands]
        if not requests:
            return
        for request, answer in zip(requests, self._execute(requests), strict=True):
            if isinstance(answer, NOT_NOW):
                raise answer
            if not isinstance(answer, Accepted):
                facts = {"policy": self.name, "position": event.position, "command_id": str(request.command_id)}
                tell_refused("policy_refused", answer, **facts)

    def _request(self, event: Event, about: UUID, command: Command) -> Request:
        cause: UUID = event.envelope.event_id
        command_id = self._policy.command_id(cause, about)
        return Request.of(command, self._policy.actor, self._keyed_hash, command_id=command_id, causation_id=cause)
