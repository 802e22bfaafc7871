"""How somebody signs in at an identity provider, and what of it stays here: nothing that a browser could show."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class SigningFailedError(Exception):
    """The provider cannot be reached, or does not say what it should."""


class SignedIn(NamedTuple):
    """What the provider gave: tokens, of which the API takes one, for how many seconds, and what renews them."""

    tokens: Sequence[str]
    refresh: str | None
    seconds: float | None


class Provider(Protocol):
    """An identity provider, as a browser's backend asks it; every method raises SigningFailedError."""

    @property
    def name(self) -> str: ...
    async def address(self, back: str, state: str, nonce: str, challenge: str) -> str: ...
    async def signed_in(self, back: str, code: str, verifier: str, nonce: str) -> SignedIn: ...
    async def renewed(self, refresh: str) -> SignedIn: ...
