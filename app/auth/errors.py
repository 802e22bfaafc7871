"""Why nobody is let in with what they sent.

CallerError
├── AuthenticationError          401, with WWW-Authenticate
│   ├── TokenMissingError        no bearer token was sent
│   ├── TokenExpiredError        it was good once
│   ├── TokenInvalidError        forged, for another service, or not a token at all
│   ├── KeyUnknownError          no key of ours, or not its secret
│   └── KeyEndedError            it was good once, and has expired or was replaced or revoked
├── TooManyKeysError             so many are tried that nobody can look now        503
├── LoginUnknownError            the token is good, and here they are nobody       403
├── SuspendedError               they are suspended                                403
└── ProviderUnreachableError     nobody can tell now 503
"""

from typing import Any, ClassVar


class CallerError(Exception):
    """Nobody is let in."""

    code: ClassVar[str]

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts: dict[str, Any] = facts


class AuthenticationError(CallerError):
    """The caller has not shown who they are."""


class TokenMissingError(AuthenticationError):
    """No bearer token was sent."""

    code = "token-missing"


class TokenExpiredError(AuthenticationError):
    """The token was good once."""

    code = "token-expired"


class TokenInvalidError(AuthenticationError):
    """The token is forged, meant for another service, or not a token at all."""

    code = "token-invalid"


class KeyUnknownError(AuthenticationError):
    """There is no such API key, or this is not its secret: which of the two is not told."""

    code = "api-key-unknown"


class KeyEndedError(AuthenticationError):
    """The API key was good once; whoever has its secret is told so."""

    code = "api-key-ended"


class TooManyKeysError(CallerError):
    """Too many unknown API keys are tried at the moment to look whether this is one; facts: retry_after (seconds)."""

    code = "too-many-api-keys"


class LoginUnknownError(CallerError):
    """Whoever signed in at the identity provider, or shows a token of ours, is nobody here, and comes for nobody."""

    code = "login-unknown"


class SuspendedError(CallerError):
    """Whoever shows the token is suspended, and may do and see nothing until they are reinstated."""

    code = "suspended"


class ProviderUnreachableError(CallerError):
    """No key of the identity provider is known yet, and it cannot be asked for them; facts: retry_after (seconds)."""

    code = "identity-provider-unreachable"
