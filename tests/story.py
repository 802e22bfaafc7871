"""One language for three kinds of test: what had happened, and then what is recorded, shown or answered.

    given(on(ROMASHKA, fact(ClientRegistered))).when(claim, by=SELLER).then(on(ROMASHKA, fact(ClientClaimed)))
    given(on(SALE, fact(DealOpened), fact(DealLost))).shows_row(pipeline_board, SALE, status="lost")
    given(on(ROAD, fact(PipelineDefined))).at(desk).asks("/pipelines", "head").answers({"items": [{"name": "Retail"}]})

`then` compares everything that was recorded on every stream, so a neighbour that changed is seen as well; what a read
model shows is looked at from all sides (`tests/shown.py`). The first two need no database.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID, uuid5

from aggregates.base import Aggregate, AlreadyExistsError, DomainError, NotFoundError, Occasion
from aggregates.identity import HOME, Home
from aggregates.registry import KINDS
from app.words.refusals import Codes, codes_of_command
from commands.base import HANDLERS, Actor, Command, Outcome
from commands.registry import COMMANDS
from events.base import Event
from infra.log.envelope import Envelope
from infra.projector.projection import Key, Projection
from tests.shown import shown

if TYPE_CHECKING:
    from tests.read_api.office import Office
    from tests.read_api.visit import Visit

# What a key may name is declared there.
import_module("read_api.door")

A = TypeVar("A", bound=Aggregate)

BEFORE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MATTER = UUID("01900000-0000-7000-8000-000000000051")
"""In which matter everything in a story happens: as if the import of the examples had told it."""
MADE_HERE = UUID("5b0e7c5e-0000-4000-8000-000000000000")


class Told(NamedTuple):
    """Facts of one stream, in order, and whom they are about and concern where that is not the stream itself."""

    stream_id: UUID
    events: tuple[Event, ...]
    about: UUID | None = None
    concerning: tuple[UUID, ...] = ()
    occurred_at: datetime | None = None
    actor: str = "story"


def moment(position: int) -> datetime:
    """When the fact given at this place of a story happens, unless told otherwise: an hour after the one before."""
    return BEFORE + timedelta(hours=position)


@cache
def nth_id(number: int) -> UUID:
    """Return the id that the n-th thing made in a story gets."""
    return uuid5(MADE_HERE, str(number))


def on(
    stream_id: UUID,
    *events: Event,
    about: UUID | None = None,
    concerning: tuple[UUID, ...] = (),
    occurred_at: datetime | None = None,
    actor: UUID | str = "story",
) -> Told:
    """Say that these facts are a stream's, in this order."""
    return Told(stream_id, events, about, concerning, occurred_at, str(actor))


def by(role: str, staff_id: UUID | str = "somebody") -> Actor:
    """Say who acts."""
    return Actor(str(staff_id), role)


@dataclass
class Memory:
    """A context that keeps its streams in memory, and looks after the handler's manners."""

    actor: Actor
    occurred_at: datetime = TODAY
    now: datetime = TODAY
    home: Home = HOME
    streams: dict[UUID, Aggregate] = field(default_factory=dict)
    made: int = 0

    def _occasion(self) -> Occasion:
        return Occasion(self.occurred_at, self.actor.id, nth_id(-1), MATTER, None, lambda: nth_id(-2))

    def _take(self, kind: type[A], stream_id: UUID) -> A | None:
        found = self.streams.get(stream_id)
        if not isinstance(found, kind) or getattr(found, "is_reverted", False):
            return None
        found.occasion = self._occasion()
        return found

    def load(self, kind: type[A], stream_id: UUID) -> A:
        found = self._take(kind, stream_id)
        if found is None:
            raise NotFoundError(kind=kind.KIND, id=stream_id)
        found.check_accepts()
        return found

    def find(self, kind: type[A], stream_id: UUID) -> A | None:
        return self._take(kind, stream_id)

    def new(self, kind: type[A], stream_id: UUID | None) -> A:
        if stream_id is None:
            self.made += 1
            stream_id = nth_id(self.made)
        known = self.streams.get(stream_id)
        if known is not None and not getattr(known, "is_reverted", False):
            raise AlreadyExistsError(kind=kind.KIND, id=stream_id)
        aggregate = known if isinstance(known, kind) else kind(stream_id)
        aggregate.occasion = self._occasion()
        self.streams[stream_id] = aggregate
        return aggregate

    def save(self, primary: Aggregate, *others: Aggregate) -> Outcome:
        return Outcome(primary, others)


