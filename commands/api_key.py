"""What is asked about API keys, with which programs come in. A command has the digest of a secret, never the secret.

Whoever asks makes the secret, of 256 random bits, and keeps it to themselves: so no log, receipt or backup has it.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from aggregates.api_key import ApiKey, NotForProgramsError
from commands.base import HANDLERS, Command, Context, Outcome, handles, wrong_field
from commands.roles import ADMIN, PROGRAM
from events.examples import DIGEST, NEXT_DIGEST, SHOP_KEY, example
from events.ids import ApiKeyId
from events.values import Digest, ShortText, Text
from infra.rights import RIGHTS

MOST_NAMES = 100
LONGEST_OVERLAP = 30 * 24
"""Hours for which an old secret may be good beside a new one: a month, for those who deploy once in so long."""

Named = Annotated[tuple[ShortText, ...], Field(max_length=MOST_NAMES)]
Days = Annotated[int, Field(ge=1, le=366)]


@example(
    api_key_id=SHOP_KEY,
    name="Web shop",
    commands=("register-client", "record-activity"),
    questions=("list_products",),
    secret_sha256=DIGEST,
)
class IssueApiKey(Command):
    """Let a program in that brings the secret of this digest, to ask for the commands and reads named here alone.

    It sends `Bearer lk_<id>_<secret>`: the id in 32 hexadecimal digits, and 43 letters, digits, `-` or `_`. The digest
    is the SHA-256 of these 43 characters.
    """

    ROLES, EDITS = ADMIN, None

    api_key_id: ApiKeyId | None = None
    name: ShortText
    commands: Named = ()
    questions: Named = ()
    secret_sha256: Digest
    good_for_days: Days = 90

    @model_validator(mode="after")
    def _may_something(self) -> Self:
        if not (self.commands or self.questions):
            raise wrong_field("commands", "too_short", "a key that may do nothing", min_length=1)
        return self


@example(api_key_id=SHOP_KEY, secret_sha256=NEXT_DIGEST)
class RotateApiKey(Command):
    """Give a key another secret, whose digest this is; the one before stays good for so many hours."""

    ROLES, EDITS = ADMIN, None

    api_key_id: ApiKeyId
    secret_sha256: Digest
    good_for_days: Days = 90
    old_good_for_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP)] = 24


@example(api_key_id=SHOP_KEY, reason="it was in a screenshot")
class RevokeApiKey(Command):
    """Let nobody in with a key any more, for ever."""

    ROLES, EDITS = ADMIN, None

    api_key_id: ApiKeyId
    reason: Text


@handles(IssueApiKey)
def issue_api_key(command: IssueApiKey, context: Context) -> Outcome:
    _require("/commands", command.commands, {kind.command_name() for kind in HANDLERS if PROGRAM in kind.ROLES})
    _require("/questions", command.questions, {name for name, roles in RIGHTS.items() if PROGRAM in roles})
    key = context.new(ApiKey, command.api_key_id)
    key.issue(
        name=command.name,
        commands=command.commands,
        questions=command.questions,
        secret_sha256=command.secret_sha256,
        expires_at=context.now + timedelta(days=command.good_for_days),
    )
    return context.save(key)


@handles(RotateApiKey)
def rotate_api_key(command: RotateApiKey, context: Context) -> Outcome:
    key = context.load(ApiKey, command.api_key_id)
    key.rotate(
        command.secret_sha256,
        expires_at=context.now + timedelta(days=command.good_for_days),
        old_good_until=context.now + timedelta(hours=command.old_good_for_hours),
        now=context.now,
    )
    return context.save(key)


@handles(RevokeApiKey)
def revoke_api_key(command: RevokeApiKey, context: Context) -> Outcome:
    key = context.load(ApiKey, command.api_key_id)
    key.revoke(command.reason)
    return context.save(key)


def _require(pointer: str, names: Collection[str], known: Collection[str]) -> None:
    """Refuse what no program may ask for, by its name; raises NotForProgramsError."""
    if wrong := [name for name in dict.fromkeys(names) if name not in known]:
        raise NotForProgramsError(pointer=pointer, names=wrong, known=sorted(known))
