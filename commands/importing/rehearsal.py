"""A dry run: every rule is asked as if it were meant, and nothing is stored."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from aggregates.identity import HOME, Home
from commands.execution.batch import BatchRunner
from commands.execution.decision import Encryption
from commands.execution.streams import ReadStreams, Streams
from infra.log.append import Appended
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import ClaimChange, Decided
from infra.log.mapper import Mapper
from infra.postgres.connection import Borrow

_HOLDERS = """
SELECT held.kind, held.key, held.holder_id
FROM letopis.claim AS held
JOIN unnest(%s::text[], %s::bytea[]) AS asked (kind, key) USING (kind, key)
"""


class Rehearsal:
    """The log as it would be: what is stored, and over it what this dry run has decided so far, kept in memory."""

    def __init__(self, borrow: Borrow, read: ReadStreams) -> None:
        self._borrow = borrow
        self._read = read
        self._facts: dict[UUID, list[RecordedEvent]] = {}
        self._holders: dict[tuple[str, bytes], set[UUID]] = {}

    def read(self, after: Mapping[UUID, int], limit: int | None = None, /) -> Sequence[RecordedEvent]:
        """Return the facts of each stream after the version given for it, those only decided on included."""
        assert limit is None, "a dry run takes no snapshots and reads streams whole"  # noqa: S101
        decided = [
            fact
            for stream_id, version in after.items()
            for fact in self._facts.get(stream_id, ())
            if fact.envelope.version > version
        ]
        return [*self._read(after), *decided]

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
        for fact in decided.facts:
            self._facts.setdefault(fact.envelope.stream_id, []).append(fact)
        for claim in decided.claims:
            holders = self._holders[claim.kind, claim.key]
            (holders.add if claim.is_taken else holders.discard)(claim.holder_id)

    def _learn_holders(self, claims: Sequence[ClaimChange]) -> None:
        unknown = {(claim.kind, claim.key) for claim in claims} - self._holders.keys()
        if not unknown:
            return
        self._holders.update((each, set()) for each in unknown)
        kinds, keys = zip(*unknown, strict=True)
        with self._borrow() as connection:
            for kind, key, holder_id in connection.execute(_HOLDERS, [list(kinds), list(keys)]):
                self._holders[kind, bytes(key)].add(holder_id)

    def _is_held(self, claim: ClaimChange) -> bool:
        holders = self._holders[claim.kind, claim.key]
        if not claim.is_taken or not holders or claim.share_with is None:
            return False
        return holders.isdisjoint({claim.holder_id, *claim.share_with})


def rehearsing_runner(
    borrow: Borrow, read: ReadStreams, mapper: Mapper, encryption: Encryption, home: Home = HOME
) -> BatchRunner:
    """Return what carries out batches of commands for a dry run; what it is asked for must fit in memory."""
    rehearsal = Rehearsal(borrow, read)
    streams = Streams(rehearsal.read, mapper.to_event)
    return BatchRunner(borrow, streams, encryption, mapper.keyring, rehearsal, home)
