"""Who looked at whom is written in batches, kept for so many days, and dropped before anybody waits for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from infra.log.accesses import LIMIT, Access, AccessRecord
from tests.database import Database

CLIENT = UUID(int=7)
NOW = datetime.now(UTC)


def access(days_ago: int = 0, purpose: str | None = None) -> Access:
    return Access(NOW - timedelta(days=days_ago), "anna", CLIENT, "get_client", purpose)


def kept(database: Database) -> list[tuple[datetime, str | None]]:
    with psycopg.connect(database.reader_url) as connection:
        return connection.execute(
            "SELECT accessed_at, purpose FROM read.access WHERE subject_id = %s ORDER BY accessed_at", [CLIENT]
        ).fetchall()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def test_many_accesses_are_one_commit_and_old_ones_go(database: Database) -> None:
    record = AccessRecord(database.writer_url, days=30, pause=0.2)
    record.start()
    for days in (29, 31, 400):
        record.add(access(days))
    wait_until(lambda: record.written == 3)
    assert record.commits == 1
    for _ in range(50):
        record.add(access(purpose="a call"))
    record.stop()
    assert (record.written, record.dropped) == (53, 0)
    assert record.commits <= 3
    assert len(kept(database)) == 51
    assert {purpose for _, purpose in kept(database)} == {None, "a call"}
    assert min(moment for moment, _ in kept(database)) == NOW - timedelta(days=29)


def test_where_the_database_is_away_accesses_wait_and_too_many_are_counted() -> None:
    record = AccessRecord("postgresql://nobody@127.0.0.1:1/nothing", days=30)
    for _ in range(LIMIT + 5):
        record.add(access())
    assert record.dropped == 5
