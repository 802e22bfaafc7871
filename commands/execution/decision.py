"""One command being decided: the context its handler sees, and what has to be stored when it has decided."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from aggregates.base import Aggregate, AlreadyExistsError, Identity, NotFoundError, Occasion
from aggregates.identity import Home
from aggregates.staff import StaffMember
from commands.base import Actor, Command, Outcome
from commands.errors import NotLetInError
from commands.execution.streams import Entry, Streams, WrongKindError
from commands.roles import ACTING_BY_ID
from commands.sight import NOTHING_UNSEEN, OutOfSightError, unseen
from commands.standing import UNBOUNDED, Standing, require_right
from events.base import Event
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import ClaimChange, Decided, Head
from infra.log.ids import new_id

A = TypeVar("A", bound=Aggregate)


KeyedHash = Callable[[str], bytes]


@dataclass(slots=True)
class Request:
    """A validated command on its way to a decision. `key_given`: the caller chose the idempotency key.

    `content_hash` is what a repeat under the same id is compared by; an id nobody else knows is never repeated.
    """

    command: Command
    actor: Actor
    command_id: UUID
    received_at: datetime
    content_hash: bytes
    key_given: bool = False
    if_match: int | None = None
    correlation_id: UUID | None = None
    causation_id: UUID | None = None
    standing: Standing = UNBOUNDED

    @classmethod
    def of(
        cls,
        command: Command,
        actor: Actor,
        keyed_hash: KeyedHash,
        *,
        command_id: UUID | None = None,
        received_at: datetime | None = None,
        if_match: int | None = None,
        causation_id: UUID | None = None,
        standing: Standing = UNBOUNDED,
    ) -> "Request":
        """Return the request for a command; under the same `command_id` (default: a new one) it is carried out once."""
        return cls(
            command,
            actor,
            command_id or new_id(),
            received_at or datetime.now(UTC),
            b"" if command_id is None else _fingerprint(command, keyed_hash),
            command_id is not None,
            if_match,
            causation_id,
            causation_id,
            standing,
        )


class Decision:
    """The context of one command; remembers every stream the handler looked at, as it stood then.

    `touched` has them by the numbers of their ids, as Streams does. What the command names and the actor does not see
    is for the handler as if nothing were recorded under its id.
    """

    __slots__ = ("_occasion", "_streams", "_unseen", "actor", "home", "now", "occurred_at", "request", "touched")

    def __init__(self, request: Request, streams: Streams, home: Home) -> None:
        self.request = request
        self.home = home
        self.actor = request.actor
        self.now = request.received_at
        self.occurred_at = (request.command.occurred_at or request.received_at).astimezone(UTC)
        self.touched: dict[int, tuple[Entry, Head]] = {}
        self._unseen = NOTHING_UNSEEN
        self._streams = streams
        self._occasion = Occasion(
            self.occurred_at,
            request.actor.id,
            request.command_id,
            request.correlation_id or request.command_id,
            request.causation_id,
            new_id,
        )

    def admit(self) -> None:
        """Look at the actor's own stream, where it says who they are, so that nobody decides after they have left.

        And at what the command names, so that they act on nothing that they do not see.

        Raises NotLetInError, and NotAllowedError where their role has changed since they were let in.
        """
        standing = self.request.standing
        if self.actor.is_on_record and self.actor.staff_id is not None:
            member = self.find(StaffMember, self.actor.staff_id)
            if member is None or not member.is_admitted:
                raise NotLetInError(staff_id=self.actor.staff_id)
            if member.role.value != self.actor.role:
                self.actor = replace(self.actor, role=member.role.value)
                require_right(type(self.request.command), self.actor.role, standing.granted)
        if standing.sight is not None and self.actor.role not in ACTING_BY_ID:
            self._unseen = unseen(self.request.command, standing.sight, self._found)

    def load(self, kind: type[A], stream_id: UUID) -> A:
        """Return the aggregate as it stands; raises NotFoundError when nothing is recorded under the id.

        And what `Aggregate.check_accepts` raises.
        """
        aggregate = self._take(kind, stream_id)
        if not aggregate.exists or stream_id in self._unseen.hidden:
            raise self._not_there(kind, stream_id)
        aggregate.check_accepts()
        return aggregate

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate, or None when nothing is recorded under the id (it is decided on all the same)."""
        aggregate = self._take(kind, stream_id)
        return aggregate if aggregate.exists and stream_id not in self._unseen.hidden else None

    def _found(self, kind: type[A], stream_id: UUID) -> A | None:
        """Return the aggregate, whoever sees it, if it is there and of this kind."""
        try:
            aggregate = self._take(kind, stream_id)
        except NotFoundError:
            return None
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
        """Say that the facts recorded on these aggregates are the decision; raises OutOfSightError."""
        for each in (primary, *others) if self._unseen.by_id else ():
            if each.id in self._unseen.by_id:
                raise OutOfSightError(kind=each.KIND, id=each.id)
        return Outcome(primary, others)

    def _take(self, kind: type[A], stream_id: UUID) -> A:
        touched = self.touched.get(stream_id.int)
        if touched is not None and type(touched[0].aggregate) is kind:
            return touched[0].aggregate
        try:
            entry = self._streams.get(kind, stream_id)
        except WrongKindError:
            raise self._not_there(kind, stream_id) from None
        return self._touch(stream_id, entry)  # type: ignore[return-value]  # Streams.get answers with this kind

    def _not_there(self, kind: type[Aggregate], stream_id: UUID) -> NotFoundError:
        """Return what an actor is told of an id for whom there is nothing under it."""
        error = NotFoundError if self.request.standing.sight is None else OutOfSightError
        return error(kind=kind.KIND, id=stream_id)

    def _touch(self, stream_id: UUID, entry: Entry) -> Aggregate:
        self.touched[stream_id.int] = (entry, entry.head)
        entry.aggregate.occasion = self._occasion
        return entry.aggregate

    def head_before(self, aggregate: Aggregate) -> Head:
        """Return the head of the aggregate's stream when this command came to it."""
        return self.touched[aggregate.id.int][1]

    def _lent(self, identities: frozenset[Identity], to: Aggregate) -> frozenset[Identity]:
        """Return the identities, each with those of the streams looked at with whom it is no conflict to have it."""
        others = [entry.aggregate for entry, _ in self.touched.values() if entry.aggregate.LENDS]
        if len(others) < 2:
            return identities
        lenders = {
            kind: tuple(each.id for each in others if each.lends(kind, to))
            for kind in {each.kind for each in identities}
        }
        return frozenset(
            Identity(kind, key, None if share is None else (*share, *lenders[kind])) for kind, key, share in identities
        )

    def undo(self) -> None:
        """Take back what the handler did to aggregates in memory before it was refused."""
        for entry, before in self.touched.values():
            if entry.aggregate.version != before.version:
                self._streams.restore(entry)

    def decided(self, outcome: Outcome, encryption: "Encryption") -> Decided | None:
        """Return what has to be stored, None if nothing; what is in memory is from now on as after the decision."""
        recording = 0
        for entry, _ in self.touched.values():
            recording += entry.aggregate.has_pending
        if not recording:
            return None
        facts: list[RecordedEvent] = []
        claims: list[ClaimChange] = []
        keys: dict[UUID, bytes] = {}
        decided: list[tuple[Entry, Sequence[Event], frozenset[Identity]]] = []
        for aggregate in (outcome.primary, *outcome.others):
            events = aggregate.collect_events()
            if not events:
                continue
            facts += [RecordedEvent(event.envelope, encryption.body(event)) for event in events]  # type: ignore[arg-type]
            entry = self.touched[aggregate.id.int][0]
            identities = aggregate.identities()
            if identities != entry.identities:
                lent = self._lent(identities, aggregate)
                claims += _claim_changes(aggregate.id, entry.identities, lent, encryption.keyed_hash)
            wrapped = encryption.new_key(aggregate.subject_id)
            if wrapped is not None:
                keys[aggregate.subject_id] = wrapped
            decided.append((entry, events, identities))
        assert len(decided) == recording, "a handler recorded facts that it did not save"  # noqa: S101
        # Only when nothing can fail any more does the memory show what is decided but not stored.
        for entry, events, identities in decided:
            entry.decide(events, identities)
        return Decided(
            self.request.command_id,
            self.request.content_hash,
            outcome.primary.id,
            outcome.primary.version,
            [(entry.aggregate.id, head) for entry, head in self.touched.values()],
            facts,
            claims,
            keys,
        )


def _claim_changes(
    holder_id: UUID,
    before: frozenset[Identity],
    after: frozenset[Identity],
    keyed_hash: Callable[[str], bytes],
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
class Encryption:
    """How facts become stored bodies, and identities keyed hashes; `new_key` gives a subject's key to be stored."""

    body: Callable[[Event], str]
    new_key: Callable[[UUID], bytes | None]
    keyed_hash: Callable[[str], bytes]


def _fingerprint(command: Command, keyed_hash: KeyedHash) -> bytes:
    """Return the keyed hash of what the command says, so that a reused key with other content is noticed."""
    content = command.__pydantic_serializer__.to_json(command, exclude_defaults=True)
    return keyed_hash(f"{type(command).__name__}:{content.decode()}")
