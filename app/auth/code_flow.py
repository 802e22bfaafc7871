"""How somebody signs in at the identity provider with a browser: the code flow of OpenID Connect, with PKCE."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from app.auth.provider import TIMEOUT_SECONDS, Provider, ProviderError
from app.http_client import request
from app.settings import is_safe
from read_api.console.signing import SignedIn, SigningFailedError

CHALLENGE_METHOD = "S256"


@dataclass(frozen=True)
class CodeFlow:
    """What a client of the provider asks it for; every method waits for answers of it in a thread."""

    provider: Provider
    client_id: str
    client_secret: str | None

    @property
    def name(self) -> str:
        """What the provider is called: its address."""
        return self.provider.issuer

    async def address(self, back: str, state: str, nonce: str, challenge: str) -> str:
        """Return where the browser is sent to sign in; raises SigningFailedError."""
        endpoint = await asyncio.to_thread(self._endpoint, "authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": back,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": CHALLENGE_METHOD,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def signed_in(self, back: str, code: str, verifier: str, nonce: str) -> SignedIn:
        """Return the tokens that a code is changed for; raises SigningFailedError."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        told = await asyncio.to_thread(self._tokens, sent)
        # It came from the provider itself, by a connection that nobody else is in (OpenID Connect Core, 3.1.3.7).
        if _claims(str(told.get("id_token", ""))).get("nonce") != nonce:
            raise SigningFailedError
        return _signed_in(told)

    async def renewed(self, refresh: str) -> SignedIn:
        """Return new tokens for those that end; raises SigningFailedError."""
        sent = {"grant_type": "refresh_token", "refresh_token": refresh}
        told = await asyncio.to_thread(self._tokens, sent)
        return _signed_in({"refresh_token": refresh, **told})

    def _endpoint(self, name: str) -> str:
        try:
            endpoint = self.provider.about().get(name)
        except ProviderError:
            raise SigningFailedError from None
        if not isinstance(endpoint, str) or not is_safe(endpoint):
            raise SigningFailedError
        return endpoint

    def _tokens(self, sent: Mapping[str, str]) -> dict[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if self.client_secret is None:
            sent = {**sent, "client_id": self.client_id}
        else:
            pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            answer = request("POST", endpoint, timeout=TIMEOUT_SECONDS, headers=headers, body=urlencode(sent).encode())
            told = json.loads(answer.body) if answer.status == 200 else None
        except (OSError, ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise SigningFailedError
        return told


def _signed_in(told: Mapping[str, Any]) -> SignedIn:
    tokens = [token for name in ("access_token", "id_token") if isinstance(token := told.get(name), str)]
    refresh, seconds = told.get("refresh_token"), told.get("expires_in")
    return SignedIn(
        tokens,
        refresh if isinstance(refresh, str) else None,
        float(seconds) if isinstance(seconds, int | float) else None,
    )


def _claims(token: str) -> dict[str, Any]:
    """Return what a token says, whoever signed it; nothing of what is no token."""
    try:
        body = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
