"""How an aggregate works: it decides on what it has folded so far, and records facts; it does nothing else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple, TypeVar
from uuid import UUID

from events.base import Event
from events.marks import ids_in
from infra.log.envelope import NEVER, Envelope


class DomainError(Exception):
    """A rule was broken; `facts` are what the message in the catalogue names.

    DomainError
    ├── RuleBrokenError      the state of things forbids it
    ├── WrongValueError      what was given cannot be right, whatever the state of things
    └── NotFoundError        there is no such thing
    """

    code: ClassVar[str]
    is_on_record: ClassVar[bool] = False
    """Whether a refusal for it is kept: it is about ownership or access, and the business asks about it later."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class RuleBrokenError(DomainError):
    """The state of things forbids it (a caller may try again when the state has changed)."""

    code = "rule-broken"


class WrongValueError(DomainError):
    """What was given cannot be right, whatever the state of things; the caller has to correct it.

    `field` is the one to be corrected, where the command names it so; a fact `pointer` says where else it stands.
    """

    code = "wrong-value"
    field: ClassVar[str] = ""


class NotFoundError(DomainError):
    """There is no such client, deal, …; facts: kind, id."""

    code = "not-found"


class AlreadyExistsError(RuleBrokenError):
    """Something is already recorded under this id; facts: kind, id."""

    code = "already-exists"


class Identity(NamedTuple):
    """Something only one party may have: a phone, an e-mail, a tax number, by its kind and key.

    `may_share_with` names the holders with whom it is no conflict (a contact person with the organisation's number);
    None means any holder: a duplicate that was allowed. Two identities are one when kind and key are equal.
    """

    kind: str
    key: str
    may_share_with: tuple[UUID, ...] | None = ()


class Occasion(NamedTuple):
    """What an aggregate may not look up itself: the business time, who acts, and where new ids come from."""

    occurred_at: datetime
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    new_event_id: Callable[[], UUID]


Fold = Callable[[Any, Any], None]
_F = TypeVar("_F", bound=Fold)


def applies(event_type: type[Event]) -> Callable[[_F], _F]:
    """Mark the method that folds this kind of fact into the aggregate's state."""

    def mark(method: _F) -> _F:
        method.__dict__.setdefault("_applies", []).append(event_type)
        return method

    return mark


_KINDS: dict[str, "type[Aggregate]"] = {}


def kind_named(kind: str) -> "type[Aggregate]":
    """Return the aggregate that an id marked with this kind names; raises KeyError before its module was imported."""
    return _KINDS[kind]


class Aggregate:
    """One consistent thing with rules; its state is the fold of its own facts, in order of version.

    It has the attributes of the eventsourcing library's aggregate protocols (id, version, collect_events).
    A subclass names its KIND, says of what its state consists (annotations, by which snapshots are taken), sets the
    initial state in `start`, and marks a fold for each of its facts.
    """

    KIND: ClassVar[str]
    LENDS: ClassVar[bool] = False
    """Whether others may have what one of this kind holds."""
    _folds: ClassVar[dict[type[Event], Fold]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "KIND"):
            _KINDS[cls.KIND] = cls  # the last one: what is derived in between is no aggregate of its own
        cls._folds = {
            event_type: member
            for base in reversed(cls.__mro__)
            for member in vars(base).values()
            for event_type in getattr(member, "_applies", ())
        }

    def __init__(self, stream_id: UUID) -> None:
        self.id = stream_id
        self.version = 0
        self.occasion: Occasion | None = None
        self._pending: list[Event] = []
        self.start()

    def start(self) -> None:
        """Set the state of a thing nothing is known about yet."""

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded about it."""
        return self.version > 0

    @property
    def subject_id(self) -> UUID:
        """The person or organisation the aggregate is about: their key encrypts its personal fields."""
        return self.id

    @property
    def parties(self) -> tuple[UUID, ...]:
        """Whose story the stream is: the histories of these show its facts, beside whoever a fact names itself."""
        return (self.subject_id,)

    def identities(self) -> frozenset[Identity]:
        """Return what it holds now that nobody else may hold."""
        return frozenset()

    def lends(self, kind: str, to: "Aggregate") -> bool:  # noqa: ARG002 - most lend nothing to anybody
        """Return whether another one may have what this one holds of this kind of identity, if its kind LENDS."""
        return False

    def check_accepts(self) -> None:
        """Raise where it accepts nothing any more, whatever is asked of it."""

    def knows(self, event: Event) -> bool:
        """Return whether the fact is one of this kind of aggregate."""
        return type(event) in self._folds

    def apply(self, event: Event) -> None:
        """Fold one recorded fact into the state; raises KeyError for a fact of another aggregate."""
        self._folds[type(event)](self, event)
        self.version = event.originator_version

    @contextmanager
    def occurring_at(self, moment: datetime) -> Iterator[None]:
        """Record what follows as having happened at another moment (aware): old records keep their own dates."""
        present = self.occasion
        assert present is not None, "an aggregate decides only on an occasion"  # noqa: S101
        self.occasion = present._replace(occurred_at=moment.astimezone(UTC))
        try:
            yield
        finally:
            self.occasion = present

    def trigger_event(self, event_type: type[Event], **facts: Any) -> None:
        """Record one new fact at the present occasion and fold it; raises pydantic.ValidationError on bad facts."""
        occasion = self.occasion
        assert occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        event = event_type.of(facts)
        own_id = self.id
        envelope = Envelope(
            0,
            occasion.new_event_id(),
            own_id,
            self.version + 1,
            event_type.TOPIC,
            event_type.SCHEMA_VERSION,
            own_id,
            occasion.occurred_at,
            NEVER,
            occasion.actor,
            occasion.command_id,
            occasion.correlation_id,
            occasion.causation_id,
            (own_id,),
        )
        self.apply(event.under(envelope))
        # Whom it is about and whom it concerns is known only now.
        subject_id, parties = self.subject_id, self.parties
        if event_type.SUBJECT is not None:
            subject_id = getattr(event, event_type.SUBJECT)
        if event_type.PARTY_FIELDS:
            parties = _joined(parties, event)
        if subject_id is not own_id or len(parties) > 1 or parties[0] is not own_id:
            # Put together by place: `_replace` costs three times as much.
            event.under(Envelope._make((*envelope[:6], subject_id, *envelope[7:13], parties)))
        self._pending.append(event)

    @property
    def has_pending(self) -> bool:
        """Whether facts were recorded that nobody has collected yet."""
        return bool(self._pending)

    def collect_events(self) -> Sequence[Event]:
        """Hand over the facts recorded since the last time, oldest first."""
        pending, self._pending = self._pending, []
        return pending


def _joined(parties: tuple[UUID, ...], event: Event) -> tuple[UUID, ...]:
    """Return the parties and those whom the fact names itself, each once."""
    for name in event.PARTY_FIELDS:
        for party in ids_in(getattr(event, name)):
            if party not in parties:
                parties = (*parties, party)
    return parties
