"""The aggregates at hand: loaded in one query, kept while hot, believed until the log says otherwise.

What is in memory may be older than the log, because other processes write too. An append finds that out by itself: it
stores nothing that was decided on an old head. Only what is answered without an append has to be confirmed first.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from aggregates.base import Aggregate, Identity
from commands.execution.snapshots import Snapshots
from events.base import Event
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import Head

HOT_STREAMS = 50_000
"""Aggregates kept in memory; about 3 KB each."""

LONG = 50
"""Facts that make a stream long: it is loaded from a snapshot, and after as many more facts the next one is taken.

Up to twice as many are read then, at 30 µs each; a snapshot costs about 300 µs.
"""


class ReadStreams(Protocol):
    """Reads the facts of streams after a version, `limit` of each at most, as infra.log.eventlog.read_streams does."""

    def __call__(self, after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]: ...


NO_HEAD = Head()
NOTHING: frozenset[Identity] = frozenset()


class Entry:
    """One stream in memory: its aggregate, its head, and the facts decided on but not stored yet.

    `confirmed` is the last batch in which the log was asked for the stream; `is_used` says that it was needed since the
    last time somebody thought of forgetting it. `kept` is the version of its newest snapshot; when that is long ago the
    stream puts its number among those that are `due`.
    """

    __slots__ = ("aggregate", "confirmed", "due", "head", "identities", "is_used", "kept", "undecided")

    def __init__(self, aggregate: Aggregate, batch: int, due: set[int]) -> None:
        self.aggregate = aggregate
        self.confirmed = batch
        self.due = due
        self.kept = 0
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
        if version - self.kept >= LONG:
            self.due.add(self.aggregate.id.int)

    def empty(self) -> None:
        """Be a stream again of which nothing is known."""
        self.aggregate = type(self.aggregate)(self.aggregate.id)
        self.head, self.identities, self.undecided, self.kept = NO_HEAD, NOTHING, (), 0


class WrongKindError(Exception):
    """The stream under this id belongs to another kind of aggregate."""


class Streams:
    """A cache of aggregates for one executor; not thread-safe."""

    def __init__(
        self,
        read: ReadStreams,
        decode: Callable[[RecordedEvent], Event],
        snapshots: Snapshots | None = None,
        capacity: int = HOT_STREAMS,
    ) -> None:
        """Take what reads facts and makes events of them; without snapshots long streams are read whole."""
        self._read = read
        self._decode = decode
        self._snapshots = snapshots
        self._capacity = capacity
        self._due: set[int] = set()
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
        """Bring streams that are not in memory there, in one query; another two if there are long ones among them."""
        for stream_id, kind in wanted.items():
            self.hot[stream_id.int] = Entry(kind(stream_id), self._batch, self._due)
        self._bring(wanted)

    def _bring(self, stream_ids: Iterable[UUID]) -> None:
        """Fold streams of which nothing is in memory."""
        everything = dict.fromkeys(stream_ids, 0)
        if self._snapshots is None:
            self._fold(self._read(everything))
            return
        facts = self._read(everything, LONG)
        if len(facts) >= LONG:
            facts = self._completed(facts, self._snapshots)
        self._fold(facts)

    def _completed(self, beginnings: Sequence[RecordedEvent], snapshots: Snapshots) -> Sequence[RecordedEvent]:
        """Return the facts to be folded, given the first ones of each stream: long streams start from a snapshot."""
        entries = {
            fact.envelope.stream_id: entry
            for fact in beginnings
            if fact.envelope.version == LONG and (entry := self._asked_for(fact)) is not None
        }
        if not entries:
            return beginnings
        after = dict.fromkeys(entries, LONG)
        started = snapshots.newest([entry.aggregate for entry in entries.values()])
        for aggregate, head in started:
            entry = entries[aggregate.id]
            entry.aggregate, entry.head, entry.identities = aggregate, head, aggregate.identities()
            entry.kept = after[aggregate.id] = head.version
        rest = self._read(after)
        for envelope, _ in rest:
            entry = entries[envelope.stream_id]
            if envelope.version - entry.kept >= LONG:
                entry.due.add(envelope.stream_id.int)
        begun_later = {aggregate.id for aggregate, _ in started}
        return [*(fact for fact in beginnings if fact.envelope.stream_id not in begun_later), *rest]

    def _asked_for(self, fact: RecordedEvent) -> Entry | None:
        """Return the stream of a fact if it is of the kind that was asked for: of another one no more need be read."""
        entry = self.hot[fact.envelope.stream_id.int]
        return entry if entry.aggregate.knows(self._decode(fact)) else None

    def keep_snapshots(self) -> None:
        """Take snapshots of streams that have grown long since the last one, and that are as the log has them."""
        entries = [entry for number in self._due if (entry := self.hot.get(number)) is not None]
        self._due.clear()
        settled = [entry for entry in entries if not entry.undecided and entry.aggregate.version == entry.head.version]
        if settled and self._snapshots is not None:
            self._snapshots.keep([(entry.aggregate, entry.head) for entry in settled])
        for entry in settled:
            # Whether or not it could be taken: the next attempt is made when the stream has grown again.
            entry.kept = entry.head.version

    def confirm(self, entries: Iterable[Entry]) -> set[int]:
        """Ask the log, in one query, what is new in streams; return the numbers of those that had changed."""
        changed: set[int] = set()
        asked: dict[UUID, int] = {}
        absent: dict[UUID, int] = {}
        for entry in entries:
            stream_id = entry.aggregate.id
            there = self.hot.get(stream_id.int)
            if there is not entry:
                # Forgotten meanwhile, and perhaps read anew: as another kind of which nothing is known either, when two
                # callers name one unknown id in two ways. To take that for a change would make each change the other's.
                if entry.head == NO_HEAD and (there is None or (there.head == NO_HEAD and not there.undecided)):
                    absent[stream_id] = 0
                else:
                    changed.add(stream_id.int)
            elif entry.confirmed != self._batch and not entry.undecided:
                # What is on its way is confirmed, or refuted, by its own append.
                entry.confirmed = self._batch
                asked[stream_id] = entry.head.version
        if not asked and not absent:
            return changed
        facts = self._read({**asked, **absent})
        changed.update(fact.envelope.stream_id.int for fact in facts if fact.envelope.stream_id in absent)
        return changed | self._fold(facts)

    def _fold(self, facts: Sequence[RecordedEvent]) -> set[int]:
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
        entry = self.hot[stream_id.int] = Entry(kind(stream_id), self._batch, self._due)
        return entry

    def restore(self, entry: Entry) -> None:
        """Undo what a refused command had done to an aggregate in memory: fold it anew, with what is on its way."""
        stream_id = entry.aggregate.id
        if self.hot.get(stream_id.int) is not entry:
            return
        on_its_way = entry.undecided
        entry.empty()
        self._bring([stream_id])
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
