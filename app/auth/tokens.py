"""Who is asking: a bearer token (JWT) is checked and gives the actor and the role.

AuthenticationError          401, with WWW-Authenticate
├── TokenMissingError        no bearer token was sent
├── TokenExpiredError        it was good once
└── TokenInvalidError        forged, for another service, or not a token at all
"""

import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.settings import Settings
from commands.base import Actor
from events.values import StaffRole
from infra.told import ToldError

# Checking an Ed25519 signature costs about 100 µs, a tenth of a whole request: a checked token is remembered.
REMEMBERED_TOKENS = 10_000
KEY_FILE = "token-key.pem"
ROLES = frozenset(role.value for role in StaffRole)
# What is raised on the way through a text that is no token: by the library, and by Python for what lets that down,
# such as an `exp` of 10**400, or JSON that is nested a thousand times.
NO_TOKEN = (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError, RecursionError)


class TokenKeyError(ToldError):
    """No token can be signed or checked with the keys that are configured."""


class UnknownRoleError(ToldError):
    """A token was asked for in a role that does not exist."""

    def __init__(self, role: str) -> None:
        super().__init__(f"{role!r} is no role; the roles are {', '.join(sorted(ROLES))}")


class AuthenticationError(Exception):
    """The caller has not shown who they are."""

    code: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.code)
        self.facts: dict[str, Any] = {}


class TokenMissingError(AuthenticationError):
    """No bearer token was sent."""

    code = "token-missing"


class TokenExpiredError(AuthenticationError):
    """The token was good once."""

    code = "token-expired"


