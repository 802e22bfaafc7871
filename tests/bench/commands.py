"""The command path inside one process, against stock saves and against a bare INSERT."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import psycopg
import uvloop

from app.company import ADMIN_ID, ensure_admin, request
from app.wiring import WriteSide
from commands.base import Actor, Command
from commands.turn import Accepted
from infra.ids import new_id
from tests.bench.ground import Ground, Place
from tests.bench.measuring import Race
from tests.bench.samples import name_of, phone_of, plans, registrations
from tests.bench.stock import StockClient, StockClients, stock_clients

ADMIN = Actor(id=str(ADMIN_ID), role="admin")


@contextmanager
def write_side(place: Place) -> Iterator[WriteSide]:
    """Lend the running write side of this process, with the first administrator hired."""
    side = WriteSide(place.urls, place.settings, place.master, with_policies=False)
    side.start()
    try:
        ensure_admin(side.carry_out, place.master.keyed_hash)
        yield side
    finally:
        side.stop()


def _rate_of_ours(side: WriteSide, place: Place, commands: Iterator[Command], callers: int, seconds: float) -> float:
    """Return accepted commands a second: tasks that each submit one, await its answer, and submit the next."""

    async def caller(until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            (answer,) = await side.executor.execute([request(next(commands), ADMIN, place.master.keyed_hash)])
            assert isinstance(answer, Accepted), answer
            done += 1
        return done

    async def all_callers() -> float:
        began = time.perf_counter()
        done = await asyncio.gather(*(caller(began + seconds) for _ in range(callers)))
        return sum(done) / (time.perf_counter() - began)

    return uvloop.run(all_callers())


def _rate_of_stock(application: StockClients, numbers: Iterator[int], threads: int, seconds: float) -> float:
    """Return saves a second: threads that each save a new aggregate, one after another."""
    lock = threading.Lock()

    def caller(until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            with lock:
                number = next(numbers)
            application.save(new_stock_client(number))
            done += 1
        return done

    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(caller, [began + seconds] * threads))
    return done / (time.perf_counter() - began)


def new_stock_client(number: int) -> StockClient:
    """Return a client that is not saved yet."""
    phone = phone_of(number)
    points = [{"kind": "phone", "value": phone, "key": phone}]
    return StockClient(kind="organisation", name=name_of(number), contact_points=points, tax_id=None, source="bench")


@contextmanager
def _against_stock(ground: Ground, commands: Iterator[Command], callers: int) -> Iterator[Race]:
    with (
        ground.place("commands") as place,
        write_side(place) as side,
        ground.bare_database("stock") as url,
        stock_clients(url) as application,
    ):
        numbers = count()
        _rate_of_ours(side, place, commands, callers, ground.seconds / 3)
        _rate_of_stock(application, numbers, callers, ground.seconds / 3)
        yield Race(
            ours=lambda: _rate_of_ours(side, place, commands, callers, ground.seconds),
            baseline=lambda: _rate_of_stock(application, numbers, callers, ground.seconds),
            baseline_name=f"eventsourcing Application.save, {callers} threads",
            unit="commands/s",
        )


@contextmanager
def commands_in_process(ground: Ground) -> Iterator[Race]:
    """With 32 callers our executor registers at least 10 (reach for 25) times as many clients as stock saves do.

    One fsync serves a batch of ours and one save of theirs. Ours does more for each: it validates, normalises a phone,
    claims it, encrypts under a new key and stores a receipt. Unfair would be fsync off, or fewer connections for the
    library than threads: it gets 32, ours has one. The asyncio tasks of ours and the threads of theirs are each the
    better choice for that side.
    """
    with _against_stock(ground, registrations(), 32) as race:
        yield race


@contextmanager
def commands_in_process_256(ground: Ground) -> Iterator[Race]:
    """With 256 callers our executor reaches its limit, 10,000 commands/s on this class of machine.

    As with 32 callers; theirs has 256 threads on 32 connections, since its table lock lets one write at a time anyhow.
    """
    with _against_stock(ground, registrations(), 256) as race:
        yield race


@contextmanager
def commands_in_process_plans(ground: Ground) -> Iterator[Race]:
    """With 32 callers planning calls, a command without identities or new keys for clients, ours is faster still.

    The baseline saves the same aggregate as in `commands_in_process`: one event of about the same size.
    """
    with _against_stock(ground, plans(), 32) as race:
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
    (answer,) = side.carry_out([request(next(commands), ADMIN, place.master.keyed_hash)])
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
