"""Who is asking: a bearer token (JWT) is checked and gives the actor and the role."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import jwt

from app.auth.api_keys import PREFIX, ApiKeys
from app.auth.errors import TokenExpiredError, TokenInvalidError, TokenMissingError
from app.auth.keys import FixedKeys, Keys, VerifyingKey, configured_keys, development_key, takes_development_key
from app.auth.people import Bearer, People
from app.auth.provider import Provider, ProviderKeys
from app.settings import Settings
from commands.base import Actor
from events.ids import login_of
from events.values import StaffRole

# Checking an Ed25519 signature costs about 100 µs, a tenth of a whole request: a checked token is remembered.
REMEMBERED_TOKENS = 10_000
LEEWAY_SECONDS = 30
"""So far the clock of who signs may be from ours."""

ROLES = frozenset(role.value for role in StaffRole)
LONGEST_SUBJECT = 200
PROGRAM = "program"
"""The claim that says, being true, that the bearer is a program, a test or a developer, who acts as the token says."""

NOT_FOR_CALLERS = ("policy:", "timer:", "system:", "import:", "key:", "login:")
"""How the names begin of those who act inside, of keys and of logins of the portal: no token of ours is for one."""

# What is raised on the way through a text that is no token: by the library, and by Python for what lets that down,
# such as an `exp` of 10**400, or JSON that is nested a thousand times.
NO_TOKEN = (jwt.InvalidTokenError, ValueError, TypeError, ArithmeticError, RecursionError)


class Authenticator:
    """Checks bearer tokens; remembers those it has checked until they expire or the keys change.

    A token says who somebody is and no more: in which role they act is what `people` knows of them. Only that of a
    program says its role, and that it is one. Where a provider signs (`by_provider`) the name is one of theirs, and no
    token is a program's. With `api_keys`, programs come in with theirs, and no secret of those is kept here.
    """

    def __init__(
        self,
        keys: Keys,
        people: People,
        *,
        issuer: str | None,
        audience: str | None,
        by_provider: bool = False,
        api_keys: ApiKeys | None = None,
    ) -> None:
        self._keys = keys
        self._people = people
        self._by_provider = by_provider
        self._api_keys = api_keys
        self._issuer = issuer
        self._audience = audience
        self._required = ["sub", "exp"] + ["iss"] * (issuer is not None) + ["aud"] * (audience is not None)
        self._checked: OrderedDict[str, tuple[Actor | Bearer, float]] = OrderedDict()
        self._checked_with = keys.now

    async def authenticate(self, headers: Sequence[str]) -> Actor:
        """Return who the Authorization headers speak for, of which there is to be one.

        Raises a CallerError.
        """
        token = _token_in(headers)
        if self._api_keys is not None and token.startswith(PREFIX):
            return await self._api_keys.holder(token)
        if self._keys.now is not self._checked_with:
            self._checked.clear()
            self._checked_with = self._keys.now
        known = self._checked.get(token)
        if known is None:
            known = self._checked[token] = await self._verified(token)
            if len(self._checked) > REMEMBERED_TOKENS:
                self._checked.popitem(last=False)
        who, expires = known
        if expires <= time.time():
            self._checked.pop(token, None)
            raise TokenExpiredError
        return who if isinstance(who, Actor) else await self._people.whose(who)

    def remembered(self, header: str | None) -> str | None:
        """Return the id of the actor whose token or key was checked lately, for the log."""
        token = (header or "").partition(" ")[2].strip()
        if self._api_keys is not None and token.startswith(PREFIX):
            actor = self._api_keys.known(token)
        else:
            who, _ = self._checked.get(token, (None, 0.0))
            actor = self._people.known(who) if isinstance(who, Bearer) else who
        return None if actor is None else actor.id

    async def _verified(self, token: str) -> tuple[Actor | Bearer, float]:
        try:
            header = jwt.get_unverified_header(token)
        except NO_TOKEN:
            raise TokenInvalidError from None
        for key in await self._keys.with_id(header.get("kid")):
            if key.algorithm != header.get("alg") or (key.key_id and header.get("kid") not in (None, key.key_id)):
                continue
            try:
                return self._bearer_of(self._claims(token, key))
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
            leeway=LEEWAY_SECONDS,
            options={"require": self._required, "verify_aud": self._audience is not None},
        )

    def _bearer_of(self, claims: dict[str, Any]) -> tuple[Actor | Bearer, float]:
        subject, expires = claims["sub"], float(claims["exp"]) + LEEWAY_SECONDS
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise TokenInvalidError
        if self._by_provider:
            return Bearer(login_of(claims["iss"], subject), is_login=True), expires
        if claims.get(PROGRAM) is not True:
            return Bearer(UUID(subject), is_login=False), expires
        role = claims.get("role")
        if subject.startswith(NOT_FOR_CALLERS) or not isinstance(role, str) or role not in ROLES:
            raise TokenInvalidError
        return Actor(subject, role), expires


def _token_in(headers: Sequence[str]) -> str:
    if not headers:
        raise TokenMissingError
    if len(headers) > 1:
        # Whoever stands between might have looked at the other one.
        raise TokenInvalidError
    scheme, _, token = headers[0].partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenMissingError
    return token


def authenticator(settings: Settings, people: People, api_keys: ApiKeys | None = None) -> Authenticator:
    """Return the checker of tokens for these settings; raises TokenKeyError.

    `people` tells who the bearer is, `api_keys` which program comes in.
    """
    is_theirs = settings.oidc_issuer is not None
    issuer = settings.oidc_issuer if is_theirs else settings.jwt_issuer
    return Authenticator(
        token_keys(settings),
        people,
        issuer=issuer,
        audience=settings.jwt_audience,
        by_provider=is_theirs,
        api_keys=api_keys,
    )


def token_keys(settings: Settings) -> Keys:
    """Return the keys that tokens are checked with; the development key, if it may be, when no other is configured.

    Raises TokenKeyError.
    """
    if takes_development_key(settings):
        return FixedKeys([VerifyingKey("EdDSA", development_key(settings.var).public_key())])
    if settings.oidc_issuer is not None:
        return ProviderKeys(Provider(settings.oidc_issuer).keys)
    fixed: list[VerifyingKey] = []
    if settings.jwt_public_keys is not None:
        fixed.extend(configured_keys(settings.jwt_public_keys))
    if settings.jwt_secret is not None:
        fixed.append(VerifyingKey("HS256", settings.jwt_secret.get_secret_value()))
    return FixedKeys(fixed)
