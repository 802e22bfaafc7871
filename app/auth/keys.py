"""The keys that tokens are signed and checked with, and where they are kept."""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.settings import LOOPBACK, Settings
from infra.told import ToldError

KEY_FILE = "token-key.pem"
ALGORITHMS = frozenset({"EdDSA", "RS256", "ES256"})
"""How others sign tokens for us. A secret that both sides know is taken from our own setting only."""


class TokenKeyError(ToldError):
    """No token can be signed or checked with the keys that are configured."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key that tokens may be signed with, the one algorithm it is used for, and the name it goes by."""

    algorithm: str
    key: Any
    key_id: str | None = None


class Keys(Protocol):
    """The keys that tokens are checked with; `now` is another object when they have changed."""

    @property
    def now(self) -> Sequence[VerifyingKey]: ...
    async def with_id(self, key_id: str | None) -> Sequence[VerifyingKey]:
        """Return the keys, those of this id among them if there are any; raises ProviderUnreachableError."""
        ...


@dataclass(frozen=True)
class FixedKeys:
    """Keys that stay as they are while the process runs."""

    now: Sequence[VerifyingKey]

    async def with_id(self, _: str | None) -> Sequence[VerifyingKey]:
        """Return all of them."""
        return self.now


def takes_development_key(settings: Settings) -> bool:
    """Tell whether tokens are signed and checked with the development key, because no other is configured.

    Raises TokenKeyError where that one is not to be taken either.
    """
    if settings.oidc_issuer is not None or settings.jwt_public_keys is not None or settings.jwt_secret is not None:
        return False
    if why := _why_no_development_key(settings):
        raise TokenKeyError(
            "Nobody is configured who signs tokens: set LETOPIS_OIDC_ISSUER, LETOPIS_JWT_PUBLIC_KEYS or "
            f"LETOPIS_JWT_SECRET. The development key is not taken, for {why}; LETOPIS_DEV_TOKENS=1 takes it all the "
            f"same, and then whoever reads {settings.var / KEY_FILE} is whoever they like."
        )
    return True


def _why_no_development_key(settings: Settings) -> str | None:
    if settings.dev_tokens is not None:
        return None if settings.dev_tokens else "LETOPIS_DEV_TOKENS says so"
    if settings.database_url is not None:
        return "the database is one of your own (LETOPIS_DATABASE_URL)"
    return None if settings.host in LOOPBACK else f"LETOPIS_HOST is {settings.host}, not 127.0.0.1"


def development_key(folder: Path) -> Ed25519PrivateKey:
    """Return the signing key of this folder, made on the first start and readable by its owner alone.

    Raises TokenKeyError.
    """
    path = folder / KEY_FILE
    if not path.exists():
        _make_key(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:  # a key that has a password is a TypeError
        raise TokenKeyError(f"{path} cannot be read: {error} Move it away, and a new one is made.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise TokenKeyError(f"{path} holds another kind of key. Move it away, and a new one is made.")
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        # Of several processes that start at once the first one's key stays; half a key is never seen.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def configured_keys(file: Path) -> list[VerifyingKey]:
    """Return the public keys of a file; raises TokenKeyError."""
    try:
        return read_keys(file.read_bytes())
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise TokenKeyError(f"The file of LETOPIS_JWT_PUBLIC_KEYS, {file}, cannot be read: {error}") from error


def read_keys(text: bytes) -> list[VerifyingKey]:
    """Return the public keys of a JWKS document or of PEM blocks; raises TokenKeyError when there is none."""
    if text.lstrip().startswith(b"{"):
        keys = keys_of(jwt.PyJWKSet.from_json(text.decode()))
    else:
        end = b"-----END PUBLIC KEY-----"
        keys = [_pem_key(block + end) for block in text.split(end)[:-1]]
    if not keys:
        raise TokenKeyError(
            "The file of LETOPIS_JWT_PUBLIC_KEYS holds no public key; it takes PEM blocks or a JWKS document."
        )
    return keys


def keys_of(document: jwt.PyJWKSet) -> list[VerifyingKey]:
    """Return the keys of a JWKS document that sign in a way we take; each is used for one algorithm."""
    return [
        VerifyingKey(key.algorithm_name, key.key, key.key_id)
        for key in document.keys
        if key.algorithm_name in ALGORITHMS and key.public_key_use in {None, "sig"}
    ]


def _pem_key(block: bytes) -> VerifyingKey:
    key = serialization.load_pem_public_key(block.strip())
    for kind, algorithm in ((Ed25519PublicKey, "EdDSA"), (RSAPublicKey, "RS256"), (EllipticCurvePublicKey, "ES256")):
        if isinstance(key, kind):
            return VerifyingKey(algorithm, key)
    raise TokenKeyError(
        "Tokens are checked with Ed25519, RSA or P-256 keys; LETOPIS_JWT_PUBLIC_KEYS holds another kind."
    )
