"""A client's full history, for an auditor: every fact that concerns them, wherever it was recorded."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from events.base import Event
from infra.log.crypto import KeyIsGoneError
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import COLUMNS, recorded_events_with_parties
from infra.projector.folding import Decode

_HISTORY = f"""
SELECT {COLUMNS}, e.body::text, e.parties
FROM letopis.event_party AS p
JOIN letopis.event AS e USING (position)
WHERE p.party_id = %s
    AND p.position > %s
ORDER BY p.position
LIMIT %s
"""  # noqa: S608 - the only thing put in is the constant list of columns


class Entry(NamedTuple):
    """One fact as an auditor reads it; `facts` is the body with its personal part opened, None once it is forgotten."""

    position: int
    event_id: UUID
    stream_id: UUID
    version: int
    topic: str
    occurred_at: Any
    recorded_at: Any
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    parties: tuple[UUID, ...]
    facts: dict[str, Any] | None


def history_of(
    connection: psycopg.Connection[Any], decode: Decode, party_id: UUID, *, after: int = 0, limit: int = 200
) -> list[Entry]:
    """Return the facts that concern a party after a position of the log, oldest first, at most `limit`.

    A deal that gained its client later, a contact person's call and a change of owner are among them.
    """
    with connection.cursor(binary=True, row_factory=recorded_events_with_parties) as cursor:
        return [_entry(fact, decode) for fact in cursor.execute(_HISTORY, [party_id, after, limit])]


def whole_history(connection: psycopg.Connection[Any], decode: Decode, party_id: UUID) -> Iterator[Entry]:
    """Give the whole history, page by page, so that a client with a hundred thousand facts fits in memory."""
    after = 0
    while page := history_of(connection, decode, party_id, after=after, limit=1_000):
        yield from page
        after = page[-1].position


def _entry(fact: RecordedEvent, decode: Decode) -> Entry:
    try:
        event: Event | None = decode(fact)
    except KeyIsGoneError:
        event = None
    envelope = fact.envelope
    return Entry(
        position=envelope.position,
        event_id=envelope.event_id,
        stream_id=envelope.stream_id,
        version=envelope.version,
        topic=envelope.topic,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        actor=envelope.actor,
        command_id=envelope.command_id,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        parties=envelope.parties,
        facts=None if event is None else event.model_dump(mode="json", exclude_none=True),
    )
