"""Carrying out commands in batches: while the log stores one batch, the next one is decided.

A command is decided on what is in memory. The append proves that to be the truth, or leaves the command out, and then
it is decided again; what is answered without an append (a refusal, or that there is nothing to do) is confirmed by
asking the log. So nothing is ever stored or said on a state that never was.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import psycopg

from aggregates.base import Aggregate
from aggregates.staff import StaffMember
from commands.base import HANDLERS, stream_fields
from commands.decision import Decision, Request, Seal
from commands.errors import BatchRefusedError, ContendedError, KeyReusedError, PreconditionFailedError
from commands.streams import Streams
from commands.turn import Accepted, Answer, Turn
from infra.append import Appended, LeftOutError, is_stored, receive, send
from infra.crypto import Keyring
from infra.eventlog import Decided, read_receipts

MAX_ATTEMPTS = 50
"""How often a command is decided again before the caller hears that its streams are contended."""


class Borrow(Protocol):
    """Lends a connection of one's own (autocommit) for a moment."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...


class Store(Protocol):
    """Stores a batch of decided commands in two steps, as infra.append does; one batch at a time."""

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None: ...
    def is_stored(self) -> bool:
        """Return whether `receive` would not have to wait."""
        ...

    def receive(self, batch: Sequence[Decided]) -> list[Appended]: ...


class LogStore:
    """Stores batches through a connection that is used for nothing else while one is on its way."""

    def __init__(self, borrow: Borrow) -> None:
        self._borrow = borrow

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None:
        """Send a batch on its way."""
        with self._borrow() as connection:
            send(connection, batch, atomic=atomic)

    def is_stored(self) -> bool:
        """Return whether the answer has come."""
        with self._borrow() as connection:
            return is_stored(connection)

    def receive(self, batch: Sequence[Decided]) -> list[Appended]:
        """Wait for the answer."""
        with self._borrow() as connection:
            return receive(connection, batch)


@dataclass(slots=True)
class _Batch:
    """What is carried out together: all its commands; those to be stored, in the order they were decided; the rest."""

    turns: list[Turn] = field(default_factory=list)
    storing: list[Turn] = field(default_factory=list)
    answered: list[Turn] = field(default_factory=list)

    @property
    def decided(self) -> list[Decided]:
        return [turn.decided for turn in self.storing if turn.decided is not None]


