"""A real database with every view built, filled by hand, and the application that reads it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psycopg
from fastapi import FastAPI
from psycopg import sql
from psycopg.types.json import Jsonb

from aggregates.email_address import email_key
from aggregates.phone_number import sought_phone_key
from aggregates.right import DEFAULT_SCOPES
from app.composition.pricing import totals_of
from app.composition.reading import feed_at, past_at, signals_at, tickets_at
from app.composition.rights import NOTHING_GRANTED, Rights, RightsOfRoles
from app.database import Urls
from app.operations.site import Site
from app.operations.upkeep import upkeep_at
from app.serving.http import Parts, create_app
from app.settings import Settings
from app.words.messages import language_of, words_for
from events.base import Event
from events.ids import staff_id_of
from infra.log.accesses import Access
from infra.log.envelope import AnyEvent
from infra.names.search import indexed
from infra.projector.projector import build
from infra.words import sort_key, words
from projections.registry import PROJECTIONS
from read_api.door import direct_routes, read_router
from read_api.reading.colleagues import Reaches
from read_api.reading.desk import Desk, Pool, Reports, read_pool
from read_api.reading.house import House
from read_api.roles import OF_PORTAL
from tests.database import MASTER, Database

DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STREAM_SECONDS = 1.5
"""How long a stream lives here."""
PERM = UUID(int=0xE4)


def nth(number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{number:012d}")


class Caller(NamedTuple):
    """Who a token of these tests stands for: `Bearer role/id`, or `Bearer role/id only:name,name` with a key.

    In the role of a client or a partner the id is the client's.
    """

    id: str
    role: str
    is_on_record: bool = False
    only: frozenset[str] | None = None
    on_behalf_of: UUID | None = None


async def authenticate(headers: Sequence[str]) -> Caller:
    who, has_key, named = "".join(headers).removeprefix("Bearer ").partition(" only:")
    role, _, identity = who.partition("/")
    client_id = staff_id_of(identity)
    if role in OF_PORTAL and client_id is not None:
        return Caller(f"login:{client_id}", role, on_behalf_of=client_id)
    return Caller(identity, role, only=frozenset(named.split(",")) if has_key else None)


DEFAULTS = {
    role.value: {kind.value: scope.value for kind, scope in scopes.items()} for role, scopes in DEFAULT_SCOPES.items()
}


async def scopes_of(role: str) -> Mapping[str, str]:
    return DEFAULTS.get(role, dict.fromkeys(DEFAULTS["ops"], "none"))


async def nothing_granted() -> Rights:
    return NOTHING_GRANTED


async def is_let_in(_: object, __: Sequence[str], ___: bool) -> bool:
    return True


class Clock:
    """The service's clock, which a test may stop."""

    _stopped: datetime | None = None

    def __call__(self) -> datetime:
        return self._stopped or datetime.now(UTC)

    def stop_at(self, moment: datetime) -> None:
        self._stopped = moment


class Fact(NamedTuple):
    """What the history function gives here; the real one gives more."""

    position: int
    topic: str
    recorded_at: datetime = DAY


def _undecodable(_fact: AnyEvent) -> Event:
    raise AssertionError("these views are filled by hand")


