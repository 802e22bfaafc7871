"""An API key: which program comes in with it, what it may ask for, and until when each of its secrets is good."""

from datetime import datetime

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.api_key import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated
from infra.moments import moment_text


class NotForProgramsError(WrongValueError):
    """There are no such commands, or reads, or programs may not ask for them; facts: pointer, names, known."""

    code = "not-for-programs"
    field = "commands"


class ApiKeyIsRevokedError(RuleBrokenError):
    """The key was revoked, which is for ever; facts: api_key_id, name."""

    code = "api-key-is-revoked"


class ApiKeyIsRotatingError(RuleBrokenError):
    """Two secrets are good already; facts: api_key_id, until (when the older one ends, UTC)."""

    code = "api-key-is-rotating"


class SecretWasUsedError(RuleBrokenError):
    """The key had this secret before; facts: api_key_id."""

    code = "secret-was-used"


class ApiKey(Aggregate):
    """What one program comes in with: `secrets` has, by digest, until when each is good (UTC), the newest one last."""

    KIND = "api_key"

    name: str
    commands: tuple[str, ...]
    questions: tuple[str, ...]
    secrets: dict[str, datetime]
    is_revoked: bool

    def start(self) -> None:
        self.name = ""
        self.commands = self.questions = ()
        self.secrets = {}
        self.is_revoked = False

    def issue(
        self,
        *,
        name: str,
        commands: tuple[str, ...],
        questions: tuple[str, ...],
        secret_sha256: str,
        expires_at: datetime,
    ) -> None:
        """Record what a program is let in with."""
        self.trigger_event(
            ApiKeyIssued,
            name=name,
            commands=tuple(dict.fromkeys(commands)),
            questions=tuple(dict.fromkeys(questions)),
            secret_sha256=secret_sha256,
            expires_at=expires_at,
        )

    def rotate(self, secret_sha256: str, *, expires_at: datetime, old_good_until: datetime, now: datetime) -> None:
        """Record another secret, beside which one older one may be good for a while; the present one records nothing.

        What is good is seen by the time that is now, not by what the command says of when it happened.
        """
        if secret_sha256 == next(reversed(self.secrets), None):
            return
        if self.is_revoked:
            raise ApiKeyIsRevokedError(api_key_id=self.id, name=self.name)
        if secret_sha256 in self.secrets:
            raise SecretWasUsedError(api_key_id=self.id)
        good = [until for until in self.secrets.values() if until > now]
        if len(good) > 1 and old_good_until > now:
            raise ApiKeyIsRotatingError(api_key_id=self.id, until=moment_text(min(good)))
        self.trigger_event(
            ApiKeyRotated, secret_sha256=secret_sha256, expires_at=expires_at, old_good_until=old_good_until
        )

    def revoke(self, reason: str) -> None:
        """Record that no secret is good any more; what is revoked already records nothing."""
        if not self.is_revoked:
            self.trigger_event(ApiKeyRevoked, reason=reason)

    @applies(ApiKeyIssued)
    def _issued(self, event: ApiKeyIssued) -> None:
        self.name, self.commands, self.questions = event.name, event.commands, event.questions
        self.secrets = {event.secret_sha256: event.expires_at}

    @applies(ApiKeyRotated)
    def _rotated(self, event: ApiKeyRotated) -> None:
        old = {digest: min(until, event.old_good_until) for digest, until in self.secrets.items()}
        self.secrets = {**old, event.secret_sha256: event.expires_at}

    @applies(ApiKeyRevoked)
    def _revoked(self, _: ApiKeyRevoked) -> None:
        self.is_revoked = True