class BatchRunner:
    """Carries out commands in batches, of which one may be on its way to the log; one thread at a time.

    `borrow` lends the connection for reading; `store` must not use that while a batch is on its way.
    """

    def __init__(self, borrow: Borrow, streams: Streams, seal: Seal, keyring: Keyring, store: Store) -> None:
        self.store = store
        self._borrow = borrow
        self._streams = streams
        self._seal = seal
        self._keyring = keyring
        self._next = _Batch()
        self._on_its_way: _Batch | None = None
        self._again: list[Turn] = []
        self._ready: list[Turn] = []

    def run(self, requests: Sequence[Request], *, atomic: bool = False) -> list[Answer]:
        """Carry out the commands in order and wait; return one answer per command, in order.

        A refused command changes nothing and hurts no other one, unless `atomic`: then all or none are carried out.
        Raises psycopg.Error when the log cannot be reached; run the same requests again to learn what was stored and
        to carry out the rest.
        """
        assert self.is_idle, "other commands are under way"  # noqa: S101
        turns = [Turn(request) for request in requests]
        try:
            if atomic:
                self._run_atomic(turns)
            else:
                self._run_through(turns)
        except Exception:
            self._again = []
            raise
        finally:
            self._ready = []
        return [turn.answer for turn in turns if turn.answer is not None]

    def _run_through(self, turns: Sequence[Turn]) -> None:
        self.decide(turns)
        while not self.is_idle:
            self.advance()

    @property
    def is_idle(self) -> bool:
        """Whether no command waits for its answer."""
        return self._on_its_way is None and not self._next.turns and not self._again

    @property
    def is_storing(self) -> bool:
        """Whether a batch is on its way."""
        return self._on_its_way is not None

    @property
    def deciding(self) -> int:
        """How many commands are decided and not sent yet."""
        return len(self._next.turns)

    def decide(self, turns: Sequence[Turn]) -> None:
        """Decide commands, which will be sent together by `advance`.

        Raises psycopg.Error when the log cannot be reached: nothing is lost, and `advance` tries everything again.
        After any other exception give all up.
        """
        try:
            self._decide(turns)
        except BaseException:
            self._lost()
            raise

    def advance(self, *, wait: bool = True) -> list[Turn]:
        """Take in the batch on its way, send the next one, and return the commands that have got their answers.

        Without `wait` nothing happens while the batch on its way is not stored. Raises as `decide`.
        """
        try:
            if self._on_its_way is not None and not wait and not self.store.is_stored():
                return []
            if self._on_its_way is not None:
                self._take_in(self._on_its_way)
            if self._again:
                again, self._again = self._again, []
                self._decide(again)
            self._send()
        except BaseException:
            self._lost()
            raise
        ready, self._ready = self._ready, []
        return ready

    def give_up(self, answer: Answer) -> list[Turn]:
        """Answer everything that waits with this, after a failure."""
        given_up, self._again = [*self._ready, *self._again], []
        self._ready = []
        for turn in given_up:
            turn.answer = turn.answer or answer
        return given_up

    def _lost(self) -> None:
        """Believe nothing in memory after a failure; what was on its way may or may not have arrived."""
        self._streams.clear()
        before = self._on_its_way.turns if self._on_its_way else []
        answered = set(self._ready)
        unanswered = [
            turn for turn in dict.fromkeys((*before, *self._next.turns, *self._again)) if turn not in answered
        ]
        for turn in unanswered:
            self._forget_keys(turn)
        self._again = [turn.again() for turn in unanswered]
        self._on_its_way, self._next = None, _Batch()

    # --- deciding --------------------------------------------------------------------------------------------------

    def _decide(self, turns: Sequence[Turn]) -> None:
        self._streams.begin()
        batch = self._next
        fresh = self._without_twins(turns)
        batch.turns += fresh
        self._load(fresh)
        for turn in fresh:
            self._decide_one(turn)
            (batch.answered if turn.decided is None else batch.storing).append(turn)

    def _without_twins(self, turns: Sequence[Turn]) -> list[Turn]:
        """Return the commands of which no twin by its key is under way; the others will find the twin's receipt."""
        if not any(turn.request.key_given for turn in turns):
            return list(turns)
        before = self._on_its_way.turns if self._on_its_way else ()
        taken = {turn.request.command_id for turn in (*before, *self._next.turns)}
        fresh = []
        for turn in turns:
            if turn.request.command_id in taken:
                self._again.append(turn)
            else:
                taken.add(turn.request.command_id)
                fresh.append(turn)
        return fresh

    def _load(self, turns: Sequence[Turn]) -> None:
        cold: dict[UUID, type[Aggregate]] = {}
        for turn in turns:
            command = turn.request.command
            for name, kind in stream_fields(type(command)):
                stream_id = getattr(command, name)
                if stream_id is not None and stream_id not in self._streams:
                    cold[stream_id] = kind
            staff_id = turn.request.actor.staff_id
            if staff_id is not None and staff_id not in self._streams:
                cold[staff_id] = StaffMember
        if cold:
            self._streams.load(cold)

    def _decide_one(self, turn: Turn) -> None:
        request = turn.request
        turn.attempts += 1
        if turn.attempts > MAX_ATTEMPTS:
            turn.again().answer = ContendedError(attempts=MAX_ATTEMPTS)
            return
        decision = turn.decision = Decision(request, self._streams)
        try:
            outcome = HANDLERS[type(request.command)](request.command, decision)
            if request.if_match is not None:
                version = decision.head_before(outcome.primary).version
                if request.if_match != version:
                    raise PreconditionFailedError(expected=request.if_match, version=version)
            if decision.has_facts():
                turn.decided, turn.answer = decision.decided(outcome, self._seal), None
            else:
                head = decision.head_before(outcome.primary)
                turn.answer = Accepted(request.command_id, outcome.primary.id, head.version, head.position, [])
        except psycopg.Error:
            raise  # the log is out of reach for the whole batch, which is no answer to this command
        except Exception as error:  # noqa: BLE001 - the outermost door of a handler: only its caller hears of it
            turn.answer = error
            decision.undo()

    def _confirm(self, batch: _Batch) -> None:
        """Let the answers stand that hold on what the log says now; decide the others again."""
        unsure, batch.answered = batch.answered, []
        while unsure:
            asked = {turn.request.command_id for turn in unsure if turn.request.key_given or turn.attempts > 1}
            if asked:
                unsure = self._without_replayed(unsure, asked, batch)
            changed = self._streams.confirm(
                entry for turn in unsure if turn.decision for entry, _ in turn.decision.touched.values()
            )
            outdated = [turn for turn in unsure if not changed.isdisjoint(turn.streams())]
            batch.answered += [turn for turn in unsure if changed.isdisjoint(turn.streams())]
            for turn in outdated:
                self._decide_one(turn)
                if turn.decided is not None:
                    batch.storing.append(turn)
            unsure = [turn for turn in outdated if turn.decided is None]

    def _without_replayed(self, turns: Sequence[Turn], asked: Iterable[UUID], batch: _Batch) -> list[Turn]:
        """Answer those that have a receipt, and return the others."""
        with self._borrow() as connection:
            receipts = read_receipts(connection, asked)
        others = []
        for turn in turns:
            receipt = receipts.get(turn.request.command_id)
            if receipt is None:
                others.append(turn)
            else:
                turn.again().replayed(receipt)
                batch.answered.append(turn)
        return others

    # --- storing ---------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Send the next batch on its way, or answer it at once when nothing of it has to be stored."""
        batch = self._next
        if batch.answered:
            self._confirm(batch)
        if batch.storing:
            self.store.send(batch.decided)
            self._on_its_way = batch
        else:
            self._ready += batch.answered
        self._next = _Batch()

    def _take_in(self, batch: _Batch) -> None:
        """Answer the commands of the batch on its way; the next one is rid of what was decided on what failed."""
        outcomes = self.store.receive(batch.decided)
        self._on_its_way = None
        tainted: set[UUID] = set()
        for turn, outcome in zip(batch.storing, outcomes, strict=True):
            if outcome.status == "stored":
                turn.stored(outcome.first)
                if turn.decided is not None and turn.decided.keys:
                    self._keyring.saved(list(turn.decided.keys))
                self._ready.append(turn)
                continue
            tainted.update(turn.streams())
            self._forget_keys(turn)
            if turn.left_out(outcome):
                self._ready.append(turn)
            else:
                self._again.append(turn.again())
        if tainted:
            batch.answered = self._rid(batch.answered, tainted)
            self._next.storing = self._rid(self._next.storing, tainted)
            self._next.answered = self._rid(self._next.answered, tainted)
            self._next.turns = [*self._next.storing, *self._next.answered]
            self._streams.evict(tainted)
        if batch.answered or self._next.answered:
            _tell_positions(batch, [*batch.answered, *self._next.answered])
        self._ready += batch.answered

    def _rid(self, turns: Sequence[Turn], tainted: set[UUID]) -> list[Turn]:
        """Return the commands that were decided on the truth; the others are decided again."""
        sound = []
        for turn in turns:
            if tainted.isdisjoint(turn.streams()):
                sound.append(turn)
            else:
                if turn.decided is not None:
                    tainted.update(turn.streams())
                    self._forget_keys(turn)
                self._again.append(turn.again())
        return sound

    def _forget_keys(self, turn: Turn) -> None:
        if turn.decided is not None:
            self._keyring.forget(list(turn.decided.keys))

    # --- all or nothing --------------------------------------------------------------------------------------------

    def _run_atomic(self, turns: list[Turn]) -> None:
        """Answer all commands of a batch of which all or none may be carried out."""
        hashes: dict[UUID, bytes] = {}
        for turn in turns:
            request = turn.request
            if hashes.setdefault(request.command_id, request.content_hash) != request.content_hash:
                turn.answer = KeyReusedError(command_id=request.command_id)
        for _ in range(MAX_ATTEMPTS):
            if _is_refused(turns):
                self._streams.clear()
                return
            deciding = [turn for turn in turns if turn.answer is None]
            if not deciding:
                return
            self._try_atomic(deciding, turns)
        for turn in turns:
            turn.answer = turn.answer or ContendedError(attempts=MAX_ATTEMPTS)

    def _try_atomic(self, deciding: list[Turn], turns: list[Turn]) -> None:
        batch = self._next
        try:
            self._decide(deciding)
            self._again = []
            self._confirm(batch)
            self._next = _Batch()
            if any(isinstance(turn.answer, Exception) for turn in turns):
                return
            if batch.storing:
                self.store.send(batch.decided, atomic=True)
                self._take_in(batch)
        except LeftOutError as error:
            self._streams.clear()
            for turn in batch.turns:
                self._forget_keys(turn)
            told = {id(batch.storing[n]): outcome for n, outcome in error.outcomes.items()}
            for turn in batch.turns:
                outcome = told.get(id(turn))
                if outcome is None or not turn.left_out(outcome):
                    turn.again()
        except BaseException:
            self._lost()
            raise


def _is_refused(turns: list[Turn]) -> bool:
    """Return whether a command of an atomic batch is refused; then all others are for that reason."""
    index = next((place for place, turn in enumerate(turns) if isinstance(turn.answer, Exception)), None)
    if index is None:
        return False
    for place, turn in enumerate(turns):
        if place != index:
            turn.answer = BatchRefusedError(index=index)
    return True


def _tell_positions(batch: _Batch, turns: Iterable[Turn]) -> None:
    """Give the answers to commands with nothing to do the position that their stream's head got in a stored batch."""
    positions: dict[tuple[UUID, int], int] = {}
    for stored in batch.storing:
        if stored.decided is not None and isinstance(stored.answer, Accepted) and not stored.answer.replayed:
            for fact, event in zip(stored.decided.facts, stored.answer.events, strict=True):
                positions[fact.envelope.stream_id, fact.envelope.version] = event["position"]
    for turn in turns:
        answer = turn.answer
        if isinstance(answer, Accepted) and not answer.position:
            answer.position = positions.get((answer.stream_id, answer.version), 0)
