"""Reads the log in the order in which things were recorded, a window of positions at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg import sql

from infra.log.encrypted import OPEN_PART
from infra.log.envelope import ReadEvent

PartitionBy = Literal["stream", "subject", "none"]
NOTHING: Mapping[str, int] = MappingProxyType({})
_UP_TO: LiteralString = """
    SELECT position, event_id
    FROM letopis.event
    WHERE position = (SELECT max(position) FROM letopis.event WHERE position <= %s)
"""
_NEXT: LiteralString = """
    SELECT position, event_id
    FROM letopis.event
    WHERE position = (SELECT min(position) FROM letopis.event WHERE position > %s)
"""


READ_COLUMNS: LiteralString = (
    "e.position, e.event_id, e.stream_id, e.version, e.topic, e.schema_version, e.subject_id, e.occurred_at,"
    " e.recorded_at, e.actor"
)


def read_events(_: Any) -> Callable[[Sequence[Any]], ReadEvent]:
    """Make facts of rows of READ_COLUMNS, parties (NULL) and body: a psycopg row factory."""
    return partial(tuple.__new__, ReadEvent)


def read_events_with_parties(_: Any) -> Callable[[Sequence[Any]], ReadEvent]:
    """Make facts of rows of READ_COLUMNS, parties and body: a psycopg row factory."""
    new = partial(tuple.__new__, ReadEvent)
    return lambda row: new((*row[:10], tuple(row[10]), row[11]))


class Checkpoint(NamedTuple):
    """A place in the log: the last fact examined; 0 and None before the first one."""

    position: int
    event_id: UUID | None


BEGINNING = Checkpoint(0, None)


class Window(NamedTuple):
    """The facts asked for among those examined, in order, and how far was examined."""

    facts: list[ReadEvent]
    end: Checkpoint


def checkpoint_up_to(connection: psycopg.Connection[Any], position: int) -> Checkpoint:
    """Return the place of the newest fact that is not beyond the position."""
    row = connection.execute(_UP_TO, (position,)).fetchone()
    return Checkpoint(*row) if row else BEGINNING


def head_of(connection: psycopg.Connection[Any]) -> Checkpoint:
    """Return the place of the newest fact."""
    return checkpoint_up_to(connection, 2**62)


def read_in_blocks(connection: psycopg.Connection[Any]) -> None:
    """Make a session read each window in the order of the table's blocks, for those who go through the whole log.

    Blocks that are not in the server's buffers are then fetched many at a time: that took a fifth to a third off the
    reading of a log three times as large as these. Where all are there, or there is room for them, it costs the same.
    """
    connection.execute("SET enable_indexscan = off")


def _body(closed: Mapping[str, int]) -> sql.Composable:
    if not closed:
        return sql.SQL("e.body::text")
    kinds = sql.SQL(", ").join(sql.SQL("({}, {}::smallint)").format(*kind) for kind in sorted(closed.items()))
    return sql.SQL("CASE WHEN (e.topic, e.schema_version) IN ({}) THEN {} ELSE e.body::text END").format(
        kinds, sql.SQL(OPEN_PART)
    )


def shard_number(partition_by: PartitionBy, parts: int) -> sql.Composed:
    """Return the number of the shard that a fact `e` of the log belongs to, of so many."""
    # uuid_hash is signed: the mask keeps the remainder from being negative.
    return sql.SQL("(uuid_hash(e.{}) & 2147483647) %% {}").format(sql.Identifier(f"{partition_by}_id"), parts)


def shard_of(partition_by: PartitionBy, part: int, parts: int) -> sql.Composed:
    """Return the condition on a fact `e` of the log that is true for the shard of one worker of several."""
    return sql.SQL("{} = {}").format(shard_number(partition_by, parts), part)


# What PostgreSQL keeps of a row beside what pg_column_size tells: where it lies in its page.
_ROW_HEAD = 4
_LOG = sql.Identifier("letopis", "event")
_WHERE = sql.SQL(" FROM {} e WHERE e.position > %s AND e.position <= %s AND e.topic = ANY(%s){}")


class LogReader:
    """Reads some topics of the log, or the shard of them that one worker of several has.

    `partition_by` names the envelope column whose hash divides the facts into `parts`; `part` is the shard read. `only`
    is the one value of that column that is wanted. `closed` are the topics, with a schema version each, of whose bodies
    the open part will do (see infra.log.encrypted).
    Positions have no gaps and are given in commit order, so a window once examined can never gain a fact.
    """

    def __init__(
        self,
        topics: Sequence[str],
        *,
        with_parties: bool = False,
        partition_by: PartitionBy = "none",
        part: int = 0,
        parts: int = 1,
        only: UUID | None = None,
        closed: Mapping[str, int] = NOTHING,
    ) -> None:
        self._topics = list(topics)
        self._row_factory = read_events_with_parties if with_parties else read_events
        self._columns = sql.SQL(READ_COLUMNS + (", e.parties" if with_parties else ", NULL"))
        self._body = _body(closed)
        shard: sql.Composable = sql.SQL("")
        if only is not None:
            shard = sql.SQL(" AND e.{} = {}").format(sql.Identifier(f"{partition_by}_id"), sql.Literal(only))
        elif parts > 1 and partition_by != "none":
            shard = sql.SQL(" AND {}").format(shard_of(partition_by, part, parts))
        self._where = _WHERE.format(_LOG, shard)
        self._select = sql.SQL("SELECT {}, {}{}").format(self._columns, self._body, self._where)

    def copying(self, table: sql.Composable, number: sql.Composable) -> sql.Composed:
        """Return the statement that puts the facts after one position up to another into a table, each with a number.

        The table has the columns of READ_COLUMNS, parties, body and number.
        """
        return sql.SQL("INSERT INTO {} SELECT {}, {}, {}{}").format(
            table, self._columns, self._body, number, self._where
        )

    def of_copy(self, table: sql.Composable) -> "LogReader":
        """Return what reads the facts that were put into a table as this one reads them from the log."""
        other = copy(self)
        other._where = _WHERE.format(table, sql.SQL(""))
        other._select = sql.SQL("SELECT {}, e.body{}").format(self._columns, other._where)
        return other

    def size(self, connection: psycopg.Connection[Any], after: int, last: int) -> int:
        """Return how many bytes the facts after one position up to another take in a table, without any index."""
        query = sql.SQL("SELECT coalesce(sum(pg_column_size(f) + {}), 0) FROM ({}) f").format(_ROW_HEAD, self._select)
        row = connection.execute(query, self.arguments(after, last)).fetchone()
        return int(row[0]) if row else 0

    def arguments(self, after: int, last: int) -> tuple[int, int, list[str]]:
        """Return what a statement about the facts after one position up to another is given."""
        return after, last, self._topics

    def window(self, connection: psycopg.Connection[Any], after: int, limit: int) -> Window:
        """Examine up to `limit` facts after a position; the end says how far, whether or not a topic matched."""
        end = checkpoint_up_to(connection, after + limit)
        if end.position <= after:
            # The end of the log; or a gap in it that is longer than this window.
            row = connection.execute(_NEXT, (after,)).fetchone()
            if row is None:
                return Window([], end)
            end = Checkpoint(*row)
        return Window(self.between(connection, after, end.position), end)

    def between(self, connection: psycopg.Connection[Any], after: int, last: int) -> list[ReadEvent]:
        """Return the facts after one position up to and including another."""
        with connection.cursor(binary=True, row_factory=self._row_factory) as cursor:
            cursor.execute(self._select, self.arguments(after, last))
            facts = cursor.fetchall()
        # They lie nearly in this order already: to look costs less here than a sort of whole rows in the server.
        facts.sort()
        return facts

    def stream(
        self, connection: psycopg.Connection[Any], after: int, last: int, step: int = 10_000
    ) -> Iterator[tuple[int, list[ReadEvent]]]:
        """Give the facts after one position up to another in pieces that fit in memory, with how many were examined."""
        for start in range(after, last, step):
            end = min(start + step, last)
            yield end - start, self.between(connection, start, end)

    def count(self, connection: psycopg.Connection[Any], after: int, last: int) -> int:
        """Return how many facts there are to read."""
        query = sql.SQL("SELECT count(*){}").format(self._where)
        row = connection.execute(query, self.arguments(after, last)).fetchone()
        return int(row[0]) if row else 0
