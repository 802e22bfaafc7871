"""One command on its way through a batch, and the answers it can come to."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aggregates.base import DomainError
from aggregates.client import Client
from commands.errors import BatchRefusedError, DuplicateClientError, KeyReusedError, RequestError
from commands.execution.decision import Decision, Request
from infra.log.append import Appended
from infra.log.eventlog import Decided, Receipt

RETRY_AFTER = 2
"""Seconds after which who was not answered may ask again."""


@dataclass(slots=True)
class Accepted:
    """The answer to a command that was carried out: what was recorded, or that there was nothing to do."""

    command_id: UUID
    stream_id: UUID
    version: int
    position: int
    events: list[dict[str, Any]]
    replayed: bool = False


Answer = Accepted | DomainError | RequestError | Exception


@dataclass(slots=True, eq=False)
class PendingCommand:
    """One command: how often it was decided, what was decided, and its answer; `tag` is the caller's own.

    Until its batch is stored an answer may yet be taken back. `lost_at` (of the monotonic clock) is when the log first
    failed it; once it `was_sent`, it may be stored without our knowing. `holders` are those who turned out to have an
    identity that it takes, and may lend it: it is decided on them too.
    """

    request: Request
    tag: Any = None
    attempts: int = 0
    lost_at: float | None = None
    was_sent: bool = False
    decision: Decision | None = None
    decided: Decided | None = None
    answer: Answer | None = None
    holders: tuple[UUID, ...] = ()

    def streams(self) -> Iterable[int]:
        """Return the streams it was decided on, by the numbers of their ids."""
        return self.decision.touched.keys() if self.decision else ()

    def again(self) -> "PendingCommand":
        """Return it as before it was decided."""
        self.decision = self.decided = self.answer = None
        return self

    def lost(self) -> "PendingCommand":
        """Return it as before it was decided, by a log that then could not be reached: that is nobody's contention."""
        if self.lost_at is None:
            self.lost_at = time.monotonic()
        self.attempts = 0
        return self.again()

    def stored(self, first: int) -> None:
        """Answer that its facts are stored, the first one at a position of the log."""
        decided, decision = self.decided, self.decision
        assert decided is not None  # noqa: S101 - only what is decided is stored
        assert decision is not None  # noqa: S101
        last = first + len(decided.facts) - 1
        ends = {}
        for position, (envelope, _) in enumerate(decided.facts, first):
            ends[envelope.stream_id.int] = (envelope.version, position)
        for number, (version, position) in ends.items():
            decision.touched[number][0].settle(version, position)
        self.answer = Accepted(decided.command_id, decided.stream_id, decided.version, last, decided.events_from(first))

    def left_out(self, outcome: Appended, client_of: Callable[[UUID], Client]) -> bool:
        """Answer what the log says of a command it left out; False when it has to be decided again.

        `client_of` gives the client who holds what was claimed. If that is a person who acts for the organisation that
        claims it, or a branch whose tax number it is, that one is looked at and both may have it.
        """
        facts = outcome.facts
        if outcome.status == "claimed":
            holder = client_of(UUID(facts["holder_id"]))
            takers = {claim.holder_id for claim in self.decided.claims} if self.decided else set()
            if holder.id not in self.holders and holder.may_lend(facts["kind"], takers):
                self.holders = (*self.holders, holder.id)
                return False
            # Of whom they may not see the caller is told no more than they gave, and by which id to go on.
            name = holder.name if self.request.standing.sight is None else str(holder.id)
            self.answer = DuplicateClientError(kind=facts["kind"], candidates=[holder.id], names=[name])
            return True
        if outcome.status == "replayed":
            receipt = Receipt(
                self.request.command_id,
                bytes.fromhex(facts["content_hash"]),
                UUID(facts["stream_id"]),
                facts["version"],
                facts["position"],
                facts["events"],
            )
            self.replayed(receipt)
            return True
        return False

    def replayed(self, receipt: Receipt) -> None:
        """Answer as it was answered before, if it is the same command."""
        if receipt.content_hash != self.request.content_hash:
            self.answer = KeyReusedError(command_id=self.request.command_id)
        else:
            self.answer = Accepted(
                receipt.command_id, receipt.stream_id, receipt.version, receipt.position, receipt.events, replayed=True
            )


def refused_whole(turns: list[PendingCommand]) -> bool:
    """Return whether a command of an atomic batch is refused, and refuse all others for that reason."""
    index = next((place for place, turn in enumerate(turns) if isinstance(turn.answer, Exception)), None)
    if index is None:
        return False
    for place, turn in enumerate(turns):
        if place != index:
            turn.answer = BatchRefusedError(index=index)
    return True


def parted_from_twins(
    turns: Sequence[PendingCommand], under_way: Sequence[PendingCommand]
) -> tuple[list[PendingCommand], list[PendingCommand]]:
    """Return the commands of which no twin by its key is under way, and the others: they will find its receipt."""
    if not any(turn.request.key_given for turn in turns):
        return list(turns), []
    taken = {turn.request.command_id for turn in under_way}
    fresh: list[PendingCommand] = []
    twins: list[PendingCommand] = []
    for turn in turns:
        (twins if turn.request.command_id in taken else fresh).append(turn)
        taken.add(turn.request.command_id)
    return fresh, twins
