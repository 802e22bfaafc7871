"""Facts dealt out by shard are those of the log, in its order, encrypted as there, and gone with the session."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.composition.decoding import decoder_factory
from infra.log.dealt_log import DealtLog
from infra.log.log_reader import LogReader
from infra.projector.folding import reader_of
from infra.projector.projection import Projection
from projections.parties.client_timeline import client_timeline
from projections.timers.timers_due import timers_due
from tests.bench.made_log import append_made_log
from tests.bench.samples import name_of, phone_of
from tests.database import MASTER, Database
from tests.infra.projector.looking import eventually

CLIENTS, EVENTS, PARTS = 30, 300, 6

TABLES = "SELECT count(*) FROM pg_class WHERE relname ~ '^dealt' AND relkind IN ('r', 'p')"


@pytest.fixture
def made(database: Database) -> Database:
    append_made_log(database.owner_url, MASTER, EVENTS)
    return database


@pytest.fixture
def reading(made: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(made.projector_url, autocommit=True) as connection:
        yield connection


def reader(database: Database, projection: Projection[Any], part: int = 0, parts: int = 1) -> LogReader:
    return reader_of(projection, decoder_factory(database.projector_url, MASTER)(), part, parts)


def dealt(connection: psycopg.Connection[Any], whole: LogReader, shards: range, window: int = EVENTS) -> DealtLog:
    log = DealtLog(connection, whole, "subject", shards, PARTS)
    for start in range(0, EVENTS, window):
        log.spread(start, start + window)
    return log


# The timers read the open part of a call, the timeline all of it, and the parties.
@pytest.mark.parametrize("projection", [timers_due, client_timeline], ids=lambda one: one.name)
@pytest.mark.parametrize("window", [7, EVENTS])
def test_each_shard_has_the_facts_of_the_log_in_its_order(
    made: Database, reading: psycopg.Connection[Any], projection: Projection[Any], window: int
) -> None:
    own = range(1, PARTS, 2)
    by_subject = Projection(projection.name, projection.row, projection.key, projection.ddl, partition_by="subject")
    by_subject.folds, by_subject.parts, by_subject.needs_parties = projection.folds, projection.parts, True
    log = dealt(reading, reader(made, by_subject, 1, 2), own, window)
    found = []
    for part in own:
        expected = reader(made, by_subject, part, PARTS).between(reading, 0, EVENTS)
        shard = log.shard(part)
        assert shard.between(reading, 0, EVENTS) == expected
        assert shard.between(reading, 100, 200) == [fact for fact in expected if 100 < fact.position <= 200]
        found += expected
        log.drop(part)
    assert 0 < len(found) < EVENTS


def test_what_is_personal_lies_there_as_encrypted_as_in_the_log(
    made: Database, reading: psycopg.Connection[Any]
) -> None:
    dealt(reading, reader(made, client_timeline), range(PARTS))
    text = "\n".join(row[0] for row in reading.execute("SELECT to_jsonb(f)::text FROM pg_temp.dealt AS f"))
    assert text.count("client.registered") == CLIENTS
    assert "sealed" in text
    for number in range(1, CLIENTS + 1):
        assert name_of(number) not in text
        assert phone_of(number) not in text


def test_a_shard_that_was_read_gives_its_room_back(made: Database, reading: psycopg.Connection[Any]) -> None:
    log = dealt(reading, reader(made, timers_due), range(PARTS))
    assert reading.execute(TABLES).fetchone() == (PARTS + 1,)
    log.drop(0)
    assert reading.execute(TABLES).fetchone() == (PARTS,)
    log.close()
    assert reading.execute(TABLES).fetchone() == (0,)


@pytest.mark.parametrize("is_killed", [False, True])
def test_all_is_gone_when_the_session_ends_however_it_ends(
    made: Database, reading: psycopg.Connection[Any], *, is_killed: bool
) -> None:
    dealt(reading, reader(made, timers_due), range(PARTS))
    with psycopg.connect(made.owner_url, autocommit=True) as owner:
        assert owner.execute(TABLES).fetchone() == (PARTS + 1,)
        if is_killed:
            owner.execute("SELECT pg_terminate_backend(%s)", [reading.info.backend_pid])
        else:
            reading.close()
        eventually(lambda: owner.execute(TABLES).fetchone() == (0,))
