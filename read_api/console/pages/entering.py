"""Where one comes in: by signing in at a provider, by a link that is good once or, in the demo, by a choice."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from read_api.console.calling import Api, RefusedError
from read_api.console.door import LOOK_SECONDS, Door, PageRoute, form_of, own_address
from read_api.console.sessions import LOOK, PATH, is_same_origin, is_secure
from read_api.console.signing import SigningFailedError
from read_api.console.visit import THEMES
from read_api.console.words import LANGUAGES

LINK = "link"
"""The kind of what is kept for a link: the token that it lets in with."""

SIGNING = "signing"
"""The kind of what is kept while somebody signs in at the provider, by the word that it sends back."""

SIGNING_SECONDS = 600.0
SIGNING_COOKIE = "letopis-signing"


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
            provider=self._door.ways.provider,
            key=request.query_params.get("key", ""),
            to=own_address(request.query_params.get("to", "")),
        )

    async def entered(self, request: Request) -> Response:
        """Let somebody in."""
        form = await form_of(request)
        token = await self._token(request, form) if is_same_origin(request) and self._is_safe(request) else None
        if token is None:
            return await self._not_in(request, "enter.not_in_detail", 403)
        response = RedirectResponse(own_address(form.get("to", "")), 303, {"cache-control": "no-store"})
        await self._door.sessions.begin(request, response, token)
        return response

    async def sign_in(self, request: Request) -> Response:
        """Send the browser to the provider; what is needed when it comes back is kept here."""
        provider = self._door.ways.provider
        if provider is None or not self._is_safe(request):
            return RedirectResponse(f"{PATH}/enter", 303)
        state, nonce, verifier = (token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")
        try:
            address = await provider.address(_back(request), state, nonce, challenge)
        except SigningFailedError:
            return await self._not_in(request, "enter.no_provider_detail", 503)
        begun = {"nonce": nonce, "verifier": verifier, "to": own_address(request.query_params.get("to", ""))}
        await self._door.kept.keep(SIGNING, state, to_json(begun), SIGNING_SECONDS)
        response = RedirectResponse(address, 303, {"cache-control": "no-store"})
        # It comes back from another site, which is no reason for a browser to send what is for this site alone.
        secure = is_secure(request)
        response.set_cookie(
            SIGNING_COOKIE, state, max_age=int(SIGNING_SECONDS), path=PATH, secure=secure, httponly=True, samesite="lax"
        )
        return response

    async def signed_in(self, request: Request) -> Response:
        """Let in who comes back from the provider, if this is the browser that was sent there."""
        provider, query = self._door.ways.provider, request.query_params
        state, code = query.get("state", ""), query.get("code", "")
        is_same = compare_digest(state.encode(), request.cookies.get(SIGNING_COOKIE, "").encode())
        begun = await self._door.kept.take(SIGNING, state) if state and is_same else None
        if provider is None or begun is None or not code:
            return await self._not_in(request, "enter.not_signed_detail", 403)
        known = from_json(begun)
        try:
            told = await provider.signed_in(_back(request), code, known["verifier"], known["nonce"])
            token = await self._first_taken(told.tokens)
        except SigningFailedError:
            return await self._not_in(request, "enter.not_signed_detail", 403)
        except RefusedError as refused:
            page, status = "refused.html", refused.status
            return await self._door.outside(request, page, "enter.title", status=status, refused=refused)
        # The cookie is for this site alone, and the browser is still on its way from another: so it begins a way anew.
        response = await self._door.outside(request, "signed_in.html", "enter.signed_in", to=known["to"])
        await self._door.sessions.begin(request, response, token, told)
        response.delete_cookie(SIGNING_COOKIE, path=PATH)
        return response

    async def _first_taken(self, tokens: Sequence[str]) -> str:
        """Return the first token that the API takes for one; raises RefusedError of who is nobody here."""
        refused = None
        for token in tokens:
            try:
                await Api(self._door.call, token, "en").get("/me")
            except RefusedError as error:
                refused = error
                if error.status == 401:
                    continue
                raise
            return token
        raise refused or SigningFailedError

    async def _not_in(self, request: Request, why: str, status: int) -> Response:
        return await self._door.outside(request, "not_in.html", "enter.not_in", why=why, status=status)

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


def _back(request: Request) -> str:
    """Return where the provider sends the browser back to: it has this address on its list."""
    return f"{request.url.scheme}://{request.url.netloc}{PATH}/signed-in"


def entering_routes(door: Door) -> list[Route]:
    """Return the routes for who is not in yet, and for how one likes the console."""
    entrance = Entrance(door)
    return [
        PageRoute(f"{PATH}/enter", entrance.enter, methods=["GET"]),
        PageRoute(f"{PATH}/enter", entrance.entered, methods=["POST"]),
        PageRoute(f"{PATH}/sign-in", entrance.sign_in, methods=["GET"]),
        PageRoute(f"{PATH}/signed-in", entrance.signed_in, methods=["GET"]),
        PageRoute(f"{PATH}/leave", entrance.leave, methods=["POST"]),
        PageRoute(f"{PATH}/look", entrance.look, methods=["POST"]),
    ]