@cache
def _codes_of(command: type[Command]) -> Codes:
    return codes_of_command(command)


class Story:
    """Facts that are given, and what came of a command or of a rule asked directly."""

    def __init__(self, given: Iterable[Told]) -> None:
        self.facts = as_recorded(given)
        self.recorded: list[Event] = []
        self.refusal: DomainError | None = None
        self.asked: type[Command] | None = None

    @cached_property
    def context(self) -> Memory:
        """The streams as the given facts leave them; a story about a read model may begin in the middle of one."""
        memory = Memory(by("admin"))
        for event in self.facts:
            kind = next(kind for kind in KINDS if kind(event.stream_id).knows(event))
            memory.streams.setdefault(event.stream_id, kind(event.stream_id)).apply(event)
        return memory

    def when(self, command: Command, by: Actor | None = None) -> Story:
        """Ask for something, as this actor (an admin unless said), once or several times."""
        assert type(command) in COMMANDS.values()
        self.refusal, self.asked = None, type(command)
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
        self.context.streams = {each.id: each for each in self.context.streams.values() if each.exists}

    def then(self, *expected: Told) -> Story:
        """Say everything that is recorded, and where."""
        assert self.refusal is None, f"refused: {self.refusal!r} {self.refusal.facts}"
        said = [(each.stream_id, _told(event)) for each in expected for event in each.events]
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
        # Where faults are planted (tests/mutants.py), what a handler calls stands elsewhere than in its code.
        if self.asked is not None and "LETOPIS_FAULTS_PLANTED" not in os.environ:
            told = {code for codes in _codes_of(self.asked).values() for code in codes}
            assert error.code in told, f"the description of {self.asked.command_name()} does not name {error.code}"
        return self

    def stream(self, kind: type[A], stream_id: UUID) -> A:
        """Return an aggregate as the story left it."""
        found = self.context.find(kind, stream_id)
        assert found is not None, f"there is no {kind.KIND} {stream_id}"
        return found

    def again(self) -> Story:
        """Begin anew from where the story has come to: what was recorded so far is given."""
        self.recorded = []
        return self

    def rows(self, view: Projection[Any]) -> dict[Key, Any]:
        """Return what a read model shows, by key."""
        return shown(view, self.facts)

    def shows(self, view: Projection[Any], *rows: Any) -> Story:
        """Say all that a read model shows."""
        assert self.rows(view) == {view.key_of(row): row for row in rows}
        return self

    def shows_row(self, view: Projection[Any], *key: Any, **columns: Any) -> Story:
        """Say what a read model shows under this key, in these columns."""
        row = self.rows(view)[key]
        assert {name: getattr(row, name) for name in columns} == columns
        return self

    def at(self, office: Office) -> Visit:
        """Let an office have heard of the facts, and of nothing else, and go there to ask."""
        from tests.read_api.visit import Visit

        return Visit(office, self.facts)


def given(*facts: Told) -> Story:
    """Begin a story with what had happened."""
    return Story(facts)


def _told(event: Event) -> tuple[str, dict[str, Any]]:
    return event.TOPIC, event.model_dump()


def as_recorded(told: Iterable[Told]) -> list[Event]:
    """Return the facts as the log would give them, one after the other."""
    versions: Counter[UUID] = Counter()
    facts: list[Event] = []
    for each in told:
        for event in each.events:
            versions[each.stream_id] += 1
            envelope = enveloped(each, len(facts) + 1, versions[each.stream_id], event)
            facts.append(event.model_copy().under(envelope))
    return facts


def enveloped(told: Told, position: int, version: int, event: Event) -> Envelope:
    """Return the envelope under which a fact is given at this place of the story and of its stream."""
    subject = told.about or told.stream_id
    return Envelope(
        position=position,
        event_id=nth_id(-3 - position),
        stream_id=told.stream_id,
        version=version,
        topic=event.TOPIC,
        schema_version=event.SCHEMA_VERSION,
        subject_id=subject,
        occurred_at=told.occurred_at or moment(position),
        recorded_at=moment(position) + timedelta(minutes=1),
        actor=told.actor,
        command_id=nth_id(-1),
        correlation_id=MATTER,
        causation_id=None,
        parties=told.concerning or (subject,),
    )
