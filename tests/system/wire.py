"""A small HTTP client for tests that send thousands of requests: connections that stay open, and nothing per request
but the bytes; what a general client costs would be more than what the service does.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Answer(NamedTuple):
    """What came back: the status and the JSON."""

    status: int
    body: Any


class Wire:
    """One connection to a service."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
        """Send one request and wait for its answer."""
        content = json.dumps(body).encode()
        return await self._ask("POST", path, {**headers, "Content-Type": "application/json"}, content)

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Ask for something and wait for the answer."""
        return await self._ask("GET", path, headers, b"")

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: test\r\n"
        writer.write(f"{head}Content-Length: {len(content)}\r\n{lines}\r\n".encode() + content)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        return Answer(int(answer.split(" ", 2)[1]), json.loads(await reader.readexactly(length)))

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


Call = tuple[str, dict[str, Any], dict[str, str]]
"""A command by its name, its fields, and the headers of who sends it."""


async def at_once(wires: Sequence[Wire], calls: Sequence[Call]) -> list[Answer]:
    """Send each command on a connection of its own, all at once."""
    return await asyncio.gather(
        *(
            wire.post(f"/commands/{command}", body, headers)
            for wire, (command, body, headers) in zip(wires, calls, strict=True)
        )
    )
