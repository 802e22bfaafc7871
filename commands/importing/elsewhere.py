"""A second process decides and stores what this one reads: a large file has both cores of a small machine.

Commands go there as JSON, and are validated once more; answers come back in the order in which they are found. There is
one such process, which carries commands out in the order of the file, so nothing else is different.
"""

import pickle
import queue
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple
from uuid import UUID

from aggregates.base import DomainError
from commands.base import Actor, Command
from commands.errors import RequestError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer, PendingCommand
from commands.importing.run import Runner
from infra.log.ids import id_of
from infra.told import ToldError

AHEAD = 2
"""Batches that wait there while one is decided: there is always a next one."""

_DIED = "The process that stores the rows ended early. Run the same line again: it goes on where it stopped."


class ProcessDiedError(ToldError):
    """The other process ended without a word (killed, or out of memory)."""


class _Sent(NamedTuple):
    """What goes there: who asks in what matter, and of each command its number, kind, JSON, id and hash."""

    actor: Actor | None
    received_at: Any
    correlation_id: UUID | None
    commands: list[tuple[int, type[Command], bytes, bytes, bytes]]


class _Failed(NamedTuple):
    """Why nothing could be carried out: what was sent waits there."""

    error: Exception


class RunnerElsewhere:
    """Carries out commands through a pipe, as a BatchRunner does that decides one batch while another is read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[int, PendingCommand] = {}
        self._number = 0
        self._under_way = 0
        self._is_filling = False

    @property
    def is_idle(self) -> bool:
        """Whether no command waits for its answer."""
        return not self._waiting and not self._under_way

    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        """Return all: those that were carried out before are found there."""
        return list(turns)

    def decide(self, turns: Sequence[PendingCommand]) -> None:
        """Send commands on their way; raises ProcessDiedError."""
        if not turns:
            return
        commands = []
        for turn in turns:
            request, self._number = turn.request, self._number + 1
            self._waiting[self._number] = turn
            command = request.command
            said = command.__pydantic_serializer__.to_json(command, exclude_defaults=True)
            commands.append((self._number, type(command), said, request.command_id.bytes, request.content_hash))
        first, self._is_filling = turns[0].request, True
        self._send(_Sent(first.actor, first.received_at, first.correlation_id, commands))

    def advance(self, *, wait: bool = True) -> list[PendingCommand]:
        """Return the commands that were answered meanwhile, after a wait if enough are on their way or no more come.

        Raises what kept the other process from carrying them out: call it once more to try again. ProcessDiedError.
        """
        if not self._under_way and self._waiting:
            self._send(_Sent(None, None, None, []))
        needed = max(0, self._under_way - AHEAD) if self._is_filling else min(1, self._under_way)
        self._is_filling = False
        answered: list[PendingCommand] = []
        while self._under_way and ((needed > 0 and wait) or self._connection.poll()):
            needed -= 1
            answered += self._received()
        return answered

    def _send(self, sent: _Sent) -> None:
        try:
            self._connection.send(sent)
        except OSError as error:
            raise ProcessDiedError(_DIED) from error
        self._under_way += 1

    def _received(self) -> list[PendingCommand]:
        try:
            told: list[tuple[int, _Told]] | _Failed = self._connection.recv()
        except (EOFError, OSError) as error:
            raise ProcessDiedError(_DIED) from error
        self._under_way -= 1
        if isinstance(told, _Failed):
            raise told.error
        answered = []
        for number, answer in told:
            turn = self._waiting.pop(number)
            turn.answer = _unpacked(answer, turn.request.command_id)
            answered.append(turn)
        return answered


def carry_out(connection: Connection, runner: Runner) -> None:
    """Carry out, until the pipe is closed, what comes through it; each message is answered by one."""
    messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def listen() -> None:
        # Always: who sends a batch must not wait for us while we wait for them to take an answer.
        try:
            while True:
                messages.put(connection.recv_bytes())
        except (EOFError, OSError):
            messages.put(None)

    threading.Thread(target=listen, name="import-listener", daemon=True).start()
    undecided: list[PendingCommand] = []
    while (message := messages.get()) is not None:
        undecided += _turns(pickle.loads(message))  # noqa: S301 - from the process that started this one
        try:
            given = runner.recall(undecided) if undecided else []
            undecided = []
            runner.decide(given)
            answered = runner.advance()
        except Exception as error:  # noqa: BLE001 - the outermost door of this process: the other one hears of it
            connection.send(_Failed(_carried(error)))
        else:
            connection.send([(turn.tag, _packed(turn.answer)) for turn in answered if turn.answer is not None])


def _turns(sent: _Sent) -> Iterator[PendingCommand]:
    for number, kind, said, command_id, content_hash in sent.commands:
        assert sent.actor is not None  # noqa: S101 - who asks goes with what is asked
        yield PendingCommand(
            Request(
                command=kind.__pydantic_validator__.validate_json(said),
                actor=sent.actor,
                command_id=id_of(int.from_bytes(command_id, "big")),
                received_at=sent.received_at,
                content_hash=content_hash,
                key_given=True,
                correlation_id=sent.correlation_id,
            ),
            number,
        )


_Told = (
    tuple[int, int, int, list[dict[str, Any]], bool]
    | tuple[type[Exception], tuple[Any, ...], dict[str, Any]]
    | Exception
)
"""An answer on its way: what was recorded, a refusal in its parts, or an error as it is."""


def _packed(answer: Answer) -> _Told:
    if isinstance(answer, Accepted):
        return (answer.stream_id.int, answer.version, answer.position, answer.events, answer.replayed)
    if isinstance(answer, (DomainError, RequestError)):
        # Made anew they would want what they were made of.
        return (type(answer), answer.args, vars(answer))
    return _carried(answer)


def _unpacked(told: _Told, command_id: UUID) -> Answer:
    if isinstance(told, Exception):
        return told
    if isinstance(told[0], int):
        stream, version, position, events, is_replayed = told
        return Accepted(command_id, id_of(stream), version, position, events, is_replayed)
    kind, args, said = told
    error = kind.__new__(kind, *args)
    vars(error).update(said)
    return error


def _carried(error: Exception) -> Exception:
    """Return an error that can travel: itself, or what it says."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - written here
    except Exception:  # noqa: BLE001 - whatever is in it
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
