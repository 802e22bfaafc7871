"""Carrying out commands in batches: while the log stores one batch, the next one is decided.

A command is decided on what is in memory. The append proves that to be the truth, or leaves the command out, and then
it is decided again; what is answered without an append (a refusal, or that there is nothing to do) is confirmed by
asking the log. So nothing is ever stored or said on a state that never was.
"""

from collections.abc import Sequence
from math import inf
from uuid import UUID

import psycopg

from aggregates.client import Client
from aggregates.identity import HOME, Home
from commands.errors import ContendedError, KeyReusedError, OutcomeUnknownError
from commands.execution.decider import MAX_ATTEMPTS, Batch, Decider
from commands.execution.decision import Encryption, Request
from commands.execution.pending import RETRY_AFTER, Answer, PendingCommand, parted_from_twins, refused_whole
from commands.execution.store import Store
from commands.execution.streams import Streams
from infra.log.append import LeftOutError
from infra.log.clock import ClockAheadError
from infra.log.crypto import Keyring
from infra.postgres.connection import Borrow
from infra.postgres.faults import is_refusal


class BatchRunner:
    """Carries out commands in batches, of which one may be on its way to the log; one thread at a time.

    `borrow` lends the connection for reading; `store` must not use that while a batch is on its way.
    """

    def __init__(
        self,
        borrow: Borrow,
        streams: Streams,
        encryption: Encryption,
        keyring: Keyring,
        store: Store,
        home: Home = HOME,
    ) -> None:
        self.store = store
        self._decider = Decider(borrow, streams, encryption, home)
        self._streams = streams
        self._keyring = keyring
        self._next = Batch()
        self._on_its_way: Batch | None = None
        self._again: list[PendingCommand] = []
        self._ready: list[PendingCommand] = []
        self.has_lost_answers = False
        """Whether, at the last failure, commands were on their way: they may be stored."""

    def run(self, requests: Sequence[Request], *, atomic: bool = False, lost_at: float | None = None) -> list[Answer]:
        """Carry out the commands in order and wait; return one answer per command, in order.

        A refused command changes nothing and hurts no other one, unless `atomic`: then all or none are carried out.
        Raises psycopg.Error when the log cannot be reached; run the same requests again, saying when that was, to learn
        what was stored and to carry out the rest.
        """
        assert self.is_idle, "other commands are under way"  # noqa: S101
        turns = [PendingCommand(request, lost_at=lost_at) for request in requests]
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

    def _run_through(self, turns: Sequence[PendingCommand]) -> None:
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

    def recall(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        """Answer, by the next `advance`, commands that were carried out before, and return the others, undecided.

        For those of whom many were: to read a receipt takes a tenth of deciding. Raises as `decide`.
        """
        known = Batch()
        others = self._decider.recall(turns, known)
        self._ready += known.answered
        return others

    def decide(self, turns: Sequence[PendingCommand]) -> None:
        """Decide commands, which will be sent together by `advance`.

        Raises psycopg.Error when the log cannot be reached: nothing is lost, and `advance` tries everything again.
        After any other exception give all up.
        """
        try:
            self._decider.decide(self._without_twins(turns), self._next)
        except BaseException:
            self._lost()
            raise

    def advance(self, *, wait: bool = True) -> list[PendingCommand]:
        """Take in the batch on its way, send the next one, and return the commands that have got their answers.

        Without `wait` nothing happens while the batch on its way is not stored. Raises as `decide`; ClockAheadError.
        """
        try:
            if self._on_its_way is not None and not wait and not self.store.is_stored():
                return []
            if self._on_its_way is not None:
                self._take_in(self._on_its_way)
            if self._again:
                again, self._again = self._again, []
                self._decider.decide(self._without_twins(again), self._next)
            self._send()
        except BaseException as error:
            self._lost(is_known=isinstance(error, ClockAheadError))
            raise
        ready, self._ready = self._ready, []
        return ready

    def rest(self) -> None:
        """Do what may wait until nothing else is to be done; it never fails."""
        self._streams.keep_snapshots()

    def carry_out_singly(self) -> list[PendingCommand]:
        """Carry out, one by one, commands of which the database refused one; return those that have their answers.

        Whichever it refuses is answered with that, and hurts no other one. Raises as `advance`.
        """
        turns, self._again = self._again, []
        ready: list[PendingCommand] = []
        for place, turn in enumerate(turns):
            try:
                self.decide([turn])
                while not self.is_idle:
                    ready += self.advance()
            except psycopg.Error as error:
                if not is_refusal(error):
                    self._again += turns[place + 1 :]
                    self._ready += ready
                    raise
                self._again = []
                turn.answer = error
                ready.append(turn)
        return ready

    def give_up(self, answer: Answer, *, lost_before: float = inf) -> list[PendingCommand]:
        """Answer, after a failure, what waits with this, or only what the log first failed before a moment.

        Of what was sent nobody can say that: it may be stored.
        """
        given_up, self._again = self._again, []
        if lost_before < inf:
            self._again = [turn for turn in given_up if turn.lost_at is not None and turn.lost_at >= lost_before]
            given_up = [turn for turn in given_up if turn.lost_at is None or turn.lost_at < lost_before]
        for turn in given_up:
            turn.answer = OutcomeUnknownError(retry_after=RETRY_AFTER) if turn.was_sent else answer
        ready, self._ready = self._ready, []
        return [*ready, *given_up]

    def _lost(self, *, is_known: bool = False) -> None:
        """Believe nothing in memory after a failure; what was on its way may have arrived, unless that is known."""
        self._streams.clear()
        before = self._on_its_way.turns if self._on_its_way else []
        # What could not be sent whole is never stored.
        sent = self._on_its_way.storing if self._on_its_way and not is_known else []
        self.has_lost_answers = bool(sent)
        for turn in sent:
            turn.was_sent = True
        answered = set(self._ready)
        unanswered = [
            turn for turn in dict.fromkeys((*before, *self._next.turns, *self._again)) if turn not in answered
        ]
        for turn in unanswered:
            self._forget_keys(turn)
        self._again = [turn.lost() for turn in unanswered]
        self._on_its_way, self._next = None, Batch()

    def _without_twins(self, turns: Sequence[PendingCommand]) -> list[PendingCommand]:
        under_way = (self._on_its_way.turns if self._on_its_way else []) + self._next.turns
        fresh, twins = parted_from_twins(turns, under_way)
        self._again += twins
        return fresh

    # --- storing ---------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """Send the next batch on its way, or answer it at once when nothing of it has to be stored."""
        batch = self._next
        if batch.answered:
            self._decider.confirm(batch)
        if batch.storing:
            self.store.send(batch.decided)
            self._on_its_way = batch
        else:
            self._ready += batch.answered
        self._next = Batch()

    def _take_in(self, batch: Batch) -> None:
        """Answer the commands of the batch on its way, less those that were decided on what did not come to be."""
        outcomes = self.store.receive(batch.decided)
        self._on_its_way = None
        tainted: set[int] = set()
        for turn, outcome in zip(batch.storing, outcomes, strict=True):
            if outcome.status == "stored":
                turn.stored(outcome.first)
                if turn.decided is not None and turn.decided.keys:
                    self._keyring.saved(list(turn.decided.keys))
                self._ready.append(turn)
                continue
            tainted.update(turn.streams())
            self._forget_keys(turn)
            if turn.left_out(outcome, self._client_of):
                self._ready.append(turn)
            else:
                self._again.append(turn.again())
        if tainted:
            # What the next batch decided on these streams is left out by its own append, or not confirmed.
            self._streams.evict(tainted)
            self._again += [turn.again() for turn in batch.answered if not tainted.isdisjoint(turn.streams())]
            batch.answered = [turn for turn in batch.answered if turn.answer is not None]
        if batch.answered or self._next.answered:
            batch.tell_positions([*batch.answered, *self._next.answered])
        self._ready += batch.answered

    def _client_of(self, client_id: UUID) -> Client:
        """Return a client, as the log has it now."""
        client = self._streams.get(Client, client_id).aggregate
        assert isinstance(client, Client)  # noqa: S101 - nobody else claims what a client is recognised by
        return client

    def _forget_keys(self, turn: PendingCommand) -> None:
        if turn.decided is not None:
            self._keyring.forget(list(turn.decided.keys))

    # --- all or nothing --------------------------------------------------------------------------------------------

    def _run_atomic(self, turns: list[PendingCommand]) -> None:
        """Answer all commands of a batch of which all or none may be carried out."""
        hashes: dict[UUID, bytes] = {}
        for turn in turns:
            request = turn.request
            if hashes.setdefault(request.command_id, request.content_hash) != request.content_hash:
                turn.answer = KeyReusedError(command_id=request.command_id)
        for _ in range(MAX_ATTEMPTS):
            if refused_whole(turns):
                self._streams.clear()
                return
            deciding = [turn for turn in turns if turn.answer is None]
            if not deciding:
                return
            self._try_atomic(deciding, turns)
        for turn in turns:
            turn.answer = turn.answer or ContendedError(attempts=MAX_ATTEMPTS)

    def _try_atomic(self, deciding: list[PendingCommand], turns: list[PendingCommand]) -> None:
        batch = self._next
        try:
            self._decider.decide(self._without_twins(deciding), batch)
            self._again = []
            self._decider.confirm(batch)
            self._next = Batch()
            if any(isinstance(turn.answer, Exception) for turn in turns):
                return
            if batch.storing:
                self.store.send(batch.decided, atomic=True)
                self._on_its_way = batch
                self._take_in(batch)
        except LeftOutError as error:
            self._on_its_way = None
            self._streams.clear()
            for turn in batch.turns:
                self._forget_keys(turn)
            told = {id(batch.storing[n]): outcome for n, outcome in error.outcomes.items()}
            for turn in batch.turns:
                outcome = told.get(id(turn))
                if outcome is None or not turn.left_out(outcome, self._client_of):
                    turn.again()
        except BaseException:
            self._lost()
            raise
