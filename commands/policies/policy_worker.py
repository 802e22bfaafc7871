"""Runs one policy: reads on from its checkpoint, and has the commands carried out that answer the facts.

An answer may be very many commands. They are asked a chunk at a time, so that other callers' commands find room
between, and after each chunk the checkpoint says how far inside the answer it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import dropwhile, islice
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog

from commands.base import Command
from commands.execution.decision import KeyedHash, Request
from commands.execution.pending import Accepted, Answer
from commands.policies.base import Policy
from commands.policies.leased import NOT_NOW, LeasedWorker, tell_refused
from events.base import Event
from infra.log.checkpoints import (
    Place,
    begin_checkpoint,
    forget_unanswered,
    note_unanswered,
    read_place,
    read_unanswered,
    streams_concerning,
    streams_naming,
    write_answered,
    write_checkpoint,
)
from infra.log.envelope import AnyEvent, ReadEvent
from infra.log.log_reader import LogReader

POLL = 0.5
"""Seconds after which a policy looks again although nobody woke it."""

WINDOW = 10_000
"""Facts examined at once; few of them concern a policy."""

CHUNK = 25
"""Commands asked together: who sends one meanwhile waits for so many at most. More of them were not faster."""

log = structlog.get_logger()

Execute = Callable[[Sequence[Request]], list[Answer]]
Asked = tuple[UUID, Command]
"""A command, after what it is about."""


class _LogLookup:
    """What a policy may ask of the log."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def streams_concerning(self, party_id: UUID, topics: Sequence[str]) -> list[UUID]:
        """Return the streams in which a fact of these kinds concerns the party, in order of id."""
        return streams_concerning(self._connection, party_id, topics)

    def streams_naming(self, named: UUID, fields: Mapping[str, str], last: int) -> Iterator[tuple[UUID, str]]:
        """Give the streams with a fact, up to a position, that names somebody in the field said of its topic."""
        return streams_naming(self._connection, named, fields, last)


class _Answered(NamedTuple):
    """What came of answering a fact: how many commands were asked, whether all were, and whether all went well."""

    asked: int
    is_whole: bool = True
    is_well: bool = True


class PolicyWorker(LeasedWorker):
    """Runs one policy in a thread of its own; of several processes only one runs it at a time.

    A fact that cannot be answered (a bug, a command refused) is noted as such and keeps no other waiting; each start
    answers it once more, for a start may be the one with the reason mended.
    """

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
        self._again: list[int] = []

    def begin(self, connection: psycopg.Connection[Any]) -> None:
        """Note that the policy runs, and look what it could not answer before."""
        begin_checkpoint(connection, self.name)
        self._again = read_unanswered(connection, self.name)

    def work(self, connection: psycopg.Connection[Any]) -> bool:
        """Answer one fact once more, or those of the next window; return whether there may be more to do."""
        place = read_place(connection, self.name)
        if self._again:
            return self._answer_again(connection, self._again[0], place)
        window = self._reader.window(connection, place.position, WINDOW)
        if window.end.position <= place.position:
            return False
        for fact in window.facts:
            answered = self._answer(connection, fact, place)
            if not answered.is_whole:
                return False
            if answered.asked:
                write_checkpoint(connection, self.name, fact.position, fact.event_id)
        write_checkpoint(connection, self.name, window.end.position, window.end.event_id)
        return True

    def _answer_again(self, connection: psycopg.Connection[Any], position: int, place: Place) -> bool:
        for fact in self._reader.between(connection, position - 1, position):
            answered = self._answer(connection, fact, place)
            if not answered.is_whole:
                return False
            if answered.is_well:
                forget_unanswered(connection, self.name, position)
        self._again.remove(position)
        return True

    def _answer(self, connection: psycopg.Connection[Any], fact: ReadEvent, place: Place) -> _Answered:
        """Have the commands carried out that answer a fact, chunk by chunk, or until the worker is to stop."""
        codes: list[str] = []
        commands = self._commands(connection, fact, codes)
        if place.answering == fact.event_id:
            commands = dropwhile(lambda each: each[0] != place.answered, commands)
            if next(commands, None) is None:  # what was answered last is not there any more: nothing is asked twice
                commands = self._commands(connection, fact, codes)
        asked = 0
        while chunk := list(islice(commands, CHUNK)):
            if self._stopping.is_set():
                return _Answered(asked, is_whole=False)
            codes += self._ask(fact, chunk)
            asked += len(chunk)
            if codes:
                note_unanswered(connection, self.name, fact.position, codes[0])
            if len(chunk) == CHUNK:
                write_answered(connection, self.name, fact.event_id, chunk[-1][0])
        if codes:
            note_unanswered(connection, self.name, fact.position, codes[0])
        return _Answered(asked, is_well=not codes)

    def _commands(self, connection: psycopg.Connection[Any], fact: ReadEvent, codes: list[str]) -> Iterator[Asked]:
        """Give the commands that answer a fact; a bug ends them, and is added to the codes of what went wrong."""
        try:
            yield from self._policy.commands_for(self._decode(fact), _LogLookup(connection))
        except psycopg.Error:
            raise
        except Exception as error:  # the outermost door of a declared policy: later facts are answered all the same
            log.exception("policy_failed", policy=self.name, position=fact.position)
            codes.append(type(error).__name__)

    def _ask(self, fact: ReadEvent, chunk: Sequence[Asked]) -> list[str]:
        """Have commands carried out; return why some were refused."""
        requests = [self._request(fact, about, command) for about, command in chunk]
        answers = self._execute(requests)
        for answer in answers:
            if isinstance(answer, NOT_NOW):
                raise answer
        codes = []
        for request, answer in zip(requests, answers, strict=True):
            if not isinstance(answer, Accepted):
                facts = {"policy": self.name, "position": fact.position, "command_id": str(request.command_id)}
                codes.append(tell_refused("policy_refused", answer, **facts))
        return codes

    def _request(self, fact: ReadEvent, about: UUID, command: Command) -> Request:
        command_id = self._policy.command_id(fact.event_id, about)
        return Request.of(
            command, self._policy.actor, self._keyed_hash, command_id=command_id, causation_id=fact.event_id
        )
