"""What a reader with a memory of its own (a policy) asks of the database: how far it came, and what concerns whom."""

from collections.abc import Sequence
from typing import Any, NamedTuple
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

_BEGIN = """
INSERT INTO letopis.checkpoint (name, position)
VALUES (%s, 0)
ON CONFLICT (name) DO NOTHING
"""

_MOVE = """
INSERT INTO letopis.checkpoint (name, position, event_id)
VALUES (%s, %s, %s)
ON CONFLICT (name) DO UPDATE
SET position = excluded.position, event_id = excluded.event_id, answering = NULL, answered = NULL,
    moved_at = clock_timestamp()
"""

_ANSWERED = """
UPDATE letopis.checkpoint
SET answering = %s, answered = %s, moved_at = clock_timestamp()
WHERE name = %s
"""

_UNANSWERED = """
INSERT INTO letopis.unanswered (name, position, code)
VALUES (%s, %s, %s)
ON CONFLICT (name, position) DO UPDATE
SET code = excluded.code, noted_at = clock_timestamp()
"""


class Place(NamedTuple):
    """How far a reader is: `position`, the last fact dealt with; `answering` a later one, up to what is `answered`."""

    position: int
    answering: UUID | None = None
    answered: UUID | None = None


def streams_concerning(connection: psycopg.Connection[Any], party_id: UUID, topics: Sequence[str]) -> list[UUID]:
    """Return the streams in which a fact of these kinds concerns the party, in order of id."""
    return [stream_id for (stream_id,) in connection.execute(_CONCERNING, [party_id, list(topics)])]


def read_checkpoint(connection: psycopg.Connection[Any], name: str) -> int:
    """Return the last position the reader has dealt with; 0 when it never read."""
    return read_place(connection, name).position


def read_place(connection: psycopg.Connection[Any], name: str) -> Place:
    """Return how far the reader is."""
    row = connection.execute(
        "SELECT position, answering, answered FROM letopis.checkpoint WHERE name = %s", [name]
    ).fetchone()
    return Place(*row) if row else Place(0)


def begin_checkpoint(connection: psycopg.Connection[Any], name: str) -> None:
    """Note that there is such a reader, which has read nothing; nothing changes if it was noted before."""
    connection.execute(_BEGIN, [name])


def write_checkpoint(connection: psycopg.Connection[Any], name: str, position: int, event_id: UUID | None) -> None:
    """Note how far the reader has come: it has dealt with this fact, and is inside of no other."""
    connection.execute(_MOVE, [name, position, event_id])


def write_answered(connection: psycopg.Connection[Any], name: str, answering: UUID, answered: UUID) -> None:
    """Note how far inside its answer to a fact the reader is: the id of the fact, and what was dealt with last."""
    connection.execute(_ANSWERED, [answering, answered, name])


def note_unanswered(connection: psycopg.Connection[Any], name: str, position: int, code: str) -> None:
    """Note that the reader could not deal with a fact, and why."""
    connection.execute(_UNANSWERED, [name, position, code])


def read_unanswered(connection: psycopg.Connection[Any], name: str) -> list[int]:
    """Return the positions of the facts that the reader could not deal with, in order."""
    query = "SELECT position FROM letopis.unanswered WHERE name = %s ORDER BY position"
    return [position for (position,) in connection.execute(query, [name])]


def forget_unanswered(connection: psycopg.Connection[Any], name: str, position: int) -> None:
    """Note that the reader has dealt with a fact after all."""
    connection.execute("DELETE FROM letopis.unanswered WHERE name = %s AND position = %s", [name, position])
