"""How fast the console's pages and its slider are (`python -m tests.bench.console`).

Pages: 32 sellers at once among 1,000,000 clients. First each looks at a page a second, as people at work do at most;
what is told is the time from a request until its answer is whole. Then as fast as the service goes, which says how many
pages it can draw. Slider: steps through the life of a client of 900 facts, and of one of 10,000: over HTTP as the
browser asks, and in Chromium from a key until the card is painted. Printed are milliseconds, as a line of JSON a part.
"""

import argparse
import gzip
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from html import unescape
from itertools import cycle, islice
from pathlib import Path
from re import findall
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import html5lib
import httpx
import psycopg
from playwright.sync_api import Browser, sync_playwright

from app.demo.company import ADMIN_ID
from app.logs import configure_logs
from app.serving.console import link_at
from events.activity import ActivityPlanned
from events.deal import DealOpened
from events.values import Channel, Money
from infra.log.ids import new_id
from projections.registry import PROJECTIONS
from read_api import views
from replay.repair.status import wait_until
from tests.bench.commands import write_side
from tests.bench.filled import fill
from tests.bench.ground import Ground, Place, ground
from tests.bench.http import CONNECTIONS, letopis, load, token
from tests.bench.made_log import Life, Told, about_clients, append_made_log, calls
from tests.bench.measuring import commit, machine
from tests.bench.past import COMPANY, ROAD, STAGES, deals
from tests.bench.rebuild_under_load import BUILD_SECONDS, WARNING
from tests.bench.samples import SELLERS, TOPIC
from tests.browser.conftest import FLAGS

USERS = SELLERS[:CONNECTIONS]
CARDS = 200
"""Different clients whom each user looks at, in turn."""

OPEN_DEALS = 10_000
PLANS = 20
"""What each user has to do: half of it is late."""

LIVES = (900, 10_000)
STEPS = 120
KEYS = (*["ArrowLeft"] * 9, "Home", *["ArrowRight"] * 9, "End")
WARM_SECONDS = 2.0

STEP = {"HX-Request": "true"}

# From the key to the paint that follows the card of another moment.
_TIMED = """() => {
    window.took = [];
    let began = 0;
    addEventListener("keydown", () => { began = performance.now(); }, true);
    const painted = new MessageChannel();
    painted.port1.onmessage = () => { took.push(performance.now() - began); };
    new MutationObserver((changes) => {
        if (changes.some((one) => [...one.addedNodes].some((node) => node.id === "then")))
            requestAnimationFrame(() => painted.port2.postMessage(0));
    }).observe(document.querySelector("main"), { childList: true });
}"""
_STEPPED = """async (steps) => {
    while (took.length < steps) await new Promise((done) => setTimeout(done, 5));
    return took;
}"""


