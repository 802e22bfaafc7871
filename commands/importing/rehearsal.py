"""A dry run: every rule is asked as if it were meant, and nothing is stored."""

import pickle
import sqlite3
from collections.abc import Mapping, Sequence
from uuid import UUID

from aggregates.identity import HOME, Home
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption
from commands.execution.streams import ReadStreams, Streams
from commands.importing.recognition import holders_of
from events.registry import EVENT_TYPES, UPCASTERS
from infra.log.append import Appended
from infra.log.crypto import Keyring, MasterKey
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import ClaimChange, Decided, LogKeys
from infra.log.mapper import Mapper
from infra.postgres.connection import Borrow

_KEPT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE fact (stream BLOB, version INTEGER, fact BLOB);
CREATE INDEX fact_of_stream ON fact (stream);
CREATE TABLE holder (kind TEXT, key BLOB, holder BLOB, has_it INTEGER, PRIMARY KEY (kind, key, holder)) WITHOUT ROWID;
CREATE TABLE subject_key (subject BLOB PRIMARY KEY, wrapped BLOB) WITHOUT ROWID;
BEGIN;
"""


class Rehearsal:
    """The log as it would be: what is stored, and over it what this dry run has decided so far.

    That is kept in a file without a name, as the log would have it: what is personal is encrypted, by keys that only
    the master key opens.
    """

    def __init__(self, borrow: Borrow, read: ReadStreams, stored_keys: LogKeys) -> None:
        self._borrow = borrow
        self._read = read
        self._stored_keys = stored_keys
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.executescript(_KEPT)
        self._holders: dict[tuple[str, bytes], set[UUID]] = {}

    def read(self, after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]:
        """Return the facts of each stream after the version given for it, those only decided on included."""
        assert limit is None, "a dry run takes no snapshots and reads streams whole"  # noqa: S101
        decided: list[RecordedEvent] = []
        for stream_id, version in after.items():
            found = self._kept.execute(
                "SELECT fact FROM fact WHERE stream = ? AND version > ? ORDER BY version", (stream_id.bytes, version)
            )
            decided += [pickle.loads(fact) for (fact,) in found]  # noqa: S301 - a file without a name, written below
        return [*self._read(after), *decided]

    def after(self, first: UUID, count: int) -> Sequence[tuple[UUID, bytes]]:
        """Return so many keys from that subject's id on, in order of id: a KeySource."""
        found = self._kept.execute(
            "SELECT subject, wrapped FROM subject_key WHERE subject >= ? ORDER BY subject LIMIT ?", (first.bytes, count)
        )
        decided = [(UUID(bytes=subject), wrapped) for subject, wrapped in found]
        return sorted([*self._stored_keys.after(first, count), *decided])[:count]

    def of(self, subject_ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """Return the keys there are of these subjects."""
        decided = [
            (subject_id, wrapped)
            for subject_id in subject_ids
            for (wrapped,) in self._kept.execute(
                "SELECT wrapped FROM subject_key WHERE subject = ?", (subject_id.bytes,)
            )
        ]
        return [*self._stored_keys.of(subject_ids), *decided]

    def send(self, batch: Sequence[Decided], *, atomic: bool = False) -> None:
        """Take a batch as the log would."""
        assert not atomic, "an import has no atomic batches"  # noqa: S101
        self._learn_holders([claim for decided in batch for claim in decided.claims])

    def is_stored(self) -> bool:
        """Return True: nothing has to be waited for."""
        return True

    def receive(self, batch: Sequence[Decided]) -> list[Appended]:
        """Say what the log would answer to this batch; two holders of one identity are the one thing it refuses."""
        tainted: set[UUID] = set()
        outcomes = []
        for decided in batch:
            rival = next((claim for claim in decided.claims if self._is_held(claim)), None)
            if rival is not None:
                holder = str(next(iter(self._holders[rival.kind, rival.key])))
                outcomes.append(Appended("claimed", facts={"kind": rival.kind, "holder_id": holder}))
            elif not tainted.isdisjoint(stream_id for stream_id, _ in decided.expectations):
                outcomes.append(Appended("cascaded"))
            else:
                self._keep(decided)
                outcomes.append(Appended("stored"))
                continue
            tainted.update(stream_id for stream_id, _ in decided.expectations)
        return outcomes

    def _keep(self, decided: Decided) -> None:
        self._kept.executemany(
            "INSERT INTO fact VALUES (?, ?, ?)",
            [
                (fact.envelope.stream_id.bytes, fact.envelope.version, pickle.dumps(fact, pickle.HIGHEST_PROTOCOL))
                for fact in decided.facts
            ],
        )
        self._kept.executemany(
            "INSERT OR REPLACE INTO holder VALUES (?, ?, ?, ?)",
            [(claim.kind, claim.key, claim.holder_id.bytes, claim.is_taken) for claim in decided.claims],
        )
        self._kept.executemany(
            "INSERT OR REPLACE INTO subject_key VALUES (?, ?)",
            [(subject_id.bytes, wrapped) for subject_id, wrapped in decided.keys.items()],
        )
        for claim in decided.claims:
            holders = self._holders[claim.kind, claim.key]
            (holders.add if claim.is_taken else holders.discard)(claim.holder_id)

    def _learn_holders(self, claims: Sequence[ClaimChange]) -> None:
        """Learn who has the identities of a batch: those whom the log names, less and more what was decided since."""
        asked = {(claim.kind, claim.key) for claim in claims}
        self._holders = {each: set() for each in asked}
        for each, holder_id in holders_of(self._borrow, asked):
            self._holders[each].add(holder_id)
        for each, holders in self._holders.items():
            for holder, has_it in self._kept.execute(
                "SELECT holder, has_it FROM holder WHERE kind = ? AND key = ?", each
            ):
                (holders.add if has_it else holders.discard)(UUID(bytes=holder))

    def _is_held(self, claim: ClaimChange) -> bool:
        holders = self._holders[claim.kind, claim.key]
        if not claim.is_taken or not holders or claim.share_with is None:
            return False
        return holders.isdisjoint({claim.holder_id, *claim.share_with})


def rehearsing_runner(borrow: Borrow, read: ReadStreams, master: MasterKey, home: Home = HOME) -> BatchRunner:
    """Return what carries out batches of commands for a dry run, however many there are."""
    rehearsal = Rehearsal(borrow, read, LogKeys(borrow))
    keyring = Keyring(master, rehearsal)
    mapper = Mapper(EVENT_TYPES, UPCASTERS, keyring)
    encryption = Encryption(body=mapper.to_body, new_key=keyring.unsaved, keyed_hash=master.keyed_hash)
    return BatchRunner(borrow, Streams(rehearsal.read, mapper.to_event), encryption, keyring, rehearsal, home)
