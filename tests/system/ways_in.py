"""Every question and every order of operators, by whom and of what: what is asked, and what has to be answered."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.operations.bodies import EXAMPLES, OTHERWISE
from app.serving.http import _each_of
from commands.client_file import AddClientFile
from commands.roles import ACTING_BY_ID, SENDING_FILES
from tests.system.everyone import NEARNESS, WRITTEN, Person, Things, things_near
from tests.system.inside import Inside, Told
from tests.system.page_of_rights import KEPT_OUT, SCOPES, SEEN, TOLD, sees

PUBLIC = {"health", "ready", "answer", "docs", "give", "labels"}
"""What anybody is told who finds the address; nothing in it is of anybody."""

IMPORTS = "/imports"
"""How the addresses begin of files that are sent to be imported."""

OPERATORS = ("/operations/", "/projections/analytics", "/metrics", IMPORTS)
"""How the addresses begin that are for operators, but for the questions among them."""

OF_MANY_MERGES = {"start_merge_duplicates", "start_unmerge_duplicates"}
"""Operations that say of clients whether they are one."""

SENT = "add_client_file"
"""How a file is sent to a client: it acts, as a command does."""

NEVER_ABSENT = {"get_staff_places"}
"""Of whoever was never anywhere the list is empty."""

ABSENT = {
    "get_job", "get_stream_history", "preview_import", "map_import", "run_import", "cancel_import",
    "take_back_import", "get_plan", "get_plan_progress", "get_price_book", "list_book_prices", "price_products",
    "get_import", "get_import_errors", "get_import_warnings", "download_client_file",
}  # fmt: skip
"""Questions about what is neither theirs nor anybody's: here there is none."""

LISTED = {
    "list_clients": "client",
    "search_clients": "client",
    "find_owners": "client",
    "list_deals": "deal",
    "get_pipeline": "deal",
    "list_activities": "held",
    "list_client_notes": "client_note",
    "list_deal_notes": "deal_note",
    "list_activity_notes": "activity_note",
}
"""Lists, and which of the things they are of."""

OPEN = {"find_owners", "list_events"}
"""These name what the caller does not see: whose a client is, and what happened, less what is personal."""

OF_KIND = {"client": "client", "person": "client", "deal": "deal", "lost_deal": "deal"}
"""What kind the things are of; the others are activities, or on one."""


class Way(NamedTuple):
    """One way in: a route as it is declared."""

    name: str
    method: str
    path: str
    is_list: bool

    @property
    def roles(self) -> set[str]:
        """Who may go this way."""
        if self.name in TOLD:
            return {role for role, mark in TOLD[self.name].items() if mark}
        if self.name == SENT:
            return {*AddClientFile.ROLES}
        assert self.path.startswith(OPERATORS), f"{self.path}: say in {__name__} who may ask for it"
        if self.name in OF_MANY_MERGES:
            return {"admin"}
        return {*SENDING_FILES} if self.path.startswith(IMPORTS) else {"ops", "admin"}

    @property
    def is_about_one(self) -> bool:
        """Whether the path names a thing, or somebody."""
        return "_id}" in self.path and self.name not in NEVER_ABSENT

    @property
    def kind(self) -> str | None:
        """The kind of the one thing that it is about, if not everybody who may ask sees it."""
        named = re.search(r"\{(client|deal|activity)_id\}", self.path)
        return named[1] if named else "activity" if self.name == "get_staff_counters" else None

    def address(self, things: Things) -> str:
        """Return where it is asked for, of these things; a part of a path that is not here is a new one."""
        parts = {
            "client_id": things.client,
            "merged_id": things.client,
            "deal_id": things.deal,
            "activity_id": things.held,
            "staff_id": things.staff,
            "code": "gtx-pro",
            "report": "monthly_sales",
            "projection": "products",
            "import_id": UUID(int=0xFFFF),
            "sent": UUID(int=0xFFFF),
            "file_id": UUID(int=0xFFFF),
            "plan_id": UUID(int=0xFFFF),
            "price_book_id": UUID(int=0xFFFF),
            "job": UUID(int=0xFFFF),
            "stream": UUID(int=0xFFFF),
        }
        query = NEEDED.get(self.name, "?limit=200" if self.is_list else "")
        return self.path.format(**parts) + query

    def body(self, things: Things) -> Mapping[str, Any] | None:
        """Return what is sent along."""
        if self.name in {"search_clients", "find_owners"}:
            return {"email": things.email}
        if self.name == "ask_sql":
            return {"sql": "SELECT 1"}
        if self.name in {"run_import", "map_import", SENT}:
            return {}
        if self.name == "take_back_import":
            return {"reason": "the wrong file"}
        operation = self.path.removeprefix("/operations/")
        return EXAMPLES.get(operation, OTHERWISE) if operation != self.path and self.method == "POST" else None


