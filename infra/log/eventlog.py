"""The log: what is written to it (infra.log.append does that) and how streams, receipts and keys are read from it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from infra.log.envelope import Envelope, RecordedEvent
from infra.postgres.connection import Borrow

WAKE_UP_CHANNEL = "letopis_log"
APPEND_LOCK: LiteralString = "SELECT pg_advisory_xact_lock(hashtextextended('letopis.append', 0))"
"""Until the transaction that asks this ends, nothing is appended."""

COLUMNS: LiteralString = (
    "e.position, e.event_id, e.stream_id, e.version, e.topic, e.schema_version, e.subject_id, e.occurred_at,"
    " e.recorded_at, e.actor, e.command_id, e.correlation_id, e.causation_id"
)


def recorded_events(_: Any) -> Callable[[Sequence[Any]], RecordedEvent]:
    """Make events of rows of COLUMNS and body: a psycopg row factory."""
    return lambda row: RecordedEvent(Envelope(*row[:13]), row[13])


def recorded_events_with_parties(_: Any) -> Callable[[Sequence[Any]], RecordedEvent]:
    """Make events of rows of COLUMNS, body and parties: a psycopg row factory."""
    return lambda row: RecordedEvent(Envelope._make((*row[:13], tuple(row[14]))), row[13])


_STREAMS = f"""
SELECT {COLUMNS}, e.body::text
FROM unnest(%s::uuid[], %s::integer[]) AS wanted (stream_id, version)
CROSS JOIN LATERAL (
    SELECT *
    FROM letopis.event AS each
    WHERE each.stream_id = wanted.stream_id
        AND each.version > wanted.version
    ORDER BY each.version
    LIMIT %s
) AS e
ORDER BY e.stream_id, e.version
"""  # noqa: S608 - the only thing put in is the constant list of columns

_KEYS_AFTER: LiteralString = """
SELECT subject_id, wrapped
FROM letopis.subject_key
WHERE subject_id >= %s
ORDER BY subject_id
LIMIT %s
"""

_KEYS_OF: LiteralString = """
SELECT subject_id, wrapped
FROM letopis.subject_key
WHERE subject_id = ANY (%s::uuid[])
"""

_LAST_OF = """
SELECT e.topic
FROM letopis.event AS e
WHERE e.stream_id = %s
    AND e.topic = ANY (%s::text[])
ORDER BY e.version DESC
LIMIT 1
"""
_RECEIPTS = """
SELECT r.command_id, r.content_hash, r.stream_id, r.version, r.position, ARRAY(
    SELECT e.topic
    FROM letopis.event AS e
    WHERE e.position > r.position - r.event_count
        AND e.position <= r.position
    ORDER BY e.position)
FROM letopis.receipt AS r
WHERE r.command_id = ANY (%s::uuid[])
"""


class Head(NamedTuple):
    """The last fact of a stream: what a decision was made on. Version 0 and no event: nothing is recorded."""

    version: int = 0
    event_id: UUID | None = None
    position: int = 0


class ClaimChange(NamedTuple):
    """An identity taken or given back. `share_with` None: any present holder may keep it."""

    kind: str
    key: bytes
    holder_id: UUID
    share_with: tuple[UUID, ...] | None
    is_taken: bool


class Receipt(NamedTuple):
    """The answer an accepted command got, kept for ever."""

    command_id: UUID
    content_hash: bytes
    stream_id: UUID
    version: int
    position: int
    events: list[dict[str, Any]]


@dataclass(slots=True)
class Decided:
    """One command decided and ready to be stored: what it was decided on, and what it records."""

    command_id: UUID
    content_hash: bytes
    stream_id: UUID
    version: int
    expectations: Sequence[tuple[UUID, Head]]
    facts: Sequence[RecordedEvent]
    claims: Sequence[ClaimChange] = ()
    keys: Mapping[UUID, bytes] = field(default_factory=dict)

    def events_from(self, first: int) -> list[dict[str, Any]]:
        """Return what the receipt says, once the first fact is at a position of the log."""
        return events_of([fact.envelope.topic for fact in self.facts], first)


def read_streams(
    connection: psycopg.Connection[Any], after: Mapping[UUID, int], limit: int | None = None
) -> list[RecordedEvent]:
    """Return the facts of each stream after the version given for it, at most `limit`, by stream and version."""
    with connection.cursor(row_factory=recorded_events, binary=True) as cursor:
        cursor.execute(_STREAMS, [_array(after), list(after.values()), limit], prepare=True)
        return cursor.fetchall()


def last_of(connection: psycopg.Connection[Any], stream_id: UUID, topics: Sequence[str]) -> str | None:
    """Return which of these topics was recorded last on a stream; None: none of them."""
    row = connection.execute(_LAST_OF, [stream_id, list(topics)]).fetchone()
    return None if row is None else str(row[0])


def _array(ids: Iterable[UUID]) -> str:
    """Return ids as the text of a PostgreSQL array: a thousand of them are written ten times as fast as one by one."""
    return "{" + ",".join([each.hex for each in ids]) + "}"


def read_receipts(connection: psycopg.Connection[Any], command_ids: Iterable[UUID]) -> dict[UUID, Receipt]:
    """Return the receipts there are for these commands."""
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        rows = cursor.execute(_RECEIPTS, [_array(command_ids)], prepare=True).fetchall()
    return {
        command_id: Receipt(
            command_id, content_hash, stream_id, version, position, events_of(topics, position - len(topics) + 1)
        )
        for command_id, content_hash, stream_id, version, position, topics in rows
    }


def events_of(topics: Sequence[str], first: int) -> list[dict[str, Any]]:
    """Return what a receipt says of facts that follow one another in the log from a position."""
    return [{"topic": topic, "position": position} for position, topic in enumerate(topics, first)]


class LogKeys:
    """The wrapped keys beside the log, read through a connection borrowed for the moment (a context manager)."""

    def __init__(self, borrow: Borrow) -> None:
        self._borrow = borrow

    def after(self, first: UUID, count: int) -> Sequence[tuple[UUID, bytes]]:
        """Return so many keys from that subject's id on, in order of id."""
        return self._read(_KEYS_AFTER, [first, count])

    def of(self, subject_ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """Return the keys there are of these subjects."""
        return self._read(_KEYS_OF, [_array(subject_ids)])

    def _read(self, statement: LiteralString, values: Sequence[Any]) -> Sequence[tuple[UUID, bytes]]:
        with self._borrow() as connection, connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            found: list[tuple[UUID, bytes]] = cursor.execute(statement, values, prepare=True).fetchall()
            return found
