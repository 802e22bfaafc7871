"""Who looks at the console: a secret in a cookie, and what the server keeps for it."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from read_api.console.signing import Provider, SignedIn, SigningFailedError

SESSION_SECONDS = 12 * 3600
"""How long somebody stays in: a working day."""

SEEN_SECONDS = 60
"""How long after something was done each page waits until it shows that; views need milliseconds."""

EARLY_SECONDS = 30.0
"""So long before its end a token is renewed: it must last as long as the page that is asked for with it."""

PATIENCE, STEP_SECONDS = 50, 0.1
"""How often and how far apart one looks whether another request has renewed the token."""

SESSION, REFRESH, ASKED = "session", "refresh", "asked"
"""The kinds of what is kept of a session; what renews its token is apart, because it is taken once.

What was asked in SQL in it is apart too: most sessions never read it.
"""

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

    @property
    def name(self) -> str:
        """What tabs know each other by that are of one session: nobody comes in by it."""
        return blake2b(b"name", key=self.secret.encode()[:64], digest_size=8).hexdigest()

    def is_own_form(self, given: str) -> bool:
        """Tell whether a form has the token of this session."""
        return compare_digest(self.form_token, given)


class Sessions:
    """Begins, finds and ends sessions; those of a `provider` get new tokens while they last."""

    def __init__(self, kept: Kept, provider: Provider | None = None) -> None:
        self._kept = kept
        self._provider = provider

    async def of(self, request: Request) -> Session | None:
        """Return the session whose cookie a request has; None if there is none, or it is over."""
        secret = request.cookies.get(cookie_name(request))
        known = None if not secret else await self._known(secret)
        if secret is None or known is None:
            return None
        if known.good_until is not None and known.good_until - time.time() < EARLY_SECONDS:
            known = await self._renewed(secret, known)
        return None if known is None else Session(secret, known.token)

    async def begin(self, request: Request, response: Response, token: str, told: SignedIn | None = None) -> None:
        """Let somebody in: another secret each time, so that none is known beforehand.

        `told` is what the provider gave, if the token is one of its: it is renewed before it ends.
        """
        secret, known = secrets.token_urlsafe(32), _Known(token, time.time() + SESSION_SECONDS)
        if told is not None:
            known = known._replace(good_until=_until(told), which=told.tokens.index(token))
        await self._put(secret, known, None if told is None else told.refresh)
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
        for kind in (SESSION, REFRESH, ASKED):
            await self._kept.take(kind, session.secret)

    async def _known(self, secret: str) -> "_Known | None":
        kept = await self._kept.read(SESSION, secret)
        return None if kept is None else _Known(**from_json(kept))

    async def _put(self, secret: str, known: "_Known", refresh: str | None) -> None:
        left = known.ends - time.time()
        await self._kept.keep(SESSION, secret, to_json(known._asdict()), left)
        if refresh is not None:
            await self._kept.keep(REFRESH, secret, refresh.encode(), left)

    async def _renewed(self, secret: str, known: "_Known") -> "_Known | None":
        """Return the session with a new token: of all who ask at once one asks the provider, for it answers once."""
        refresh = None if self._provider is None else await self._kept.take(REFRESH, secret)
        if refresh is None or self._provider is None:
            return await self._renewed_by_another(secret, known)
        try:
            told = await self._provider.renewed(refresh.decode())
        except SigningFailedError:
            # Perhaps it is away for a moment: the next page asks again. A token that is over lets nobody in.
            await self._kept.keep(REFRESH, secret, refresh, known.ends - time.time())
            return known
        if known.which >= len(told.tokens):
            await self._kept.take(SESSION, secret)
            return None
        # Which of its tokens the API takes was found out when the session began.
        now = known._replace(token=told.tokens[known.which], good_until=_until(told))
        await self._put(secret, now, told.refresh)
        return now

    async def _renewed_by_another(self, secret: str, known: "_Known") -> "_Known | None":
        for _ in range(PATIENCE):
            now = await self._known(secret)
            if now is None or now.token != known.token:
                return now
            await asyncio.sleep(STEP_SECONDS)
        return known


class _Known(NamedTuple):
    """What is kept of a session: until when it lasts, and its token is good, in seconds since 1970."""

    token: str
    ends: float
    good_until: float | None = None
    which: int = 0


def _until(told: SignedIn) -> float | None:
    """Return until when a token is good that can be renewed."""
    return None if told.seconds is None or told.refresh is None else time.time() + told.seconds


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
