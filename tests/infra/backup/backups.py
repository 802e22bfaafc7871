"""What the tests of backup and restore begin with: a log with a row in every table beside it, and empty databases."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from infra.backup.backup import stored_tables
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, administer

Contents = dict[str, list[tuple[Any, ...]]]

_FACTS = """
    WITH fact AS (
        INSERT INTO letopis.event (
            position, event_id, stream_id, version, topic, schema_version, subject_id, occurred_at, recorded_at, actor,
            command_id, correlation_id, causation_id, parties, body)
        SELECT
            n, gen_random_uuid(), gen_random_uuid(), 1, 'box.opened', 1, gen_random_uuid(), now(), clock_timestamp(),
            'tester', gen_random_uuid(), gen_random_uuid(), NULL, ARRAY[gen_random_uuid()],
            ('{"colour":  "red", "note": "back\\\\slash, tab\\t, Ёж ' || n || '"}')::json
        FROM generate_series((SELECT coalesce(max(position), 0) + 1 FROM letopis.event), %s) AS n
        RETURNING *
    ), party AS (
        INSERT INTO letopis.event_party (party_id, position) SELECT unnest(parties), position FROM fact
    ), claim AS (
        INSERT INTO letopis.claim (kind, key, holder_id) SELECT 'phone', uuid_send(event_id), stream_id FROM fact
    )
    INSERT INTO letopis.receipt (command_id, content_hash, stream_id, version, position, event_count, recorded_at)
    SELECT command_id, uuid_send(event_id), stream_id, version, position, 1, recorded_at FROM fact
"""


def record(url: str, upto: int) -> None:
    """Let the log have this many facts, each with its receipt, key, claim and party."""
    with psycopg.connect(url) as connection:
        connection.execute(_FACTS, [upto])
        new = connection.execute(
            "SELECT subject_id FROM letopis.event EXCEPT SELECT subject_id FROM letopis.subject_key"
        ).fetchall()
        keys = [(subject_id, MASTER.wrap(subject_id, subject_id.bytes * 2)) for (subject_id,) in new]
        connection.cursor().executemany("INSERT INTO letopis.subject_key (subject_id, wrapped) VALUES (%s, %s)", keys)


def note(url: str) -> None:
    """Let there be what no fact brings: refusal, access, checkpoint, skip, gap, unanswered fact, use; a snapshot."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO letopis.refusal (actor, command, code, facts) VALUES ('x', 'y', 'z', '{}')")
        connection.execute(
            "INSERT INTO letopis.access (accessed_at, actor, subject_id, question)"
            " VALUES (now(), 'x', gen_random_uuid(), 'y')"
        )
        connection.execute(
            "INSERT INTO letopis.checkpoint SELECT 'policy', max(position) FROM letopis.event"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position"
        )
        connection.execute("INSERT INTO letopis.fact_version VALUES ('deal.won', 1, 0) ON CONFLICT DO NOTHING")
        connection.execute(
            "INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)"
            " SELECT 'boxes', jsonb_build_array(stream_id), position, event_id, topic, 'KeyError', 'entered twice', 'x'"
            " FROM letopis.event ORDER BY position DESC LIMIT 1"
        )
        connection.execute(
            "INSERT INTO letopis.accepted_gap VALUES (9001, 9002, 'a disk died', 'x') ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO letopis.accepted_clock VALUES (9003, now() + interval '1 year', now(), 'a battery died', 'x')"
            " ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO letopis.unanswered SELECT 'policy', max(position), 'not-found' FROM letopis.event"
            " ON CONFLICT DO NOTHING"
        )
        connection.execute("INSERT INTO letopis.api_key_use VALUES (gen_random_uuid(), current_date)")
        connection.execute("INSERT INTO letopis.snapshot VALUES (gen_random_uuid(), 1, 'box', 'x')")


def lose(url: str, *positions: int) -> None:
    """Take facts out of the log as nothing of ours does."""
    with psycopg.connect(url) as owner:
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute("DELETE FROM letopis.event WHERE position = ANY(%s)", [list(positions)])


def contents(url: str) -> Contents:
    """Return every row that a backup holds, as text, table by table."""
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f"SELECT t::text FROM letopis.{table} AS t ORDER BY 1".encode()).fetchall()
            for table in stored_tables(connection)
        }


@contextmanager
def empty_database(cluster: EmbeddedPostgres) -> Iterator[str]:
    """Lend the owner's URL of a database in which nothing is."""
    name = f"test_{secrets.token_hex(6)}"
    administer(cluster, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield cluster.url(name)
    finally:
        administer(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def plain_owner(cluster: EmbeddedPostgres) -> Iterator[tuple[str, dict[str, str]]]:
    """Lend the URL of an owner with no more rights than the manual asks for, and the passwords of its three roles."""
    name = f"plain_{secrets.token_hex(6)}"
    passwords = {f"{name}_{role}": "secret" for role in ("writer", "projector", "reader")}
    administer(cluster, sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD 'secret'").format(sql.Identifier(name)))
    administer(cluster, sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name)))
    try:
        yield cluster.url(name, name, "secret"), passwords
    finally:
        administer(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        for role in (*passwords, name):
            administer(cluster, sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
