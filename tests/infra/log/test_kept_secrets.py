"""What is kept for whoever has a secret: found and read by it alone, for a while, and taken once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from infra.log.crypto import MasterKey
from infra.log.kept_secrets import KeptSecrets
from tests.database import MASTER, Database

Writer = psycopg.Connection[Any]


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        yield connection


def test_what_is_kept_is_read_by_its_secret_alone(writer: Writer, database: Database) -> None:
    kept = KeptSecrets(MASTER)
    kept.keep(writer, "session", "a secret", b"a token", 60)
    assert KeptSecrets(MASTER).read(writer, "session", "a secret") == b"a token", "another process reads it"
    assert kept.read(writer, "session", "another") is None
    assert kept.read(writer, "link", "a secret") is None
    assert KeptSecrets(MasterKey(bytes(32))).read(writer, "session", "a secret") is None
    with psycopg.connect(database.owner_url) as owner:
        stored = repr(owner.execute("SELECT * FROM letopis.kept_secret").fetchall())
    assert "a secret" not in stored
    assert "a token" not in stored


def test_nobody_reads_what_was_put_in_another_one_s_place(writer: Writer, database: Database) -> None:
    kept = KeptSecrets(MASTER)
    kept.keep(writer, "session", "mine", b"my token", 60)
    kept.keep(writer, "session", "theirs", b"their token", 60)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("UPDATE letopis.kept_secret SET sealed = (SELECT max(sealed) FROM letopis.kept_secret)")
    assert [kept.read(writer, "session", each) for each in ("mine", "theirs")].count(None) == 1


def test_what_is_over_is_not_there_and_goes_away(writer: Writer, database: Database) -> None:
    kept = KeptSecrets(MASTER)
    kept.keep(writer, "link", "old", b"x", -1)
    assert kept.read(writer, "link", "old") is None
    assert kept.take(writer, "link", "old") is None
    kept.keep(writer, "link", "old", b"x", -1)
    kept.keep(writer, "link", "new", b"y", 60)
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute("SELECT count(*) FROM letopis.kept_secret").fetchone() == (1,)


def test_of_many_who_take_at_once_one_gets_it(writer: Writer, database: Database) -> None:
    kept = KeptSecrets(MASTER)
    kept.keep(writer, "link", "once", b"a token", 60)

    def take(_: int) -> bytes | None:
        with psycopg.connect(database.writer_url, autocommit=True) as connection:
            return kept.take(connection, "link", "once")

    with ThreadPoolExecutor(8) as many:
        got = list(many.map(take, range(8)))
    assert sorted(filter(None, got)) == [b"a token"]
