"""Keeps the snapshots of library applications, beside those that our own write side takes (infra.log.snapshots)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent

from infra.library.pooled_recorder import WITHOUT_END, PooledRecorder

_TAKE = """
INSERT INTO letopis.snapshot (stream_id, version, topic, state)
SELECT *
FROM unnest(%s::uuid[], %s::integer[], %s::text[], %s::bytea[])
"""

_SELECT = """
SELECT stream_id, version, topic, state
FROM letopis.snapshot
WHERE stream_id = %s
    AND version > %s
    AND version <= %s
ORDER BY version {}
LIMIT %s
"""


class SnapshotRecorder(PooledRecorder, AggregateRecorder):
    """Records snapshots of a library application; a stream has one at most of each version."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:  # noqa: ARG002
        """Keep the snapshots, all or none; raises IntegrityError when there is one of that version."""
        if not stored_events:
            return
        columns = [(each.originator_id, each.originator_version, each.topic, each.state) for each in stored_events]
        with self._connection() as connection:
            connection.execute(_TAKE, [list(column) for column in zip(*columns, strict=True)])

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Return the snapshots of a stream after and up to a version, in order or from the last one back."""
        statement = _SELECT.format("DESC" if desc else "ASC").encode()
        # A snapshot may be of version 0: the library lets an application count from there.
        bounds = [-1 if gt is None else gt, WITHOUT_END if lte is None else lte]
        with self._connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(statement, [originator_id, *bounds, limit], prepare=True)
            return [StoredEvent(*row) for row in cursor]
