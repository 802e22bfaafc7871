"""What goes through the console piece by piece: files on their way to the API, and on their way out."""

from collections.abc import AsyncIterator

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from read_api.console.calling import Wire
from read_api.console.door import ENTER, Door, PageRoute
from read_api.console.sessions import PATH, Session, is_same_origin

WORD = "letopis-word"
"""The header in which a page of ours says whose it is: a form has it in a field, a file has no form."""

JSON = "application/json"
PASSED = frozenset({"content-type", "content-disposition", "cache-control", "retry-after"})
NOT_KEPT = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Sending:
    """Passes the file that a page sends on to the API, with the token of the session; the answer is the API's."""

    def __init__(self, door: Door, wire: Wire, to: str) -> None:
        """Send to an address of the API, in which stand the parts of that of the page."""
        self._door = door
        self._wire = wire
        self._to = to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        session = await self._door.sessions.of(request)
        if session is None:
            await _refused(401)(scope, receive, send)
            return
        if not is_same_origin(request) or not session.is_own_form(request.headers.get(WORD, "")):
            await _refused(403)(scope, receive, send)
            return
        headers = _asking(self._door, request, session)
        for name in ("content-length", "content-type"):
            if given := request.headers.get(name):
                headers[name] = given
        address = self._to.format(**request.path_params)
        try:
            told = await self._wire.carry(f"{address}?{request.url.query}", headers, request.stream())
        except ClientDisconnect:
            return
        kept = {name: value for name, value in told.headers.items() if name in PASSED}
        await Response(told.body, told.status, {**NOT_KEPT, **kept})(scope, receive, send)


class Giving:
    """Passes a file on to the browser."""

    def __init__(self, door: Door, wire: Wire, of: str) -> None:
        """Ask for what is below an address of the API, whose page says which files there are."""
        self._door = door
        self._wire = wire
        self._of = of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        session = await self._door.sessions.of(request)
        if session is None:
            await Response(status_code=303, headers={"location": ENTER, **NOT_KEPT})(scope, receive, send)
            return
        of = self._of.format(**request.path_params)
        path = f"{request.url.path.removeprefix(PATH)}?{request.url.query}"
        async with self._wire.follow(path, _asking(self._door, request, session)) as told:
            kept = {name: value for name, value in told.headers.items() if name in PASSED}
            if told.status != 200:
                # The page says what there is.
                back = {"location": f"{PATH}{of}", **NOT_KEPT}
                await Response(status_code=303, headers=back)(scope, receive, send)
                return
            await StreamingResponse(_parts(told.parts), 200, {**NOT_KEPT, **kept})(scope, receive, send)


async def _parts(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for part in parts:
        yield part


def _asking(door: Door, request: Request, session: Session) -> dict[str, str]:
    return {"authorization": f"Bearer {session.token}", "accept-language": door.look_of(request).language}


def _refused(status: int) -> Response:
    return Response(to_json({"status": status}), status, NOT_KEPT, JSON)


def carrying_routes(door: Door, wire: Wire) -> list[Route]:
    """Return the routes; they stand before those of pages, which take the same addresses for others."""
    return [
        PageRoute(f"{PATH}/imports/upload", Sending(door, wire, "/imports"), methods=["POST"], name="upload_import"),
        PageRoute(
            f"{PATH}/imports/{{import_id:uuid}}/{{file}}",
            Giving(door, wire, "/imports/{import_id}"),
            methods=["GET"],
            name="import_file",
        ),
        PageRoute(
            f"{PATH}/clients/{{client_id:uuid}}/files",
            Sending(door, wire, "/clients/{client_id}/files"),
            methods=["POST"],
            name="upload_client_file",
        ),
        PageRoute(
            f"{PATH}/clients/{{client_id:uuid}}/files/{{file_id:uuid}}",
            Giving(door, wire, "/clients/{client_id}"),
            methods=["GET"],
            name="client_file",
        ),
    ]
