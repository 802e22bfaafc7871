"""Refusals that the business asks about are on record, without names, and cost the command path next to nothing."""

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from aggregates.base import DomainError
from aggregates.client_errors import ClientIsArchivedError, ClientIsOwnedError
from commands.base import Actor
from commands.errors import DuplicateClientError, NotAllowedError
from commands.execution.refusals import RefusalRecord, refusal_of
from tests.database import Database

SELLER = Actor("0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e", "seller")
CLIENT, OWNER, DEAL = (UUID(int=number) for number in (1, 2, 3))
RACES, LOSERS = 20, 49


def owned(client_id: UUID = CLIENT) -> DomainError:
    return ClientIsOwnedError(
        client_id=client_id,
        owner_id=OWNER,
        owner_name="Анна",
        branch="Пермь",
        since="2026-01-01",
    )


@pytest.fixture
def record(database: Database) -> Iterator[RefusalRecord]:
    opened = RefusalRecord(database.writer_url, pause=0.3)
    opened.start()
    yield opened
    opened.stop()


def rows(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.reader_url) as connection:
        return connection.execute(
            "SELECT actor, command, stream_id, code, facts FROM read.refusal ORDER BY refusal_id"
        ).fetchall()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def test_a_refusal_is_recorded_with_ids_and_without_names(database: Database, record: RefusalRecord) -> None:
    record.note(SELLER, "claim-client", {"client_id": CLIENT}, owned())
    record.stop()
    assert rows(database) == [
        (
            SELLER.id,
            "claim-client",
            CLIENT,
            "client-owned",
            {"client_id": str(CLIENT), "owner_id": str(OWNER), "since": "2026-01-01"},
        )
    ]


@pytest.mark.parametrize(
    ("command", "given", "error", "stream_id"),
    [
        ("open-deal", {"client_id": DEAL}, owned(), CLIENT),
        ("register-client", {}, DuplicateClientError(kind="phone", candidates=[CLIENT]), CLIENT),
        ("claim-client", {"client_id": str(CLIENT)}, NotAllowedError(role="analyst", needed=["seller"]), CLIENT),
        ("move-deal", {"deal_id": str(DEAL)}, NotAllowedError(role="analyst", needed=["seller"]), DEAL),
        ("move-deal", {"deal_id": 7}, NotAllowedError(role="analyst", needed=["seller"]), None),
    ],
)
def test_the_stream_is_the_client_if_there_is_one(
    command: str, given: dict[str, Any], error: Exception, stream_id: UUID | None
) -> None:
    refusal = refusal_of(SELLER, command, given, error)
    assert refusal is not None
    assert refusal.stream_id == stream_id


def test_what_nobody_asks_about_is_not_recorded() -> None:
    assert refusal_of(SELLER, "claim-client", {}, ClientIsArchivedError(client_id=CLIENT)) is None
    assert refusal_of(SELLER, "claim-client", {}, ZeroDivisionError()) is None


def test_the_losers_of_many_races_cost_a_few_commits(database: Database, record: RefusalRecord) -> None:
    for _race in range(RACES):
        for _loser in range(LOSERS):
            record.note(SELLER, "claim-client", {"client_id": CLIENT}, owned())
        time.sleep(0.02)
    wait_until(lambda: record.written == RACES * LOSERS)
    assert record.commits <= RACES * LOSERS / 200 + 4
    assert len(rows(database)) == RACES * LOSERS


def test_a_lone_refusal_does_not_wait_for_others_for_ever(database: Database, record: RefusalRecord) -> None:
    record.note(SELLER, "claim-client", {"client_id": CLIENT}, owned())
    wait_until(lambda: len(rows(database)) == 1)


def test_while_the_log_is_out_of_reach_refusals_wait_and_beyond_the_limit_they_are_counted(database: Database) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    record = RefusalRecord(nowhere, pause=0.01, limit=5)
    record.start()
    for _ in range(8):
        record.note(SELLER, "claim-client", {"client_id": CLIENT}, owned())
    time.sleep(0.1)
    assert (record.written, record.dropped) == (0, 3)
    record._connection._url = database.writer_url
    wait_until(lambda: record.written == 5)
    record.stop()
    assert len(rows(database)) == 5


def test_the_service_cannot_take_a_refusal_off_the_record(database: Database) -> None:
    with psycopg.connect(database.writer_url) as writer, pytest.raises(psycopg.errors.InsufficientPrivilege):
        writer.execute("DELETE FROM letopis.refusal")
