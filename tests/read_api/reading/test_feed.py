"""Followers of the log: one reading serves all who want the same, and nobody gets what another one may have."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import psycopg

from infra.log.tail import Tail
from read_api.reading.feed import Ended, Feed, Follower, Page, Told, Wanted
from read_api.reading.signals import SignalPage, Signals

ALL = Wanted(None, with_personal=True)
WITHOUT_PERSONAL = Wanted(None, with_personal=False)
ONE_TOPIC = Wanted(("deal.won",), with_personal=True)
MANY = 20


class APage(NamedTuple):
    """Facts that say who may have them."""

    facts: Sequence[Any]
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


class Bell(Tail):
    """A tail that is told how far the log reaches."""

    def __init__(self) -> None:
        super().__init__("postgresql://nobody@127.0.0.1:1/nothing")

    def ring(self, head: int) -> None:
        self._head = head
        self._tell()

    async def _listen(self) -> None:
        await asyncio.Event().wait()


async def _is_let_in(_: bool) -> bool:
    return True


ANNA = Follower("anna", _is_let_in)


@dataclass
class Log:
    """A log that counts how often it is read, and is read only while it is open."""

    bell: Bell = field(default_factory=Bell)
    head: int = 1
    readings: list[tuple[int, Wanted]] = field(default_factory=list)
    told: int = 0
    fails: bool = False
    staff: frozenset[str] = frozenset()
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, *, after: int, limit: int, topics: Sequence[str] | None, with_personal: bool) -> APage:
        wanted = Wanted(None if topics is None else tuple(topics), with_personal)
        self.readings.append((after, wanted))
        assert limit
        end = self.head
        await self.is_open.wait()
        if self.fails:
            raise psycopg.OperationalError
        return APage([f"{position} for {wanted}" for position in range(after + 1, end + 1)], end, end, self.staff)

    def tell(self, page: Page) -> bytes:
        self.told += 1
        return "\n".join(page.facts).encode()

    def feed(self) -> Feed:
        return Feed(read=self.read, topics=frozenset(), tail=self.bell)

    async def let_read(self) -> None:
        """Let everything be read that is wanted, and everybody hear of it."""
        await everybody_waits()
        self.is_open.set()
        await everybody_waits()
        self.is_open.clear()


async def everybody_waits() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@dataclass
class Heard:
    """What one follower heard, and why it ended."""

    heard: list[str] = field(default_factory=list)
    ended: Ended | None = None

    async def follow(self, feed: Feed, wanted: Wanted, tell: Callable[[Page], bytes]) -> None:
        async for told in feed.follow(wanted, 0, ANNA, tell):
            if isinstance(told, Ended):
                self.ended = told
            elif told is not None:
                self.heard += told.text.decode().splitlines()


@asynccontextmanager
async def following(log: Log, *wanted: Wanted) -> AsyncIterator[list[tuple[Heard, "asyncio.Task[None]"]]]:
    feed = log.feed()
    followers = [Heard() for _ in wanted]
    tasks = [asyncio.create_task(one.follow(feed, each, log.tell)) for one, each in zip(followers, wanted, strict=True)]
    try:
        yield list(zip(followers, tasks, strict=True))
    finally:
        log.bell.end()
        log.is_open.set()
        await asyncio.wait(tasks)


def test_each_page_is_read_and_put_in_words_once_however_many_follow() -> None:
    async def story() -> None:
        log = Log()
        async with following(log, *[ALL] * MANY) as followers:
            await log.let_read()
            for head in (2, 5, 6):
                log.head = head
                log.bell.ring(head)
                await log.let_read()
            assert log.readings == [(0, ALL), (1, ALL), (2, ALL), (5, ALL)]
            assert log.told == 4
            assert [one.heard for one, _ in followers] == [[f"{n} for {ALL}" for n in range(1, 7)]] * MANY

    asyncio.run(story())


def test_who_may_or_wants_something_else_never_gets_the_page_of_another() -> None:
    async def story() -> None:
        log = Log()
        kinds = [ALL, WITHOUT_PERSONAL, ONE_TOPIC] * 3
        async with following(log, *kinds) as followers:
            await log.let_read()
            log.head = 2
            log.bell.ring(2)
            await log.let_read()
            assert sorted(log.readings, key=str) == sorted(
                ((after, wanted) for after in (0, 1) for wanted in (ALL, WITHOUT_PERSONAL, ONE_TOPIC)), key=str
            )
            for wanted, (one, _) in zip(kinds, followers, strict=True):
                assert one.heard == [f"1 for {wanted}", f"2 for {wanted}"]

    asyncio.run(story())


def test_no_page_is_kept_for_those_who_come_later() -> None:
    async def story() -> None:
        log = Log()
        feed = log.feed()
        log.is_open.set()
        for readings in (1, 2):
            assert await anext(feed.follow(ALL, 0, ANNA, log.tell)) == Told(f"1 for {ALL}".encode(), 1, 1)
            assert len(log.readings) == readings

    asyncio.run(story())


def test_who_hangs_up_ends_no_reading_that_others_wait_for() -> None:
    async def story() -> None:
        log = Log()
        async with following(log, ALL, ALL, ALL) as followers:
            await everybody_waits()
            followers[0][1].cancel()
            await log.let_read()
            assert [one.heard for one, _ in followers] == [[], [f"1 for {ALL}"], [f"1 for {ALL}"]]
            assert len(log.readings) == 1

    asyncio.run(story())


def test_a_reading_that_fails_ends_all_who_wait_for_it_and_nobody_else() -> None:
    async def story() -> None:
        log = Log(fails=True)
        async with following(log, ALL, ALL) as followers:
            await log.let_read()
            assert [one.ended for one, _ in followers] == [Ended.DATABASE_UNREACHABLE] * 2
        log = Log()
        async with following(log, ALL) as [(late, _)]:
            await log.let_read()
            assert late.heard == [f"1 for {ALL}"]

    asyncio.run(story())


def test_followers_of_their_own_changes_share_a_reading_too_but_not_one_that_is_too_old() -> None:
    async def story() -> None:
        log = Log()

        async def read(after: int) -> SignalPage:
            return await log.read(after=after, limit=1, topics=None, with_personal=False)

        signals = Signals(read=read, tail=log.bell)
        asked = [asyncio.create_task(signals.page(0)) for _ in range(MANY)]
        await everybody_waits()
        log.head = 2
        newer = asyncio.create_task(signals.page(0, min_position=2))
        await log.let_read()
        await log.let_read()
        assert {(await each).head for each in asked} == {1}
        assert (await newer).head == 2
        assert len(log.readings) == 2

    asyncio.run(story())


def test_who_is_let_in_no_more_hears_nothing_that_was_written_since() -> None:
    log, let_in = Log(), [True, False]

    async def is_let_in(is_fresh: bool) -> bool:
        assert not is_fresh
        return let_in.pop(0)

    async def run() -> list[object]:
        log.is_open.set()
        feed = replace(log.feed(), heartbeat=0.01)
        return [told async for told in feed.follow(ALL, 0, Follower("anna", is_let_in), log.tell) if told is not None]

    first, *others = asyncio.run(run())
    assert isinstance(first, tuple)
    assert others == [Ended.NOT_LET_IN]


def test_a_page_with_something_of_the_follower_s_own_is_told_by_what_is_so_now() -> None:
    """A departure stands in the log itself: nothing after it is told, however lately somebody looked who they are."""
    log, asked = Log(), []

    async def is_let_in(is_fresh: bool) -> bool:
        asked.append(is_fresh)
        return not is_fresh

    async def run() -> list[object]:
        log.is_open.set()
        log.staff = frozenset({"anna"})
        feed = replace(log.feed(), heartbeat=0.01)
        return [told async for told in feed.follow(ALL, 0, Follower("anna", is_let_in), log.tell) if told is not None]

    assert asyncio.run(run()) == [Ended.NOT_LET_IN]
    assert asked == [True]
