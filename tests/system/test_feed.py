"""Following the events of a real service as a stream: nothing missed, nothing twice, an end when the service ends."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.database import Database
from tests.system.service import Service, service, token

ADMIN = token("admin", "admin")
AUDITOR = token("auditor", "auditor")
ANALYST = token("analyst", "analyst")
CALLERS, EACH = 4, 15


@pytest.fixture
def running(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setenv("LETOPIS_EVENT_STREAMS", "2")
    with service(tmp_path, "api", "--role", "api", database_url=database.owner_url) as started:
        yield started


def register(running: Service, number: int) -> None:
    body = {
        "kind": "organisation",
        "name": f"Client {number}",
        "contact_points": [{"kind": "email", "value": f"client{number}@example.org"}],
    }
    answer = running.post("register-client", body, ADMIN)
    assert answer.status_code == httpx.codes.OK, answer.text


def head(database: Database) -> int:
    with psycopg.connect(database.writer_url) as connection:
        (position,) = connection.execute("SELECT max(position) FROM letopis.event").fetchone() or (0,)
    return int(position)


@contextmanager
def stream(running: Service, query: str = "", **headers: str) -> Iterator[httpx.Response]:
    accept = {"Accept": "text/event-stream", **AUDITOR, **headers}
    with httpx.stream("GET", f"{running.address}/events{query}", headers=accept, timeout=20) as answer:
        assert answer.status_code == httpx.codes.OK
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield answer


def messages(answer: httpx.Response) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Give each message's id and event; None for an id that only says how far was examined."""
    identity, event = 0, None
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            identity = int(value)
        elif name == "data":
            event = json.loads(value)
        elif not line and identity:
            yield identity, event
            identity, event = 0, None


def read_until(found: Iterator[tuple[int, dict[str, Any] | None]], position: int) -> list[int]:
    """Return the positions of the events up to one."""
    seen = []
    for identity, event in found:
        if event is not None:
            assert event["position"] == identity
            seen.append(identity)
        if identity >= position:
            break
    return seen


def test_a_follower_who_is_cut_off_and_comes_again_sees_every_event_once_while_many_write(
    running: Service, database: Database
) -> None:
    def work(first: int) -> None:
        for number in range(first, first + EACH):
            register(running, number)

    register(running, 999)
    writers = [threading.Thread(target=work, args=(caller * EACH,)) for caller in range(CALLERS)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while len(seen) < 20:
        resume = {"Last-Event-ID": str(seen[-1])} if seen else {}
        with stream(running, **resume) as answer:
            seen += read_until(messages(answer), len(seen) + 7)  # hangs up in the middle
    for writer in writers:
        writer.join()
    end = head(database)
    with stream(running, **{"Last-Event-ID": str(seen[-1])}) as answer:
        seen += read_until(messages(answer), end)
    assert seen == list(range(1, end + 1))
    assert end >= CALLERS * EACH


def test_a_follower_at_the_end_hears_of_a_new_event_at_once(running: Service, database: Database) -> None:
    register(running, 1)
    with stream(running, f"?after={head(database)}") as answer:
        found, took = messages(answer), []
        for number in range(2, 8):
            began = time.monotonic()
            register(running, number)
            assert read_until(found, head(database))
            took.append(time.monotonic() - began)
    # Who looks once a second has just looked when the next one comes: of those after the first all would take a second.
    assert min(took[1:]) < 0.9, "it was found by polling, not by being woken"


def test_a_follower_of_one_topic_learns_how_far_was_examined(running: Service, database: Database) -> None:
    register(running, 1)
    register(running, 2)
    with stream(running, "?topic=deal.won") as answer:
        assert next(messages(answer)) == (head(database), None)


def test_no_more_may_follow_than_agreed_and_all_streams_end_when_the_service_stops(running: Service) -> None:
    register(running, 1)
    with stream(running) as first, stream(running) as second:
        found = messages(first), messages(second)
        assert all(next(each) for each in found)
        refused = httpx.get(f"{running.address}/events", headers={"Accept": "text/event-stream", **AUDITOR})
        assert (refused.status_code, refused.json()["code"]) == (503, "too-many-streams")
        assert refused.headers["retry-after"] == "5"
        assert "\nletopis_event_streams 2\n" in httpx.get(f"{running.address}/metrics").text
        began = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - began < 5, "the streams were waited for"
        for each in found:
            assert list(each) is not None  # ended in order: a broken answer would raise here
    assert b"Cancel" not in running.log.read_bytes()


def test_only_who_may_see_personal_data_gets_them(running: Service) -> None:
    register(running, 7)
    as_seen = {
        role: httpx.get(f"{running.address}/events?topic=client.registered", headers=headers).json()[0]
        for role, headers in (("auditor", AUDITOR), ("analyst", ANALYST))
    }
    assert as_seen["auditor"]["personaldata"] == "open"
    assert as_seen["analyst"]["personaldata"] == "withheld"
    assert "Client 7" in json.dumps(as_seen["auditor"]["data"])
    assert "Client 7" not in json.dumps(as_seen["analyst"])
    assert as_seen["analyst"]["data"]["kind"] == "organisation"
