"""`letopis database …`: what operators do with the database itself."""

from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Reach and mend the database itself.")


@commands.command()
def url() -> None:
    """Print how its owner reaches the database, with the password: psql "$(letopis database url)"."""
    import sys

    from app.database import running_owner_url
    from app.settings import Settings
    from app.terminal.console import say
    from infra.postgres.postgres_tools import tool

    print(running_owner_url(Settings()))
    if sys.stdout.isatty():
        say(f"A psql comes along: {tool('psql')}")


@commands.command("accept-gaps")
def accept_gaps(
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Go on without facts that are gone from the log, on record for ever; only then can it be backed up."""
    from app.terminal import backup as keep

    keep.accept_open_gaps(required(reason, "--reason"))


@commands.command("accept-clock")
def accept_clock(
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Say, on record for ever, that the clock is right and the last facts were recorded by one that was ahead.

    First make sure that the clock is right. What is recorded from then on has its own times again.
    """
    from app.terminal import clock

    clock.accept(required(reason, "--reason"))


def required(reason: str, option: str) -> str:
    """Return a reason that says something; typer.BadParameter otherwise."""
    if not reason.strip():
        raise typer.BadParameter("say why in a few words", param_hint=option)
    return reason
