"""What operators do so that the first person can sign in at an identity provider: all others an administrator binds."""

from uuid import UUID

from app.settings import Settings
from app.terminal.commanding import carry_out
from app.terminal.console import say
from commands.login import BindLogin
from infra.told import ToldError


class NoProviderError(ToldError):
    """No identity provider is configured."""


def bind(staff_id: UUID, subject: str) -> None:
    """Record who signs in under a name at the identity provider; raises NoProviderError and CommandRefusedError."""
    settings = Settings()
    if settings.oidc_issuer is None:
        raise NoProviderError("Set LETOPIS_OIDC_ISSUER to the address of the identity provider first.")
    carry_out(settings, BindLogin, staff_id=staff_id, issuer=settings.oidc_issuer, subject=subject)
    say(f"Whoever signs in at {settings.oidc_issuer} as {subject} is now {staff_id}.")
