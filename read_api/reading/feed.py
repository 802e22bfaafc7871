"""Following the log: pages of it one after the other, and, at its end, word of when it goes on."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import psycopg

from infra.in_flight import InFlight
from infra.log.tail import Tail
from read_api.reading.errors import ReadError, TooManyStreamsError

HEARTBEAT_SECONDS = 15.0
"""Seconds of silence after which a follower hears that the line is alive: proxies hang up after 30 or 60."""

LIFE_SECONDS = 900.0
"""Seconds a stream lives; the follower connects again, with a token that is still good."""

PAGE = 500
"""Facts read at once for a stream."""

RETRY_AFTER = 5


class Reading(Protocol):
    """What came of reading after a position: the last position examined, and where the log ends."""

    @property
    def examined(self) -> int: ...
    @property
    def head(self) -> int: ...
    @property
    def staff(self) -> frozenset[str]:
        """The staff of whose own streams the page has something."""
        ...


class Page(Reading, Protocol):
    """Some facts in order."""

    @property
    def facts(self) -> Sequence[Any]: ...


class Told(NamedTuple):
    """A page in the form in which all who follow are told it."""

    text: bytes
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


ReadingT = TypeVar("ReadingT", bound=Reading)


class ReadFeed(Protocol):
    """Reads the log."""

    async def __call__(self, *, after: int, limit: int, topics: Sequence[str] | None, with_personal: bool) -> Page:
        """Return the facts after a position, at most `limit`, of these topics or of all; raises psycopg.Error."""
        ...


@dataclass(frozen=True)
class Wanted:
    """Which events a reader follows, and whether they may see what is personal."""

    topics: tuple[str, ...] | None
    with_personal: bool


class Follower(NamedTuple):
    """Who follows a stream, and what tells whether they are let in still."""

    id: str
    is_let_in: Callable[[bool], Awaitable[bool]]
    """Takes whether that has to be fresh: a page tells something of the follower's own."""


class Ended(StrEnum):
    """Why a stream ends; whoever followed it comes again with the last position they heard of."""

    TIME_IS_OVER = "time-is-over"
    SERVICE_STOPS = "service-stops"
    DATABASE_UNREACHABLE = "database-unreachable"
    NOT_NOW = "not-now"
    NOT_LET_IN = "not-let-in"


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What is followed as a stream, by at most `limit` at once through this process."""

    tail: Tail
    limit: int = 100
    heartbeat: float = HEARTBEAT_SECONDS
    life: float = LIFE_SECONDS
    callers: Counter[str] = field(default_factory=Counter)
    """How many streams each caller follows, who may have a fifth of all."""

    readings: InFlight = field(init=False, default_factory=InFlight)
    """Shared while under way and not kept: a page may hold personal data, and the end of the log moves."""

    def require_room(self, caller_id: str) -> None:
        """Refuse one follower more than there may be, of this caller or of all; raises TooManyStreamsError."""
        share = max(2, self.limit // 5)
        of_caller = self.callers[caller_id]
        if self.callers.total() >= self.limit or of_caller >= share:
            limit = share if of_caller >= share else self.limit
            raise TooManyStreamsError(limit=limit, retry_after=RETRY_AFTER)

    @asynccontextmanager
    async def followed_by(self, caller_id: str) -> AsyncIterator[None]:
        """Count a follower, and listen, for as long as the block runs."""
        self.callers[caller_id] += 1
        try:
            async with self.tail.followed():
                yield
        finally:
            self.callers[caller_id] -= 1
            if not self.callers[caller_id]:
                del self.callers[caller_id]

    async def pages(
        self, read: Callable[[int], Awaitable[ReadingT]], after: int, follower: Follower
    ) -> AsyncIterator[ReadingT | Ended | None]:
        """Give every page after a position, as long as the stream lives; None, at each beat, says that it is alive.

        The beat does not wait for silence: to whom nothing is told of all that comes, it would not come at all.

        The last thing given is why it ends: its time is over, the service stops, the log cannot be reached, or whoever
        follows is let in no more, which is looked at before each page.
        """
        end = time.monotonic() + self.life
        beat = time.monotonic() + self.heartbeat
        head = after + 1
        async with self.followed_by(follower.id):
            while time.monotonic() < end:
                if after >= head:
                    await self.tail.reaches_beyond(after, max(0.0, beat - time.monotonic()))
                if time.monotonic() >= beat:
                    beat = time.monotonic() + self.heartbeat
                    yield None
                if self.tail.is_ending:
                    yield Ended.SERVICE_STOPS
                    return
                try:
                    page = await read(after)
                    # Who leaves is told of nothing after that, for it stands in the log itself.
                    is_let_in = await follower.is_let_in(follower.id in page.staff)
                except psycopg.OperationalError:
                    yield Ended.DATABASE_UNREACHABLE
                    return
                except ReadError:
                    yield Ended.NOT_NOW
                    return
                if not is_let_in:
                    yield Ended.NOT_LET_IN
                    return
                head = page.head
                if page.examined > after:
                    after = page.examined
                    yield page
            yield Ended.TIME_IS_OVER


@dataclass(frozen=True, kw_only=True)
class Feed(Followed):
    """The log as readers outside may have it."""

    read: ReadFeed
    topics: frozenset[str]

    async def page(self, wanted: Wanted, after: int, limit: int) -> Page:
        """Return one page; raises psycopg.Error."""
        return await self.read(after=after, limit=limit, topics=wanted.topics, with_personal=wanted.with_personal)

    def follow(
        self, wanted: Wanted, after: int, follower: Follower, tell: Callable[[Page], bytes]
    ) -> AsyncIterator[Told | Ended | None]:
        """Give every page of what is wanted after a position, as `pages` does, each put in words once for all."""

        async def told(position: int) -> Told:
            page = await self.page(wanted, position, PAGE)
            return Told(tell(page), page.examined, page.head, page.staff)

        def read(position: int) -> Awaitable[Told]:
            return self.readings.shared((wanted, position), partial(told, position))

        return self.pages(read, after, follower)
