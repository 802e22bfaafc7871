"""Every connection of ours gives up in the end: nobody waits for ever behind a statement or a lock that is stuck."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import pytest
from adbc_driver_postgresql import dbapi
from psycopg.conninfo import conninfo_to_dict

from infra.analytics.arrow_log import ArrowLog
from infra.log.tail import Tail
from infra.postgres.connection import OwnConnection, async_connect
from infra.projector.generations import connect
from read_api.reading.desk import read_pool
from tests.database import Database

LIMITS = (
    "SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'),"
    " (SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout')"
)
SECOND, HOUR = 1_000, 3_600_000


def bounded(found: Sequence[Any] | None, longest: int) -> None:
    assert found is not None
    assert all(0 < limit <= longest for limit in found), found


def test_the_write_side_and_whoever_reads_the_log_for_it(database: Database) -> None:
    own = OwnConnection(database.writer_url)
    with own() as connection:
        bounded(connection.execute(LIMITS).fetchone(), 60 * SECOND)
    own.close()


def test_the_projector_and_its_builds(database: Database) -> None:
    with connect(database.projector_url, is_live=True) as connection:
        bounded(connection.execute(LIMITS).fetchone(), 60 * SECOND)
    with connect(database.projector_url) as connection:
        bounded(connection.execute(LIMITS).fetchone(), 6 * HOUR)


def test_the_analytics(database: Database) -> None:
    log = ArrowLog(database.projector_url, {})
    (row,) = log._fetch(LIMITS).to_pylist()
    log.close()
    bounded(list(row.values()), 600 * SECOND)


def test_the_reads_and_the_followers(database: Database) -> None:
    async def look() -> tuple[Sequence[Any] | None, list[tuple[Any, ...]]]:
        pool = read_pool(database.reader_url, 1)
        await pool.open()
        async with pool.connection() as connection:
            found = await (await connection.execute(LIMITS.encode())).fetchone()
        await pool.close()
        tail = Tail(database.reader_url)
        async with tail.followed():
            assert not await tail.reaches_beyond(0, 0.3)
            with psycopg.connect(database.owner_url) as owner:
                who = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'letopis-tail' AND datname = %s"
                return found, owner.execute(who.encode(), [database.name]).fetchall()

    found, followers = asyncio.run(look())
    bounded(found, 10 * SECOND)
    assert len(followers) == 1


def test_on_every_line_the_system_finds_out_that_nobody_is_at_the_other_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Mapping[str, Any]] = []
    own = OwnConnection(database.writer_url)
    with own() as write, connect(database.projector_url) as build:
        lines += [write.info.get_parameters(), build.info.get_parameters()]
    own.close()

    async def look() -> None:
        async with read_pool(database.reader_url, 1) as pool, pool.connection() as read:
            lines.append(read.info.get_parameters())
        async with await async_connect(database.reader_url, 1) as follow:
            lines.append(follow.info.get_parameters())

    asyncio.run(look())

    def opened(given: str, **_how: object) -> None:
        lines.append(conninfo_to_dict(given))
        raise ConnectionError

    # Of this driver's line nobody can ask how it was opened.
    monkeypatch.setattr(dbapi, "connect", opened)
    with pytest.raises(ConnectionError):
        ArrowLog(database.projector_url, {})
    for line in lines:
        idle, interval, count = (int(line[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
        assert idle + interval * count <= 30
        assert int(line["tcp_user_timeout"]) <= 30 * SECOND
    assert len(lines) == 5


def test_a_statement_that_is_stuck_behind_a_lock_ends(database: Database) -> None:
    own = OwnConnection(database.writer_url, 0.2)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("LOCK TABLE letopis.refusal IN ACCESS EXCLUSIVE MODE")
        with own() as connection, pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("SELECT count(*) FROM letopis.refusal")
    own.close()
