"""One command being decided: the context its handler sees, and what has to be stored when it has decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from aggregates.base import Aggregate, AlreadyExistsError, Identity, NotFoundError, Occasion
from commands.base import Actor, Command, Outcome
from commands.streams import Entry, Streams, WrongKindError
from events.base import Event
from infra.envelope import StoredFact
from infra.eventlog import ClaimChange, Decided, Head
from infra.ids import new_id

A = TypeVar("A", bound=Aggregate)


@dataclass(slots=True)
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

    __slots__ = ("_occasion", "_streams", "actor", "now", "occurred_at", "request", "touched")

    def __init__(self, request: Request, streams: Streams) -> None:
        self.request = request
        self.actor = request.actor
        self.now = request.received_at
        self.occurred_at = (request.command.occurred_at or request.received_at).astimezone(UTC)
        self.touched: dict[UUID, tuple[Entry, Head]] = {}
        self._streams = streams
        self._occasion = Occasion(
            self.occurred_at,
            request.actor.id,
            request.command_id,
            request.correlation_id or request.command_id,
            request.causation_id,
            new_id,
        )

    def load(self, kind: type[A], stream_id: UUID) -> A:
        """Return the aggregate as it stands; raises NotFoundError when nothing is recorded under the id."""
        aggregate = self._take(kind, stream_id)
        if not aggregate.exists:
            raise NotFoundError(kind=kind.KIND, id=stream_id)
        return aggregate

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate, or None when nothing is recorded under the id (it is decided on all the same)."""
        aggregate = self._take(kind, stream_id)
        return aggregate if aggregate.exists else None

    def new(self, kind: type[A], stream_id: UUID | None) -> A:
        """Return an empty aggregate; raises AlreadyExistsError when the id is taken."""
        if stream_id is None:
            made = new_id()
            return self._touch(made, self._streams.start(kind, made))  # type: ignore[return-value]  # of this kind
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
        if stream_id not in self.touched:
            self._touch(stream_id, entry)
        return entry.aggregate  # type: ignore[return-value]  # Streams.get answers with the kind it was asked for

    def _touch(self, stream_id: UUID, entry: Entry) -> Aggregate:
        self.touched[stream_id] = (entry, entry.head)
        entry.aggregate.occasion = self._occasion
        return entry.aggregate

    def head_before(self, aggregate: Aggregate) -> Head:
        """Return the head of the aggregate's stream when this command came to it."""
        return self.touched[aggregate.id][1]

    def has_facts(self) -> bool:
        """Return whether the handler recorded anything."""
        for entry, _ in self.touched.values():  # noqa: SIM110 - any() would double what this costs every command
            if entry.aggregate.has_pending:
                return True
        return False

    def undo(self) -> None:
        """Take back what the handler did to aggregates in memory before it was refused."""
        for entry, before in self.touched.values():
            if entry.aggregate.version != before.version:
                self._streams.restore(entry)

    def decided(self, outcome: Outcome, seal: "Seal") -> Decided:
        """Return what has to be stored; the aggregates in memory are from now on those after the decision."""
        facts: list[StoredFact] = []
        claims: list[ClaimChange] = []
        keys: dict[UUID, bytes] = {}
        decided: list[tuple[Entry, Sequence[Event], frozenset[Identity]]] = []
        for aggregate in (outcome.primary, *outcome.others):
            events = aggregate.collect_events()
            if not events:
                continue
            facts += [StoredFact(event.envelope, seal.body(event)) for event in events]  # type: ignore[arg-type]
            entry = self.touched[aggregate.id][0]
            identities = aggregate.identities()
            if identities != entry.identities:
                claims += _claim_changes(aggregate.id, entry.identities, identities, seal.keyed_hash)
            wrapped = seal.new_key(aggregate.subject_id)
            if wrapped is not None:
                keys[aggregate.subject_id] = wrapped
            decided.append((entry, events, identities))
        assert not self.has_facts(), "a handler recorded facts that it did not save"  # noqa: S101 - the next would get them
        # Only when nothing can fail any more does the memory show what is decided but not stored.
        for entry, events, identities in decided:
            entry.decide(events, identities)
        return Decided(
            command_id=self.request.command_id,
            content_hash=self.request.content_hash,
            stream_id=outcome.primary.id,
            version=outcome.primary.version,
            expectations=[(stream_id, head) for stream_id, (_, head) in self.touched.items()],
            facts=facts,
            claims=claims,
            keys=keys,
        )


def _claim_changes(
    holder_id: UUID, before: frozenset[Identity], after: frozenset[Identity], keyed_hash: Callable[[str], bytes]
) -> list[ClaimChange]:
    if not before:
        return [
            ClaimChange(kind, keyed_hash(f"{kind}:{key}"), holder_id, share_with, True)
            for kind, key, share_with in after
        ]
    held_before = {(each.kind, each.key) for each in before}
    held_after = {(each.kind, each.key) for each in after}
    taken = [(each, True) for each in after if (each.kind, each.key) not in held_before]
    given_back = [(each, False) for each in before if (each.kind, each.key) not in held_after]
    return [
        ClaimChange(each.kind, keyed_hash(f"{each.kind}:{each.key}"), holder_id, each.may_share_with, is_taken)
        for each, is_taken in (*given_back, *taken)
    ]


@dataclass(frozen=True, slots=True)
class Seal:
    """How facts become stored bodies, and identities keyed hashes; `new_key` gives a subject's key to be stored."""

    body: Callable[[Event], str]
    new_key: Callable[[UUID], bytes | None]
    keyed_hash: Callable[[str], bytes]


def fingerprint(command: Command, keyed_hash: Callable[[str], bytes]) -> bytes:
    """Return the keyed hash of what the command says, so that a reused key with other content is noticed."""
    content = command.__pydantic_serializer__.to_json(command, exclude_defaults=True)
    return keyed_hash(f"{type(command).__name__}:{content.decode()}")
