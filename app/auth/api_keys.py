"""With which key a program comes in: its id leads to what the log says, and its secret is compared by digests."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from hmac import compare_digest
from math import inf
from typing import NamedTuple
from uuid import UUID

from app.auth.errors import KeyEndedError, KeyUnknownError, TooManyKeysError
from app.auth.people import KNOWN_PEOPLE, KNOWN_SECONDS
from commands.base import Actor
from infra.in_flight import Known

PREFIX = "lk_"
_FORM = re.compile(rf"{PREFIX}([0-9a-f]{{32}})_([A-Za-z0-9_-]{{43}})")

Tried = tuple[UUID, bytes]
"""The id in a key and the digest of the secret, which somebody came with."""

STRANGERS_PER_SECOND = 50
"""Secrets, none of which was ever good, that this process asks the database about in a second: a hundredth of what it
could. One that was good once is asked about however many strangers come."""


class Key(NamedTuple):
    """A key on record: who acts with it, and until when (UTC) each of its secrets is good, by SHA-256 digests."""

    holder: Actor
    secrets: Mapping[bytes, datetime]


class Found(NamedTuple):
    """One secret of a key: who acts with it, and until when (UTC)."""

    holder: Actor
    good_until: datetime


class ApiKeys:
    """Tells who comes in with a key; `ask` says what is on record under an id, None if there is no key.

    `used` is called for each use with the key's id. What is known for a second is known of an id and a digest together:
    so a new secret is good at once, and a wrong one is the same as an unknown id. For one event loop.
    """

    def __init__(
        self,
        ask: Callable[[UUID], Awaitable[Key | None]],
        used: Callable[[UUID], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ask = ask
        self._used = used
        self._clock = clock
        self._now = now
        self._known = Known(KNOWN_SECONDS, KNOWN_PEOPLE, clock)
        self._once_good: set[Tried] = set()
        self._second, self._strangers = -inf, 0

    async def holder(self, text: str) -> Actor:
        """Return who comes in with this key.

        Raises KeyUnknownError, KeyEndedError, TooManyKeysError and what `ask` raises.
        """
        tried = _tried(text)
        found = None if tried is None else await self._known.get(tried, partial(self._looked_up, tried))
        if tried is None or found is None:
            raise KeyUnknownError
        if found.good_until <= self._now():
            raise KeyEndedError
        self._used(tried[0])
        return found.holder

    def known(self, text: str) -> Actor | None:
        """Return who came in with this key when it was looked at last, for the log."""
        tried = _tried(text)
        found: Found | None = None if tried is None else self._known.last(tried)
        return None if found is None else found.holder

    async def _looked_up(self, tried: Tried) -> Found | None:
        if tried not in self._once_good:
            self._take_turn()
        key_id, digest = tried
        key = await self._ask(key_id)
        if key is None:
            return None
        # Each is compared to its end, and all of them: how long it takes says nothing.
        for until in [until for each, until in key.secrets.items() if compare_digest(each, digest)]:
            self._once_good.add(tried)
            return Found(key.holder, until)
        return None

    def _take_turn(self) -> None:
        """Count a stranger; raises TooManyKeysError."""
        now = self._clock()
        if now - self._second >= 1.0:
            self._second, self._strangers = now, 0
        if self._strangers >= STRANGERS_PER_SECOND:
            raise TooManyKeysError(retry_after=1)
        self._strangers += 1


def new_secret() -> tuple[str, str]:
    """Return a new secret of 256 random bits, and its digest for the log."""
    secret = secrets.token_urlsafe(32)
    return secret, sha256(secret.encode()).hexdigest()


def key_of(key_id: UUID, secret: str) -> str:
    """Return what a program sends as its bearer token."""
    return f"{PREFIX}{key_id.hex}_{secret}"


def _tried(text: str) -> Tried | None:
    """Return the id in a key and the digest of its secret; None of what cannot be a key."""
    found = _FORM.fullmatch(text)
    return None if found is None else (UUID(found[1]), sha256(found[2].encode()).digest())
