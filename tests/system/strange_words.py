"""The console in a language that nobody speaks: each of its words is longer, accented, and between marks.

It is a console of its own here, which asks the API of a running service over the wire.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import httpx
from babel.dates import format_date
from starlette.applications import Starlette

from app.demo.company import demo_id
from read_api.console.assets import ROUTE
from read_api.console.calling import Receive, Told
from read_api.console.door import Door, Ways, routes_of
from read_api.console.pages import PAGES
from read_api.console.sessions import SESSION
from read_api.console.words import Catalogue, own_words
from tests.read_api.console.test_sessions import Shelf
from tests.system.service import Service
from tests.system.visitors import Seen

LANGUAGE = "xx"
ACCENTS = str.maketrans("aeiouncs", "áéíóúñçš")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[^\W\d_]{2,}")

ROMASHKA = demo_id("romashka")
LOOKED_AT = (
    "/console/my-day",
    "/console/clients",
    f"/console/clients/{ROMASHKA}",
    f"/console/clients/{ROMASHKA}?by=occurred",
    f"/console/clients/{ROMASHKA}?by=occurred&as_of=2000-01-01",
    "/console/board",
    "/console/board?as_of=2026-06-30",
    "/console/reports",
    "/console/sql",
    "/console/do/register-client",
    "/console/do/plan-activity",
    "/console/do/record-activity",
    "/console/projections",
    "/console/projections/products",
    "/console/projections/analytics",
    "/console/operate/rebuild?projection=products",
    "/console/operate/throttle?projection=products",
    "/console/nowhere",
)
DATES = {
    word
    for month in range(1, 13)
    for form in ("EEEE, d MMMM y", "d MMM y")
    for day in range(1, 8)
    for word in WORD.findall(format_date(date(2026, month, day), form, locale="en_GB"))
}
OF_THEMSELVES = DATES | {"English", "Русский", "Alt", "Esc", "kB", "MB", "GB", "sec", "secs", "min", "mins"}
OF_THEMSELVES |= {"Ctrl", "Enter", "SELECT"}


def strange(text: str) -> str:
    """Return a sentence as nobody says it, four tenths longer; what it names stays."""
    parts = re.split(r"(\{\w+\})", text)
    told = "".join(part if part.startswith("{") else part.translate(ACCENTS) for part in parts)
    return f"⟦{told}{'~' * (len(text) * 2 // 5)}⟧"


def _strangely(told: Any) -> Any:
    return {name: strange(each) for name, each in told.items()} if isinstance(told, dict) else strange(told)


def strange_words(catalogue: Catalogue) -> Catalogue:
    """Return the words with those of the language that nobody speaks."""
    return {
        page: {word: {**told, LANGUAGE: _strangely(told["en"])} for word, told in words.items()}
        for page, words in catalogue.items()
    }


def strangely(running: Service, authorization: str) -> tuple[int, dict[str, set[str]]]:
    """Look at pages in that language; return how many words were marked, and those of each page that were not."""

    async def go() -> tuple[int, dict[str, set[str]]]:
        shelf, given = Shelf(), set[str]()
        async with httpx.AsyncClient(base_url=running.address, timeout=60) as api:

            async def call(
                method: str, path: str, headers: Mapping[str, str], body: bytes = b"", receive: Receive | None = None
            ) -> Told:
                answer = await api.request(method, path, headers=dict(headers), content=body)
                content = answer.content
                if path == "/labels":
                    told = json.loads(content)
                    content = json.dumps({"lists": strange_words(told["lists"])}).encode()
                elif path != "/openapi.json":
                    given.update(word for text in _texts(json.loads(content)) for word in WORD.findall(text))
                return Told(answer.status_code, answer.headers, content)

            ways = Ways(lambda _: (), lambda _: "", lambda _: True)
            door = Door(call, shelf, ways, PAGES, lambda _: LANGUAGE, strange_words(own_words()))
            kept = {"token": authorization.removeprefix("Bearer "), "ends": 2e10}
            await shelf.keep(SESSION, "secret", json.dumps(kept).encode(), 60)
            transport = httpx.ASGITransport(app=Starlette(routes=routes_of(door, (ROUTE,))))
            marked, left = 0, dict[str, set[str]]()
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
                browser.cookies.set("letopis-8000", "secret")
                for path in LOOKED_AT:
                    texts = list(_shown(Seen(await browser.get(path))))
                    marked += sum(text.count("⟦") for text in texts)
                    words = {word for text in texts for word in WORD.findall(_unmarked(text))}
                    if unknown := words - given - OF_THEMSELVES:
                        left[path] = unknown
        return marked, left

    return asyncio.run(go())


def _shown(page: Seen) -> Iterator[str]:
    """Give every text that a reader sees or hears."""
    yield " ".join(page.root.itertext())
    for each in page.root.iter():
        yield from (each.attrib[name] for name in ("placeholder", "title", "aria-label", "alt") if name in each.attrib)


def _unmarked(text: str) -> str:
    """Return what is not translated; a sentence may stand within another."""
    while (left := MARKED.sub(" ", text)) != text:
        text = left
    return text


def _texts(told: Any) -> Iterator[str]:
    match told:
        case str():
            yield told
        case dict():
            for name, each in told.items():
                yield name
                yield from _texts(each)
        case list():
            for each in told:
                yield from _texts(each)
        case _:
            pass
