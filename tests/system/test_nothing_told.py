"""Who may not see something learns by no way round that it is there: cursors, ETags, positions, filters, streams."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_type_hints
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from commands.activity import RescheduleActivity
from commands.client import RenameClient
from commands.deal import MoveDeal
from commands.note import NoteClient
from infra.postgres.embedded import EmbeddedPostgres
from read_api import client_story, notes
from read_api.door import MODULES
from read_api.reading.cursors import to_cursor
from tests.system.company import Company
from tests.system.everyone import (
    ADMIN,
    COLLEAGUES,
    DUE,
    PEOPLE,
    UNKNOWN,
    Person,
    Things,
    carry_out,
    founded,
    things_happen,
)
from tests.system.histories import Asked
from tests.system.inside import Inside, Told, inside

NAMED = {person.name: person for person in PEOPLE}
SELLER, HEAD, ALL = NAMED["active seller"], NAMED["active head"], NAMED["active admin"]
THEIRS = COLLEAGUES["other"]
"""What neither the seller nor the head of another branch sees."""

ABOUT = (
    *(f"/clients/{{0.client}}{rest}" for rest in ("", "/timeline", "/changes", "/ownership", "/notes")),
    "/clients/{0.client}?include=deals,notes",
    "/clients/{0.person}",
    "/deals/{0.deal}",
    "/deals/{0.deal}/notes",
    "/activities/{0.held}",
    "/activities/{0.held}/notes",
    "/staff/{0.staff}/counters",
)
"""Questions about one thing that not everybody sees."""


@pytest.fixture(scope="module")
def one(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with founded(cluster, template, tmp_path_factory.mktemp("company")) as founded_one:
        yield founded_one


@pytest.fixture
def visit(one: Company, tmp_path: Path) -> Callable[[Callable[[Inside], Awaitable[None]]], None]:
    """Runs a test with the application in front of it."""

    def run(test: Callable[[Inside], Awaitable[None]]) -> None:
        async def go() -> None:
            async with inside(one, tmp_path) as app:
                await test(app)

        asyncio.run(go())

    return run


Visit = Callable[[Callable[[Inside], Awaitable[None]]], None]


async def is_the_same(app: Inside, who: Person, path: str, **headers: str) -> Told:
    """Check that what is out of sight is told as what there is not; return that."""
    given = {name.replace("_", "-"): value for name, value in headers.items()} | dict(who.headers)
    hidden, absent = [(await app.ask("GET", path.format(things), given), things) for things in (THEIRS, UNKNOWN)]
    assert hidden[0].less(hidden[1]) == absent[0].less(absent[1]), path
    return hidden[0]


def test_who_had_an_etag_has_nothing_by_it(visit: Visit) -> None:
    async def test(app: Inside) -> None:
        for path in ABOUT:
            tag = (await app.ask("GET", path.format(THEIRS), ALL.headers)).headers["etag"]
            again = await app.ask("GET", path.format(THEIRS), {**ALL.headers, "If-None-Match": tag})
            assert again.status == 304
            for who in (SELLER, HEAD):
                assert (await is_the_same(app, who, path)).status == 404
                for known in (tag, "*", f"W/{tag}", f'"0", {tag}'):
                    assert (await is_the_same(app, who, path, If_None_Match=known)).status == 404

    visit(test)


def test_no_position_and_no_moment_tells_them_apart(visit: Visit, one: Company) -> None:
    head, now = one.analytics.position, quote(datetime.now(UTC).isoformat())
    positions = [f"min_position={each}" for each in (1, head, head + 5)]

    async def test(app: Inside) -> None:
        for path in ABOUT:
            # The past is folded for each question: one moment is enough for most.
            for query in (*positions, "limit=0", f"as_of={now}", *(["as_of=2020-01-01"] if path in ABOUT[:1] else [])):
                told = await is_the_same(app, SELLER, f"{path}{'&' if '?' in path else '?'}{query}")
                assert told.status in {404, 422}

    visit(test)


PAGED = {
    "/clients/{0.client}/timeline": (client_story.TIMELINE, "client_id", "client"),
    "/clients/{0.client}/ownership": (client_story.OWNERSHIP, "client_id", "client"),
    "/clients/{0.client}/notes": (notes.NOTES["client"], "about_id", "client"),
    "/deals/{0.deal}/notes": (notes.NOTES["deal"], "about_id", "deal"),
    "/activities/{0.held}/notes": (notes.NOTES["activity"], "about_id", "held"),
}
"""Lists about one thing: how they are declared, and what their cursors name it by."""


def test_a_cursor_of_who_may_leads_nobody_else_on(visit: Visit) -> None:
    async def test(app: Inside) -> None:
        for path, (listing, name, thing) in PAGED.items():
            first = (await app.ask("GET", f"{path.format(THEIRS)}?limit=1", ALL.headers)).json
            parts = json.loads(base64.urlsafe_b64decode(first["next"] + "==")) if first["next"] else None
            keys = parts[1:] if parts else ["2031-01-01T00:00:00Z", str(THEIRS.client)][: len(listing.order)]
            told = []
            for things in (THEIRS, UNKNOWN):
                cursor = to_cursor(listing, {name: getattr(things, thing)}, keys)
                assert things is UNKNOWN or not first["next"] or cursor == first["next"]
                page = await app.ask("GET", f"{path.format(things)}?cursor={cursor}", SELLER.headers)
                told.append(page.less(things))
            assert told[0] == told[1], path

    visit(test)


def test_a_cursor_of_a_whole_list_leads_on_among_what_is_seen(visit: Visit) -> None:
    async def test(app: Inside) -> None:
        for path, key in (("/clients", "client_id"), ("/deals", "deal_id"), ("/activities", "activity_id")):
            mine = (await app.ask("GET", f"{path}?limit=200", SELLER.headers)).json["items"]
            seen, cursor, pages = {each[key] for each in mine}, "", 0
            while True:
                whole = (await app.ask("GET", f"{path}?limit=9{cursor}", ALL.headers)).json
                told = (await app.ask("GET", f"{path}?limit=200{cursor}", SELLER.headers)).json
                assert {each[key] for each in told["items"]} <= seen
                if whole["next"] is None:
                    break
                cursor, pages = f"&cursor={whole['next']}", pages + 1
            assert pages > 5

    visit(test)


def filters() -> Iterator[tuple[str, str]]:
    """Give every question without a part in its path, with each parameter that takes an id."""
    for module in MODULES:
        for route in module.router.routes:
            if isinstance(route, APIRoute) and "{" not in route.path and route.methods == {"GET"}:
                question = get_type_hints(route.endpoint)["question"]
                for name, field in question.model_fields.items():
                    if "UUID" in str(field.annotation):
                        yield route.path, field.alias or name


def test_no_filter_tells_what_there_is(visit: Visit) -> None:
    asked = [*filters()]
    assert len(asked) > 15

    async def test(app: Inside) -> None:
        for path, name in asked:
            for field in Things._fields:
                for more in ("", "&count=true", "&limit=1"):
                    query = f"{path}?{name}={{0.{field}}}{more}"
                    told = await app.ask("GET", query.format(THEIRS), SELLER.headers)
                    none = await app.ask("GET", query.format(UNKNOWN), SELLER.headers)
                    is_about_staff = field == "staff" and path == "/staff"
                    assert is_about_staff or told.less(THEIRS) == none.less(UNKNOWN), query

    visit(test)


def test_what_happens_out_of_sight_is_no_signal(visit: Visit, one: Company) -> None:
    head = one.analytics.position
    happens = (
        RenameClient(client_id=THEIRS.client, name="Vasilyok"),
        MoveDeal(deal_id=THEIRS.deal, to_stage="contract"),
        RescheduleActivity(activity_id=THEIRS.planned, due_at=DUE + timedelta(days=1)),
        NoteClient(client_id=THEIRS.client, text="They like coffee"),
    )
    carry_out(one, (Asked(each, ADMIN) for each in happens))

    async def test(app: Inside) -> None:
        for who in (SELLER, HEAD):
            told = await app.ask("GET", f"/my-changes?after={head}", who.headers)
            assert (told.status, told.json["items"]) == (200, [])
            told = await app.ask("GET", f"/position?after={head}", who.headers)
            assert (told.status, told.json["position"]) == (200, None)
        told = await app.ask("GET", f"/position?after={head}", ALL.headers)
        assert told.json["position"] == told.json["head"] > head

    visit(test)


def test_the_description_is_the_same_for_everybody(visit: Visit) -> None:
    async def test(app: Inside) -> None:
        told = [await app.ask("GET", "/openapi.json", headers) for headers in ({}, SELLER.headers, ALL.headers)]
        assert len({each.body for each in told}) == 1
        known = {str(each).encode() for person in PEOPLE for each in person.things}
        assert not [each for each in known if each in told[0].body]

    visit(test)


def test_a_ticket_of_who_was_let_in_then_is_no_good(visit: Visit, one: Company) -> None:
    async def test(app: Inside) -> None:
        people = [person for person in PEOPLE if person.role == "seller"]
        tickets = [(await app.ask("POST", "/my-changes/ticket", each.headers)).json["ticket"] for each in people]
        await things_happen(one)
        for person, ticket in zip(people, tickets, strict=True):
            for accept in ("application/json", "text/event-stream"):
                told = await app.ask("GET", f"/my-changes?after=0&ticket={ticket}", {"Accept": accept})
                if person.standing in {"active", "moved"} and accept == "application/json":
                    assert told.status == 200
                else:
                    assert (told.status, told.code) == (401, "ticket-not-good"), person.name

    visit(test)
