"""The database ended its sessions, by a restart or an administrator: who asks next does not hear of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg

from app.composition.reading import FEED_CONNECTIONS, PAST_SESSIONS, PAST_WHOLES, feed_at, histories_at, past_at
from infra.log.past_log import AsOf
from tests.database import MASTER, Database

END = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = %s AND usename = ANY (%s)"
ROLES = ["letopis_writer", "letopis_projector", "letopis_reader"]


def end_sessions(database: Database) -> int:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        found = owner.execute(END, [database.name, ROLES]).fetchone()
    return int(found[0]) if found else 0


def test_every_reader_of_the_log_asks_on_a_new_session(database: Database) -> None:
    async def go() -> None:
        url = database.projector_url
        feed = feed_at(url, database.reader_url, MASTER, limit=1)
        history, _ = histories_at(url, MASTER, 10.0)
        past = past_at(url, MASTER, seconds=10, patience=5)
        moment = AsOf(recorded=datetime(2020, 1, 1, tzinfo=UTC))
        asked: list[Callable[[], Awaitable[Any]]] = [
            lambda: feed.read(after=0, limit=1, topics=None, with_personal=True),
            lambda: history(uuid4(), 0, 10),
            lambda: past.cut(moment),
        ]
        sessions = 2 * max(FEED_CONNECTIONS, PAST_SESSIONS + PAST_WHOLES)
        for _ in range(2):
            # So often that each session has its turn.
            for one in asked:
                for _ in range(sessions):
                    await one()
            assert end_sessions(database) >= len(asked)

    asyncio.run(go())
