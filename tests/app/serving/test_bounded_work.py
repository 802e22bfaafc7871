"""What one request costs, and what is answered to it, does not grow with what is wrong in it."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.serving.http import Parts, create_app
from app.words import openapi, problems
from commands.execution.door import SLICE
from tests.app.serving.test_pressure import ANNA, HIRE, serving
from tests.database import Database

MANY = {f"u{number}": 1 for number in range(90_000)}
QUITE_SOME = {f"u{number}": 1 for number in range(20_000)}
SOME = {f"u{number}": 1 for number in range(1_000)}
FEW = {f"u{number}": 1 for number in range(20)}


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Callable[..., Any]:
    return lambda **how: serving(database, tmp_path, queue_size=2_000, **how)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields that were put in words: what a wrong one costs most."""
    pointers: list[str] = []
    told = problems._told_field

    def counted(error: Any, language: str) -> Any:
        pointers.append(error["pointer"])
        return told(error, language)

    monkeypatch.setattr(problems, "_told_field", counted)
    return pointers


def send(app: FastAPI, path: str, body: bytes) -> tuple[httpx.Response, int]:
    """Send a body; return the answer, and how often others had their turn on the event loop meanwhile."""

    async def go() -> tuple[httpx.Response, int]:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer admin/{ANNA}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
            task = asyncio.create_task(other())
            answer = await client.post(path, content=body, headers=headers)
            task.cancel()
        return answer, turns

    return asyncio.run(go())


@pytest.mark.parametrize(
    "body",
    [
        {**HIRE, **QUITE_SOME},
        {**HIRE, "more": list(range(20_000))},
        {**HIRE, "more": [[[]] * 100] * 300},
        {"kind": "person", "contact_points": [QUITE_SOME]},
    ],
)
def test_more_values_than_a_command_has_are_refused_without_a_look_at_each(
    start: Callable[..., Any], told: list[str], body: Any
) -> None:
    with start() as (app, _side):
        answer, _ = send(app, "/commands/hire-staff", json.dumps(body, separators=(",", ":")).encode())
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["too-many-values"]
    assert len(told) == 1


def test_only_the_first_wrong_fields_are_told_and_how_many_are_left_out(
    start: Callable[..., Any], told: list[str]
) -> None:
    with start() as (app, _side):
        answer, _ = send(app, "/commands/hire-staff", json.dumps({**HIRE, **SOME}).encode())
    assert (answer.status_code, answer.json()["errors_left_out"]) == (422, 980)
    assert len(answer.json()["errors"]) == len(told) == 20


def test_the_answer_to_a_batch_is_no_larger_than_the_batch_and_others_have_their_turn(
    start: Callable[..., Any], told: list[str]
) -> None:
    body = json.dumps({"commands": [{"command": "hire-staff", "data": {**HIRE, **FEW}}] * 1_000}).encode()
    with start() as (app, _side):
        answer, turns = send(app, "/commands", body)
    results = answer.json()["results"]
    assert [each["code"] for each in results] == ["invalid-request"] * 1_000
    assert sum(len(each.get("errors", ())) for each in results) == 200
    assert results[-1]["errors_left_out"] == 20
    assert len(answer.content) < len(body)
    assert len(told) <= 20_000
    # Looked at in slices, and told in slices.
    assert turns >= 2 * (1_000 // SLICE)


def test_a_batch_of_nothing_but_wrong_fields_is_told_so_in_one_word(start: Callable[..., Any], told: list[str]) -> None:
    with start() as (app, _side):
        body = {"commands": [{"command": "x", "data": {}, **FEW}] * 500}
        answer, _ = send(app, "/commands", json.dumps(body, separators=(",", ":")).encode())
    assert [error["code"] for error in answer.json()["errors"]] == ["too-many-errors"]
    assert len(told) == 1


def test_an_address_has_no_more_parameters_than_a_question_takes(told: list[str]) -> None:
    app = create_app(Parts())
    answer, _ = send(app, "/clients?" + "&".join(f"u{number}=1" for number in range(5_000)), b"")
    assert answer.status_code == 422
    assert [(error["code"], error["in"]) for error in answer.json()["errors"]] == [("too-many-parameters", "query")]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("path", "limit"), [("/clients/search", 16 * 1024), ("/commands/hire-staff", 256 * 1024), ("/commands", 512 * 1024)]
)
def test_only_a_batch_has_a_body_as_large_as_a_batch(path: str, limit: int) -> None:
    answer, _ = send(create_app(Parts(body_limit=512 * 1024)), path, json.dumps(MANY).encode())
    assert (answer.status_code, answer.json()["limit"]) == (413, limit)


def test_the_description_is_written_once_and_not_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bool] = []
    tell = openapi.ApiDocument._tell

    def counted(document: openapi.ApiDocument) -> tuple[bytes, str]:
        written.append(threading.current_thread() is threading.main_thread())
        return tell(document)

    monkeypatch.setattr(openapi.ApiDocument, "_tell", counted)
    app = create_app(Parts())

    async def go() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://letopis") as client:
            first = await client.get("/openapi.json")
            again = {"If-None-Match": first.headers["ETag"]}
            return [first, await client.get("/openapi.json"), await client.get("/openapi.json", headers=again)]

    answers = asyncio.run(go())
    assert [answer.status_code for answer in answers] == [200, 200, 304]
    assert answers[0].json() == answers[1].json() == app.openapi()
    assert written == [False]
