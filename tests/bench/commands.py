"""The command path inside one process, against stock saves and against a bare INSERT."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import psycopg
import uvloop

from app.composition.write_side import WriteSide
from app.demo.company import ADMIN_ID, demo_id, ensure_admin
from commands.base import Actor, Command
from commands.execution.decision import Request
from commands.execution.pending import Accepted
from commands.staff import HireStaff
from events.values import StaffRole
from infra.log.ids import new_id
from tests.bench.ground import Ground, Place
from tests.bench.measuring import Race
from tests.bench.samples import day_with, name_of, phone_of, plans, registrations
from tests.bench.stock import StockClient, StockClients, new_stock_client, stock_clients, stock_day

ADMIN = Actor(id=str(ADMIN_ID), role="admin")
SELLER_ID = demo_id("seller")


@contextmanager
def write_side(place: Place) -> Iterator[WriteSide]:
    """Lend the running write side of this process, with the first administrator hired."""
    side = WriteSide(place.urls, place.settings, place.master, with_policies=False)
    side.start()
    try:
        ensure_admin(side.carry_out, place.master.keyed_hash)
        hire = HireStaff(staff_id=SELLER_ID, name="Анна Белова", role=StaffRole.SELLER)
        side.carry_out([Request.of(hire, ADMIN, place.master.keyed_hash, command_id=SELLER_ID)])
        yield side
    finally:
        side.stop()


Life = Callable[[], AsyncIterator[None]]
"""What a caller of ours does over and over: one step for each command that was accepted."""

StockLife = Callable[[], Iterator[None]]
"""What a thread with the library does over and over: one step for each save."""


class _Ours:
    """What callers of our executor do."""

    def __init__(self, side: WriteSide, place: Place) -> None:
        self._side = side
        self._hash = place.master.keyed_hash
        self._registrations = registrations()
        self._plans = plans()

    async def told(self, command: Command) -> Accepted:
        """Carry out a command and return its receipt."""
        (answer,) = await self._side.executor.execute([Request.of(command, ADMIN, self._hash)])
        assert isinstance(answer, Accepted), answer
        return answer

    async def registering(self) -> AsyncIterator[None]:
        """Enter clients."""
        while True:
            await self.told(next(self._registrations))
            yield

    async def planning(self) -> AsyncIterator[None]:
        """Plan calls for nobody in particular."""
        while True:
            await self.told(next(self._plans))
            yield

    async def working(self) -> AsyncIterator[None]:
        """Enter a client, then do nine things with that client; then the next."""
        while True:
            entered = await self.told(next(self._registrations))
            yield
            for command in day_with(entered.stream_id, SELLER_ID):
                await self.told(command)
                yield

    def rate(self, life: Life, callers: int, seconds: float) -> float:
        """Return accepted commands a second of so many tasks."""

        async def caller(until: float) -> int:
            done = 0
            async for _ in life():
                done += 1
                if time.perf_counter() >= until:
                    break
            return done

        async def all_callers() -> float:
            began = time.perf_counter()
            done = await asyncio.gather(*(caller(began + seconds) for _ in range(callers)))
            return sum(done) / (time.perf_counter() - began)

        return uvloop.run(all_callers())


def callers_rate(side: WriteSide, place: Place, *, callers: int, seconds: float) -> float:
    """Return how many commands a second callers at work get through: the measure of a machine."""
    ours = _Ours(side, place)
    return ours.rate(ours.working, callers, seconds)


class _Stock:
    """What threads with the library's application do."""

    def __init__(self, application: StockClients) -> None:
        self._application = application
        self._numbers = count()
        self._lock = threading.Lock()

    def _number(self) -> int:
        with self._lock:
            return next(self._numbers)

    def registering(self) -> Iterator[None]:
        """Save new aggregates."""
        while True:
            self._application.save(new_stock_client(self._number()))
            yield

    def working(self) -> Iterator[None]:
        """Save a new aggregate, then load it nine times, each time saving one event more; then the next."""
        while True:
            number = self._number()
            client = new_stock_client(number)
            self._application.save(client)
            yield
            for step in stock_day(number):
                loaded: StockClient = self._application.repository.get(client.id)
                step(loaded)
                self._application.save(loaded)
                yield

    def rate(self, life: StockLife, threads: int, seconds: float) -> float:
        """Return saves a second of so many threads."""

        def caller(until: float) -> int:
            done = 0
            for _ in life():
                done += 1
                if time.perf_counter() >= until:
                    break
            return done

        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            done = sum(pool.map(caller, [began + seconds] * threads))
        return done / (time.perf_counter() - began)


