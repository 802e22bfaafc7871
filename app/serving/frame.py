"""The frame around every request: its size is limited, counted and logged, and no bug of ours shows its insides."""

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from math import ceil

import structlog
from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.status import HTTP_404_NOT_FOUND
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.serving.guards import CONSOLE, PageGuards, guards_for, headers_of
from app.serving.metrics import Measured
from app.words.problems import Problem, incident_of, problem_response
from commands.execution.door import ABSENT

log = structlog.get_logger("letopis.http")

SMALL = 16 * 1024
"""Bytes of the body of a question: a phone number is a few."""

ONE_COMMAND = 256 * 1024
"""Bytes of one command, a client with fifty contact points of the longest, or of a mapping."""

IMPORTS = "/imports"

UPLOADS = frozenset({IMPORTS, f"{CONSOLE}imports/upload"})
"""Where whole files are sent to."""

OF_FILES = re.compile(rf"(?:{CONSOLE}|/)clients/[^/]+/files")
"""Where files of clients are sent to."""

PARAMETERS = 250
"""Parameters of an address; two hundred ids are the most that one question takes, and it has filters beside them."""

ABSENT_SECONDS = 0.01
"""What there is not is told when so much, or a multiple of it, has passed since it was asked for: so long takes neither
looking for what is there and out of sight, nor for what was never there, and nobody sees which of the two it was."""

HUNG_UP = 499
"""What the log and the counts call a request whose caller did not wait for the end of it."""


class BodyTooLargeError(HTTPException):
    """The body is larger than allowed; a subclass of FastAPI's own, so that its body reader lets it through."""

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.facts = {"limit": limit}


class SizeLimits:
    """Refuses a query or a body that is too large: before it is read when its length is announced, else meanwhile.

    Only a batch of commands may be as large as `limit`.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["query_string"].count(b"&") >= PARAMETERS:
            many = {"pointer": "", "in": "query", "code": "too-many-parameters", "limit": PARAMETERS}
            await self._refuse(Problem(422, "invalid-request", errors=[many]), scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path in UPLOADS or OF_FILES.fullmatch(path):
            # It is taken piece by piece, and refuses by itself what is too large.
            await self.app(scope, receive, send)
            return
        ours = (
            ONE_COMMAND
            if path.startswith(("/commands/", f"{IMPORTS}/", CONSOLE))
            else self.limit
            if path.startswith("/commands")
            else SMALL
        )
        limit = min(ours, self.limit)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:18]) > limit:
            await self._refuse(Problem(413, "payload-too-large", {"limit": limit}), scope, receive, send)
            return
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLargeError(limit)
            return message

        await self.app(scope, limited, send)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        await problem_response(problem, Headers(scope=scope).get("accept-language"))(scope, receive, send)


class Frame:
    """The outermost door: one log line and one count per request; a bug becomes a 500 that tells only a number.

    Every answer leaves with the guards of its page, or of what is no page.
    """

    def __init__(
        self,
        app: ASGIApp,
        measured: Measured,
        actor_of: Callable[[str | None], str | None],
        pages: PageGuards,
    ) -> None:
        self.app = app
        self.measured = measured
        self.actor_of = actor_of
        self.pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        status = 0
        is_head = scope["method"] == "HEAD"
        # A caller who may GET something may ask for the head of that answer alone.
        asked = {**scope, "method": "GET"} if is_head else scope
        guards = guards_for(self.pages, scope["path"])

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == HTTP_404_NOT_FOUND or asked.get(ABSENT):
                    await wait_until(_next_step(began))
                given = message["headers"]
                message["headers"] = [*given, *headers_of(guards, scope["scheme"], given)]
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(asked, receive, watched)
        except (ClientDisconnect, asyncio.CancelledError):
            # The caller has gone; or the service goes, and has hung up.
            status = HUNG_UP
        except Exception as bug:  # noqa: BLE001 — the outermost door: whatever it is, the caller gets a 500 problem
            problem = incident_of(bug, method=scope["method"])
            if not status:
                language = Headers(scope=scope).get("accept-language")
                await problem_response(problem, language)(scope, receive, watched)
        finally:
            self._note(asked, scope["method"], status, time.monotonic() - began)

    def _note(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = scope.get("route")
        template = getattr(route, "path", "(none)")
        self.measured.note_request(method, template, status, seconds)
        log.info(
            "request",
            action=getattr(route, "name", None),
            method=method,
            route=template,
            status=status,
            duration_ms=round(seconds * 1000, 2),
            actor=self.actor_of(_authorization(scope)),
        )


def _next_step(began: float) -> float:
    """Return the next moment at which a multiple of ABSENT_SECONDS has passed."""
    return began + ceil((time.monotonic() - began) / ABSENT_SECONDS) * ABSENT_SECONDS


async def wait_until(moment: float) -> None:
    """Wait until a moment of time.monotonic(), which is the clock of the event loop.

    The loop counts in milliseconds, from a clock that stands still while something is worked on: what was over would
    show how long the work took. So that clock is set first, and the loop is told the moment, and not how long it is.
    """
    await asyncio.sleep(0)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(moment):
            await asyncio.get_running_loop().create_future()


def _authorization(scope: Scope) -> str | None:
    """Return the header that says who asks; for every request, so without making an object of all headers."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return str(value, "latin-1")
    return None
