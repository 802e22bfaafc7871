"""How soon a fact is seen on an open page, and what a hundred open browsers cost: `python -m tests.bench.live_pages`.

It expects that of facts a second and more apart 99 of 100 are painted within 500 ms of when the command was sent, on a
page in Chromium that nobody touches; and that a hundred browsers which hold their stream cost less than a twentieth of
a core and no memory that grows. The hundred are simulated: each is a session of its own with `/console/live` open, as
a browser out of sight has it for its first minute, and asks for no page. Half of the time nothing happens, half of it
a fact is recorded every five seconds, of which all of them hear. Processor time and memory are those of the service's
own processes as Linux counts them, the database's beside them.
"""

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from uuid import uuid4

import httpx
from playwright.sync_api import Page, sync_playwright

from app.auth.issuing import issue_token
from app.database import master_key, running_owner_url
from app.demo.company import demo_id
from app.serving.console import TOKEN_LIFE, link_at
from app.settings import Settings
from tests.system.service import SECRET, Service, service, token, wait_ready
from tests.system.visitors import SAME_ORIGIN, Seen

ROMASHKA = str(demo_id("romashka"))
STAFF = ("anna", "boris", "head", "vera")
BROWSERS = 100
STREAMS = 400
"""Room for them: a fifth of the streams are one user's."""

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

WATCH = """() => {
    window.painted = {};
    new MutationObserver(() => {
        for (const mark of document.querySelector(".notes")?.innerText.match(/mark-[0-9a-f-]{36}/g) ?? [])
            if (!(mark in window.painted)) {
                window.painted[mark] = 0;
                requestAnimationFrame(() => setTimeout(() => (window.painted[mark] = Date.now())));
            }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


class House:
    """A service with the demo company, and ways into it."""

    def __init__(self, running: Service, var: Path) -> None:
        settings = Settings(var=var, _env_file=None)
        self.running = running
        self._owner, self._master = running_owner_url(settings), master_key(settings)

    def link(self, who: str) -> str:
        settings = Settings(jwt_secret=SECRET, _env_file=None)  # type: ignore[arg-type]
        signed = issue_token(settings, str(demo_id(who)), None, TOKEN_LIFE)
        return link_at(self.running.address, self._owner, self._master, signed)

    def cookies(self, who: str) -> dict[str, str]:
        """Let somebody in, and return their cookies."""
        with httpx.Client(base_url=self.running.address, headers=SAME_ORIGIN, timeout=60) as client:
            came = Seen(client.get(self.link(who)))
            client.post("/console/enter", data=came.form("/console/enter").values)
            return dict(client.cookies)

    def notes(self, text: str) -> int:
        told = self.running.post(
            "note-client",
            {"client_id": ROMASHKA, "text": text},
            token(demo_id("head"), "head"),
        )
        return int(told.json()["position"])


@contextmanager
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="live-pages-"))
    folder.chmod(0o755)
    try:
        with service(folder, "service", more={"LETOPIS_EVENT_STREAMS": str(STREAMS)}) as running:
            wait_ready(running)
            yield House(running, folder / "service")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pixels(lent: House, facts: int) -> Mapping[str, float]:
    """Return how many milliseconds pass from a command to what is painted of it on another's page."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(lent.link("anna"))
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url(lambda address: "/console/enter" not in address)
        page.goto(f"{lent.running.address}/console/clients/{ROMASHKA}")
        page.evaluate(WATCH)
        page.wait_for_timeout(3_000)
        times = sorted(_painted(lent, page, number) for number in range(facts))
        browser.close()
    cuts = quantiles(times, n=100)
    return {"facts": facts, "p50_ms": round(median(times)), "p95_ms": round(cuts[94]), "p99_ms": round(cuts[98])}


def _painted(lent: House, page: Page, number: int) -> float:
    mark = f"mark-{uuid4()}"
    began = time.time()
    lent.notes(mark)
    page.wait_for_function("mark => window.painted[mark] > 0", arg=mark, polling=50, timeout=20_000)
    at = page.evaluate("mark => window.painted[mark]", mark)
    # Apart by more than the second that a page rests, and not in step with it.
    page.wait_for_timeout(1_200 + 37 * (number % 11))
    return float(at) - 1_000 * began


