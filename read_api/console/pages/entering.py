"""Where one comes in, by a link that is good once or, in the demo company, by a choice; and where one leaves."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from read_api.console.door import LOOK_SECONDS, Door, PageRoute, form_of, own_address
from read_api.console.sessions import LOOK, PATH, is_same_origin, is_secure
from read_api.console.visit import THEMES
from read_api.console.words import LANGUAGES

LINK = "link"
"""The kind of what is kept for a link: the token that it lets in with."""


class Entrance:
    """The pages for who is not in yet, and for how one likes the console."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def enter(self, request: Request) -> Response:
        """Show the ways in."""
        if not self._is_safe(request):
            why = "enter.no_tls_detail"
            return await self._door.outside(request, "not_in.html", "enter.no_tls", why=why, status=403)
        return await self._door.outside(
            request,
            "enter.html",
            "enter.title",
            people=self._door.ways.people(request),
            key=request.query_params.get("key", ""),
            to=own_address(request.query_params.get("to", "")),
        )

    async def entered(self, request: Request) -> Response:
        """Let somebody in."""
        form = await form_of(request)
        token = await self._token(request, form) if is_same_origin(request) and self._is_safe(request) else None
        if token is None:
            why = "enter.not_in_detail"
            return await self._door.outside(request, "not_in.html", "enter.not_in", why=why, status=403)
        response = RedirectResponse(own_address(form.get("to", "")), 303, {"cache-control": "no-store"})
        await self._door.sessions.begin(request, response, token)
        return response

    def _is_safe(self, request: Request) -> bool:
        return is_secure(request) or self._door.ways.is_here(request)

    async def _token(self, request: Request, form: dict[str, str]) -> str | None:
        if key := form.get("key"):
            kept = await self._door.kept.take(LINK, key)
            return None if kept is None else kept.decode()
        chosen = form.get("person", "")
        is_one = any(person.key == chosen for person in self._door.ways.people(request))
        return self._door.ways.token_of(chosen) if is_one else None

    async def leave(self, request: Request) -> Response:
        """Forget the session, and let the browser forget all it has of this site."""
        session = await self._door.sessions.of(request)
        form = await form_of(request)
        if session is not None and is_same_origin(request) and session.is_own_form(form.get("word", "")):
            await self._door.sessions.end(session)
        headers = {"clear-site-data": '"cache", "cookies", "storage"', "cache-control": "no-store"}
        return RedirectResponse(f"{PATH}/enter", 303, headers)

    async def look(self, request: Request) -> Response:
        """Remember in which language, and light or dark, somebody likes the console."""
        form, before = await form_of(request), self._door.look_of(request)
        language, theme = form.get("language", before.language), form.get("theme", before.theme or "")
        response = RedirectResponse(own_address(form.get("to", "")), 303, {"cache-control": "no-store"})
        if language in LANGUAGES and is_same_origin(request):
            look = f"{language}.{theme if theme in THEMES else ''}"
            secure = is_secure(request)
            response.set_cookie(
                LOOK, look, max_age=LOOK_SECONDS, path=PATH, secure=secure, httponly=True, samesite="lax"
            )
        return response


def entering_routes(door: Door) -> list[Route]:
    """Return the routes for who is not in yet, and for how one likes the console."""
    entrance = Entrance(door)
    return [
        PageRoute(f"{PATH}/enter", entrance.enter, methods=["GET"]),
        PageRoute(f"{PATH}/enter", entrance.entered, methods=["POST"]),
        PageRoute(f"{PATH}/leave", entrance.leave, methods=["POST"]),
        PageRoute(f"{PATH}/look", entrance.look, methods=["POST"]),
    ]
