"""The log for readers outside: page by page from any position, whole or only some topics."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from infra.log.envelope import RecordedEvent
from infra.log.eventlog import COLUMNS, recorded_events
from infra.log.mapper import Personal, Told

SPAN = 50_000
"""Positions examined for one page at most: a rare topic is found quickly, and no page takes long (about 30 ms)."""

_HEAD = "SELECT coalesce(max(position), 0) FROM letopis.event"

_PAGE = f"""
SELECT {COLUMNS}, e.body::text
FROM letopis.event AS e
WHERE e.position > %s
    AND e.position <= %s
    AND (%s::text[] IS NULL OR e.topic = ANY (%s::text[]))
ORDER BY e.position
LIMIT %s
"""  # noqa: S608 - the only thing put in is the constant list of columns


class FedEvent(NamedTuple):
    """One fact as readers outside get it; `data` is JSON text, `personal` says what became of its personal part."""

    position: int
    event_id: UUID
    stream_id: UUID
    version: int
    topic: str
    schema_version: int
    subject_id: UUID
    occurred_at: Any
    recorded_at: Any
    actor: str
    personal: Personal | None
    data: str


class FedPage(NamedTuple):
    """Some facts in order, the last position examined (whether or not its topic was wanted), and the log's end.

    `staff` are the members of the staff of whose own streams there is something among them.
    """

    facts: list[FedEvent]
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


Tell = Callable[[RecordedEvent, bool], Told]
"""Makes a stored fact readable, with its personal part or without."""


def feed_page(
    connection: psycopg.Connection[Any],
    tell: Tell,
    *,
    after: int,
    limit: int,
    topics: Sequence[str] | None = None,
    with_personal: bool = False,
) -> FedPage:
    """Return the facts after a position, oldest first, at most `limit`; go on with `examined` as the next `after`.

    Positions have no gaps and are given in commit order: nothing can come to be before a position once examined.
    """
    row = connection.execute(_HEAD).fetchone()
    head = int(row[0]) if row else 0
    end = min(head, after + max(limit, SPAN))
    if end <= after:
        return FedPage([], after, head)
    wanted = None if topics is None else list(topics)
    with connection.cursor(binary=True, row_factory=recorded_events) as cursor:
        found = cursor.execute(_PAGE, [after, end, wanted, wanted, limit]).fetchall()
    facts = [_fed(fact, tell, with_personal=with_personal) for fact in found]
    staff = frozenset(str(fact.stream_id) for fact in facts if fact.topic.startswith("staff."))
    return FedPage(facts, facts[-1].position if len(facts) == limit else end, head, staff)


def _fed(fact: RecordedEvent, tell: Tell, *, with_personal: bool) -> FedEvent:
    envelope = fact.envelope
    told = tell(fact, with_personal)
    return FedEvent(
        position=envelope.position,
        event_id=envelope.event_id,
        stream_id=envelope.stream_id,
        version=envelope.version,
        topic=envelope.topic,
        schema_version=told.schema_version,
        subject_id=envelope.subject_id,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        actor=envelope.actor,
        personal=told.personal,
        data=told.text,
    )
