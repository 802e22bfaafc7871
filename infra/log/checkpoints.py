"""What a reader with a memory of its own (a policy) asks of the database: how far it came, and what concerns whom."""

from collections.abc import Iterator, Mapping, Sequence
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

# A range of positions at a time: no statement is long, however long the log is.
_NAMING = """
SELECT DISTINCT ON (e.stream_id) e.stream_id, e.topic
FROM letopis.event AS e
JOIN unnest(%s::text[], %s::text[]) AS w (topic, field) USING (topic)
WHERE e.position > %s
    AND e.position <= %s
    AND e.body ->> w.field = %s
ORDER BY e.stream_id
"""
NAMING_RANGE = 500_000

_FIRST = "SELECT position FROM letopis.event WHERE stream_id = %s AND version = 1"

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


def streams_naming(
    connection: psycopg.Connection[Any], named: UUID, fields: Mapping[str, str], last: int
) -> Iterator[tuple[UUID, str]]:
    """Give the streams with a fact, up to a position, that names somebody: each once, with the topic of such a fact.

    `fields` says of each topic in which field. The log is read from the first fact about the one who is named.
    """
    first = connection.execute(_FIRST, [named]).fetchone()
    seen: set[UUID] = set()
    for after in range(first[0] if first else 0, last, NAMING_RANGE):
        until = min(after + NAMING_RANGE, last)
        asked = [list(fields), list(fields.values()), after, until, str(named)]
        for stream_id, topic in connection.execute(_NAMING, asked).fetchall():
            if stream_id not in seen:
                seen.add(stream_id)
                yield stream_id, topic


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
    """Note that the reader did not get done with a fact, and why."""
    connection.execute(_UNANSWERED, [name, position, code])


def read_unanswered(connection: psycopg.Connection[Any], name: str) -> list[int]:
    """Return the positions of the facts that the reader did not get done with, in order."""
    query = "SELECT position FROM letopis.unanswered WHERE name = %s ORDER BY position"
    return [position for (position,) in connection.execute(query, [name])]


def forget_unanswered(connection: psycopg.Connection[Any], name: str, position: int) -> None:
    """Note that the reader is done with a fact after all."""
    connection.execute("DELETE FROM letopis.unanswered WHERE name = %s AND position = %s", [name, position])
