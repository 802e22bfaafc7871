"""Callers who keep a line open and do nothing with it: it is closed, and nobody else waits for them."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from app.serving import protocol
from app.serving.protocol import Protocol

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(protocol, name, 0.3)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with eight megabytes, more than any socket holds, once the whole request is there."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
    size = 8_000_000 if scope["path"] == "/much" else 2
    length = (b"content-length", str(size).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    for _ in range(8 if size > 2 else 1):
        await send({"type": "http.response.body", "body": b"x" * (size // (8 if size > 2 else 1)), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def _until(is_so: Callable[[], object]) -> None:
    while not is_so():  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.01)


async def _say(port: int, parts: Sequence[bytes], ready_to_read: Callable[[], object]) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.05)
    async with asyncio.timeout(60):
        await _until(ready_to_read)
        answer = await reader.read()
    writer.close()
    return answer


def talk(runner: asyncio.Runner, *parts: bytes, reads: bool = True) -> bytes:
    """Start a server, say this to it, part by part, and return what it says until it hangs up; or read only then."""

    async def go() -> bytes:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(echo, http=Protocol, lifespan="off", log_level="error", timeout_keep_alive=60)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await _until(lambda: server.started)
        try:
            return await _say(listening.getsockname()[1], parts, lambda: reads or not server.server_state.connections)
        finally:
            server.should_exit = True
            await serving

    return runner.run(go())


def test_who_says_nothing_is_hung_up_on(runner: asyncio.Runner) -> None:
    assert talk(runner) == b""


@pytest.mark.parametrize("sent", [b"GET / HT", HEAD[:40], HEAD[:-2]])
def test_a_head_that_does_not_end_is_told_so(runner: asyncio.Runner, sent: bytes) -> None:
    assert talk(runner, sent).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_body_that_does_not_come_is_told_so(runner: asyncio.Runner) -> None:
    answer = talk(runner, HEAD, b"12345")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"too-slow"' in answer


def test_the_second_request_on_a_line_has_its_own_time(runner: asyncio.Runner) -> None:
    answer = talk(runner, HEAD + b"1234567890", HEAD[:30])
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answer


def test_an_answer_that_nobody_reads_is_given_up(runner: asyncio.Runner) -> None:
    with suppress(ConnectionError):
        assert len(talk(runner, b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n", reads=False)) < 8_000_000


def test_one_connection_more_than_there_may_be_is_told_so(
    runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "CONNECTIONS", 0)
    assert b'"code":"too-many-connections"' in talk(runner)
