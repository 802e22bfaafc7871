"""Carrying out a batch of commands: look up receipts, load, decide in order, append once, decide the rest again."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

import psycopg

from aggregates.base import DomainError
from aggregates.staff import StaffMember
from commands.base import HANDLERS, stream_fields
from commands.decision import Decision, Request, Seal
from commands.errors import (
    BatchRefusedError,
    ContendedError,
    DuplicateClientError,
    KeyReusedError,
    PreconditionFailedError,
    RequestError,
)
from commands.streams import Streams
from infra.crypto import Keyring
from infra.eventlog import Appended, Decided, Head, LeftOutError, Receipt, append, read_receipts

MAX_ATTEMPTS = 50
"""How often a command is decided again before the caller hears that its streams are contended."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a command that was carried out: what was recorded, or that there was nothing to do."""

    command_id: UUID
    stream_id: UUID
    version: int
    position: int
    events: list[dict[str, Any]]
    replayed: bool = False


Answer = Accepted | DomainError | RequestError | Exception


class Store(Protocol):
    """Stores a batch of decided commands, as infra.eventlog.append does."""

    def __call__(
        self, connection: psycopg.Connection[Any], batch: Sequence[Decided], *, atomic: bool = False
    ) -> list[Appended]: ...


class Borrow(Protocol):
    """Lends the executor's own connection (autocommit) for a moment."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...


@dataclass(slots=True)
class _Turn:
    """One command in one round: its decision, and what it came to."""

    place: int
    decision: Decision
    decided: Decided | None = None
    answer: Answer | None = None


class BatchRunner:
    """Carries out batches of commands on one connection; one thread at a time."""

    def __init__(self, borrow: Borrow, streams: Streams, seal: Seal, keyring: Keyring, store: Store = append) -> None:
        self.store = store
        self._borrow = borrow
        self._streams = streams
        self._seal = seal
        self._keyring = keyring

    def run(self, requests: Sequence[Request], *, atomic: bool = False, is_retry: bool = False) -> list[Answer]:
        """Carry out the commands in order; return one answer per command, in order.

        A refused command changes nothing and hurts no other one, unless `atomic`: then all or none are carried out.
        Raises psycopg.Error when the log cannot be reached; run the same requests again with `is_retry` to learn what
        was stored and to carry out the rest.
        """
        answers: dict[int, Answer] = {}
        waiting = list(range(len(requests)))
        try:
            for attempt in range(MAX_ATTEMPTS):
                waiting = self._answer_replayed(requests, waiting, answers, ask_all=is_retry or attempt > 0)
                if not waiting:
                    break
                waiting = self._round(requests, waiting, answers, atomic=atomic)
        except Exception:
            # What is in memory may be decided on but not stored: nothing of it may be believed any more.
            self._streams.clear()
            raise
        for place in waiting:
            answers[place] = ContendedError(attempts=MAX_ATTEMPTS)
        return [answers[place] for place in range(len(requests))]

    def _answer_replayed(
        self, requests: Sequence[Request], waiting: list[int], answers: dict[int, Answer], *, ask_all: bool
    ) -> list[int]:
        asked = {requests[place].command_id for place in waiting if requests[place].key_given or ask_all}
        if not asked:
            return waiting
        with self._borrow() as connection:
            receipts = read_receipts(connection, asked)
        for place in waiting:
            receipt = receipts.get(requests[place].command_id)
            if receipt is not None:
                answers[place] = _replayed(requests[place], receipt)
        return [place for place in waiting if place not in answers]

    def _round(
        self, requests: Sequence[Request], waiting: list[int], answers: dict[int, Answer], *, atomic: bool
    ) -> list[int]:
        """Decide and append once; return the places of the commands that have to be decided again."""
        self._streams.begin()
        self._prefetch(requests, waiting)
        first_of: dict[UUID, int] = {}
        turns, later = [], []
        for place in waiting:
            if first_of.setdefault(requests[place].command_id, place) != place:
                later.append(place)  # the same key twice in one batch: the second one finds the receipt of the first
                continue
            turns.append(self._decide(place, requests[place]))
        refused = next((turn for turn in turns if isinstance(turn.answer, Exception)), None)
        if atomic and refused is not None:
            self._streams.clear()
            for turn in turns:
                answers[turn.place] = BatchRefusedError(index=refused.place)
            answers[refused.place] = refused.answer or BatchRefusedError(index=refused.place)
            answers.update(dict.fromkeys(later, BatchRefusedError(index=refused.place)))
            return []
        try:
            again = self._store(turns, answers, atomic=atomic)
        except LeftOutError as error:
            self._streams.clear()
            again = self._answer_atomic(turns, error, answers)
        return sorted([*again, *later])

    def _answer_atomic(self, turns: list[_Turn], error: LeftOutError, answers: dict[int, Answer]) -> list[int]:
        """Nothing of an atomic batch was stored: answer all when one is refused for good, else decide all again."""
        deciding = [turn for turn in turns if turn.decided is not None]
        for n, outcome in error.outcomes.items():
            answer = _left_out(deciding[n].decision.request, outcome)
            if isinstance(answer, RequestError):
                for turn in turns:
                    answers[turn.place] = BatchRefusedError(index=deciding[n].place)
                answers[deciding[n].place] = answer
                return []
        return [turn.place for turn in turns]

    def _prefetch(self, requests: Sequence[Request], waiting: list[int]) -> None:
        wanted = []
        for place in waiting:
            request = requests[place]
            for field, kind in stream_fields(type(request.command)):
                stream_id = getattr(request.command, field)
                if stream_id is not None:
                    wanted.append((stream_id, kind))
            if request.actor.staff_id is not None:
                wanted.append((request.actor.staff_id, StaffMember))
        self._streams.refresh(wanted)

    def _decide(self, place: int, request: Request) -> _Turn:
        decision = Decision(request, self._streams)
        turn = _Turn(place, decision)
        try:
            outcome = HANDLERS[type(request.command)](request.command, decision)
            if request.if_match is not None and request.if_match != decision.version_before(outcome.primary):
                raise PreconditionFailedError(
                    expected=request.if_match, version=decision.version_before(outcome.primary)
                )
            if decision.has_facts():
                turn.decided = decision.decided(outcome, self._seal)
            else:
                head = decision.expectations[outcome.primary.id]
                turn.answer = Accepted(request.command_id, outcome.primary.id, head.version, head.position, [])
        except psycopg.Error:
            raise  # the log is out of reach for the whole batch, which is no answer to this command
        except Exception as error:  # noqa: BLE001 - the outermost door of a handler: only its caller hears of it
            turn.answer = error
            self._undo(decision)
        return turn

    def _undo(self, decision: Decision) -> None:
        for aggregate in decision.touched:
            if aggregate.version != decision.version_before(aggregate):
                self._streams.restore(aggregate.id)

    def _store(self, turns: list[_Turn], answers: dict[int, Answer], *, atomic: bool) -> list[int]:
        deciding = [turn for turn in turns if turn.decided is not None]
        batch = [turn.decided for turn in deciding if turn.decided is not None]
        outcomes: list[Appended] = []
        if batch:
            with self._borrow() as connection:
                outcomes = self.store(connection, batch, atomic=atomic)
        tainted: set[UUID] = set()
        again = []
        for turn, decided, outcome in zip(deciding, batch, outcomes, strict=True):
            if outcome.status == "stored":
                self._settle(turn, decided, outcome, answers)
                continue
            tainted.update(decided.expectations)
            self._keyring.forget(list(decided.keys))
            answer = _left_out(turn.decision.request, outcome)
            if answer is None:
                again.append(turn.place)
            else:
                answers[turn.place] = answer
        positions = {
            (fact.envelope.stream_id, fact.envelope.version): event["position"]
            for decided, outcome in zip(batch, outcomes, strict=True)
            if outcome.status == "stored"
            for fact, event in zip(decided.facts, outcome.facts["events"], strict=True)
        }
        for turn in turns:
            if turn.answer is None:
                continue
            if tainted.isdisjoint(turn.decision.expectations):
                answers[turn.place] = _placed(turn.answer, positions)
            else:
                again.append(turn.place)  # refused on a state that never came to be
        self._streams.evict(tainted)
        return again

    def _settle(self, turn: _Turn, decided: Decided, outcome: Appended, answers: dict[int, Answer]) -> None:
        events = outcome.facts["events"]
        last_of = {
            fact.envelope.stream_id: (fact, event["position"])
            for fact, event in zip(decided.facts, events, strict=True)
        }
        for stream_id, (fact, position) in last_of.items():
            self._streams.settle(stream_id, Head(fact.envelope.version, fact.envelope.event_id, position))
        self._keyring.saved(list(decided.keys))
        answers[turn.place] = Accepted(
            decided.command_id, decided.stream_id, decided.version, outcome.facts["position"], events
        )


def _placed(answer: Answer, positions: dict[tuple[UUID, int], int]) -> Answer:
    """Return the answer to a command with nothing to do, with the position its stream's head got in this batch."""
    if isinstance(answer, Accepted) and (answer.stream_id, answer.version) in positions:
        return replace(answer, position=positions[answer.stream_id, answer.version])
    return answer


def _left_out(request: Request, outcome: Appended) -> Answer | None:
    """Return the answer to a command the log left out, or None when it has to be decided again."""
    if outcome.status == "claimed":
        return DuplicateClientError(kind=outcome.facts["kind"], candidates=[UUID(outcome.facts["holder_id"])])
    if outcome.status == "replayed":
        facts = outcome.facts
        receipt = Receipt(
            request.command_id,
            bytes.fromhex(facts["content_hash"]),
            UUID(facts["stream_id"]),
            facts["version"],
            facts["position"],
            facts["events"],
        )
        return _replayed(request, receipt)
    return None


def _replayed(request: Request, receipt: Receipt) -> Answer:
    if receipt.content_hash != request.content_hash:
        return KeyReusedError(command_id=request.command_id)
    return Accepted(
        receipt.command_id, receipt.stream_id, receipt.version, receipt.position, receipt.events, replayed=True
    )