NEEDED = {
    "price_products": "?line=gtx-pro:1",
    SENT: "?name=a.json",
    "get_sql": "?sql=SELECT+1",
    "get_mailing_list": "?addressed_by=email&purpose=news",
}
"""What some are not asked without."""


def every_way(app: FastAPI) -> Iterator[Way]:
    """Give every way in but the commands, each once."""
    found = {}
    for route in _each_of(app.routes):
        if isinstance(route, APIRoute) and route.name not in PUBLIC:
            question = get_type_hints(route.endpoint).get("question")
            is_list = "limit" in getattr(question, "model_fields", ())
            for method in route.methods or ():
                found[method, route.path] = Way(route.name, method, route.path, is_list)
    return iter(found.values())


class Question(NamedTuple):
    """One request of somebody about things that are so near to them."""

    way: Way
    who: Person
    near: str

    @property
    def things(self) -> Things:
        return things_near(self.who, self.near)

    @property
    def key(self) -> tuple[Way, str]:
        """What is the same whatever it is about."""
        return self.way, self.who.name

    async def ask(self, app: Inside) -> Told:
        things = self.things
        return await app.ask(self.way.method, self.way.address(things), self.who.headers, self.way.body(things))

    @property
    def refusal(self) -> tuple[int, str] | None:
        """How it has to be refused; None: it is answered."""
        if self.who.standing in KEPT_OUT:
            return 403, KEPT_OUT[self.who.standing]
        if self.who.role not in self.way.roles:
            return 403, "not-allowed"
        is_there = self.near != "unknown" or not self.way.is_about_one
        acts_by_id = self.way.name == SENT and self.who.role in ACTING_BY_ID
        is_seen = is_there and (self.way.kind is None or acts_by_id or sees(self.who, self.way.kind, self.near))
        return None if is_seen and self.way.name not in ABSENT else (404, "not-found")

    def check(self, told: Told) -> str:
        """Check the answer; return in a word what it was."""
        if self.refusal is not None:
            assert (told.status, told.code) == self.refusal, (self, told)
            return "absent" if told.status == 404 else "refused"
        if self.way.path.startswith(OPERATORS) and self.way.method == "POST":
            assert told.status in {200, 202, 409, 422}, (self, told)
            return "begun"
        assert told.status == (201 if self.way.name == SENT else 200), (self, told)
        self._check_nothing_else(told)
        listed = LISTED.get(self.way.name)
        if listed is not None and self.near != "unknown":
            is_there = self.way.name in OPEN or sees(self.who, OF_KIND.get(listed, "activity"), self.near)
            assert (str(getattr(self.things, listed)).encode() in told.body) == is_there, (self, told)
        if SEEN[self.who.role]["texts"] == SCOPES[0]:
            assert WRITTEN.encode() not in told.body, (self, told)
        return "told"

    def _check_nothing_else(self, told: Told) -> None:
        """Check that an answer names nothing that is out of sight, but for what was asked for by its id."""
        if self.way.name in OPEN:
            return
        asked = self.way.address(self.things)
        for near in NEARNESS:
            for name, each in things_near(self.who, near)._asdict().items():
                if name != "staff" and not sees(self.who, OF_KIND.get(name, "activity"), near):
                    assert str(each) in asked or str(each).encode() not in told.body, (self, name, near, told)


def every_question(app: FastAPI, people: tuple[Person, ...]) -> list[Question]:
    """Return every question of everybody, of each thing if it is about things; first of one that there is not."""
    return [
        Question(way, who, near)
        for way in every_way(app)
        for who in people
        for near in (("unknown", *NEARNESS) if "_id}" in way.path or way.name in LISTED else ("unknown",))
    ]
