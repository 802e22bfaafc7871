"""The console in a language that nobody speaks: each of its words is longer, accented, and between marks.

It is a console of its own here, which asks the API of a running service over the wire.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from xml.etree.ElementTree import Element

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
from tests.system.visitors import Seen, shape_of

LANGUAGE = "xx"
ACCENTS = str.maketrans("aeiouncs", "áéíóúñçš")
MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[^\W\d_]{2,}")

ROMASHKA = demo_id("romashka")
LOOKED_AT = (
    "/console",
    f"/console/clients/{ROMASHKA}?by=occurred",
    f"/console/clients/{ROMASHKA}?by=occurred&as_of=2000-01-01",
    "/console/board?as_of=2026-06-30",
    "/console/operate/rebuild?projection=products",
    "/console/operate/throttle?projection=products",
    "/console/company/staff?as_of=2026-06-30",
    "/console/nowhere",
)
"""Where one begins: the rest is what links lead to, one page of each kind."""
DATES = {
    word
    for month in range(1, 13)
    for form in ("EEEE, d MMMM y", "d MMM y")
    for day in range(1, 8)
    for word in WORD.findall(format_date(date(2026, month, day), form, locale="en_GB"))
}
OF_THEMSELVES = DATES | {
    "English",
    "Русский",
    "Alt",
    "Esc",
    "Ctrl",
    "Enter",
    "SELECT",
    "byte",
    "kB",
    "sec",
    "secs",
    "min",
}
OF_THEMSELVES |= {"mins", "Arrow", "Parquet", "Excel", "Python", "curl", "Vega", "Lite", "vCard", "analytics"}
CODES = re.compile("[A-Z]{2,4}")
"""What currencies, units and forms of files are called everywhere."""


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


def _also_strangely(told: Any) -> Any:
    """Return what the API said, in that language too wherever it says something in ours."""
    match told:
        case {"en": str(text), "ru": str()}:
            # A heading is one part of such a text, and what it means in detail the other.
            parts = re.split(r"([,:;] )", text)
            return {**told, LANGUAGE: "".join(part if part[1:] == " " else strange(part) for part in parts)}
        case dict():
            return {name: _also_strangely(each) for name, each in told.items()}
        case list():
            return [_also_strangely(each) for each in told]
        case _:
            return told


def strangely(running: Service, authorization: str) -> tuple[int, dict[str, set[str]], set[str]]:
    """Look at one page of each kind in that language, from where one begins on, wherever links lead.

    Return how many words were marked, those of each page that were not, and which kinds of pages there were.
    """

    async def go() -> tuple[int, dict[str, set[str]], set[str]]:
        shelf, given = Shelf(), set[str]()
        async with httpx.AsyncClient(base_url=running.address, timeout=60) as api:

            async def call(
                method: str, path: str, headers: Mapping[str, str], body: bytes = b"", receive: Receive | None = None
            ) -> Told:
                answer = await api.request(method, path, headers=dict(headers), content=body)
                content = answer.content
                if path != "/openapi.json" and "json" in answer.headers["content-type"]:
                    told = json.loads(content)
                    content = json.dumps(_also_strangely(told)).encode()
                    if path != "/labels":
                        words = [word for text in _texts(told) for word in WORD.findall(text)]
                        given.update(words, map(str.capitalize, words))
                return Told(answer.status_code, answer.headers, content)

            ways = Ways(lambda _: (), lambda _: "", lambda _: True)
            door = Door(call, shelf, ways, PAGES, lambda _: LANGUAGE, strange_words(own_words()))
            kept = {"token": authorization.removeprefix("Bearer "), "ends": 2e10}
            await shelf.keep(SESSION, "secret", json.dumps(kept).encode(), 60)
            transport = httpx.ASGITransport(app=Starlette(routes=routes_of(door, (ROUTE,))))
            marked, left, looked = 0, dict[str, set[str]](), set[str]()
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as browser:
                browser.cookies.set("letopis-8000", "secret")
                waiting = [*LOOKED_AT]
                while waiting:
                    path = waiting.pop(0)
                    if not path.startswith("/console") or shape_of(path) in looked:
                        continue
                    looked.add(shape_of(path))
                    page = Seen(await browser.get(path, follow_redirects=True))
                    waiting += page.links
                    texts = list(_shown(page))
                    marked += sum(text.count("⟦") for text in texts)
                    words = {word for text in texts for word in WORD.findall(_unmarked(text))}
                    if unknown := {one for one in words - given - OF_THEMSELVES if not CODES.fullmatch(one)}:
                        left[path] = unknown
        return marked, left, looked

    return asyncio.run(go())


def _shown(page: Seen) -> Iterator[str]:
    """Give every text that a reader sees or hears."""
    yield " ".join(_said(page.root))
    for each in page.root.iter():
        yield from (each.attrib[name] for name in ("placeholder", "title", "aria-label", "alt") if name in each.attrib)


def _said(element: Element) -> Iterator[str]:
    """Give every text, but for what is to be copied and run."""
    if element.tag not in {"code", "pre", "script"}:
        yield element.text or ""
        for each in element:
            yield from _said(each)
    yield element.tail or ""


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
