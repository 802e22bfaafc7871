"""The log: one append-only table, written through one function, read in order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row
from pydantic_core import from_json, to_json

from infra.envelope import Envelope, StoredFact

WAKE_UP_CHANNEL = "letopis_log"

COLUMNS: LiteralString = (
    "e.position, e.event_id, e.stream_id, e.version, e.topic, e.schema_version, e.subject_id, e.occurred_at,"
    " e.recorded_at, e.actor, e.command_id, e.correlation_id, e.causation_id"
)

_APPEND = "SELECT letopis.append(%s, %s, %s, %s, %s, %s)::text"

_STREAMS = f"""
SELECT {COLUMNS}, e.body::text
FROM unnest(%s::uuid[], %s::integer[]) AS wanted (stream_id, version)
CROSS JOIN LATERAL (
    SELECT *
    FROM letopis.event AS each
    WHERE each.stream_id = wanted.stream_id
        AND each.version > wanted.version
    ORDER BY each.version
    OFFSET 0
) AS e
ORDER BY e.stream_id, e.version
"""  # noqa: S608 - the only thing put in is the constant list of columns

_KEYS = """
SELECT subject_id, wrapped
FROM letopis.subject_key
WHERE subject_id >= %s
ORDER BY subject_id
LIMIT %s
"""

_RECEIPTS = """
SELECT command_id, content_hash, stream_id, version, position, events::text
FROM letopis.receipt
WHERE command_id = ANY (%s::uuid[])
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
    expectations: Mapping[UUID, Head]
    facts: Sequence[StoredFact]
    claims: Sequence[ClaimChange] = ()
    keys: Mapping[UUID, bytes] = field(default_factory=dict)


class Appended(NamedTuple):
    """What became of one command: stored, replayed, stale, cascaded or claimed; the rest as `append` in SQL says."""

    status: str
    facts: dict[str, Any]


class LeftOutError(Exception):
    """An atomic batch was not stored because commands in it had to be left out; `outcomes` says which and why."""

    def __init__(self, outcomes: dict[int, Appended]) -> None:
        super().__init__("Nothing of the atomic batch was stored.")
        self.outcomes = outcomes


LEFT_OUT = "LT001"
"""The SQLSTATE by which the append function says so."""


def append(connection: psycopg.Connection[Any], batch: Sequence[Decided], *, atomic: bool = False) -> list[Appended]:
    """Store a batch of decided commands in order, durably, in one statement; return what became of each.

    The connection must be in autocommit mode: the lock of the log is held for this one statement only.
    Raises LeftOutError for an atomic batch of which a part cannot be stored, and psycopg.Error; after one of these it
    is not known whether the batch was stored: look for the receipts.
    """
    try:
        row = connection.execute(_APPEND, [*_documents(batch), atomic], prepare=True).fetchone()
    except psycopg.Error as error:
        if error.sqlstate == LEFT_OUT and error.diag.message_detail is not None:
            raise LeftOutError(_by_place(from_json(error.diag.message_detail))) from None
        raise
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    outcomes = _by_place(from_json(row[0])["outcomes"])
    return [outcomes[n] for n in range(len(batch))]


def _by_place(outcomes: Iterable[dict[str, Any]]) -> dict[int, Appended]:
    return {outcome["n"]: Appended(outcome["status"], outcome) for outcome in outcomes}


def _documents(batch: Sequence[Decided]) -> list[str]:
    commands, expectations, events, claims, keys = [], [], [], [], []  # type: ignore[var-annotated]
    for n, decided in enumerate(batch):
        commands.append(
            {
                "n": n,
                "command_id": decided.command_id,
                "content_hash": f"\\x{decided.content_hash.hex()}",
                "stream_id": decided.stream_id,
                "version": decided.version,
            }
        )
        for stream_id, head in decided.expectations.items():
            expectations.append({"n": n, "stream_id": stream_id, "version": head.version, "event_id": head.event_id})
        events.extend(_event_document(n, fact) for fact in decided.facts)
        claims.extend({"n": n, **claim._asdict(), "key": f"\\x{claim.key.hex()}"} for claim in decided.claims)
        for subject_id, wrapped in decided.keys.items():
            keys.append({"n": n, "subject_id": subject_id, "wrapped": f"\\x{wrapped.hex()}"})
    return [to_json(each).decode() for each in (commands, expectations, events, claims, keys)]


def _event_document(n: int, fact: StoredFact) -> dict[str, Any]:
    envelope = fact.envelope
    return {
        "n": n,
        "event_id": envelope.event_id,
        "stream_id": envelope.stream_id,
        "version": envelope.version,
        "topic": envelope.topic,
        "schema_version": envelope.schema_version,
        "subject_id": envelope.subject_id,
        "occurred_at": envelope.occurred_at,
        "actor": envelope.actor,
        "command_id": envelope.command_id,
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "body": fact.body,
        "parties": envelope.parties,
    }


def read_streams(connection: psycopg.Connection[Any], after: Mapping[UUID, int]) -> list[StoredFact]:
    """Return the facts of each stream after the version given for it, by stream and version."""
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        cursor.execute(_STREAMS, [_array(after), list(after.values())], prepare=True)
        return [StoredFact(Envelope(*row[:13]), row[13]) for row in cursor]


def _array(ids: Iterable[UUID]) -> str:
    """Return ids as the text of a PostgreSQL array: a thousand of them are written ten times as fast as one by one."""
    return "{" + ",".join([each.hex for each in ids]) + "}"


def read_receipts(connection: psycopg.Connection[Any], command_ids: Iterable[UUID]) -> dict[UUID, Receipt]:
    """Return the receipts there are for these commands."""
    rows = connection.execute(_RECEIPTS, [_array(command_ids)], prepare=True)
    return {row[0]: Receipt(row[0], bytes(row[1]), row[2], row[3], row[4], from_json(row[5])) for row in rows}


def key_fetcher(borrow: Callable[[], Any]) -> Callable[[UUID, int], Sequence[tuple[UUID, bytes]]]:
    """Return a function that reads wrapped keys through a connection borrowed for the moment (a context manager)."""

    def fetch(first: UUID, count: int) -> Sequence[tuple[UUID, bytes]]:
        with borrow() as connection:
            return [(subject_id, bytes(wrapped)) for subject_id, wrapped in connection.execute(_KEYS, [first, count])]

    return fetch
