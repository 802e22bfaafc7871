"""Puts the read side together: its connections, the history that auditors read from the log, and the reports."""

import queue
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, FastAPI

from aggregates.identity import email_key, phone_key
from app.composition.decoding import decoder_at, mapper_at, mapper_by
from app.database import Urls
from app.settings import Settings
from commands.base import Actor
from events.registry import EVENT_TYPES
from infra.log.crypto import MasterKey
from infra.log.tail import Tail
from infra.postgres.connection import OwnConnection
from read_api.door import direct_routes, read_router
from read_api.reading.desk import Desk, History, Reports, read_pool
from read_api.reading.direct import DirectRoute
from read_api.reading.feed import Feed
from read_api.reading.past import Past
from replay.past.as_of import TimeMachine
from replay.past.feed import FedPage, feed_page
from replay.past.history import history_of

FEED_CONNECTIONS = 2

# The past of one client is milliseconds of work, that of a whole view seconds of one core.
PAST_SESSIONS, PAST_WHOLES = 2, 1

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class ReadSide(NamedTuple):
    """The routes for reads (`first` stand before all others), what opens their connections, what ends streams."""

    first: Sequence[DirectRoute]
    router: APIRouter
    lifespan: Lifespan
    end_streams: Callable[[], None]


def history_at(url: str, master: MasterKey) -> History:
    """Return what reads a client's history from the log, one reader at a time: auditors are few."""
    lock = threading.Lock()
    borrow = OwnConnection(url)
    decode = decoder_at(url, master)

    def read(party_id: UUID, after: int, limit: int) -> Sequence[Any]:
        with lock, borrow() as connection:
            return history_of(connection, decode, party_id, after=after, limit=limit)

    return read


def feed_at(log_url: str, reader_url: str, master: MasterKey, limit: int) -> Feed:
    """Return the feed of the log's events, which at most `limit` follow at once."""
    mapper = mapper_at(log_url, master)
    # Several followers at the log's end all want the same few facts at the same moment: two connections serve them.
    free: queue.SimpleQueue[OwnConnection] = queue.SimpleQueue()
    for _ in range(FEED_CONNECTIONS):
        free.put(OwnConnection(log_url))

    def read(*, after: int, limit: int, topics: Sequence[str] | None, with_personal: bool) -> FedPage:
        borrow = free.get()
        try:
            with borrow() as connection:
                return feed_page(
                    connection,
                    lambda fact, personal: mapper.told(fact, with_personal=personal),
                    after=after,
                    limit=limit,
                    topics=topics,
                    with_personal=with_personal,
                )
        finally:
            free.put(borrow)

    return Feed(read, frozenset(kind.TOPIC for kind in EVENT_TYPES), Tail(reader_url), limit)


def past_at(url: str, master: MasterKey, seconds: float, patience: float) -> Past:
    """Return the past, folded from the log; none takes longer than that, or waits longer for its turn."""
    machine = time_machine_at(url, master, sessions=PAST_SESSIONS + PAST_WHOLES, seconds=seconds)
    return Past(machine, PAST_SESSIONS, PAST_WHOLES, patience)


def time_machine_at(url: str, master: MasterKey, *, sessions: int, seconds: float) -> TimeMachine:
    """Return what folds the log up to a moment, in so many sessions of the projector's."""
    return TimeMachine(url, lambda borrow: mapper_by(borrow, master), sessions=sessions, seconds=seconds)


def read_side(
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    authenticate: Callable[[str | None], Actor],
    reports: Reports | None,
) -> ReadSide:
    """Put the read side together."""
    feed = feed_at(urls.projector, urls.reader, master, settings.event_streams)
    pool = read_pool(urls.reader, settings.read_connections)
    desk = Desk(
        pool=pool,
        authenticate=authenticate,
        history=history_at(urls.projector, master),
        phone_key=phone_key,
        email_key=email_key,
        feed=feed,
        past=past_at(urls.projector, master, settings.as_of_seconds, settings.min_position_timeout),
        reports=reports,
        zone=settings.company_zone,
        timeout=settings.min_position_timeout,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Not waiting for the first connection: without a database reads answer 503, and /health still says alive.
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close()

    return ReadSide(direct_routes(desk), read_router(desk), lifespan, feed.tail.end)
