"""What operators do so that the first person can sign in at an identity provider: all others an administrator binds."""

from uuid import UUID

from aggregates.base import DomainError
from app.composition.write_side import WriteSide
from app.database import database, master_key
from app.settings import Settings
from app.terminal.console import operator, say
from app.words.messages import words_for
from commands.base import Actor
from commands.execution.decision import Request
from commands.login import BindLogin
from infra.log.ids import new_id
from infra.told import ToldError


class NoProviderError(ToldError):
    """No identity provider is configured."""


class LoginRefusedError(ToldError):
    """The login cannot be bound to that staff member."""


def bind(staff_id: UUID, subject: str) -> None:
    """Record who signs in under a name at the identity provider; raises NoProviderError and LoginRefusedError."""
    settings = Settings()
    if settings.oidc_issuer is None:
        raise NoProviderError("Set LETOPIS_OIDC_ISSUER to the address of the identity provider first.")
    master = master_key(settings)
    command = BindLogin(staff_id=staff_id, issuer=settings.oidc_issuer, subject=subject)
    with database(settings, master, say) as urls:
        write_side = WriteSide(urls, settings, master, with_policies=False)
        write_side.start()
        try:
            actor = Actor(f"system:cli/{operator()}", "admin")
            (answer,) = write_side.carry_out([Request.of(command, actor, master.keyed_hash, command_id=new_id())])
        finally:
            write_side.stop()
    if isinstance(answer, DomainError):
        raise LoginRefusedError(" ".join(words_for(answer.code, "en", answer.facts)))
    if isinstance(answer, Exception):
        raise answer
    say(f"Whoever signs in at {settings.oidc_issuer} as {subject} is now {staff_id}.")
