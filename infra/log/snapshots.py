"""Keeps states of long streams, so that loading one need not start at its first fact: a shortcut, not the truth."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from psycopg.rows import tuple_row

from infra.log.crypto import KeyIsGoneError, Keyring
from infra.log.eventlog import Head


class Snapshot(NamedTuple):
    """The state of a stream after one of its facts, encrypted under the key of whom the stream is about.

    `topic` says by what code the state was made, in the words of its maker.
    """

    stream_id: UUID
    topic: str
    head: Head
    subject_id: UUID
    encrypted: bytes


# Taking one does not wait for the disk: a lost one is taken again. Where one of the same version was kept for
# another log, both go, and the next one stays.
_KEEP: LiteralString = """
WITH taken AS (
    SELECT given.*
    FROM set_config('synchronous_commit', 'off', true)
    CROSS JOIN unnest(%s::uuid[], %s::integer[], %s::text[], %s::uuid[], %s::uuid[], %s::bytea[])
        AS given (stream_id, version, topic, event_id, subject_id, state)
), outdated AS (
    DELETE FROM letopis.snapshot AS old
    USING taken
    WHERE old.stream_id = taken.stream_id
)
INSERT INTO letopis.snapshot (stream_id, version, topic, event_id, subject_id, state)
SELECT stream_id, version, topic, event_id, subject_id, state
FROM taken
ON CONFLICT DO NOTHING
"""

# Each look-up is by key and one row: joined freely, a plan would read all the facts of a long stream.
_NEWEST: LiteralString = """
SELECT kept.stream_id, kept.topic, kept.version, kept.event_id, fact.position, kept.subject_id, kept.state
FROM unnest(%s::uuid[], %s::text[]) AS wanted (stream_id, topic)
CROSS JOIN LATERAL (
    SELECT *
    FROM letopis.snapshot AS each
    WHERE each.stream_id = wanted.stream_id
        AND each.topic = wanted.topic
    ORDER BY each.version DESC
    LIMIT 1
) AS kept
CROSS JOIN LATERAL (
    SELECT each.position
    FROM letopis.event AS each
    WHERE each.stream_id = kept.stream_id
        AND each.version = kept.version
        AND each.event_id = kept.event_id
    LIMIT 1
) AS fact
"""


def keep_snapshots(connection: psycopg.Connection[Any], snapshots: Sequence[Snapshot]) -> None:
    """Keep the newest snapshot of each stream, in place of those before it."""
    rows = [
        (each.stream_id, each.head.version, each.topic, each.head.event_id, each.subject_id, each.encrypted)
        for each in snapshots
    ]
    connection.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)], prepare=True)


def newest_snapshots(connection: psycopg.Connection[Any], topics: Mapping[UUID, str]) -> list[Snapshot]:
    """Return the newest snapshot of each stream under the topic given for it, if this log has the fact it names."""
    with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        cursor.execute(_NEWEST, [list(topics), list(topics.values())], prepare=True)
        return [
            Snapshot(stream_id, topic, Head(version, event_id, position), subject_id, encrypted)
            for stream_id, topic, version, event_id, position, subject_id, encrypted in cursor
        ]


def encrypted_state(
    keyring: Keyring, stream_id: UUID, topic: str, head: Head, subject_id: UUID, state: bytes
) -> Snapshot | None:
    """Return a state ready to be kept; None when its subject has no key.

    What was never encrypted says nothing personal, and its streams are short; what was forgotten is not kept again.
    """
    encrypted = keyring.encrypt_known(subject_id, state, _bond(topic, head))
    return None if encrypted is None else Snapshot(stream_id, topic, head, subject_id, encrypted)


def decrypted_state(keyring: Keyring, snapshot: Snapshot) -> bytes | None:
    """Return the state that was kept; None when it cannot be decrypted any more."""
    try:
        return keyring.decrypt(snapshot.subject_id, snapshot.encrypted, _bond(snapshot.topic, snapshot.head))
    except (KeyIsGoneError, InvalidTag):
        return None


def _bond(topic: str, head: Head) -> bytes:
    """Return what an encrypted state is bound to, so that one put in another's place is noticed."""
    assert head.event_id is not None  # noqa: S101 - a state is taken after a fact
    return b"snapshot of %b after %b" % (topic.encode(), head.event_id.bytes)
