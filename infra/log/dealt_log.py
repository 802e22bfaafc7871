"""Facts of the log laid out once more by shard: each shard is then read by itself, and the log is gone through once.

They lie in tables of the session's own, which the server drops when the session ends, however it ends. A body lies
there as in the log: what is encrypted stays encrypted.
"""

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from infra.log.log_reader import LogReader, PartitionBy, shard_number

_TABLE = sql.Identifier("pg_temp", "dealt")
_MAKE: LiteralString = """
    CREATE TABLE {} (
        position bigint, event_id uuid, stream_id uuid, version integer, topic text, schema_version smallint,
        subject_id uuid, occurred_at timestamptz, recorded_at timestamptz, actor text, parties uuid[], body text,
        shard integer
    ) PARTITION BY LIST (shard)
"""
_PAGES_PER_RANGE = 16
"""Pages about which an index knows from which position to which they reach: some 400 facts."""


class DealtLog:
    """The facts that a reader reads, in some shards of `parts`: dealt out window by window, then read by shard.

    The session is one that has nothing else to do than this, and to look up a few rows by their keys.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        reader: LogReader,
        partition_by: PartitionBy,
        shards: Sequence[int],
        parts: int,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._copy = reader.copying(_TABLE, shard_number(partition_by, parts))
        # The planner knows nothing of the order in new tables, and would read a whole shard for each window of it.
        connection.execute("SET enable_seqscan = off")
        connection.execute(sql.SQL(_MAKE).format(_TABLE))
        for shard in shards:
            part = sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES IN ({})")
            connection.execute(part.format(_table(shard), _TABLE, shard))

    def spread(self, after: int, last: int) -> None:
        """Spread the facts after one position, up to another, over the shards."""
        self._connection.execute(self._copy, self._reader.arguments(after, last))

    def shard(self, shard: int) -> LogReader:
        """Return what reads one shard, when all is dealt out."""
        # The facts lie in the order of the log, or nearly so: to know from where to where each few pages reach is
        # enough to find a window of positions, and costs a hundredth of an index of every fact.
        index = sql.SQL("CREATE INDEX ON {} USING brin (position) WITH (pages_per_range = {})")
        self._connection.execute(index.format(_table(shard), _PAGES_PER_RANGE))
        return self._reader.of_copy(_table(shard))

    def drop(self, shard: int) -> None:
        """Give back the room of a shard that was read."""
        self._connection.execute(sql.SQL("DROP TABLE {}").format(_table(shard)))

    def close(self) -> None:
        """Give back all room."""
        self._connection.execute(sql.SQL("DROP TABLE {}").format(_TABLE))


def _table(shard: int) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"dealt_{shard}")
