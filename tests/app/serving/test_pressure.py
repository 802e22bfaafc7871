"""What callers hear when there is too much to do: come back, and when; and what is put on record of the refused."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.http import Parts, create_app
from app.settings import Settings
from app.words.problems import problem_of_item
from commands.base import Actor
from commands.errors import TooManyRequestsError
from commands.execution.decision import Request
from commands.execution.door import command_routes
from commands.staff import HireStaff
from commands.standing import UNBOUNDED, Standing
from events.values import StaffRole
from infra.rate_limit import RateLimit
from tests.database import MASTER, Database

ANNA = "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e"
CLIENT = "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7f"
HIRE = {"name": "Анна", "role": "seller", "branch": "Пермь"}


async def authenticate(headers: Sequence[str]) -> Actor:
    role, _, identity = "".join(headers).removeprefix("Bearer ").partition("/")
    return Actor(identity, role)


async def unbounded(_: Actor) -> Standing:
    return UNBOUNDED


Serving = tuple[FastAPI, WriteSide]


@contextmanager
def serving(
    database: Database, folder: Path, *, queue_size: int = 100, pace: RateLimit | None = None
) -> Iterator[Serving]:
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    settings = Settings(var=folder, queue_size=queue_size, _env_file=None)
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    side.start()
    turns = pace or RateLimit(settings.commands_per_second, settings.commands_burst, TooManyRequestsError)
    execute, note = side.executor.execute, side.refusals.note
    routes = command_routes(execute, authenticate, MASTER.keyed_hash, problem_of_item, note, turns.take, unbounded)
    try:
        yield create_app(Parts(first_routes=routes)), side
    finally:
        side.stop()


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Callable[..., Any]:
    return lambda **how: serving(database, tmp_path, **how)


def post(app: FastAPI, path: str, body: Any, actor: str = f"admin/{ANNA}", **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
            return await client.post(path, json=body, headers={"Authorization": f"Bearer {actor}", **headers})

    return asyncio.run(go())


def hiring(count: int) -> Mapping[str, Any]:
    return {"commands": [{"command": "hire-staff", "data": HIRE}] * count}


@contextmanager
def one_waiting(side: WriteSide) -> Iterator[None]:
    """Hold the executor up, with one command waiting in its queue."""
    is_held, go_on, is_over = threading.Event(), threading.Event(), threading.Event()

    def hold(_: object) -> None:
        is_held.set()
        go_on.wait(timeout=30)

    def hire(deliver: Callable[[Any], None]) -> None:
        command = HireStaff(name="Анна", role=StaffRole.SELLER)
        side.executor.submit([Request.of(command, Actor(ANNA, "admin"), MASTER.keyed_hash)], deliver)

    hire(hold)
    assert is_held.wait(timeout=30)
    hire(lambda _: is_over.set())
    try:
        yield
    finally:
        go_on.set()
        assert is_over.wait(timeout=30)


def test_more_than_the_queue_has_room_for_is_told_to_come_back(start: Callable[..., Any]) -> None:
    with start(queue_size=3) as (app, side):
        with one_waiting(side):
            refused = post(app, "/commands", hiring(3))
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert side.executor.waiting == 1
        assert post(app, "/commands", hiring(3)).status_code == 200


def test_a_batch_longer_than_the_queue_is_taken_when_nobody_waits(start: Callable[..., Any]) -> None:
    """To be told to come back is of no use to who will be just as many then."""
    with start(queue_size=3) as (app, side):
        answered = post(app, "/commands", hiring(10))
        assert answered.status_code == 200
        assert [one["status"] for one in answered.json()["results"]] == [200] * 10
        assert side.executor.waiting == 0


def test_a_thread_that_asks_for_more_than_the_queue_holds_gets_all_its_answers_in_order(
    start: Callable[..., Any],
) -> None:
    names = [f"Seller {number}" for number in range(600)]
    admin = Actor(ANNA, "admin")
    with start(queue_size=3) as (_app, side):
        hires = (HireStaff(name=name, role=StaffRole.SELLER) for name in names)
        answers = side.carry_out([Request.of(hire, admin, MASTER.keyed_hash) for hire in hires])
    assert [answer.position for answer in answers] == list(range(1, 601))


def test_who_sends_too_fast_is_told_when_to_come_back_and_others_are_served(start: Callable[..., Any]) -> None:
    with start(pace=RateLimit(per_second=0.01, burst=3, error=TooManyRequestsError)) as (app, _side):
        assert [post(app, "/commands/hire-staff", HIRE).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = post(app, "/commands/hire-staff", HIRE, **{"Accept-Language": "ru"})
        assert refused.json()["code"] == "too-many-requests"
        assert refused.json()["title"] == "Вы отправляете слишком много команд"
        assert refused.headers["content-type"] == "application/problem+json"
        wait = refused.headers["retry-after"]
        assert 90 < int(wait) <= 100
        limits = {name: refused.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")}
        assert limits == {"limit": "3", "remaining": "0", "reset": wait}
        assert post(app, "/commands", hiring(2)).status_code == 429
        assert post(app, "/commands", hiring(2), actor="admin/somebody-else").status_code == 200


def on_record(database: Database) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.reader_url) as connection:
        return connection.execute(
            "SELECT actor, command, stream_id::text, code FROM read.refusal ORDER BY refusal_id"
        ).fetchall()


def test_what_the_doors_refuse_is_on_record_one_by_one_and_in_batches(
    start: Callable[..., Any], database: Database
) -> None:
    seller = uuid4()
    with start() as (app, _side):
        analyst = f"analyst/{ANNA}"
        assert post(app, "/commands/claim-client", {"client_id": CLIENT}, analyst).status_code == 403
        batch = {"commands": [{"command": "claim-client", "data": {"client_id": CLIENT}}] * 2}
        assert post(app, "/commands", batch, analyst).status_code == 200
        hired = post(app, "/commands/hire-staff", {**HIRE, "staff_id": str(seller)})
        assert hired.status_code == 200, hired.text
        point = {"kind": "phone", "value": "+7 922 325-12-93"}
        client = {"kind": "organisation", "name": "Ромашка", "contact_points": [point]}
        first = post(app, "/commands/register-client", client)
        assert first.status_code == 200, first.text
        assert post(app, "/commands/register-client", client).json()["code"] == "duplicate-client"
    assert on_record(database) == [
        (ANNA, "claim-client", CLIENT, "not-allowed"),
        (ANNA, "claim-client", CLIENT, "not-allowed"),
        (ANNA, "claim-client", CLIENT, "not-allowed"),
        (ANNA, "register-client", first.json()["stream_id"], "duplicate-client"),
    ]
