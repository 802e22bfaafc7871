"""Signs tokens with the key of this installation: for developers, the command line and the demo."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.auth.keys import TokenKeyError, VerifyingKey, development_key, takes_development_key
from app.auth.tokens import NOT_FOR_CALLERS, PROGRAM, ROLES
from app.settings import Settings
from infra.told import ToldError


class UnknownRoleError(ToldError):
    """A token was asked for in a role that does not exist."""

    def __init__(self, role: str) -> None:
        super().__init__(f"{role!r} is no role; the roles are {', '.join(sorted(ROLES))}")


class ReservedNameError(ToldError):
    """A token was asked for under a name that nobody may come in under."""

    def __init__(self, actor: str) -> None:
        super().__init__(
            f"{actor!r} acts inside, and nobody is let in as that: no name begins with {', '.join(NOT_FOR_CALLERS)}"
        )


@dataclass(frozen=True)
class TokenIssuer:
    """Signs tokens with the key of this installation: for developers, the command line and the demo."""

    key: VerifyingKey
    signing_key: Any
    issuer: str | None
    audience: str | None

    def issue(self, actor: str, role: str | None, ttl: timedelta) -> str:
        """Return a token for a staff member, or for a program in a role.

        Raises UnknownRoleError and ReservedNameError.
        """
        if actor.startswith(NOT_FOR_CALLERS):
            raise ReservedNameError(actor)
        now = datetime.now(UTC)
        claims: dict[str, Any] = {"sub": actor, "iat": now, "exp": now + ttl}
        if role is not None:
            if role not in ROLES:
                raise UnknownRoleError(role)
            claims |= {"role": role, PROGRAM: True}
        if self.issuer:
            claims["iss"] = self.issuer
        if self.audience:
            claims["aud"] = self.audience
        return jwt.encode(claims, self.signing_key, algorithm=self.key.algorithm)


def token_issuer(settings: Settings) -> TokenIssuer:
    """Return the signer of tokens; raises TokenKeyError where others sign them, or nobody may."""
    if takes_development_key(settings):
        own = development_key(settings.var)
        return TokenIssuer(VerifyingKey("EdDSA", own.public_key()), own, settings.jwt_issuer, settings.jwt_audience)
    if settings.oidc_issuer is not None:
        raise TokenKeyError(f"Tokens are signed by {settings.oidc_issuer} (LETOPIS_OIDC_ISSUER); sign in there.")
    if settings.jwt_secret is not None:
        secret = settings.jwt_secret.get_secret_value()
        return TokenIssuer(VerifyingKey("HS256", secret), secret, settings.jwt_issuer, settings.jwt_audience)
    raise TokenKeyError(
        "Tokens are signed by the holder of the private key of LETOPIS_JWT_PUBLIC_KEYS; ask there for one."
    )


def issue_token(settings: Settings, actor: str, role: str | None, ttl: timedelta) -> str:
    """Return a signed token that is good for so long: for a staff member, or for a program that acts in a role."""
    return token_issuer(settings).issue(actor, role, ttl)
