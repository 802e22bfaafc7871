"""`letopis database …`: what operators do with the database itself."""

from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Reach and mend the database itself.")


@commands.command("accept-gaps")
def accept_gaps(
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Go on without facts that are gone from the log, on record for ever; only then can it be backed up."""
    from app.terminal import backup as keep

    keep.accept_open_gaps(required(reason, "--reason"))


def required(reason: str, option: str) -> str:
    """Return a reason that says something; typer.BadParameter otherwise."""
    if not reason.strip():
        raise typer.BadParameter("say why in a few words", param_hint=option)
    return reason