class TokenInvalidError(AuthenticationError):
    """The token is forged, meant for another service, or not a token at all."""

    code = "token-invalid"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key that tokens may be signed with, the one algorithm it is used for, and the name it goes by."""

    algorithm: str
    key: Any
    key_id: str | None = None


class Authenticator:
    """Checks bearer tokens; remembers those it has checked until they expire."""

    def __init__(self, keys: Sequence[VerifyingKey], *, issuer: str | None, audience: str | None) -> None:
        self._keys = tuple(keys)
        self._issuer = issuer
        self._audience = audience
        self._required = ["sub", "exp"] + ["iss"] * (issuer is not None) + ["aud"] * (audience is not None)
        self._checked: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    def authenticate(self, header: str | None) -> Actor:
        """Return who the Authorization header speaks for; raises an AuthenticationError."""
        scheme, _, token = (header or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise TokenMissingError
        known = self._checked.get(token)
        if known is None:
            known = self._verify(token)
            self._checked[token] = known
            if len(self._checked) > REMEMBERED_TOKENS:
                self._checked.popitem(last=False)
        actor, expires = known
        if expires <= time.time():
            self._checked.pop(token, None)
            raise TokenExpiredError
        return actor

    def remembered(self, header: str | None) -> str | None:
        """Return the id of the actor whose token was checked lately, for the log."""
        known = self._checked.get((header or "").partition(" ")[2].strip())
        return known[0].id if known else None

    def _verify(self, token: str) -> tuple[Actor, float]:
        try:
            header = jwt.get_unverified_header(token)
        except NO_TOKEN:
            raise TokenInvalidError from None
        for key in self._keys:
            if key.algorithm != header.get("alg") or (key.key_id and header.get("kid") not in (None, key.key_id)):
                continue
            try:
                return _actor_of(self._claims(token, key))
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise TokenExpiredError from None
            except NO_TOKEN:
                raise TokenInvalidError from None
        raise TokenInvalidError

    def _claims(self, token: str, key: VerifyingKey) -> dict[str, Any]:
        return jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": self._required, "verify_aud": self._audience is not None},
        )


def _actor_of(claims: dict[str, Any]) -> tuple[Actor, float]:
    subject, role, expires = claims["sub"], claims.get("role"), claims["exp"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 200 or not subject.isprintable():
        raise TokenInvalidError
    if not isinstance(role, str) or role not in ROLES:
        raise TokenInvalidError
    return Actor(subject, role), float(expires)


@dataclass(frozen=True)
class TokenIssuer:
    """Signs tokens with the key of this installation: for developers, the command line and the demo."""

    key: VerifyingKey
    signing_key: Any
    issuer: str | None
    audience: str | None

    def issue(self, actor: str, role: str, ttl: timedelta) -> str:
        """Return a token for the actor; raises UnknownRoleError."""
        if role not in ROLES:
            raise UnknownRoleError(role)
        now = datetime.now(UTC)
        claims: dict[str, Any] = {"sub": actor, "role": role, "iat": now, "exp": now + ttl}
        if self.issuer:
            claims["iss"] = self.issuer
        if self.audience:
            claims["aud"] = self.audience
        return jwt.encode(claims, self.signing_key, algorithm=self.key.algorithm)


def authenticator(settings: Settings) -> Authenticator:
    """Return the checker of tokens for these settings; the development key serves when no other is configured.

    Raises TokenKeyError.
    """
    keys: list[VerifyingKey] = []
    if settings.jwt_public_keys is not None:
        keys.extend(_configured_keys(settings.jwt_public_keys))
    if settings.jwt_secret is not None:
        keys.append(VerifyingKey("HS256", settings.jwt_secret.get_secret_value()))
    if not keys:
        keys.append(VerifyingKey("EdDSA", development_key(settings.var).public_key()))
    return Authenticator(keys, issuer=settings.jwt_issuer, audience=settings.jwt_audience)


def token_issuer(settings: Settings) -> TokenIssuer:
    """Return the signer of tokens; raises TokenKeyError when only public keys are configured."""
    if settings.jwt_secret is not None:
        secret = settings.jwt_secret.get_secret_value()
        return TokenIssuer(VerifyingKey("HS256", secret), secret, settings.jwt_issuer, settings.jwt_audience)
    if settings.jwt_public_keys is not None:
        raise TokenKeyError(
            "Tokens are signed by the holder of the private key of LETOPIS_JWT_PUBLIC_KEYS; ask there for one."
        )
    private = development_key(settings.var)
    return TokenIssuer(VerifyingKey("EdDSA", private.public_key()), private, settings.jwt_issuer, settings.jwt_audience)


def issue_token(settings: Settings, actor: str, role: str, ttl: timedelta) -> str:
    """Return a signed token that makes its bearer this actor in this role for so long."""
    return token_issuer(settings).issue(actor, role, ttl)


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


def _configured_keys(file: Path) -> list[VerifyingKey]:
    try:
        return read_keys(file.read_bytes())
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise TokenKeyError(f"The file of LETOPIS_JWT_PUBLIC_KEYS, {file}, cannot be read: {error}") from error


def read_keys(text: bytes) -> list[VerifyingKey]:
    """Return the public keys of a JWKS document or of PEM blocks; raises TokenKeyError when there is none."""
    if text.lstrip().startswith(b"{"):
        keys = [
            VerifyingKey(key.algorithm_name, key.key, key.key_id) for key in jwt.PyJWKSet.from_json(text.decode()).keys
        ]
    else:
        end = b"-----END PUBLIC KEY-----"
        keys = [_pem_key(block + end) for block in text.split(end)[:-1]]
    if not keys:
        raise TokenKeyError(
            "The file of LETOPIS_JWT_PUBLIC_KEYS holds no public key; it takes PEM blocks or a JWKS document."
        )
    return keys


def _pem_key(block: bytes) -> VerifyingKey:
    key = serialization.load_pem_public_key(block.strip())
    for kind, algorithm in ((Ed25519PublicKey, "EdDSA"), (RSAPublicKey, "RS256"), (EllipticCurvePublicKey, "ES256")):
        if isinstance(key, kind):
            return VerifyingKey(algorithm, key)
    raise TokenKeyError(
        "Tokens are checked with Ed25519, RSA or P-256 keys; LETOPIS_JWT_PUBLIC_KEYS holds another kind."
    )
