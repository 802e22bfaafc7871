"""One command being decided: the context its handler sees, and what has to be stored when it has decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from aggregates.base import Aggregate, AlreadyExistsError, Identity, NotFoundError, Occasion
from commands.base import Actor, Command, Outcome
from commands.streams import Streams, WrongKindError
from events.base import Event
from infra.envelope import StoredFact
from infra.eventlog import ClaimChange, Decided, Head
from infra.ids import new_id

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Request:
    """A validated command on its way to a decision. `key_given`: the caller chose the idempotency key."""

    command: Command
    actor: Actor
    command_id: UUID
    received_at: datetime
    content_hash: bytes
    key_given: bool = False
    if_match: int | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None


class Decision:
    """The context of one command; remembers every stream the handler looked at, as it stood then."""

    def __init__(self, request: Request, streams: Streams) -> None:
        self.request = request
        self.actor = request.actor
        self.now = request.received_at
        self.occurred_at = (request.command.occurred_at or request.received_at).astimezone(UTC)
        self.expectations: dict[UUID, Head] = {}
        self.touched: list[Aggregate] = []
        self._streams = streams
        self._identities: dict[UUID, frozenset[Identity]] = {}
        self._occasion = Occasion(
            occurred_at=self.occurred_at,
            actor=request.actor.id,
            command_id=request.command_id,
            correlation_id=request.correlation_id or request.command_id,
            causation_id=request.causation_id,
            new_event_id=new_id,
        )

    def load(self, kind: type[A], stream_id: UUID) -> A:
        """Return the aggregate as it stands; raises NotFoundError when nothing is recorded under the id."""
        found = self.find(kind, stream_id)
        if found is None:
            raise NotFoundError(kind=kind.KIND, id=stream_id)
        return found

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate, or None when nothing is recorded under the id (it is decided on all the same)."""
        aggregate = self._take(kind, stream_id)
        return aggregate if aggregate.exists else None

    def new(self, kind: type[A], stream_id: UUID | None) -> A:
        """Return an empty aggregate; raises AlreadyExistsError when the id is taken."""
        if stream_id is None:
            made = new_id()
            self._streams.start(kind, made)
            return self._take(kind, made)
        try:
            aggregate = self._take(kind, stream_id)
        except NotFoundError:
            raise AlreadyExistsError(kind=kind.KIND, id=stream_id) from None
        if aggregate.exists:
            raise AlreadyExistsError(kind=kind.KIND, id=stream_id)
        return aggregate

    def save(self, primary: Aggregate, *others: Aggregate) -> Outcome:
        """Say that the facts recorded on these aggregates are the decision."""
        return Outcome(primary, others)

    def _take(self, kind: type[A], stream_id: UUID) -> A:
        try:
            entry = self._streams.get(kind, stream_id)
        except WrongKindError:
            raise NotFoundError(kind=kind.KIND, id=stream_id) from None
        if stream_id not in self.expectations:
            self.expectations[stream_id] = entry.head
            self._identities[stream_id] = entry.identities
            entry.aggregate.occasion = self._occasion
            self.touched.append(entry.aggregate)
        return entry.aggregate  # type: ignore[return-value]  # Streams.get answers with the kind it was asked for

    def version_before(self, aggregate: Aggregate) -> int:
        """Return the version the aggregate had when this command came to it."""
        return self.expectations[aggregate.id].version

    def has_facts(self) -> bool:
        """Return whether the handler recorded anything."""
        return any(aggregate.has_pending for aggregate in self.touched)

    def decided(self, outcome: Outcome, seal: "Seal") -> Decided:
        """Return what has to be stored; the aggregates in memory are from now on those after the decision."""
        facts: list[StoredFact] = []
        claims: list[ClaimChange] = []
        keys: dict[UUID, bytes] = {}
        decided: list[tuple[Aggregate, Sequence[Event]]] = []
        for aggregate in (outcome.primary, *outcome.others):
            events = aggregate.collect_events()
            if not events:
                continue
            facts.extend(StoredFact(event.envelope, seal.body(event)) for event in events)  # type: ignore[arg-type]
            claims.extend(self._claim_changes(aggregate, seal.keyed_hash))
            keys.update(seal.new_keys({aggregate.subject_id}))
            decided.append((aggregate, events))
        # Only when nothing can fail any more does the memory show what is decided but not stored.
        for aggregate, events in decided:
            self._streams.decide(aggregate, events)
        return Decided(
            command_id=self.request.command_id,
            content_hash=self.request.content_hash,
            stream_id=outcome.primary.id,
            version=outcome.primary.version,
            expectations=self.expectations,
            facts=facts,
            claims=claims,
            keys=keys,
        )

    def _claim_changes(self, aggregate: Aggregate, keyed_hash: Callable[[str], bytes]) -> list[ClaimChange]:
        before, after = self._identities[aggregate.id], aggregate.identities()
        if before == after:
            return []
        held_before = {(each.kind, each.key) for each in before}
        held_after = {(each.kind, each.key) for each in after}
        taken = [(each, True) for each in after if (each.kind, each.key) not in held_before]
        given_back = [(each, False) for each in before if (each.kind, each.key) not in held_after]
        return [
            ClaimChange(each.kind, keyed_hash(f"{each.kind}:{each.key}"), aggregate.id, each.may_share_with, is_taken)
            for each, is_taken in (*given_back, *taken)
        ]


@dataclass(frozen=True, slots=True)
class Seal:
    """How facts become stored bodies, and identities keyed hashes."""

    body: Callable[[Event], str]
    new_keys: Callable[[set[UUID]], dict[UUID, bytes]]
    keyed_hash: Callable[[str], bytes]


def fingerprint(command: Command, keyed_hash: Callable[[str], bytes]) -> bytes:
    """Return the keyed hash of what the command says, so that a reused key with other content is noticed."""
    content: str = command.model_dump_json(exclude_defaults=True)
    return keyed_hash(f"{type(command).__name__}:{content}")
