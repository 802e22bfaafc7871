"""`letopis api-key …`: keys of programs, each shown once and kept nowhere."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from commands.base import Command

commands = typer.Typer(no_args_is_help=True, help="Let programs in with keys.")

ApiKeyId = Annotated[UUID, typer.Argument(metavar="ID", help="The id of the key; GET /api-keys shows them all.")]
Days = Annotated[int, typer.Option(min=1, max=366, help="How long it is good.")]


@commands.command()
def issue(
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    command: Annotated[list[str] | None, typer.Option(help="A command that it may send; may be given often.")] = None,
    question: Annotated[list[str] | None, typer.Option(help="A read that it may ask, by its operationId.")] = None,
    days: Days = 90,
) -> None:
    """Issue a key, and print it this once."""
    import read_api.door  # noqa: F401 - declares what can be asked
    from commands.api_key import IssueApiKey
    from infra.log.ids import new_id

    given = {"name": name, "commands": tuple(command or ()), "questions": tuple(question or ())}
    _record_secret(IssueApiKey, new_id(), good_for_days=days, **given)


@commands.command()
def rotate(
    api_key_id: ApiKeyId,
    days: Days = 90,
    keep_hours: Annotated[
        int, typer.Option(min=0, max=720, help="How long the secret before is good beside the new one.")
    ] = 24,
) -> None:
    """Give a key another secret, and print it this once; the one before is good for a while."""
    from commands.api_key import RotateApiKey

    _record_secret(RotateApiKey, api_key_id, good_for_days=days, old_good_for_hours=keep_hours)


@commands.command()
def revoke(
    api_key_id: ApiKeyId,
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Let nobody in with a key any more, for ever; it holds within a second."""
    from app.settings import Settings
    from app.terminal.commanding import carry_out
    from app.terminal.console import say
    from commands.api_key import RevokeApiKey

    carry_out(Settings(), RevokeApiKey, api_key_id=api_key_id, reason=reason)
    say(f"Nobody comes in with the key {api_key_id} any more.")


def _record_secret(kind: "type[Command]", api_key_id: UUID, **fields: object) -> None:
    """Make a secret, record its digest, and print the key."""
    from app.auth.api_keys import key_of, new_secret
    from app.settings import Settings
    from app.terminal.commanding import carry_out
    from app.terminal.console import say

    secret, digest = new_secret()
    carry_out(Settings(), kind, api_key_id=api_key_id, secret_sha256=digest, **fields)
    say(f"The key {api_key_id} is shown this once; only its digest is kept:")
    print(key_of(api_key_id, secret))
