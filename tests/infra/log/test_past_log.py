"""What counts of the log as of a moment: found exactly, the same whenever it is asked for, and never of the future."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from infra.log.append import append
from infra.log.past_log import AsOf, Cut, MomentAheadError, PastLog, TooLongError, cut_at
from tests.database import Database
from tests.infra.log.decided import SOME_DAY, decided
from tests.infra.projector.looking import eventually

STEP = timedelta(microseconds=1)
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@pytest.fixture
def log(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        yield connection


def recorded(log: psycopg.Connection[Any]) -> list[datetime]:
    return [moment for (moment,) in log.execute("SELECT recorded_at FROM letopis.event ORDER BY position")]


def now(log: psycopg.Connection[Any]) -> datetime:
    row = log.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    moment: datetime = row[0]
    return moment


def test_a_moment_is_found_to_the_fact(database: Database, log: psycopg.Connection[Any]) -> None:
    with psycopg.connect(database.writer_url, autocommit=True) as writer:
        for count in (1, 3, 2, 5, 1, 1):
            append(writer, [decided(uuid4(), count=count)])
    moments = recorded(log)
    for moment in moments:
        for asked in (moment - STEP, moment, moment + STEP):
            known = sum(each <= asked for each in moments)
            assert cut_at(log, AsOf(recorded=asked)) == Cut(known)
    assert cut_at(log, AsOf(occurred=SOME_DAY)) == Cut(len(moments), SOME_DAY)


def test_of_an_empty_log_nothing_counts(log: psycopg.Connection[Any]) -> None:
    assert cut_at(log, AsOf(recorded=SOME_DAY)) == Cut(0)


def test_a_moment_to_come_is_refused(log: psycopg.Connection[Any]) -> None:
    moment = now(log) + timedelta(minutes=1)
    for as_of in (AsOf(recorded=moment), AsOf(occurred=moment), AsOf(occurred=moment, recorded=SOME_DAY)):
        with pytest.raises(MomentAheadError) as refused:
            cut_at(log, as_of)
        assert refused.value.now < moment


def test_what_is_being_recorded_is_waited_for(database: Database, log: psycopg.Connection[Any]) -> None:
    """Else the same question a moment later would have another answer."""
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(database.projector_url, autocommit=True) as looker,
        psycopg.connect(database.writer_url) as writer,
    ):
        append(writer, [decided(uuid4(), count=2)])
        moment = now(log)
        asked = pool.submit(cut_at, log, AsOf(recorded=moment))
        eventually(lambda: asked.done() or looker.execute(_WAITING).fetchone() == (1,))
        writer.commit()
        assert asked.result() == Cut(2)


def test_a_reading_of_too_much_ends(log: psycopg.Connection[Any]) -> None:
    with pytest.raises(TooLongError):
        PastLog(log, Cut(1), seconds=-1).of_party(uuid4(), ("thing.happened",))
