"""The aggregates at hand: loaded in one query, kept while hot, never trusted without asking the log what is new."""

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


class Entry:
    """One stream in memory: its aggregate, its head, and the facts decided on but not stored yet."""

    __slots__ = ("aggregate", "batch", "head", "identities", "undecided")

    def __init__(self, aggregate: Aggregate, batch: int) -> None:
        self.aggregate = aggregate
        self.batch = batch
        self.head = Head()
        self.identities: frozenset[Identity] = frozenset()
        self.undecided: list[Event] = []


NEVER = -1
"""The batch of a stream that was not read yet."""


class WrongKindError(Exception):
    """The stream under this id belongs to another kind of aggregate."""


class Streams:
    """A cache of aggregates for one executor; not thread-safe."""

    def __init__(self, read: ReadStreams, decode: Callable[[StoredFact], Event], capacity: int = HOT_STREAMS) -> None:
        self._read = read
        self._decode = decode
        self._capacity = capacity
        self._entries: OrderedDict[UUID, Entry] = OrderedDict()
        self._batch = 0

    def begin(self) -> None:
        """Start a new batch: nothing in memory is known to be current any more."""
        self._batch += 1
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def refresh(self, wanted: Iterable[tuple[UUID, type[Aggregate]]]) -> None:
        """Bring these streams up to date in one query."""
        stale: dict[UUID, Entry] = {}
        for stream_id, kind in wanted:
            entry = self._entries.get(stream_id)
            if entry is None:
                stale[stream_id] = self._entries[stream_id] = Entry(kind(stream_id), NEVER)
            elif entry.batch != self._batch:
                stale[stream_id] = entry
                self._entries.move_to_end(stream_id)
        if not stale:
            return
        self._fold(self._read({stream_id: entry.head.version for stream_id, entry in stale.items()}))
        for entry in stale.values():
            entry.batch = self._batch

    def _fold(self, facts: Sequence[StoredFact]) -> None:
        changed = set()
        for fact in facts:
            envelope = fact.envelope
            entry = self._entries[envelope.stream_id]
            entry.head = Head(envelope.version, envelope.event_id, envelope.position)
            event = self._decode(fact)
            if entry.aggregate.version < 0 or not entry.aggregate.knows(event):
                # Somebody named a deal where a client belongs; the empty aggregate of the wrong kind must not stay.
                entry.aggregate.version = -1
                continue
            entry.aggregate.apply(event)
            changed.add(envelope.stream_id)
        for stream_id in changed:
            entry = self._entries[stream_id]
            entry.identities = entry.aggregate.identities()

    def get(self, kind: type[Aggregate], stream_id: UUID) -> Entry:
        """Return a stream as it stands now; raises WrongKindError."""
        known = self._entries.get(stream_id)
        if known is not None and known.batch == self._batch and _is_of(kind, known.aggregate):
            return known
        for _ in range(2):
            self.refresh([(stream_id, kind)])
            entry = self._entries[stream_id]
            if _is_of(kind, entry.aggregate):
                return entry
            if entry.undecided:
                break
            self.evict([stream_id])
        raise WrongKindError

    def start(self, kind: type[Aggregate], stream_id: UUID) -> Entry:
        """Return an empty stream under an id that was made just now, so nothing can be stored under it."""
        entry = self._entries[stream_id] = Entry(kind(stream_id), self._batch)
        return entry

    def decide(self, aggregate: Aggregate, events: Sequence[Event]) -> None:
        """Note the facts a command of this batch decided on; its aggregate in memory has folded them already."""
        entry = self._entries[aggregate.id]
        entry.undecided.extend(events)
        entry.head = Head(aggregate.version, events[-1].envelope.event_id, 0)
        entry.identities = aggregate.identities()

    def restore(self, stream_id: UUID) -> None:
        """Undo what a refused command had done to an aggregate in memory: fold it anew, with the batch's facts."""
        entry = self._entries.pop(stream_id, None)
        if entry is None:
            return
        again = self._entries[stream_id] = Entry(type(entry.aggregate)(stream_id), entry.batch)
        self._fold(self._read({stream_id: 0}))
        for event in entry.undecided:
            again.aggregate.apply(event)
            again.head = Head(event.originator_version, event.envelope.event_id, 0)
        again.undecided = entry.undecided
        again.identities = again.aggregate.identities()

    def evict(self, stream_ids: Iterable[UUID]) -> None:
        """Forget streams whose state in memory never came to be."""
        for stream_id in stream_ids:
            self._entries.pop(stream_id, None)

    def clear(self) -> None:
        """Forget everything, when it is not known what was stored."""
        self._entries.clear()

    def settle(self, stream_id: UUID, head: Head) -> None:
        """Note that what was decided on a stream is stored, with this head."""
        entry = self._entries.get(stream_id)
        if entry is not None:
            entry.undecided = []
            if entry.head.version == head.version:
                entry.head = head


def _is_of(kind: type[Aggregate], aggregate: Aggregate) -> bool:
    return type(aggregate) is kind and aggregate.version >= 0
