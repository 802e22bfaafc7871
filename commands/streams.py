"""The aggregates at hand: loaded in one query, kept while hot, believed until the log says otherwise.

What is in memory may be older than the log, because other processes write too. An append finds that out by itself: it
stores nothing that was decided on an old head. Only what is answered without an append has to be confirmed first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from aggregates.base import Aggregate, Identity
from events.base import Event
from infra.envelope import StoredFact
from infra.eventlog import Head

HOT_STREAMS = 50_000
"""Aggregates kept in memory; about 3 KB each."""

ReadStreams = Callable[[Mapping[UUID, int]], Sequence[StoredFact]]

NO_HEAD = Head()
NOTHING: frozenset[Identity] = frozenset()


class Entry:
    """One stream in memory: its aggregate, its head, and the facts decided on but not stored yet.

    `confirmed` is the last batch in which the log was asked for the stream; `is_used` says that it was needed since the
    last time somebody thought of forgetting it.
    """

    __slots__ = ("aggregate", "confirmed", "head", "identities", "is_used", "undecided")

    def __init__(self, aggregate: Aggregate, batch: int) -> None:
        self.aggregate = aggregate
        self.confirmed = batch
        self.is_used = False
        self.head = NO_HEAD
        self.identities = NOTHING
        self.undecided: tuple[Event, ...] = ()

    def decide(self, events: Sequence[Event], identities: frozenset[Identity]) -> None:
        """Note facts that were decided on, and what the aggregate, which has folded them already, now holds."""
        self.undecided = (*self.undecided, *events)
        last = events[-1].envelope
        self.head = Head(last.version, last.event_id)
        self.identities = identities

    def settle(self, version: int, position: int) -> None:
        """Note that what was decided up to a version is stored, its last fact at a position."""
        if self.head.version == version:
            self.head = Head(version, self.head.event_id, position)
            self.undecided = ()
        else:
            # A later batch has decided more, which is still on its way.
            self.undecided = tuple(event for event in self.undecided if event.envelope.version > version)

    def empty(self) -> None:
        """Be a stream again of which nothing is known."""
        self.aggregate = type(self.aggregate)(self.aggregate.id)
        self.head, self.identities, self.undecided = NO_HEAD, NOTHING, ()


class WrongKindError(Exception):
    """The stream under this id belongs to another kind of aggregate."""


class Streams:
    """A cache of aggregates for one executor; not thread-safe."""

    def __init__(self, read: ReadStreams, decode: Callable[[StoredFact], Event], capacity: int = HOT_STREAMS) -> None:
        self._read = read
        self._decode = decode
        self._capacity = capacity
        self.hot: OrderedDict[int, Entry] = OrderedDict()
        """What is in memory, by the number that a stream's id is: Python hashes it in a quarter of a UUID's time."""
        self._batch = 0

    def begin(self) -> None:
        """Start a new batch: from now on nothing in memory is confirmed."""
        self._batch += 1
        for _ in range(len(self.hot) - self._capacity):
            number, entry = self.hot.popitem(last=False)
            if entry.undecided or entry.is_used:
                # What is on its way must stay, and what was needed of late gets a second chance.
                entry.is_used = False
                self.hot[number] = entry

    def load(self, wanted: Mapping[UUID, type[Aggregate]]) -> None:
        """Bring streams that are not in memory there, in one query."""
        for stream_id, kind in wanted.items():
            self.hot[stream_id.int] = Entry(kind(stream_id), self._batch)
        self._fold(self._read(dict.fromkeys(wanted, 0)))

    def confirm(self, entries: Iterable[Entry]) -> set[int]:
        """Ask the log, in one query, what is new in streams; return the numbers of those that had changed."""
        changed: set[int] = set()
        asked: dict[UUID, int] = {}
        for entry in entries:
            stream_id = entry.aggregate.id
            if self.hot.get(stream_id.int) is not entry:
                changed.add(stream_id.int)  # forgotten meanwhile, and perhaps read anew
            elif entry.confirmed != self._batch and not entry.undecided:
                # What is on its way is confirmed, or refuted, by its own append.
                entry.confirmed = self._batch
                asked[stream_id] = entry.head.version
        return changed | self._fold(self._read(asked)) if asked else changed

    def _fold(self, facts: Sequence[StoredFact]) -> set[int]:
        changed = set()
        for fact in facts:
            envelope = fact.envelope
            number = envelope.stream_id.int
            entry = self.hot.get(number)
            if entry is None:
                continue
            entry.head = Head(envelope.version, envelope.event_id, envelope.position)
            changed.add(number)
            event = self._decode(fact)
            if entry.aggregate.version < 0 or not entry.aggregate.knows(event):
                # Somebody named a deal where a client belongs; the empty aggregate of the wrong kind must not stay.
                entry.aggregate.version = -1
                continue
            entry.aggregate.apply(event)
        for number in changed:
            entry = self.hot[number]
            entry.identities = entry.aggregate.identities()
        return changed

    def get(self, kind: type[Aggregate], stream_id: UUID) -> Entry:
        """Return a stream as it is known; raises WrongKindError."""
        number = stream_id.int
        for _ in range(2):
            entry = self.hot.get(number)
            if entry is None:
                self.load({stream_id: kind})
                entry = self.hot[number]
            aggregate = entry.aggregate
            if type(aggregate) is kind and aggregate.version >= 0:
                entry.is_used = True
                return entry
            if entry.undecided:
                break
            self.evict([number])
        raise WrongKindError

    def start(self, kind: type[Aggregate], stream_id: UUID) -> Entry:
        """Return an empty stream under an id that was made just now, so nothing can be stored under it."""
        entry = self.hot[stream_id.int] = Entry(kind(stream_id), self._batch)
        return entry

    def restore(self, entry: Entry) -> None:
        """Undo what a refused command had done to an aggregate in memory: fold it anew, with what is on its way."""
        stream_id = entry.aggregate.id
        if self.hot.get(stream_id.int) is not entry:
            return
        on_its_way = entry.undecided
        entry.empty()
        self._fold(self._read({stream_id: 0}))
        entry.confirmed = self._batch
        for event in on_its_way:
            # Some of it may have arrived, and was read just now.
            if event.envelope.version > entry.aggregate.version:
                entry.aggregate.apply(event)
                entry.decide([event], entry.aggregate.identities())

    def evict(self, numbers: Iterable[int]) -> None:
        """Forget streams whose state in memory never came to be."""
        for number in numbers:
            self.hot.pop(number, None)

    def clear(self) -> None:
        """Forget everything, when it is not known what was stored."""
        self.hot.clear()