@dataclass
class Office:
    """The application, and a hand in its tables."""

    database: Database
    runner: asyncio.Runner
    app: FastAPI
    pool: Pool
    clock: Clock
    desk: Desk
    reports: Reports | None = None
    history: dict[UUID, list[Fact]] = field(default_factory=dict)
    accesses: list[Access] = field(default_factory=list)

    def get(self, path: str, role: str = "operator", staff: UUID | str = "x", **how: Any) -> httpx.Response:
        return self.send("GET", path, role, staff, **how)

    def send(
        self, method: str, path: str, role: str = "operator", staff: UUID | str = "x", **how: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {role}/{staff}", **how.pop("headers", {})}

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
                return await client.request(method, path, headers=headers, **how)

        return self.runner.run(go())

    def pages(self, path: str, between: Callable[[int], None] = lambda _page: None) -> list[dict[str, Any]]:
        """Return all items of a list, page by page; `between` is called after each."""
        items: list[dict[str, Any]] = []
        cursor = ""
        for page in range(1000):
            answer = self.get(path + cursor)
            assert answer.status_code == 200, answer.text
            items += answer.json()["items"]
            if answer.json()["next"] is None:
                return items
            cursor = f"&cursor={answer.json()['next']}"
            between(page)
        raise AssertionError("the list has no end")

    def put(self, view: str, *rows: dict[str, Any]) -> None:
        """Write rows into the tables behind a view."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as connection:
            columns = sorted({column for row in rows for column in row})
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(f"{view}_g1", view),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(sql.Placeholder() for _ in columns),
            )
            values = [[_plain(row.get(column)) for column in columns] for row in rows]
            connection.cursor().executemany(statement, values)

    def move(self, position: int, *views: str) -> None:
        """Say that these views (all, if none is named) have come to a position."""
        names = list(views) or [projection.name for projection in PROJECTIONS]
        self.run("UPDATE letopis.projection SET position = %s WHERE name = ANY(%s)", [position, names])

    def record(self, upto: int, topic: str = "test.done") -> None:
        """Let the log have this many facts, the new ones of this topic."""
        self.run(
            "INSERT INTO letopis.event SELECT n, gen_random_uuid(), gen_random_uuid(), 1, %s, 1,"
            " gen_random_uuid(), now(), now(), 'x', gen_random_uuid(), gen_random_uuid(), NULL, '{}', '{}'"
            " FROM generate_series((SELECT coalesce(max(position), 0) + 1 FROM letopis.event), %s) AS n",
            [topic, upto],
        )

    def run(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with psycopg.connect(self.database.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def client(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": nth(number),
        "kind": "organisation",
        "name": name,
        "name_sort": sort_key(name),
        "name_terms": indexed(words(name)),
        "identity_keys": [],
        "contact_points": {},
        "told": {},
        "doubts": [],
        "profile": {},
        "data_notices": Jsonb([]),
        "lifecycle": "prospect",
        "registered_at": DAY,
        "source": "a form",
        "owner_id": None,
        "parent_id": None,
        "tax_id": None,
        "date_unknown": False,
        "version": 1,
        "position": number,
        **more,
    }


def branch() -> dict[str, Any]:
    """Return the row of the branch that the staff of the office belong to."""
    return {
        "unit_id": PERM,
        "kind": "branch",
        "name": "Perm",
        "name_sort": "perm",
        "opened_at": DAY,
        "version": 1,
        "position": 1,
    }


def staff(number: int, name: str, **more: Any) -> dict[str, Any]:
    return {
        "staff_id": nth(number),
        "name": name,
        "name_sort": sort_key(name),
        "role": "seller",
        "branch_id": PERM,
        "hired_at": DAY,
        "departed_at": None,
        "date_unknown": False,
        "version": 1,
        "position": number,
        **more,
    }


def deal(number: int, **more: Any) -> dict[str, Any]:
    return {
        "deal_id": nth(number),
        "client_id": None,
        "seller_id": nth(98),
        "pipeline_id": nth(99),
        "stage": "offer",
        "stage_since": DAY,
        "status": "open",
        "amount": None,
        "currency": None,
        "category": "pipeline",
        "won_amount": None,
        "won_currency": None,
        "opened_at": DAY,
        "date_unknown": False,
        "version": 1,
        "position": number,
        **more,
    }


def activity(number: int, **more: Any) -> dict[str, Any]:
    return {
        "activity_id": nth(number),
        "state": "planned",
        "channel": "call",
        "direction": "outbound",
        "staff_id": None,
        "client_id": None,
        "due_at": DAY,
        "held_at": None,
        "takes_place_at": DAY,
        "call_status": None,
        "is_offer": False,
        "was_planned": True,
        "date_unknown": False,
        "notes": {},
        "participant_staff_ids": [],
        "participant_client_ids": [],
        "version": 1,
        "position": number,
        **more,
    }


@contextmanager
def office(database: Database, reports: Reports | None = None, timeout: float = 5.0) -> Iterator[Office]:
    """The application on this database, with every view built from an empty log."""
    for projection in PROJECTIONS:
        build(projection, _undecodable, database.projector_url)
    with open_office(database, reports, timeout) as opened:
        yield opened


@contextmanager
def open_office(database: Database, reports: Reports | None = None, timeout: float = 5.0) -> Iterator[Office]:
    """The application on a database whose views are there."""
    pool = read_pool(database.reader_url, 4)
    history: dict[UUID, list[Fact]] = {}

    async def read_history(party: UUID, after: int, limit: int) -> list[Fact]:
        return [fact for fact in history.get(party, []) if fact.position > after][:limit]

    feed = replace(
        feed_at(database.projector_url, database.reader_url, MASTER, limit=1), life=STREAM_SECONDS, heartbeat=0.5
    )
    past = past_at(database.projector_url, MASTER, seconds=60, patience=timeout)
    signals = replace(signals_at(database.projector_url, feed.tail, limit=10), life=STREAM_SECONDS, heartbeat=0.5)
    rights = RightsOfRoles(nothing_granted)
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    clock = Clock()
    accesses: list[Access] = []
    doors = (
        pool,
        authenticate,
        Reaches(scopes_of),
        is_let_in,
        read_history,
        sought_phone_key,
        email_key,
        feed,
        past,
        signals,
        tickets_at(database.projector_url),
        accesses.append,
        lambda _caller, _question: None,
        rights.commands_of,
        rights.editing_of,
        language_of,
        words_for,
        upkeep_at(Site(Settings(_env_file=None), MASTER, urls)),
    )
    desk = Desk(*doors, house=House(totals_of=totals_of), reports=reports, timeout=timeout, clock=clock)
    app = create_app(Parts(first_routes=direct_routes(desk), read_router=read_router(desk)))
    with asyncio.Runner() as runner:
        runner.run(pool.open())
        try:
            yield Office(database, runner, app, pool, clock, desk, reports, history, accesses)
        finally:
            runner.run(pool.close())
