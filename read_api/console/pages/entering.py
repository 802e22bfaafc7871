"""Where one comes in: by a link that is good once or, in the demo company, by choosing who to be; and where one leaves."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from read_api.console.door import LOOK_SECONDS, Door, form_of, own_address
from read_api.console.sessions import LOOK, PATH, is_same_origin, is_secure
from read_api.console.visit import THEMES
from read_api.console.words import LANGUAGES

LINK = "link"
"""The kind of what is kept for a link: the token that it lets in with."""


def entering_routes(door: Door) -> list[Route]:
    """Return the routes for who is not in yet, and for how one likes the console."""

    async def enter(request: Request) -> Response:
        """Show the ways in."""
        return await door.outside(
            request,
            "enter.html",
            "enter.title",
            people=door.ways.people(request),
            key=request.query_params.get("key", ""),
            to=own_address(request.query_params.get("to", "")),
        )

    async def entered(request: Request) -> Response:
        """Let somebody in."""
        form = await form_of(request)
        token = await _token(request, form) if is_same_origin(request) else None
        if token is None:
            return await door.outside(request, "not_in.html", "enter.not_in", status=403)
        response = RedirectResponse(own_address(form.get("to", "")), 303, {"cache-control": "no-store"})
        await door.sessions.begin(request, response, token)
        return response

    async def _token(request: Request, form: dict[str, str]) -> str | None:
        if key := form.get("key"):
            kept = await door.kept.take(LINK, key)
            return None if kept is None else kept.decode()
        chosen = form.get("person")
        known = {person.key for person in door.ways.people(request)}
        return door.ways.token_of(chosen) if chosen in known and chosen is not None else None

    async def leave(request: Request) -> Response:
        """Forget the session, and let the browser forget all it has of this site."""
        session = await door.sessions.of(request)
        if session is not None and is_same_origin(request) and session.is_own_form((await form_of(request)).get("form", "")):
            await door.sessions.end(session)
        headers = {"clear-site-data": '"cache", "cookies", "storage"', "cache-control": "no-store"}
        return RedirectResponse(f"{PATH}/enter", 303, headers)

    async def look(request: Request) -> Response:
        """Remember in which language, and light or dark, somebody likes the console."""
        form = await form_of(request)
        before = door.look_of(request)
        language = form.get("language", before.language)
        theme = form.get("theme", before.theme or "")
        response = RedirectResponse(own_address(form.get("to", "")), 303, {"cache-control": "no-store"})
        if language in LANGUAGES and is_same_origin(request):
            value = f"{language}.{theme if theme in THEMES else ''}"
            response.set_cookie(
                LOOK, value, max_age=LOOK_SECONDS, path=PATH, secure=is_secure(request), httponly=True, samesite="lax"
            )
        return response

    return [
        Route(f"{PATH}/enter", enter, methods=["GET"]),
        Route(f"{PATH}/enter", entered, methods=["POST"]),
        Route(f"{PATH}/leave", leave, methods=["POST"]),
        Route(f"{PATH}/look", look, methods=["POST"]),
    ]