def _opened(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    """Give a deal that stays open to each of some clients."""
    yield from about_clients(ids, first)
    for number, client_id in enumerate(ids):
        worth = Money(amount=Decimal(250_000 + number), currency="RUB")
        seller, stage = SELLERS[number % len(SELLERS)], STAGES[number % len(STAGES)].code
        opened = DealOpened(
            client_id=client_id, seller_id=seller, pipeline_id=ROAD, stage=stage, title="Весы", amount=worth
        )
        yield Told(new_id(), 1, client_id, opened)


def _planned(ids: Sequence[UUID], first: int) -> Iterator[Told]:
    """Give to each client a call that is planned: of every second one for yesterday, else for today or later."""
    yield from about_clients(ids, first)
    for number, client_id in enumerate(ids):
        due = datetime.now(UTC) + timedelta(hours=-24 if number % 2 else number % 48)
        seller = USERS[number % len(USERS)]
        planned = ActivityPlanned(channel=Channel.CALL, staff_id=seller, client_id=client_id, topic=TOPIC, due_at=due)
        yield Told(new_id(), 1, client_id, planned)


def _lived(count: int, ids: Sequence[UUID], first: int) -> Iterator[Told]:
    yield from about_clients(ids, first)
    yield from calls(ids, count - 4 - 5 * 10)
    for _ in range(10):
        yield from deals(ids)


class Came:
    """Somebody who came into the console by a link."""

    def __init__(self, place: Place, port: int, actor: object, role: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.link = partial(link_at, self.address, place.urls.owner, place.master, token(place, actor, role))
        self.client = httpx.Client(base_url=self.address, timeout=120, headers={"Sec-Fetch-Site": "same-origin"})
        key = parse_qs(urlsplit(self.link()).query)["key"][0]
        assert self.client.post("/console/enter", data={"key": key}).status_code == 303

    @property
    def cookie(self) -> str:
        """The header in which the browser says who it is."""
        return "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())

    def page(self, path: str, **headers: str) -> str:
        """Return a page; it must be there."""
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer.text


def _in_turn(took: Sequence[float]) -> Mapping[str, float]:
    ordered = sorted(took)
    places = {"p50_ms": 50, "p95_ms": 95}
    told = {name: ordered[min(len(ordered) * place // 100, len(ordered) - 1)] for name, place in places.items()}
    return {name: round(value, 1) for name, value in {**told, "max_ms": ordered[-1]}.items()}


def _clients_of(place: Place, seller: UUID, where: str, limit: int) -> list[str]:
    wanted = f"SELECT client_id::text FROM read.{views.CLIENT_CARD} WHERE owner_id = %s AND {where}"
    with psycopg.connect(place.urls.owner) as connection:
        found = connection.execute(f"{wanted} ORDER BY md5(client_id::text) LIMIT {limit}".encode(), [seller])
        return [client_id for (client_id,) in found]


def _pages_of(place: Place, seller: UUID) -> Mapping[str, list[str]]:
    """Return what a user looks at, by the name of the page."""
    mine = _clients_of(place, seller, "true", CARDS)
    # Those who are made by the database have no facts in the log.
    lived = _clients_of(place, seller, "position > 0 AND name !~ ' [0-9]+$'", CARDS)
    then = (datetime.now(UTC) - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    return {
        "my day": ["/console/my-day"],
        "clients": ["/console/clients"],
        "my clients": ["/console/clients?owner=mine"],
        "card": [f"/console/clients/{each}" for each in mine],
        "card in the past": [f"/console/clients/{each}?by=recorded&as_of={then}" for each in lived],
        "board": ["/console/board"],
    }


REPORTS = {"reports": ["/console/reports"], "a report": ["/console/reports/pipeline_totals"]}
"""What as many analysts look at."""


def pages(ground: Ground, clients: int, seconds: float) -> Iterator[Mapping[str, Any]]:
    """Give what the pages cost."""
    with ground.place("console") as place:
        with write_side(place):
            pass
        fill(place, clients)
        for number, life in (
            (COMPANY.events_per_client, COMPANY),
            (OPEN_DEALS * 5, Life(5, _opened)),
            (len(USERS) * PLANS * 5, Life(5, _planned)),
        ):
            last = append_made_log(place.urls.owner, place.master, number, life)
        with letopis(place, "all") as port:
            names = [one.name for one in PROJECTIONS]
            assert wait_until(place.urls.projector, names, last, BUILD_SECONDS), "the views were not built in time"
            users = [Came(place, port, user, "seller") for user in USERS]
            yield _light(users[0])
            yield from _looked_at(port, seconds, users, [_pages_of(place, user) for user in USERS])
            analysts = [Came(place, port, f"analyst-{number}", "analyst") for number in range(len(USERS))]
            yield from _looked_at(port, seconds, analysts, [REPORTS] * len(analysts))


def _looked_at(
    port: int, seconds: float, users: Sequence[Came], seen: Sequence[Mapping[str, list[str]]]
) -> Iterator[Mapping[str, Any]]:
    """Give what the pages cost that each of the users looks at."""
    for name in seen[0]:
        looks = [islice(cycle(each[name]), CARDS) for each in seen]
        cookies = cycle(user.cookie for user in users)
        visits = [(next(cookies), path) for paths in zip(*looks, strict=True) for path in paths]
        options = {"visits": visits, "host": f"127.0.0.1:{port}"}
        load(port, WARM_SECONDS, "looking", options, len(users))
        steady = load(port, seconds, "looking", options, len(users))
        full = load(port, seconds, "looking", options)
        yield {"page": name, "a second each": steady, "as fast as it goes": full}


def _light(user: Came) -> Mapping[str, Any]:
    """Return how heavy the board is."""
    page = user.page("/console/board")
    nodes = sum(1 for _ in html5lib.parse(page, namespaceHTMLElements=False).iter())
    return {"board of open deals": OPEN_DEALS, "compressed_bytes": len(gzip.compress(page.encode())), "nodes": nodes}


def _steps(ticks: Sequence[str]) -> list[str]:
    """Return where a user goes: step by step back, and then from one end to the other."""
    back = ticks[-2 : -2 - STEPS // 2 : -1]
    return [*back, *(ticks[number * 7919 % len(ticks)] for number in range(STEPS // 2))]


def slider(ground: Ground, browser: Browser | None) -> Iterator[Mapping[str, Any]]:
    """Give how long a step through the life of a client takes."""
    with ground.place("slider") as place:
        with write_side(place):
            pass
        append_made_log(place.urls.owner, place.master, COMPANY.events_per_client, COMPANY)
        for facts in LIVES:
            last = append_made_log(place.urls.owner, place.master, facts, Life(facts, partial(_lived, facts)))
        with psycopg.connect(place.urls.owner) as owner:
            found = "SELECT stream_id::text FROM letopis.event WHERE topic = 'client.registered' ORDER BY position"
            ids = [client_id for (client_id,) in owner.execute(found)]
        with letopis(place, "all") as port:
            names = [one.name for one in PROJECTIONS]
            assert wait_until(place.urls.projector, names, last, BUILD_SECONDS), "the views were not built in time"
            for facts, client_id in zip(LIVES, ids, strict=True):
                user = Came(place, port, ADMIN_ID, "admin")
                for by in ("recorded", "occurred"):
                    yield {"facts": facts, "lens": by, "over": "http", **_over_http(user, client_id, by)}
                if browser is not None:
                    yield {"facts": facts, "over": "chromium", **_in_browser(browser, user, client_id)}


def _over_http(user: Came, client_id: str, by: str) -> Mapping[str, Any]:
    began = time.perf_counter()
    page = user.page(f"/console/clients/{client_id}?by={by}")
    opened = time.perf_counter() - began
    ticks = [unescape(each) for each in findall(r'data-to="([^"]+)"', page)]
    took = []
    for step in _steps(ticks):
        began = time.perf_counter()
        user.page(step, **STEP)
        took.append((time.perf_counter() - began) * 1e3)
    return {"stops": len(ticks), "opened_ms": round(opened * 1e3), "first_ms": round(took[0]), **_in_turn(took)}


def _in_browser(browser: Browser, user: Came, client_id: str) -> Mapping[str, Any]:
    context = browser.new_context(locale="ru", viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.goto(user.link())
        page.get_by_role("main").get_by_role("button").click()
        page.goto(f"{user.address}/console/clients/{client_id}?by=recorded")
        page.locator("time-slider [role=slider]").focus()
        page.evaluate(_TIMED)
        took: list[float] = []
        for step in range(STEPS):
            page.keyboard.press(KEYS[step % len(KEYS)])
            took = page.evaluate(_STEPPED, step + 1)
        return {"first_ms": round(took[0]), **_in_turn(took), "median_ms": round(median(took), 1)}
    finally:
        context.close()


@contextmanager
def _chromium(*, is_wanted: bool) -> Iterator[Browser | None]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not is_wanted or path is None:
        yield None
        return
    with sync_playwright() as player:
        running = player.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


def main() -> int:
    """Make the ground, measure, print a line of JSON a part."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.console", description=__doc__)
    parser.add_argument("--clients", type=int, default=1_000_000, help="a multiple of 100; 0: no pages")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each page is looked at, in each way")
    parser.add_argument("--no-slider", action="store_true")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the server's temporary folder goes")
    asked = parser.parse_args()
    configure_logs(level=WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(json.dumps({"machine": machine(), "commit": commit()}), flush=True)
    with ground(is_quick=True, events=None, folder=asked.folder) as lent:
        if not asked.no_slider:
            with _chromium(is_wanted=not asked.no_browser) as browser:
                for told in slider(lent, browser):
                    print(json.dumps(told), flush=True)
        if asked.clients:
            for told in pages(lent, asked.clients, asked.seconds):
                print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
