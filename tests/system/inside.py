"""The whole application in this process, asked without a socket: what a request costs is what the service does."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog
from fastapi import FastAPI

from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.doors import http_parts
from app.serving.http import create_app
from app.serving.metrics import Measured
from app.settings import Settings
from tests.database import MASTER
from tests.system.company import Company
from tests.system.service import SECRET

ELSEWHERE = ("203.0.113.9", 40_000)
"""Where callers are: not on the machine itself, where some things are told to whoever asks."""


class Told(NamedTuple):
    """What came back; of a stream only how it begins."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """Why it was refused."""
        return self.json["code"] if self.status >= 400 else None

    def less(self, ids: Iterable[UUID]) -> tuple[Any, ...]:
        """Return all of it but for these ids."""
        body = self.body
        for each in ids:
            body = body.replace(str(each).encode(), b"it")
        return self.status, {**self.headers, "content-length": ""}, body


@asynccontextmanager
async def inside(one: Company, folder: Path) -> AsyncIterator["Inside"]:
    """Serve a company from here, whose views are advanced by hand; nothing follows by itself, and nobody is slowed."""
    urls = Urls(one.database.owner_url, one.database.writer_url, one.database.projector_url, one.database.reader_url)
    settings = Settings(
        var=folder,
        jwt_secret=SECRET,  # type: ignore[arg-type]
        commands_per_second=0,
        reads_per_second=0,
        searches_per_minute=0,
        _env_file=None,
    )
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    before = structlog.get_config()
    # A line for each of thousands of requests takes as long as these do.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    side.start()
    try:
        app = create_app(http_parts(settings, urls, MASTER, side, one.analytics, measured=Measured()))
        async with app.router.lifespan_context(app):
            yield Inside(app)
    finally:
        side.stop()
        structlog.configure(**before)


class Inside:
    """The application as whoever sends it requests sees it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> Told:
        """Send one request; who asks for a stream hangs up when it begins."""
        parts = urlsplit(path)
        content = b"" if body is None else json.dumps(body).encode()
        given = {**headers, "Content-Length": str(len(content)), "Host": "letopis.example"}
        if body is not None:
            given["Content-Type"] = "application/json"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "client": ELSEWHERE,
            "server": ("letopis.example", 80),
        }
        begun: dict[str, Any] = {}
        told: list[bytes] = []
        hung_up = asyncio.Event()
        waiting: list[dict[str, Any]] = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await hung_up.wait()
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                begun.update(message)
                if (b"content-type", b"text/event-stream; charset=utf-8") in message["headers"]:
                    hung_up.set()
            elif not hung_up.is_set():
                told.append(message["body"])

        await self.app(scope, receive, send)
        named = {name.decode().lower(): value.decode() for name, value in begun["headers"]}
        return Told(begun["status"], named, b"".join(told))
