"""When a key was last of use: written for all keys together, once a day each, and never while somebody waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from app.auth import key_uses
from app.auth.key_uses import KeyUses
from infra.log.key_uses import note_uses
from infra.postgres.connection import OwnConnection
from tests.database import Database

SHOP, BANK = uuid4(), uuid4()
TODAY = date(2026, 6, 1)


class Table:
    """What was written, and whether it can be now; the day is changed by hand."""

    def __init__(self) -> None:
        self.written: list[dict[UUID, date]] = []
        self.day = TODAY
        self.is_up = True
        self.was_asked, self.wrote = asyncio.Event(), asyncio.Event()

    async def __call__(self, uses: Mapping[UUID, date]) -> None:
        self.was_asked.set()
        if not self.is_up:
            raise psycopg.OperationalError
        self.written.append(dict(uses))
        self.wrote.set()

    async def has_written(self) -> None:
        await self.wrote.wait()
        self.wrote.clear()


def told(story: Callable[[Table, KeyUses], Awaitable[None]]) -> Table:
    table = Table()

    async def run() -> None:
        uses = KeyUses(table, lambda: table.day)
        await story(table, uses)
        await uses.settle()

    asyncio.run(run())
    return table


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_uses, "PAUSE_SECONDS", 0.001)


def test_however_often_keys_are_used_each_is_written_once_a_day_and_all_together(at_once: None) -> None:
    async def story(table: Table, uses: KeyUses) -> None:
        for _ in range(1_000):
            uses.note(SHOP)
            uses.note(BANK)
        assert table.written == []
        await table.has_written()
        uses.note(SHOP)
        table.day += timedelta(days=1)
        uses.note(BANK)
        await table.has_written()

    assert told(story).written == [{SHOP: TODAY, BANK: TODAY}, {BANK: TODAY + timedelta(days=1)}]


def test_what_cannot_be_written_now_waits(at_once: None) -> None:
    async def story(table: Table, uses: KeyUses) -> None:
        table.is_up = False
        uses.note(SHOP)
        await table.was_asked.wait()
        uses.note(BANK)
        table.is_up = True
        await table.has_written()

    assert told(story).written == [{SHOP: TODAY, BANK: TODAY}]


def test_a_service_that_stops_in_order_loses_none() -> None:
    async def story(_: Table, uses: KeyUses) -> None:
        uses.note(SHOP)

    assert told(story).written == [{SHOP: TODAY}]


def test_a_service_that_stops_waits_for_no_database_that_is_away() -> None:
    async def story(table: Table, uses: KeyUses) -> None:
        table.is_up = False
        uses.note(SHOP)

    assert told(story).written == []


def test_of_two_processes_the_later_day_stays(database: Database) -> None:
    with OwnConnection(database.writer_url)() as writer:
        for shop, bank in ((TODAY, TODAY), (TODAY - timedelta(days=1), TODAY + timedelta(days=1))):
            note_uses(writer, {SHOP: shop, BANK: bank})
        found = dict(writer.execute("SELECT api_key_id, last_used_on FROM letopis.api_key_use").fetchall())
    assert found == {SHOP: TODAY, BANK: TODAY + timedelta(days=1)}
