"""Full histories, for an auditor: every fact that concerns a client, wherever it is; and what is the house's own."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from events import (
    activity,
    api_key,
    branch,
    custom_field,
    deal,
    login,
    pipeline,
    price_book,
    price_ladder,
    product,
    right,
    staff,
    tax_rate,
    team,
)
from events.base import Event
from events.registry import declared_in
from infra.log.crypto import KeyIsGoneError
from infra.log.envelope import RecordedEvent
from infra.log.eventlog import COLUMNS, recorded_events_with_parties
from infra.projector.folding import Decode
from replay.past.merged import everybody

NAMING = tuple(
    kind.TOPIC
    for module in (activity, deal)
    for kind in declared_in([module], Event)
    if any(mark.kind == "client" for mark in kind.IDS.values())
)
"""The facts that say whose an activity or a deal is: the client's, and the contact person's."""

OF_THE_HOUSE = tuple(
    kind.TOPIC
    for kind in declared_in(
        [
            api_key,
            branch,
            custom_field,
            login,
            pipeline,
            price_book,
            price_ladder,
            product,
            right,
            staff,
            tax_rate,
            team,
        ],
        Event,
    )
)
"""The facts that are about the company itself, and no client."""

_OF_STREAM = f"""
SELECT {COLUMNS}, e.body::text, e.parties
FROM letopis.event AS e
WHERE e.stream_id = %(stream)s
    AND e.position > %(after)s
    AND e.topic = ANY (%(topics)s)
ORDER BY e.version
LIMIT %(limit)s
"""  # noqa: S608 - the only thing put in is the constant list of columns

_HISTORY = f"""
SELECT {COLUMNS}, e.body::text, e.parties
FROM (
    (
        SELECT DISTINCT p.position
        FROM letopis.event_party AS p
        WHERE p.party_id = ANY (%(parties)s) AND p.position > %(after)s
        ORDER BY p.position
        LIMIT %(limit)s
    )
    UNION
    SELECT b.position
    FROM unnest(%(before)s::bigint[]) AS b (position)
    WHERE b.position > %(after)s
) AS p
JOIN letopis.event AS e USING (position)
ORDER BY p.position
LIMIT %(limit)s
"""  # noqa: S608 - the only thing put in is the constant list of columns

# The streams that somebody came to be a party of later than with the first fact; and all that these had.
_JOINED = """
SELECT e.stream_id, e.position, e.body ->> 'client_id', e.body ->> 'contact_id', %(party)s = ANY (e.parties)
FROM letopis.event AS e
WHERE e.stream_id IN (
    SELECT n.stream_id
    FROM letopis.event_party AS p
    JOIN letopis.event AS n USING (position)
    WHERE p.party_id = %(party)s
        AND n.topic = ANY (%(naming)s)
        AND n.version > 1
        AND NOT EXISTS (
            SELECT
            FROM letopis.event AS f
            WHERE f.stream_id = n.stream_id AND f.version = 1 AND %(party)s = ANY (f.parties)
        )
)
ORDER BY e.stream_id, e.version
"""


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

    Who turned out to be it is told with it. A contact person's call and a change of owner are among them; and of a call
    or a deal that gained its client later everything, from the first fact on.
    """
    parties = everybody(connection, party_id)
    return _page(connection, decode, parties, _joined_later(connection, parties), after, limit)


def history_of_stream(
    connection: psycopg.Connection[Any], decode: Decode, stream_id: UUID, *, after: int = 0, limit: int = 200
) -> list[Entry]:
    """Return the facts of a stream of the house after a position of the log, oldest first, at most `limit`.

    What is about clients, their deals and activities is none: there it is put on record who looks.
    """
    asked = {"stream": stream_id, "after": after, "topics": list(OF_THE_HOUSE), "limit": limit}
    return _entries(connection, decode, _OF_STREAM, asked)


def whole_history(connection: psycopg.Connection[Any], decode: Decode, party_id: UUID) -> Iterator[Entry]:
    """Give the whole history, page by page, so that a client with a hundred thousand facts fits in memory."""
    parties = everybody(connection, party_id)
    after, before = 0, _joined_later(connection, parties)
    while page := _page(connection, decode, parties, before, after, 1_000):
        yield from page
        after = page[-1].position


def _joined_later(connection: psycopg.Connection[Any], party_ids: Iterable[UUID]) -> list[int]:
    return sorted({position for each in party_ids for position in joined_later(connection, each)})


def joined_later(connection: psycopg.Connection[Any], party_id: UUID) -> list[int]:
    """Return the positions of what activities and deals had before they were known to be this client's or contact's.

    It is what `before_client` and `before_contact` of their views say, read from the log itself.
    """
    found: list[int] = []
    rows = connection.execute(_JOINED, {"party": party_id, "naming": list(NAMING)})
    for _stream, facts in groupby(rows, key=itemgetter(0)):
        whose: dict[str, str | None] = {"client": None, "contact": None}
        before: dict[str, list[int]] = {"client": [], "contact": []}
        theirs = set()
        for _, position, client_id, contact_id, is_theirs in facts:
            for role, named in (("client", client_id), ("contact", contact_id)):
                whose[role] = named or whose[role]
                if whose[role] is None:
                    before[role].append(position)
            if is_theirs:
                theirs.add(position)
        joined = {position for role in before if whose[role] == str(party_id) for position in before[role]}
        found += joined - theirs
    return found


def _page(
    connection: psycopg.Connection[Any], decode: Decode, parties: list[UUID], before: list[int], after: int, limit: int
) -> list[Entry]:
    asked = {"parties": parties, "before": before, "after": after, "limit": limit}
    return _entries(connection, decode, _HISTORY, asked)


def _entries(
    connection: psycopg.Connection[Any], decode: Decode, statement: str, asked: Mapping[str, Any]
) -> list[Entry]:
    with connection.cursor(binary=True, row_factory=recorded_events_with_parties) as cursor:
        return [_entry(fact, decode) for fact in cursor.execute(statement, asked)]


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
