"""Deciding commands on what is in memory, and confirming by the log what is answered without an append."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.identity import Home
from aggregates.staff import StaffMember
from commands.base import HANDLERS, stream_fields
from commands.errors import ContendedError, PreconditionFailedError
from commands.execution.decision import Decision, Encryption
from commands.execution.pending import Accepted, PendingCommand
from commands.execution.streams import Streams
from events.marks import ids_in
from infra.log.eventlog import Decided, read_receipts
from infra.postgres.connection import Borrow

MAX_ATTEMPTS = 50
"""How often a command is decided again before the caller hears that its streams are contended."""


@dataclass(slots=True)
class Batch:
    """What is carried out together: all its commands; those to be stored, in the order they were decided; the rest."""

    turns: list[PendingCommand] = field(default_factory=list)
    storing: list[PendingCommand] = field(default_factory=list)
    answered: list[PendingCommand] = field(default_factory=list)

    @property
    def decided(self) -> list[Decided]:
        """What the log is to store."""
        return [turn.decided for turn in self.storing if turn.decided is not None]

    def tell_positions(self, turns: Iterable[PendingCommand]) -> None:
        """Give answers to commands with nothing to do the position that their stream's head got in this batch."""
        positions: dict[tuple[UUID, int], int] = {}
        for stored in self.storing:
            if stored.decided is not None and isinstance(stored.answer, Accepted) and not stored.answer.replayed:
                for fact, event in zip(stored.decided.facts, stored.answer.events, strict=True):
                    positions[fact.envelope.stream_id, fact.envelope.version] = event["position"]
        for turn in turns:
            answer = turn.answer
            if isinstance(answer, Accepted) and not answer.position:
                answer.position = positions.get((answer.stream_id, answer.version), 0)


class Decider:
    """Decides commands in order of arrival; one thread at a time. `borrow` lends the connection for reading."""

    def __init__(self, borrow: Borrow, streams: Streams, encryption: Encryption, home: Home) -> None:
        self._borrow = borrow
        self._home = home
        self._streams = streams
        self._encryption = encryption

    def decide(self, turns: Sequence[PendingCommand], batch: Batch) -> None:
        """Decide commands into a batch; those with an answer already are to be confirmed."""
        batch.turns += turns
        self._streams.begin()
        self._load(turns)
        for turn in turns:
            self._decide_one(turn)
            (batch.answered if turn.decided is None else batch.storing).append(turn)

    def _load(self, turns: Sequence[PendingCommand]) -> None:
        """Bring the streams that commands name into memory, in one query."""
        cold: dict[UUID, type[Aggregate]] = {}
        hot = self._streams.hot
        for turn in turns:
            command = turn.request.command
            for name, kind in stream_fields(type(command)):
                for stream_id in ids_in(getattr(command, name)):
                    if stream_id.int not in hot:
                        cold[stream_id] = kind
            cold.update((stream_id, kind) for stream_id, kind in command.looks_at() if stream_id.int not in hot)
            staff_id = turn.request.actor.staff_id
            if staff_id is not None and staff_id.int not in hot:
                cold[staff_id] = StaffMember
        if cold:
            self._streams.load(cold)

    def _decide_one(self, turn: PendingCommand) -> None:
        request = turn.request
        turn.attempts += 1
        if turn.attempts > MAX_ATTEMPTS:
            turn.again().answer = ContendedError(attempts=MAX_ATTEMPTS)
            return
        decision = turn.decision = Decision(request, self._streams, self._home)
        try:
            decision.admit()
            for holder_id in turn.holders:
                decision.find(Client, holder_id)
            outcome = HANDLERS[type(request.command)](request.command, decision)
            if request.if_match is not None:
                version = decision.head_before(outcome.primary).version
                if request.if_match != version:
                    raise PreconditionFailedError(expected=request.if_match, version=version)
            turn.decided, turn.answer = decision.decided(outcome, self._encryption), None
            if turn.decided is None:
                head = decision.head_before(outcome.primary)
                turn.answer = Accepted(request.command_id, outcome.primary.id, head.version, head.position, [])
        except psycopg.Error:
            raise  # the log is out of reach for the whole batch, which is no answer to this command
        except Exception as error:  # noqa: BLE001 - the outermost door of a handler: only its caller hears of it
            turn.answer = error
            decision.undo()

    def confirm(self, batch: Batch) -> None:
        """Let the answers stand that hold on what the log says now; decide the others again."""
        unsure, batch.answered = batch.answered, []
        while unsure:
            asked = {turn.request.command_id for turn in unsure if turn.request.key_given or turn.lost_at is not None}
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

    def recall(self, turns: Sequence[PendingCommand], batch: Batch) -> list[PendingCommand]:
        """Answer those that were carried out before, of which nothing is decided, and return the others."""
        return self._without_replayed(turns, {turn.request.command_id for turn in turns}, batch)

    def _without_replayed(
        self, turns: Sequence[PendingCommand], asked: Iterable[UUID], batch: Batch
    ) -> list[PendingCommand]:
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
