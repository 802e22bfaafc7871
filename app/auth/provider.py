"""The keys of an identity provider (OpenID Connect), asked for by its address and kept while it cannot be reached."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import jwt
import structlog

from app.auth.errors import ProviderUnreachableError
from app.auth.keys import VerifyingKey, keys_of
from app.http_client import request
from app.settings import is_safe
from infra.told import ToldError

log = structlog.get_logger("letopis.auth")

FRESH_SECONDS = 600.0
"""Keys of this age are asked for anew: a withdrawn one lets nobody in for longer than this and a little."""

PAUSE_SECONDS = 30.0
"""From one time of asking to the next, whatever is sent to us: a key that is new there is known here after as long."""

TIMEOUT_SECONDS = 5.0
LARGEST_DOCUMENT = 1_000_000
"""Bytes; the documents of a provider have a few thousand."""


class ProviderError(ToldError):
    """The identity provider does not answer as one should."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider: `issuer` is its address, and what its tokens say as `iss`."""

    issuer: str

    def about(self) -> dict[str, Any]:
        """Ask what it says of itself; this waits for an answer. Raises ProviderError."""
        about = self._document(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self.issuer:
            # Or the tokens of one tenant would be good for another.
            raise ProviderError(
                f"LETOPIS_OIDC_ISSUER is {self.issuer}, and what answers there calls itself {about.get('issuer')!r}:"
                " write it the same, to the last slash."
            )
        return about

    def keys(self) -> list[VerifyingKey]:
        """Ask for its keys; this waits for two answers. Raises ProviderError."""
        address = self.about().get("jwks_uri")
        if not isinstance(address, str) or not is_safe(address):
            raise ProviderError(f"{self.issuer} names no https address of its keys (jwks_uri).")
        document = self._document(address)
        try:
            found = keys_of(jwt.PyJWKSet.from_dict(document))
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
            raise ProviderError(f"What is at {address} is no set of keys: {error}") from error
        if not found:
            raise ProviderError(f"{address} has no key that we can use: RS256, ES256 or EdDSA.")
        return found

    def _document(self, address: str) -> dict[str, Any]:
        try:
            answer = request("GET", address, timeout=TIMEOUT_SECONDS, headers={"Accept": "application/json"})
            if answer.status != 200 or len(answer.body) > LARGEST_DOCUMENT:
                raise ProviderError(f"{address} answers {answer.status}, {len(answer.body)} bytes.")
            document = json.loads(answer.body)
        except (OSError, ValueError, RecursionError) as error:
            raise ProviderError(f"{address} cannot be read: {error}") from error
        if not isinstance(document, dict):
            raise ProviderError(f"{address} answers something else than an object.")
        return document


class ProviderKeys:
    """The keys of a provider. They are asked for in a thread, by one at a time, and seldom; until then they stay."""

    def __init__(self, ask: Callable[[], Sequence[VerifyingKey]], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._keys: tuple[VerifyingKey, ...] = ()
        self._asked_at = -inf
        self._fresh_until = inf
        self._asking: asyncio.Task[None] | None = None

    @property
    def now(self) -> Sequence[VerifyingKey]:
        """The keys that are known; old ones are asked for anew meanwhile."""
        if self._clock() >= self._fresh_until:
            self._begin()
        return self._keys

    async def with_id(self, key_id: str | None) -> Sequence[VerifyingKey]:
        """Return the keys; if none has this id, after the provider was asked, unless it was asked just before.

        Raises ProviderUnreachableError when none is known at all.
        """
        known = self.now
        if not known or (key_id is not None and all(key.key_id != key_id for key in known)):
            asking = self._begin()
            if asking is not None:
                # Who hangs up ends no asking that others wait for.
                await asyncio.shield(asking)
        if not self._keys:
            raise ProviderUnreachableError(retry_after=int(PAUSE_SECONDS))
        return self._keys

    def _begin(self) -> "asyncio.Task[None] | None":
        """Return the asking that is under way, which begins now if the last one is long enough ago."""
        if self._asking is None and self._clock() - self._asked_at >= PAUSE_SECONDS:
            self._asked_at = self._clock()
            self._asking = asyncio.create_task(self._renew())
        return self._asking

    async def _renew(self) -> None:
        try:
            found = tuple(await asyncio.to_thread(self._ask))
            self._fresh_until = self._clock() + FRESH_SECONDS
            if found != self._keys:
                log.info("provider_keys", ids=[key.key_id for key in found])
                self._keys = found
        except ProviderError as error:
            log.warning("provider_unreachable", reason=str(error), known=len(self._keys))
        finally:
            self._asking = None
