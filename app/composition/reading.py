"""Puts the read side together: its connections, the history that auditors read from the log, and the reports."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from fastapi import APIRouter, FastAPI

from aggregates.email_address import email_key
from aggregates.phone_number import sought_phone_key
from app.composition.decoding import mapper_by
from app.composition.installation import doctor_at, installation_at
from app.composition.limits import turns_of_reads
from app.composition.pricing import totals_of
from app.composition.readers import Readers
from app.composition.rights import RightsOfRoles
from app.composition.signing_in import Door
from app.database import Urls
from app.settings import Settings
from app.words.messages import language_of, words_for
from events.registry import EVENT_TYPES
from infra.analytics.sql_door import SqlDoor
from infra.linkage.comparing import Comparer
from infra.log.accesses import Access
from infra.log.crypto import MasterKey
from infra.log.envelope import RecordedEvent
from infra.log.mapper import Told
from infra.log.tail import Tail
from infra.log.tickets import Holder, Ticket, issue_ticket, take_ticket
from infra.postgres.connection import OwnConnection
from read_api.door import direct_routes, read_router
from read_api.reading.colleagues import Reaches
from read_api.reading.desk import READ_SECONDS, RETRY_AFTER, Caller, Desk, History, read_pool
from read_api.reading.direct import DirectRoute
from read_api.reading.errors import ViewBuildingError
from read_api.reading.feed import Feed
from read_api.reading.house import ContentOf, House
from read_api.reading.past import Past
from read_api.reading.reach import Reach
from read_api.reading.signals import Signals, Tickets
from read_api.reading.upkeep import Upkeep
from replay.duplicates.candidates import Candidate, candidates_of
from replay.duplicates.records import COLUMNS
from replay.past.as_of import TimeMachine
from replay.past.feed import FedPage, feed_page
from replay.past.history import history_of, history_of_stream
from replay.past.signals import SignalPage, signal_page

FEED_CONNECTIONS = 2

# The past of one client is milliseconds of work, that of a whole view seconds of one core.
PAST_SESSIONS, PAST_WHOLES = 2, 1

ALIKE_SESSIONS = 2
"""So many at once look for those who are like a client; one compares."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class ReadSide(NamedTuple):
    """The routes for reads (`first` stand before all others), what opens their connections, and streams.

    `streams` is how many are open; `end_streams` ends them. `reach_of` tells what a caller may see.
    """

    first: Sequence[DirectRoute]
    router: APIRouter
    lifespan: Lifespan
    streams: Callable[[], int]
    end_streams: Callable[[], None]
    reach_of: Callable[[Caller], Awaitable[Reach]]


def histories_at(url: str, master: MasterKey, seconds: float) -> tuple[History, History]:
    """Return what reads a client's history from the log, and a stream's, one reader at a time: auditors are few."""
    readers = Readers(url, 1, seconds)
    decode = mapper_by(OwnConnection(url, seconds), master)

    def reading(history: Callable[..., Sequence[Any]]) -> History:
        async def read(whose: UUID, after: int, limit: int) -> Sequence[Any]:
            return await readers.ask(lambda connection: history(connection, decode, whose, after=after, limit=limit))

        return read

    return reading(history_of), reading(history_of_stream)


def feed_at(log_url: str, reader_url: str, master: MasterKey, limit: int, seconds: float = READ_SECONDS) -> Feed:
    """Return the feed of the log's events, which at most `limit` follow at once."""
    mapper = mapper_by(OwnConnection(log_url, seconds), master)
    # Several followers at the log's end all want the same few facts at the same moment: two connections serve them.
    readers = Readers(log_url, FEED_CONNECTIONS, seconds)

    def tell(fact: RecordedEvent, personal: bool) -> Told:
        return mapper.told(fact, with_personal=personal)

    async def read(*, after: int, limit: int, topics: Sequence[str] | None, with_personal: bool) -> FedPage:
        wanted = partial(feed_page, tell=tell, after=after, limit=limit, topics=topics, with_personal=with_personal)
        return await readers.ask(wanted)

    topics = frozenset(kind.TOPIC for kind in EVENT_TYPES)
    return Feed(tail=Tail(reader_url), limit=limit, read=read, topics=topics)


def signals_at(log_url: str, tail: Tail, limit: int, seconds: float = READ_SECONDS) -> Signals:
    """Return what tells the staff of what concerns them, which at most `limit` follow at once."""
    readers = Readers(log_url, 1, seconds)

    async def read(after: int) -> SignalPage:
        try:
            return await readers.ask(partial(signal_page, after=after))
        except psycopg.errors.UndefinedTable:
            raise ViewBuildingError(
                view="client_card", state="building", position=0, head=after, retry_after=RETRY_AFTER
            ) from None

    return Signals(tail=tail, limit=limit, read=read)


def tickets_at(url: str, seconds: float = READ_SECONDS) -> Tickets:
    """Return what hands out tickets for streams, and takes them back."""
    readers = Readers(url, 1, seconds)

    async def issue(caller: Caller) -> Ticket:
        holder = Holder(caller.id, caller.role, caller.is_on_record)
        return await readers.ask(partial(issue_ticket, holder=holder))

    async def take(text: str) -> Holder | None:
        return await readers.ask(partial(take_ticket, text=text))

    return Tickets(issue, take)


def alike_at(url: str, seconds: float = READ_SECONDS) -> Callable[[UUID], Awaitable[Sequence[Candidate]]]:
    """Return what looks for those who may be the same as one client."""
    readers, comparer = Readers(url, ALIKE_SESSIONS, seconds), Comparer(COLUMNS)

    async def alike(client_id: UUID) -> Sequence[Candidate]:
        return await readers.ask(partial(candidates_of, comparer=comparer, client_id=client_id))

    return alike


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
    door: Door,
    rights: RightsOfRoles,
    sql: SqlDoor | None,
    note_access: Callable[[Access], None],
    upkeep: Upkeep,
    content_of: ContentOf,
) -> ReadSide:
    """Put the read side together."""
    seconds = settings.read_seconds
    feed = feed_at(urls.projector, urls.reader, master, settings.event_streams, seconds)
    pool = read_pool(urls.reader, settings.read_connections, seconds)
    history, stream_history = histories_at(urls.projector, master, seconds)
    desk = Desk(
        pool=pool,
        authenticate=door.anybody,
        reaches=Reaches(rights.scopes_of),
        is_let_in=door.is_let_in,
        history=history,
        house=House(
            rights.is_fixed,
            stream_history,
            installation_at(settings, urls.projector, master),
            doctor_at(settings.var),
            alike_at(urls.projector, seconds),
            content_of,
            totals_of,
        ),
        phone_key=partial(sought_phone_key, region=settings.home.region, area_code=settings.home.area_code),
        email_key=email_key,
        feed=feed,
        past=past_at(urls.projector, master, settings.as_of_seconds, settings.min_position_timeout),
        signals=signals_at(urls.projector, feed.tail, settings.change_streams, seconds),
        tickets=tickets_at(urls.projector, seconds),
        note_access=note_access,
        take_turn=turns_of_reads(settings),
        commands_of=rights.commands_of,
        editing_of=rights.editing_of,
        language_of=language_of,
        words_for=words_for,
        upkeep=upkeep,
        reports=None if sql is None else sql.node,
        sql=sql,
        sql_room=asyncio.Semaphore(settings.sql_at_once),
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

    routes = (direct_routes(desk), read_router(desk), lifespan)
    return ReadSide(*routes, lambda: feed.tail.followers, feed.tail.end, desk.reach_of)
