"""Who turned out to be whom, read from the log itself: for those who look at no view."""

from typing import Any
from uuid import UUID

import psycopg

from events.client_merge import ClientMergedInto, ClientUnmergedFrom

JOINING = (ClientMergedInto.TOPIC, ClientUnmergedFrom.TOPIC)
"""The facts in the stream of who joins another client, or leaves it."""

# Who was ever said to be this client, by who answers for them now.
_ANSWERING = """
SELECT ever.client_id, coalesce(
    CASE last.topic WHEN %(joined)s THEN last.body ->> 'survivor_id' ELSE last.body ->> 'remains_in' END,
    ever.client_id::text
)::uuid
FROM (
    SELECT %(client)s::uuid AS client_id
    UNION
    SELECT e.stream_id
    FROM letopis.event_party AS p
    JOIN letopis.event AS e USING (position)
    WHERE p.party_id = %(client)s AND e.topic = %(joined)s
) AS ever
LEFT JOIN LATERAL (
    SELECT e.topic, e.body
    FROM letopis.event AS e
    WHERE e.stream_id = ever.client_id AND e.topic = ANY (%(joining)s)
    ORDER BY e.version DESC
    LIMIT 1
) AS last ON true
"""


def answering(connection: psycopg.Connection[Any], client_id: UUID) -> UUID:
    """Return who answers for a client: itself, or the one that it turned out to be."""
    return _all(connection, client_id)[client_id]


def everybody(connection: psycopg.Connection[Any], client_id: UUID) -> list[UUID]:
    """Return who answers for a client, and all who turned out to be that one."""
    top = answering(connection, client_id)
    parts = (each for each, answers in _all(connection, top).items() if answers == top and each != top)
    return [top, *parts]


def _all(connection: psycopg.Connection[Any], client_id: UUID) -> dict[UUID, UUID]:
    asked = {"client": client_id, "joined": ClientMergedInto.TOPIC, "joining": list(JOINING)}
    return dict(connection.execute(_ANSWERING, asked).fetchall())
