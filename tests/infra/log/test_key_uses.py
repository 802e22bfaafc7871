"""When a key was last of use: written for all keys together, once a day each, and never while somebody waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg

from infra.log.key_uses import KeyUses
from tests.database import Database

SHOP, BANK = uuid4(), uuid4()
TODAY = date(2026, 6, 1)
TOMORROW = TODAY + timedelta(days=1)


class Calendar:
    """The day, changed by hand."""

    day = TODAY

    def __call__(self) -> date:
        return self.day


@contextmanager
def noting(database: Database, today: Calendar) -> Iterator[KeyUses]:
    uses = KeyUses(database.writer_url, today)
    uses.start()
    yield uses
    uses.stop()


def kept(database: Database) -> dict[UUID, date]:
    with psycopg.connect(database.owner_url) as owner:
        return dict(owner.execute("SELECT api_key_id, last_used_on FROM letopis.api_key_use").fetchall())


def test_however_often_keys_are_used_each_is_written_once_a_day_and_all_together(database: Database) -> None:
    today = Calendar()
    with noting(database, today) as uses:
        for _ in range(1_000):
            uses.note(SHOP)
            uses.note(BANK)
        today.day = TOMORROW
        uses.note(BANK)
    assert (uses.written, uses.commits) == (3, 1)
    assert kept(database) == {SHOP: TODAY, BANK: TOMORROW}


def test_of_two_processes_the_later_day_stays(database: Database) -> None:
    late, early = Calendar(), Calendar()
    late.day = TOMORROW
    for today in (late, early):
        with noting(database, today) as uses:
            uses.note(SHOP)
    assert kept(database) == {SHOP: TOMORROW}
