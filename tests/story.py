"""Given these facts, when this is asked, then that is recorded: rules told as stories, with no database.

    given(on(CLIENT, examples.of(ClientRegistered))).when(claim, by=SELLER).then(on(CLIENT, ClientClaimed(...)))

`then` compares everything that was recorded on every stream, so a neighbour that changed is seen as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid5

from aggregates.base import Aggregate, AlreadyExistsError, DomainError, NotFoundError, Occasion
from aggregates.registry import KINDS
from commands.base import HANDLERS, Actor, Command, Outcome
from commands.registry import COMMANDS
from events.base import Event
from infra.log.envelope import NEVER, Envelope

A = TypeVar("A", bound=Aggregate)

BEFORE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MADE_HERE = UUID("5b0e7c5e-0000-4000-8000-000000000000")
Told = tuple[UUID, tuple[Event, ...]]


@cache
def nth_id(number: int) -> UUID:
    """Return the id that the n-th thing made in a story gets."""
    return uuid5(MADE_HERE, str(number))


def on(stream_id: UUID, *events: Event) -> Told:
    """Say that these facts are a stream's, in this order."""
    return stream_id, events


def by(role: str, staff_id: UUID | str = "somebody") -> Actor:
    """Say who acts."""
    return Actor(str(staff_id), role)


@dataclass
class Memory:
    """A context that keeps its streams in memory, and looks after the handler's manners."""

    actor: Actor
    occurred_at: datetime = TODAY
    now: datetime = TODAY
    streams: dict[UUID, Aggregate] = field(default_factory=dict)
    made: int = 0

    def _occasion(self) -> Occasion:
        return Occasion(self.occurred_at, self.actor.id, nth_id(-1), nth_id(-1), None, lambda: nth_id(-2))

    def _take(self, kind: type[A], stream_id: UUID) -> A | None:
        found = self.streams.get(stream_id)
        if not isinstance(found, kind):
            return None
        found.occasion = self._occasion()
        return found

    def load(self, kind: type[A], stream_id: UUID) -> A:
        found = self._take(kind, stream_id)
        if found is None:
            raise NotFoundError(kind=kind.KIND, id=stream_id)
        return found

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        return self._take(kind, stream_id)

    def new(self, kind: type[A], stream_id: UUID | None) -> A:
        if stream_id is None:
            self.made += 1
            stream_id = nth_id(self.made)
        if stream_id in self.streams:
            raise AlreadyExistsError(kind=kind.KIND, id=stream_id)
        aggregate = kind(stream_id)
        aggregate.occasion = self._occasion()
        self.streams[stream_id] = aggregate
        return aggregate

    def save(self, primary: Aggregate, *others: Aggregate) -> Outcome:
        return Outcome(primary, others)


class Story:
    """Facts that are given, and what came of a command or of a rule asked directly."""

    def __init__(self, given: Iterable[Told]) -> None:
        self.context = Memory(by("admin"))
        self.recorded: list[Event] = []
        self.refusal: DomainError | None = None
        for stream_id, events in given:
            for event in events:
                self._fold(stream_id, event)

    def _fold(self, stream_id: UUID, event: Event) -> None:
        kind = next(kind for kind in KINDS if kind(stream_id).knows(event))
        aggregate = self.context.streams.setdefault(stream_id, kind(stream_id))
        aggregate.apply(event.model_copy().under(enveloped(stream_id, aggregate.version + 1, event)))

    def when(self, command: Command, by: Actor | None = None) -> Story:
        """Ask for something, as this actor (an admin unless said)."""
        assert type(command) in COMMANDS.values()
        self.context.actor = by or self.context.actor
        self.context.occurred_at = command.occurred_at or TODAY
        try:
            outcome = HANDLERS[type(command)](command, self.context)
        except DomainError as refusal:
            self.refusal = refusal
            self._check_nothing_recorded()
            return self
        for aggregate in (outcome.primary, *outcome.others):
            self.recorded.extend(aggregate.collect_events())
        self._check_nothing_recorded()
        return self

    def when_asked(self, kind: type[A], stream_id: UUID, ask: Callable[[A], None]) -> Story:
        """Ask an aggregate itself; one that is not given is empty."""
        aggregate = self.context.find(kind, stream_id) or self.context.new(kind, stream_id)
        try:
            ask(aggregate)
        except DomainError as refusal:
            self.refusal = refusal
        self.recorded.extend(aggregate.collect_events())
        return self

    def _check_nothing_recorded(self) -> None:
        left = [event for each in self.context.streams.values() for event in each.collect_events()]
        assert not left, f"recorded and not saved, or recorded before the refusal: {left}"

    def then(self, *expected: Told) -> Story:
        """Say everything that is recorded, and where."""
        assert self.refusal is None, f"refused: {self.refusal!r} {self.refusal.facts}"
        said = [(stream_id, _told(event)) for stream_id, events in expected for event in events]
        assert [(event.stream_id, _told(event)) for event in self.recorded] == said
        return self

    def then_nothing(self) -> Story:
        """Say that there was nothing to do."""
        return self.then()

    def then_refused(self, error: type[DomainError], **facts: Any) -> Story:
        """Say that a rule forbids it, and what the caller is told."""
        assert type(self.refusal) is error, f"expected {error.__name__}, got {self.refusal!r}, recorded {self.recorded}"
        assert {name: self.refusal.facts[name] for name in facts} == facts
        assert not self.recorded
        return self

    def stream(self, kind: type[A], stream_id: UUID) -> A:
        """Return an aggregate as the story left it."""
        return self.context.load(kind, stream_id)


def given(*facts: Told) -> Story:
    """Begin a story with what had happened."""
    return Story(facts)


def _told(event: Event) -> tuple[str, dict[str, Any]]:
    return event.TOPIC, event.model_dump()


def enveloped(stream_id: UUID, version: int, event: Event) -> Envelope:
    """Return the envelope under which a fact is given as the one of this version of its stream."""
    return Envelope(
        position=version,
        event_id=nth_id(-3),
        stream_id=stream_id,
        version=version,
        topic=event.TOPIC,
        schema_version=event.SCHEMA_VERSION,
        subject_id=stream_id,
        occurred_at=BEFORE + timedelta(minutes=version),
        recorded_at=NEVER,
        actor="story",
        command_id=nth_id(-1),
        correlation_id=nth_id(-1),
        causation_id=None,
    )