@contextmanager
def _against_stock(
    ground: Ground,
    ours: Callable[[_Ours], Life],
    theirs: Callable[[_Stock], StockLife],
    callers: int,
) -> Iterator[Race]:
    with (
        ground.place("commands") as place,
        write_side(place) as side,
        ground.bare_database("stock") as url,
        stock_clients(url) as application,
    ):
        we, they = _Ours(side, place), _Stock(application)
        we.rate(ours(we), callers, ground.seconds / 3)
        they.rate(theirs(they), callers, ground.seconds / 3)
        yield Race(
            ours=lambda: we.rate(ours(we), callers, ground.seconds),
            baseline=lambda: they.rate(theirs(they), callers, ground.seconds),
            baseline_name=f"eventsourcing Application.save, {callers} threads",
            unit="commands/s",
        )


@contextmanager
def commands_in_process(ground: Ground) -> Iterator[Race]:
    """With 32 callers at work our executor does at least 10 (reach for 25) times what the library does for 32 threads.

    The life of a client: of ten commands one registers, one claims, one advances, one corrects a trait, and six record
    calls. The library saves a new aggregate, then loads it and saves one event, nine times, as its documentation shows.
    One fsync serves a batch of ours and one save of theirs; ours does more for each: it decides on rules and on other
    streams, normalises and claims a phone, encrypts, stores a receipt. Unfair would be fsync off, or fewer connections
    for the library than threads: it gets 32, ours has two. The asyncio tasks of ours and the threads of theirs are each
    the better choice for that side.
    """
    with _against_stock(ground, lambda we: we.working, lambda they: they.working, 32) as race:
        yield race


@contextmanager
def commands_in_process_256(ground: Ground) -> Iterator[Race]:
    """With 256 callers at work our executor reaches its limit, 10,000 commands/s on this class of machine.

    As with 32 callers; theirs has 256 threads on 32 connections, since its table lock lets one write at a time anyhow.
    """
    with _against_stock(ground, lambda we: we.working, lambda they: they.working, 256) as race:
        yield race


@contextmanager
def commands_in_process_new(ground: Ground) -> Iterator[Race]:
    """Our dearest command, registering, against the library's cheapest, saving what is new: still many times faster.

    Ours validates, normalises a phone, claims it, makes a key and encrypts under it; theirs writes one row. With 32.
    """
    with _against_stock(ground, lambda we: we.registering, lambda they: they.registering, 32) as race:
        yield race


@contextmanager
def commands_in_process_new_256(ground: Ground) -> Iterator[Race]:
    """As `commands_in_process_new`, with 256 callers."""
    with _against_stock(ground, lambda we: we.registering, lambda they: they.registering, 256) as race:
        yield race


@contextmanager
def commands_in_process_plans(ground: Ground) -> Iterator[Race]:
    """With 32 callers planning calls, a command without identities, against the library's saving what is new."""
    with _against_stock(ground, lambda we: we.planning, lambda they: they.registering, 32) as race:
        yield race


_INSERT = """
INSERT INTO plain_event (event_id, stream_id, version, topic, occurred_at, recorded_at, actor, command_id, body)
VALUES (%s, %s, 1, 'client.registered', %s, now(), %s, %s, %s)
"""
_PLAIN_TABLE = """
CREATE TABLE plain_event (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, stream_id uuid NOT NULL,
    version integer NOT NULL, topic text NOT NULL, occurred_at timestamptz NOT NULL, recorded_at timestamptz NOT NULL,
    actor text NOT NULL, command_id uuid NOT NULL, body json NOT NULL, UNIQUE (stream_id, version))
"""


@contextmanager
def commands_one_caller(ground: Ground) -> Iterator[Race]:
    """One caller who awaits each answer gets at least 60 % of what a bare single-row INSERT of the event gives.

    Both wait for one fsync a command, which is most of the time; what is left is our load, decision and append. Unfair
    to us: the INSERT checks no rule, encrypts nothing, stores no receipt. Unfair to it would be a round trip more than
    one: it is prepared and autocommitted.
    """
    with (
        ground.place("commands") as place,
        write_side(place) as side,
        ground.bare_database("plain") as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute(_PLAIN_TABLE)
        commands = registrations()

        def ours() -> float:
            return _repeated(ground.seconds, lambda: _registered(side, place, commands))

        def baseline() -> float:
            return _repeated(ground.seconds, lambda: _inserted(connection))

        yield Race(ours, baseline, "a bare single-row INSERT", "commands/s")


def _registered(side: WriteSide, place: Place, commands: Iterator[Command]) -> None:
    (answer,) = side.carry_out([Request.of(next(commands), ADMIN, place.master.keyed_hash)])
    assert isinstance(answer, Accepted), answer


def _inserted(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    body = json.dumps({"kind": "organisation", "name": name_of(1), "phone": phone_of(1), "source": "bench"})
    values = (new_id(), uuid4(), datetime.now(UTC), ADMIN.id, new_id(), body)
    connection.execute(_INSERT, values, prepare=True)


def _repeated(seconds: float, step: Callable[[], None]) -> float:
    began = time.perf_counter()
    done = 0
    while time.perf_counter() - began < seconds:
        step()
        done += 1
    return done / (time.perf_counter() - began)