def processes_of(root: int) -> dict[str, tuple[float, int]]:
    """Return the processor seconds and the resident bytes of the service, and of its database."""
    found: dict[int, tuple[int, str, float, int]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            head, _, rest = (folder / "stat").read_text().rpartition(")")
        except OSError:
            continue
        known = rest.split()
        seconds = (int(known[11]) + int(known[12])) / TICKS
        found[int(folder.name)] = int(known[1]), head.partition("(")[2], seconds, int(known[21]) * PAGE
    kin = {root}
    while more := {pid for pid, (parent, *_) in found.items() if parent in kin} - kin:
        kin |= more
    told = {"service": (0.0, 0), "database": (0.0, 0)}
    for pid in kin & found.keys():
        _, name, seconds, size = found[pid]
        kind = "database" if name.startswith("postgres") else "service"
        told[kind] = told[kind][0] + seconds, told[kind][1] + size
    return told


async def browsers(lent: House, minutes: float) -> Mapping[str, object]:
    """Hold the streams of a hundred browsers, and return what they cost."""
    cookies = [lent.cookies(STAFF[number % len(STAFF)]) for number in range(BROWSERS)]
    heard = [0] * BROWSERS
    limits = httpx.Limits(max_connections=None)

    async def listen(number: int) -> None:
        address = f"{lent.running.address}/console/live"
        async with httpx.AsyncClient(timeout=60, limits=limits, cookies=cookies[number]) as client:
            while True:
                async with client.stream("GET", address) as answer:
                    assert answer.status_code == 200, answer.status_code
                    async for line in answer.aiter_lines():
                        heard[number] += line.startswith('data: {"position"')

    root = lent.running.process.pid
    alone = await _over(root, 60)
    listening = [asyncio.create_task(listen(number)) for number in range(BROWSERS)]
    await asyncio.sleep(30)
    memory = [_mebibytes(root)]
    quiet: list[dict[str, float]] = []
    busy: list[dict[str, float]] = []
    for part in range(max(2, round(minutes))):
        is_busy = part >= max(1, round(minutes) // 2)
        telling = asyncio.create_task(_tells(lent)) if is_busy else None
        (busy if is_busy else quiet).append(await _over(root, 60))
        if telling is not None:
            telling.cancel()
        memory.append(_mebibytes(root))
    assert not any(each.done() for each in listening), "a stream broke off"
    for each in listening:
        each.cancel()
    return {
        "browsers": BROWSERS,
        "none_percent_of_a_core": alone,
        "quiet_percent_of_a_core": _mean(quiet),
        "a_fact_each_5_s_percent_of_a_core": _mean(busy),
        "heard_of": (min(heard), max(heard)),
        "service_mib_each_minute": memory,
    }


async def _tells(lent: House) -> None:
    while True:
        await asyncio.to_thread(lent.notes, f"live {uuid4()}")
        await asyncio.sleep(5)


async def _over(root: int, seconds: float) -> dict[str, float]:
    """Return how much of a core each kind of process takes meanwhile, in per cent."""
    before, began = processes_of(root), time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = processes_of(root), time.monotonic() - began
    return {kind: round(100 * (after[kind][0] - before[kind][0]) / passed, 2) for kind in after}


def _mean(parts: list[dict[str, float]]) -> dict[str, float]:
    return {kind: round(sum(part[kind] for part in parts) / len(parts), 2) for kind in ("service", "database")}


def _mebibytes(root: int) -> int:
    return processes_of(root)["service"][1] // 2**20


def main() -> None:
    """Measure, and print what was found as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.live_pages")
    parser.add_argument("--facts", type=int, default=200, help="how many facts are waited for")
    parser.add_argument("--minutes", type=float, default=10, help="how long the browsers are open; 0: not at all")
    asked = parser.parse_args()
    with house() as lent:
        told: dict[str, object] = {}
        if asked.facts:
            told["fact_to_pixel"] = pixels(lent, asked.facts)
            sys.stderr.write(json.dumps(told) + "\n")
        if asked.minutes:
            told["open_browsers"] = asyncio.run(browsers(lent, asked.minutes))
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
