"""One stream for each browser, which its tabs share: how far there is something new for whoever is in."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from read_api.console.calling import Wire
from read_api.console.door import Door, PageRoute
from read_api.console.sessions import PATH

STREAM = "text/event-stream"
NOT_KEPT = {"cache-control": "no-store"}
PASSED = frozenset({"content-type", "cache-control", "x-accel-buffering", "retry-after"})
"""What the API says of its answer that is said of ours too."""

OUT = Response(b"event: out\ndata: {}\n\n", 200, NOT_KEPT, STREAM)
"""Told who is not in any more: a page hears what a stream says, and no status."""

ANEW = b"event: anew\ndata: {}\n\n"
"""Told who has heard of more than there is: what they show has to be asked for anew."""

BEYOND = 422
"""The status of a place that the log does not reach: an older one was put back, and what was heard counts no more."""


class Live:
    """Follows the API's own stream of positions with the token of the session, for as long as the browser listens."""

    def __init__(self, door: Door, wire: Wire) -> None:
        self._door = door
        self._wire = wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        session = await self._door.sessions.of(request)
        if session is None:
            await OUT(scope, receive, send)
            return
        headers = {"authorization": f"Bearer {session.token}", "accept": STREAM}
        after = request.query_params.get("after", "")
        asked = [f"/position?after={after}"] if after.isascii() and after.isdigit() else []
        for path in (*asked, "/position"):
            async with self._wire.follow(path, headers) as told:
                if told.status == BEYOND and path in asked:
                    continue
                if told.status in {401, 403}:
                    await OUT(scope, receive, send)
                    return
                kept = {name: value for name, value in told.headers.items() if name in PASSED}
                parts = _anew(told.parts) if asked and path not in asked else told.parts
                await StreamingResponse(parts, told.status, {**NOT_KEPT, **kept})(scope, receive, send)
            return


async def _anew(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield ANEW
    async for part in parts:
        yield part


def live_route(door: Door, wire: Wire) -> Route:
    """Return the route of the stream."""
    return PageRoute(f"{PATH}/live", Live(door, wire), methods=["GET"], name="live")
