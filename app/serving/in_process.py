"""Asks the application of this process as a client over the wire would: through every door of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import cast
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Scope

from read_api.console.calling import Followed, Receive, Told

Headers = Mapping[str, str]


class InProcess:
    """Asks an application; what it says of the caller's address is nothing, so that nobody is taken for the machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(
        self, method: str, path: str, headers: Headers, body: bytes = b"", receive: Receive | None = None
    ) -> Told:
        """Return the whole answer; raises what the application raises, which is a bug of ours.

        `receive` is of the request on whose behalf is asked: when its sender hangs up, this one's has. Without it
        nobody does.
        """
        is_sent = False

        async def received() -> Message:
            nonlocal is_sent
            if not is_sent:
                is_sent = True
                return {"type": "http.request", "body": body, "more_body": False}
            if receive is None:
                await asyncio.Event().wait()
            return await cast(Receive, receive)()

        return await self._answered(_scope(method, path, headers, body), received)

    async def carry(self, path: str, headers: Headers, parts: AsyncIterator[bytes]) -> Told:
        """Send a body as it comes, and return the answer; raises what `parts` raises."""

        async def receive() -> Message:
            async for part in parts:
                return {"type": "http.request", "body": part, "more_body": True}
            return {"type": "http.request", "body": b"", "more_body": False}

        return await self._answered(_scope("POST", path, headers, None), receive)

    async def _answered(self, scope: Scope, receive: Receive) -> Told:
        status, told, parts = 0, dict[str, str](), list[bytes]()

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told.update(_headers_of(message))
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Told(status, told, b"".join(parts))

    @asynccontextmanager
    async def follow(self, path: str, headers: Headers) -> AsyncIterator[Followed]:
        """Give an answer as it comes; raises what the application raises before it answers."""
        messages = asyncio.Queue[Message | None]()
        # One part waits at most: an application that nobody listens to waits as one does whose caller reads nothing.
        room = asyncio.Semaphore()
        is_begun = False

        async def receive() -> Message:
            nonlocal is_begun
            if is_begun:
                # Whoever listens no more cancels the whole application.
                await asyncio.get_running_loop().create_future()
            is_begun = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            await room.acquire()
            messages.put_nowait(message)

        async def answer() -> None:
            try:
                await self._app(_scope("GET", path, headers, b""), receive, send)
            finally:
                messages.put_nowait(None)

        async def parts() -> AsyncIterator[bytes]:
            while (message := await messages.get()) is not None:
                room.release()
                yield message.get("body", b"")

        task = asyncio.create_task(answer())
        try:
            began = await messages.get()
            if began is None:
                await task
                raise RuntimeError("the application gave no answer")
            room.release()
            yield Followed(began["status"], dict(_headers_of(began)), parts())
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _headers_of(message: Message) -> list[tuple[str, str]]:
    return [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]]


def _scope(method: str, path: str, headers: Headers, body: bytes | None) -> Scope:
    size = [] if body is None else [(b"content-length", str(len(body)).encode())]
    address, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote_to_bytes(address).decode("utf-8", "replace"),
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"letopis"),
            *size,
            *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        ],
        "client": None,
        "server": ("letopis", 80),
    }
