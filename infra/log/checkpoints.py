"""What a reader with a memory of its own (a policy) asks of the database: how far it came, and what concerns whom."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

_CONCERNING = """
SELECT DISTINCT e.stream_id
FROM letopis.event_party AS p
JOIN letopis.event AS e USING (position)
WHERE p.party_id = %s
    AND e.topic = ANY (%s)
ORDER BY e.stream_id
"""

_MOVE = """
INSERT INTO letopis.checkpoint (name, position, event_id)
VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE
SET position = excluded.position, event_id = excluded.event_id
"""


def streams_concerning(connection: psycopg.Connection[Any], party_id: UUID, topics: Sequence[str]) -> list[UUID]:
    """Return the streams in which a fact of these kinds concerns the party, in order of id."""
    return [stream_id for (stream_id,) in connection.execute(_CONCERNING, [party_id, list(topics)])]


def read_checkpoint(connection: psycopg.Connection[Any], name: str) -> int:
    """Return the last position the reader has dealt with; 0 when it never read."""
    row = connection.execute("SELECT position FROM letopis.checkpoint WHERE name = %s", [name]).fetchone()
    return int(row[0]) if row else 0


def write_checkpoint(connection: psycopg.Connection[Any], name: str, position: int, event_id: UUID | None) -> None:
    """Note how far the reader has come."""
    connection.execute(_MOVE, [name, position, event_id])
