"""Snapshots of long streams: with one, a client of a hundred thousand facts is loaded like one of a hundred.

A snapshot is believed only if the same code took it, if the log still has the fact it was taken after, and if it can be
opened with the key of whom it is about. None of it is needed: whatever goes wrong, the stream is folded from its facts.
"""

from collections.abc import Sequence

import psycopg
import structlog
from pydantic import ValidationError

from aggregates.base import Aggregate
from aggregates.snapshot import from_state, to_state, topic_of
from infra.log.crypto import Keyring
from infra.log.eventlog import Head
from infra.log.snapshots import Snapshot, decrypted_state, encrypted_state, keep_snapshots, newest_snapshots
from infra.postgres.connection import Borrow

log = structlog.get_logger()


class Snapshots:
    """Takes and finds snapshots through a connection borrowed for the moment; no failure of it is anybody else's."""

    def __init__(self, borrow: Borrow, keyring: Keyring) -> None:
        self._borrow = borrow
        self._keyring = keyring

    def newest(self, wanted: Sequence[Aggregate]) -> list[tuple[Aggregate, Head]]:
        """Return aggregates like these as they were at a head that is the log's; those not found are left out."""
        kinds = {aggregate.id: type(aggregate) for aggregate in wanted}
        try:
            with self._borrow() as connection:
                found = newest_snapshots(connection, {stream_id: topic_of(kind) for stream_id, kind in kinds.items()})
        except psycopg.Error as error:
            log.warning("snapshots_not_found", streams=len(kinds), error=type(error).__name__)
            return []
        read = ((snapshot, self._read(kinds[snapshot.stream_id], snapshot)) for snapshot in found)
        return [(aggregate, snapshot.head) for snapshot, aggregate in read if aggregate is not None]

    def _read(self, kind: type[Aggregate], snapshot: Snapshot) -> Aggregate | None:
        state = decrypted_state(self._keyring, snapshot)
        if state is None:
            return None
        try:
            return from_state(kind, snapshot.stream_id, snapshot.head.version, state)
        except ValidationError:
            log.warning("snapshot_unreadable", stream_id=str(snapshot.stream_id), topic=snapshot.topic)
            return None

    def keep(self, streams: Sequence[tuple[Aggregate, Head]]) -> None:
        """Take snapshots of aggregates at these heads, which must be the log's."""
        try:
            taken = [snapshot for aggregate, head in streams if (snapshot := self._taken(aggregate, head)) is not None]
            if taken:
                with self._borrow() as connection:
                    keep_snapshots(connection, taken)
        except Exception as error:  # noqa: BLE001 - no command that has its answer suffers from a shortcut for later ones
            log.warning("snapshots_not_kept", streams=len(streams), error=type(error).__name__)

    def _taken(self, aggregate: Aggregate, head: Head) -> Snapshot | None:
        topic = topic_of(type(aggregate))
        return encrypted_state(self._keyring, aggregate.id, topic, head, aggregate.subject_id, to_state(aggregate))
