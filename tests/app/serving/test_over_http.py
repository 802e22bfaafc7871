"""What a console of its own process asks: who hangs up there hangs up at the API, but not before a command is done."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import from_json

from app.serving.over_http import OverHttp
from read_api.console.calling import Told

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Neighbour:
    """An API that keeps its callers waiting; it knows what was asked and who hung up."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.hung_up = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None

    def breaks_off(self) -> None:
        """Leave whoever asked without an answer."""
        assert self._writer is not None
        self._writer.transport.abort()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        await reader.readuntil(b"\r\n\r\n")
        self.asked.set()
        rest = asyncio.ensure_future(reader.read())
        allowed = asyncio.ensure_future(self.may_answer.wait())
        await asyncio.wait([rest, allowed], return_when=asyncio.FIRST_COMPLETED)
        if rest.done():
            self.hung_up.set()
        else:
            writer.write(ANSWER)
            await writer.drain()
            rest.cancel()
        allowed.cancel()
        writer.close()


def with_neighbour(tries: Callable[[OverHttp, Neighbour], Awaitable[None]]) -> None:
    async def go() -> None:
        neighbour = Neighbour()
        server = await asyncio.start_server(neighbour, "127.0.0.1", 0)
        api = OverHttp(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with asyncio.timeout(20):
            await tries(api, neighbour)
        await api.close()
        server.close()

    asyncio.run(go())


def leaving(asked: asyncio.Event) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return what tells that the browser hung up, once the API was asked."""

    async def receive() -> dict[str, Any]:
        await asked.wait()
        return {"type": "http.disconnect"}

    return receive


def test_who_hangs_up_at_the_console_hangs_up_at_the_api() -> None:
    async def tries(api: OverHttp, neighbour: Neighbour) -> None:
        told = await api("GET", "/clients", {}, receive=leaving(neighbour.asked))
        assert told.status == 503
        await neighbour.hung_up.wait()

    with_neighbour(tries)


def test_a_command_that_was_sent_is_carried_out_whoever_waits_for_it() -> None:
    async def tries(api: OverHttp, neighbour: Neighbour) -> None:
        asking = asyncio.ensure_future(
            api("POST", "/commands/note-client", {}, b"{}", receive=leaving(neighbour.asked))
        )
        await neighbour.asked.wait()
        await asyncio.sleep(0.2)
        assert not neighbour.hung_up.is_set()
        neighbour.may_answer.set()
        assert (await asking).status == 200

    with_neighbour(tries)


def test_where_nobody_answers_it_says_so_and_of_a_command_that_came_that_it_may_be_done() -> None:
    async def tries(api: OverHttp, neighbour: Neighbour) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            nobody = OverHttp(f"http://127.0.0.1:{taken.getsockname()[1]}")
            for path in ("/clients", "/commands/note-client"):
                assert code_of(await nobody("POST", path, {"accept-language": "ru"})) == "api-unreachable"
            await nobody.close()
        asking = asyncio.ensure_future(api("POST", "/commands/note-client", {}, b"{}"))
        await neighbour.asked.wait()
        neighbour.breaks_off()
        assert code_of(await asking) == "outcome-unknown"

    with_neighbour(tries)


def code_of(told: Told) -> str:
    assert told.status == 503
    assert told.headers["retry-after"]
    return str(from_json(told.body)["code"])
