"""The door for commands, as a program with a key finds it: what the key names it may send, and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import httpx
import pytest

from aggregates.base import NotFoundError
from app.serving.http import Parts, create_app
from app.words.openapi import example_body
from app.words.problems import problem_of_item
from commands.base import Actor
from commands.execution.decision import Request
from commands.execution.door import Execute, command_routes
from commands.execution.pending import Accepted, Answer
from commands.execution.refusals import Refusal, refusal_of
from commands.registry import COMMANDS
from commands.standing import UNBOUNDED, Standing
from read_api.reading.errors import ViewBuildingError
from tests.database import MASTER

PROGRAM = "integration"
KEY = "key:01900000-0000-7000-8000-000000000071"
FOR_PROGRAMS = {name for name, kind in COMMANDS.items() if PROGRAM in kind.ROLES}


class Door:
    """A door before which a program stands whose key names these; what passes is kept, and what is refused."""

    def __init__(self, *named: str) -> None:
        self.actor = Actor(KEY, PROGRAM, only=frozenset(named))
        self.passed: list[str] = []
        self.was_atomic = False
        self.trouble: Exception | None = None
        self.on_record: list[Refusal | None] = []
        self.carry_out: Execute = self._execute
        routes = command_routes(
            lambda requests, *, is_atomic=False: self.carry_out(requests, is_atomic=is_atomic),
            self._authenticate,
            MASTER.keyed_hash,
            problem_of_item,
            self._note,
            lambda *_: None,
            self._standing,
        )
        self._app = create_app(Parts(first_routes=routes))

    async def _authenticate(self, _: Sequence[str]) -> Actor:
        return self.actor

    async def _standing(self, _: Actor) -> Standing:
        if self.trouble is not None:
            raise self.trouble
        return UNBOUNDED

    async def _execute(self, requests: Sequence[Request], *, is_atomic: bool = False) -> list[Answer]:
        self.was_atomic = is_atomic
        self.passed += [request.command.command_name() for request in requests]
        return [Accepted(request.command_id, uuid4(), 1, 1, [], False) for request in requests]

    def _note(self, actor: Actor, command: str, given: Mapping[str, Any], error: Exception) -> None:
        self.on_record.append(refusal_of(actor, command, given, error))

    def tell(self, path: str, body: Any, language: str = "en") -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
                return await client.post(path, json=body, headers={"Accept-Language": language})

        return asyncio.run(go())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_passes_only_if_the_key_names_it_and_its_role_may_send_it(name: str) -> None:
    body = example_body(name)
    without, alone = Door(*(set(COMMANDS) - {name})), Door(name)
    told = without.tell(f"/commands/{name}", body)
    assert (told.status_code, without.passed) == (403, [])
    item = {"command": name, "data": body}
    batched = without.tell("/commands", {"commands": [item]}).json()["results"][0]
    assert (batched["status"], batched["code"], without.passed) == (403, told.json()["code"], [])
    if name in FOR_PROGRAMS:
        assert (told.json()["code"], told.json()["action"]) == ("not-named-by-key", name)
        assert alone.tell(f"/commands/{name}", body).status_code == 200
        assert alone.tell("/commands", {"atomic": True, "commands": [item]}).status_code == 200
        assert (alone.passed, alone.was_atomic) == ([name] * 2, True)
    else:
        assert told.json()["code"] == alone.tell(f"/commands/{name}", body).json()["code"] == "not-allowed"
        assert alone.passed == []


def test_the_refusal_says_what_is_lacking_in_both_languages_and_is_on_record() -> None:
    door = Door("note-client")
    told = [door.tell("/commands/register-client", {}, language).json()["title"] for language in ("en", "ru")]
    assert told == ["This API key does not name register-client", "Этот ключ API не разрешает register-client"]
    facts = {"action": "register-client", "named": ["note-client"]}
    kept = [(each.actor, each.code, each.facts) for each in door.on_record if each is not None]
    assert kept == [(KEY, "not-named-by-key", facts)] * 2


def test_as_long_as_nobody_can_say_what_a_caller_sees_they_are_told_when_to_come_again() -> None:
    door = Door("note-client")
    door.trouble = ViewBuildingError(view="staff_directory", state="building", position=0, head=9, retry_after=2)
    item = {"command": "note-client", "data": example_body("note-client")}
    for path, body in (("/commands/note-client", item["data"]), ("/commands", {"commands": [item]})):
        told = door.tell(path, body)
        assert (told.status_code, told.json()["code"], told.headers["retry-after"]) == (503, "view-building", "2")
    assert door.passed == []


def test_who_comes_without_a_key_may_do_what_the_role_may() -> None:
    door = Door()
    door.actor = Actor("billing", PROGRAM)
    for name in FOR_PROGRAMS:
        assert door.tell(f"/commands/{name}", example_body(name)).status_code == 200


@pytest.mark.parametrize(("is_there", "pauses"), [(True, 0), (False, 1)])
def test_a_batch_is_told_as_late_as_an_answer_that_there_is_no_such_thing(
    monkeypatch: pytest.MonkeyPatch, is_there: bool, pauses: int
) -> None:
    door, waited = Door("note-client"), []

    async def execute(requests: Sequence[Request], *, is_atomic: bool = False) -> list[Answer]:
        done: Answer = Accepted(requests[0].command_id, uuid4(), 1, 1, [], False)
        return [done, done if is_there else NotFoundError(kind="client", id=uuid4())]

    async def until(moment: float) -> None:
        waited.append(moment)

    door.carry_out = execute
    monkeypatch.setattr("app.serving.frame.wait_until", until)
    item = {"command": "note-client", "data": example_body("note-client")}
    assert door.tell("/commands", {"commands": [item] * 2}).status_code == 200
    assert len(waited) == pauses
