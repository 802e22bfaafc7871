"""A console in a process of its own: the same pages and forms as that of the API's process, and nothing beside them."""

import re
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from app.demo.company import demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import Database
from tests.system.conftest import company_of
from tests.system.service import Service, service, token, wait_ready
from tests.system.visitors import Visitor

Apart = tuple[Service, Service, Database]
ROMASHKA = str(demo_id("romashka"))
PAGES = (
    "/console/my-day",
    "/console/clients",
    f"/console/clients/{ROMASHKA}",
    f"/console/clients/{ROMASHKA}?by=occurred",
    "/console/board",
    f"/console/do/note-client?client_id={ROMASHKA}",
    "/console/nowhere",
)
ALWAYS_ANOTHER = re.compile(r'(nonce|hx-nonce|value|data-name|data-word)="[^"]*"')
"""What differs each time a page is drawn, and in each session."""


@pytest.fixture(scope="module")
def apart(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    folder = tmp_path_factory.mktemp("apart")
    with company_of(cluster, template) as database, service(folder, "api", database_url=database.owner_url) as api:
        wait_ready(api)
        how = {"LETOPIS_CONSOLE_API": api.address}
        with service(folder, "console", "--role", "console", database_url=database.owner_url, more=how) as console:
            yield api, console, database
            for each in (api, console):
                assert '"bug"' not in each.log.read_text()


def test_a_console_of_its_own_process_shows_and_does_the_same(apart: Apart) -> None:
    api, console, database = apart
    beside, within = (Visitor(each, database, demo_id("anna"), "seller") for each in (console, api))
    for path in PAGES:
        pages = [each.client.get(path) for each in (beside, within)]
        assert pages[0].status_code == pages[1].status_code
        assert ALWAYS_ANOTHER.sub("", pages[0].text) == ALWAYS_ANOTHER.sub("", pages[1].text), path
    form = beside.get(f"{PAGES[-2]}&to={PAGES[2]}").form("/console/do/note-client")
    for _ in range(2):
        card = beside.does(form, text="Пишет издалека")
        assert card.text.count("Пишет издалека") == 2, "among the notes and in the story, once each"
    refused = beside.does(form, text="Another text with the same key")
    assert refused.status == 409


def test_it_has_pages_and_no_api(apart: Apart) -> None:
    _, console, _ = apart
    headers = token(demo_id("anna"), "seller")
    assert httpx.get(f"{console.address}/clients", headers=headers).status_code == 404
    assert httpx.post(f"{console.address}/commands/note-client", json={}, headers=headers).status_code == 404
    assert httpx.get(f"{console.address}/ready").json()["checks"] == [{"name": "api", "is_ready": True, "reason": None}]


def test_its_stream_is_that_of_the_api_and_ends_with_it(apart: Apart) -> None:
    api, console, database = apart
    visitor = Visitor(console, database, demo_id("anna"), "seller")
    heard: list[str] = []
    begun = threading.Event()

    def listen() -> None:
        with visitor.client.stream("GET", "/console/live?after=999999", timeout=20) as answer:
            heard.append(answer.headers["content-type"])
            for line in answer.iter_lines():
                begun.set()
                heard.append(line)
                if line.startswith('data: {"position"'):
                    return

    listening = threading.Thread(target=listen)
    listening.start()
    assert begun.wait(20)
    note = {"client_id": ROMASHKA, "text": "Слышно и там"}
    position = api.post("note-client", note, token(demo_id("head"), "head")).json()["position"]
    listening.join(20)
    assert heard[0].startswith("text/event-stream")
    assert "event: anew" in heard, "an older log was put back, and what was heard of before counts no more"
    assert heard[-1] == f'data: {{"position":{position}}}'
    stranger = httpx.get(f"{console.address}/console/live")
    assert (stranger.text, stranger.headers["cache-control"]) == ("event: out\ndata: {}\n\n", "no-store")


def test_where_the_api_is_away_that_is_said_and_nothing_is_lost(
    apart: Apart, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _, console, database = apart
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    folder = tmp_path_factory.mktemp("alone")
    how = {"LETOPIS_CONSOLE_API": nobody}
    visitor = Visitor(console, database, demo_id("anna"), "seller")
    with service(folder, "alone", "--role", "console", database_url=database.owner_url, more=how) as alone:
        cookies = {f"letopis-{alone.address.rpartition(':')[2]}": next(iter(dict(visitor.client.cookies).values()))}
        page = httpx.get(f"{alone.address}/console/my-day", cookies=cookies, headers={"Accept-Language": "ru"})
        assert (page.status_code, "Служба не отвечает" in page.text) == (503, True)
        assert httpx.get(f"{alone.address}/ready").status_code == 503
        assert '"bug"' not in alone.log.read_text()
