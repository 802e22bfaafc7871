"""The door of the console: who is let in, which page answers, and what every page tells the browser."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from read_api.console.calling import Api, Call, RefusedError
from read_api.console.drawing import Drawing
from read_api.console.packing import LEVEL, PACKED, SMALL_BYTES, packed, takes_packed
from read_api.console.page import File, Gone, Page, View
from read_api.console.sessions import (
    LOOK,
    LOOK_SECONDS,
    PATH,
    SEEN,
    SEEN_SECONDS,
    Kept,
    Session,
    Sessions,
    is_same_origin,
    is_secure,
)
from read_api.console.signing import Provider
from read_api.console.visit import THEMES, Visit
from read_api.console.words import LANGUAGES, Catalogue, Words, own_words

ENTER = f"{PATH}/enter"


class Person(NamedTuple):
    """Somebody of the demo company whom one may be, by a click."""

    key: str
    name: str
    role: str


@dataclass(frozen=True)
class Ways:
    """The ways in. `people` are whom one may choose to be from this machine; `token_of` gives the token of one.

    `is_here` tells whether a browser is on this machine: elsewhere nobody comes in without TLS. With a `provider` one
    signs in there.
    """

    people: Callable[[Request], Sequence[Person]]
    token_of: Callable[[str], str]
    is_here: Callable[[Request], bool]
    provider: Provider | None = None


class Look(NamedTuple):
    """How somebody likes the console: the language, and light or dark where they chose."""

    language: str
    theme: str | None

    @classmethod
    def of(cls, request: Request, language_of: Callable[[str | None], str]) -> "Look":
        """Return what was chosen in this browser; else its own language, and as the system has it."""
        language, _, theme = request.cookies.get(LOOK, "").partition(".")
        return cls(
            language if language in LANGUAGES else language_of(request.headers.get("accept-language")),
            theme if theme in THEMES else None,
        )


class Door:
    """Lets users in and answers with pages; it knows the API by `call` and nothing else of the house."""

    def __init__(
        self,
        call: Call,
        kept: Kept,
        ways: Ways,
        pages: Sequence[Page],
        language_of: Callable[[str | None], str],
        own: Catalogue | None = None,
    ) -> None:
        self.call = call
        self.kept = kept
        self.ways = ways
        self.sessions = Sessions(kept, ways.provider)
        self.pages = pages
        self.own = own_words() if own is None else own
        self._language_of = language_of
        self._drawing = Drawing()
        self._public: dict[str, Any] = {}

    async def public(self, path: str) -> Any:
        """Return what the API tells anybody, asked once: its labels, its description."""
        if path not in self._public:
            told = await self.call("GET", path, {})
            if told.status != 200:
                raise RefusedError(told)
            self._public[path] = from_json(told.body)
        return self._public[path]

    def look_of(self, request: Request) -> Look:
        """Return how whoever asks likes the console."""
        return Look.of(request, self._language_of)

    async def words_for(self, language: str, zone: str = "UTC") -> Words:
        """Return what the console says in a language."""
        labels: Catalogue = {}
        with suppress(RefusedError):
            # Where the API is away that is said all the same.
            labels = (await self.public("/labels"))["lists"]
        return Words(language, ZoneInfo(zone), self.own, labels, datetime.now(UTC))

    async def visit(self, request: Request, session: Session) -> Visit:
        """Return a look of somebody who is in; raises RefusedError, 401 when their token is over."""
        look = self.look_of(request)
        # What comes after the body is that the browser hung up: whatever is computed for it ends then.
        await request.body()
        api = Api(self.call, session.token, look.language, _seen(request), request.receive)
        me = await api.get("/me")
        words = await self.words_for(look.language, me["zone"])
        return Visit(request, session, api, me, words, self.public, self.kept, look.theme)

    async def answer(self, page: Page, request: Request) -> Response:
        """Answer a request with a page, or send whoever is not in to where they come in."""
        session = await self.sessions.of(request)
        if session is None:
            return _go(f"{ENTER}?to={quote(_address_of(request))}" if page.method == "GET" else ENTER, request)
        try:
            visit = await self.visit(request, session)
        except RefusedError as refused:
            if refused.status in {401, 403}:
                await self.sessions.end(session)
            return await self.outside(request, "refused.html", "enter.title", refused=refused, status=refused.status)
        if page.method == "POST":
            visit.form = await form_of(request)
            if not is_same_origin(request) or not session.is_own_form(visit.form.get("word", "")):
                return self.inside(visit, View("foreign.html", visit.words("errors.foreign"), status=403))
        try:
            shown = await page.show(visit, **request.path_params)
        except RefusedError as refused:
            shown = View("refused.html", refused.title, {"refused": refused}, refused.status)
        match shown:
            case Gone():
                return self.went(visit, shown)
            case File():
                return _file(shown)
            case _:
                return self.inside(visit, shown)

    def went(self, visit: Visit, gone: Gone) -> Response:
        """Send the browser on; what it looks at next shows what was done."""
        response = _go(gone.address, visit.request)
        if gone.position:
            response.set_cookie(
                SEEN,
                # What was done before, and is answered once more, was seen by then.
                str(max(gone.position, _seen(visit.request))),
                max_age=SEEN_SECONDS,
                path=PATH,
                secure=is_secure(visit.request),
                httponly=True,
                samesite="strict",
            )
        return response

    def inside(self, visit: Visit, view: View) -> Response:
        """Draw a page for somebody who is in."""
        chosen = [page for page in self.pages if page.name is not None and visit.may_look_at(page.asks, page.of_staff)]
        shown = {"visit": visit, "me": visit.me, "menu": chosen, "theme": visit.theme, **view.shown}
        return self._page(visit.request, view, visit.words, shown, visit.api.shown)

    async def outside(
        self, request: Request, template: str, title: str, *, status: int = 200, **shown: Any
    ) -> Response:
        """Draw a page for somebody who is not in."""
        look = self.look_of(request)
        words = await self.words_for(look.language)
        view = View(template, words(title), status=status)
        return self._page(request, view, words, {"visit": None, "menu": [], "theme": look.theme, **shown})

    def _page(
        self, request: Request, view: View, words: Words, shown: Mapping[str, Any], position: int | None = None
    ) -> Response:
        nonce = secrets.token_urlsafe(16)
        more = {} if view.address is None else {"hx-replace-url": view.address}
        if view.is_live:
            more[POSITION] = str(position or 0)
        known = {"t": words, "title": view.title, "nonce": nonce, "live_from": more.get(POSITION)}
        html = self._drawing.draw(view.template, {**known, **shown}).encode()
        headers = {**PAGE_HEADERS, "content-security-policy": policy(nonce), "content-language": words.language, **more}
        if len(html) > SMALL_BYTES and takes_packed(request):
            html, headers = packed(html, LEVEL), {**headers, **PACKED}
        return Response(html, view.status, headers, "text/html")


PAGE_HEADERS = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "vary": "Cookie, Accept-Encoding, Accept-Language",
}


POSITION = "letopis-position"
"""How far a page that is shown anew has to be true; and of its answer, how far it is."""

PASSED = frozenset({"content-type", "content-disposition", "letopis-position", "letopis-parked", "letopis-stale"})
"""What the API says of a file that is said of it here too."""


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page: it runs and loads what is ours, and nothing else."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "require-trusted-types-for 'script'; trusted-types htmx"
    )


def _file(file: File) -> Response:
    """Pass on what the API answered, with what it says of it."""
    kept = {name: value for name, value in file.told.headers.items() if name in PASSED}
    named = {"content-disposition": f'attachment; filename="{file.name}"', "cache-control": "no-store"}
    return Response(file.told.body, headers={**named, **kept, "x-content-type-options": "nosniff"})


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form; of one that is there twice the last."""
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True))


