"""Who looks at the console: a secret in a cookie, and what the server keeps for it."""

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

SESSION_SECONDS = 12 * 3600
"""How long somebody stays in: a working day."""

SEEN_SECONDS = 60
"""How long after something was done each page waits until it shows that; views need milliseconds."""

SEEN = "letopis-seen"
LOOK = "letopis-look"
PATH = "/console"

LOOK_SECONDS = 365 * 24 * 3600


class Kept(Protocol):
    """Keeps things for who has their secret, for every process and over a restart."""

    async def keep(self, kind: str, secret: str, content: bytes, seconds: float) -> None: ...
    async def read(self, kind: str, secret: str) -> bytes | None: ...
    async def take(self, kind: str, secret: str) -> bytes | None: ...


@dataclass(frozen=True)
class Session:
    """Somebody who is in: the secret of their cookie, and the token that the API is asked with."""

    secret: str
    token: str

    @property
    def form_token(self) -> str:
        """What every form of theirs carries, so that no other site can send one."""
        return blake2b(b"form", key=self.secret.encode()[:64], digest_size=16).hexdigest()

    def is_own_form(self, given: str) -> bool:
        """Tell whether a form has the token of this session."""
        return compare_digest(self.form_token, given)


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    async def of(self, request: Request) -> Session | None:
        """Return the session whose cookie a request has; None if there is none, or it is over."""
        secret = request.cookies.get(cookie_name(request))
        token = None if not secret else await self._kept.read("session", secret)
        return None if secret is None or token is None else Session(secret, token.decode())

    async def begin(self, request: Request, response: Response, token: str) -> None:
        """Let somebody in: another secret each time, so that none is known beforehand."""
        secret = secrets.token_urlsafe(32)
        await self._kept.keep("session", secret, token.encode(), SESSION_SECONDS)
        response.set_cookie(
            cookie_name(request),
            secret,
            max_age=SESSION_SECONDS,
            path="/" if is_secure(request) else PATH,
            secure=is_secure(request),
            httponly=True,
            samesite="strict",
        )

    async def end(self, session: Session) -> None:
        """Forget a session, wherever its cookie is."""
        await self._kept.take("session", session.secret)


def cookie_name(request: Request) -> str:
    """Return what the cookie is called: with TLS so that no other host can set it, without it one for each port."""
    return "__Host-letopis" if is_secure(request) else f"letopis-{request.url.port or 80}"


def is_secure(request: Request) -> bool:
    """Tell whether the browser came by https."""
    return request.url.scheme == "https"


def is_same_origin(request: Request) -> bool:
    """Tell whether a form was sent from a page of ours: what browsers say of it, of old ones their Origin."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
