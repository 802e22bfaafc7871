"""Whoever follows hears that the line is alive, also when all that comes is nothing for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, cast

from infra.log.tail import Tail
from read_api.reading.feed import Ended, Followed, Follower


class BusyTail:
    """A log that never rests."""

    is_ending = False

    async def reaches_beyond(self, _position: int, _seconds: float) -> bool:
        await asyncio.sleep(0.001)
        return True

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        yield


class Read(NamedTuple):
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


async def read(after: int) -> Read:
    return Read(after + 1, after + 1)


async def always(_fresh: bool) -> bool:
    return True


def test_the_line_is_told_to_be_alive_also_when_something_comes_all_the_time() -> None:
    async def go() -> list[object]:
        followed = Followed(tail=cast(Tail, BusyTail()), heartbeat=0.05, life=1.0)
        return [told async for told in followed.pages(read, 0, Follower("anna", always))]

    told = asyncio.run(go())
    pages = [each for each in told if isinstance(each, Read)]
    assert [each.examined for each in pages] == list(range(1, len(pages) + 1))
    assert told[-1] is Ended.TIME_IS_OVER
    assert 2 <= told.count(None) <= 20