def _seen(request: Request) -> int:
    """Return what a page has to show at least: what was done in this browser, and what it has heard of."""
    told = (request.cookies.get(SEEN, ""), request.headers.get(POSITION, ""))
    return max((int(each[:18]) for each in told if each.isascii() and each.isdigit()), default=0)


def _address_of(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path


def _go(address: str, request: Request) -> Response:
    """Send the browser to another page of ours: htmx by a header, for it would follow by itself and show it inside."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"hx-redirect": address, "cache-control": "no-store"})
    return RedirectResponse(address, 303, {"cache-control": "no-store"})


def own_address(given: str, otherwise: str = PATH) -> str:
    """Return an address of a page of ours; anything else is not gone to."""
    return given if given.startswith(f"{PATH}/") and "\\" not in given and "//" not in given else otherwise


class PageRoute(Route):
    """A route that names itself for the log, as those of the API do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the request is ours."""
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def routes_of(door: Door, more: Sequence[Route]) -> list[Route]:
    """Return the routes of every page, those of `more` first."""

    def bound(page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await door.answer(page, request)

        return answer

    return [
        *more,
        *(
            PageRoute(PATH + page.path, bound(page), methods=[page.method], name=page.show.__name__)
            for page in door.pages
        ),
    ]


__all__ = ["LOOK_SECONDS", "Door", "Person", "Ways", "form_of", "own_address", "routes_of"]
