"""Who follows the log hears at once that it goes on, and what comes in quick succession all together."""

import asyncio

import psycopg

from infra.log.tail import Tail
from tests.database import Database

HOUR = 3600.0


def record(database: Database) -> int:
    """Record a fact, and return its position."""
    with psycopg.connect(database.owner_url) as connection:
        found = connection.execute(
            "INSERT INTO letopis.event SELECT coalesce(max(position), 0) + 1, gen_random_uuid(), gen_random_uuid(), 1,"
            " 'test.done', 1, gen_random_uuid(), now(), now(), 'x', gen_random_uuid(), gen_random_uuid(), NULL, '{}',"
            " '{}' FROM letopis.event RETURNING position"
        )
        return int(found.fetchall()[0][0])


def test_between_two_words_there_is_a_pause_and_the_next_one_tells_all_that_came_meanwhile(database: Database) -> None:
    async def heard(pause: float) -> list[bool]:
        tail = Tail(database.reader_url, poll_seconds=0.01, pause_seconds=pause)
        async with tail.followed():
            first = record(database)
            at_once = await tail.reaches_beyond(first - 1, 30)
            record(database)
            last = record(database)
            return [at_once, await tail.reaches_beyond(last - 1, 0.5 if pause else 30)]

    assert asyncio.run(heard(HOUR)) == [True, False]
    assert asyncio.run(heard(0.0)) == [True, True]
