"""`letopis projections …`: what is typed; what is done stands in app.repair, and is imported when it is needed."""

from typing import Annotated

import typer

DIFFERENT = 3
"""The exit code of a verify that found a difference, and of a retry after which something still waits."""

commands = typer.Typer(no_args_is_help=True, help="Look at, rebuild, verify and mend the read models.")

Name = Annotated[str, typer.Argument(help="A read model, 'analytics', or 'all'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@commands.command()
def status(as_json: Json = False) -> None:
    """Show every read model: its state, how far behind the log, how large."""
    from app import repair

    repair.show_status(as_json=as_json)


@commands.command()
def rebuild(
    name: Name,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 2,
    verified: Annotated[bool, typer.Option(help="Compare with a second fold before the swap.")] = False,
    park: Annotated[bool, typer.Option("--park", help="Swap though keys would wait that do not now.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the whole log into a new generation beside the live one, then swap it in."""
    from app import repair

    repair.rebuild_named(name, processes=processes, is_verified=verified, may_park=park, as_json=as_json)


@commands.command()
def verify(name: Name, as_json: Json = False) -> None:
    """Fold the log from scratch and compare, row by row, with what readers see; exit code 3 if anything differs."""
    from app import repair

    if not repair.verify_named(name, as_json=as_json):
        raise typer.Exit(DIFFERENT)


@commands.command()
def audit(name: Name, as_json: Json = False) -> None:
    """Hold what a read model has taken in against the log, folding nothing; exit code 3 if anything is wrong."""
    from app import repair

    if not repair.audit_named(name, as_json=as_json):
        raise typer.Exit(DIFFERENT)


@commands.command()
def rollback(name: Name) -> None:
    """Show readers the generation they saw before the present one again."""
    from app import repair

    repair.roll_back_named(name)


@commands.command()
def pause(name: Name) -> None:
    """Let a read model rest; readers keep what it has."""
    from app import repair

    repair.pause_named(name)


@commands.command()
def resume(name: Name) -> None:
    """Let a paused read model go on."""
    from app import repair

    repair.resume_named(name)


@commands.command()
def parked(name: Name, as_json: Json = False) -> None:
    """Show which keys wait because a fact could not be taken in, for which fact and why, and what was skipped."""
    from app import parked as parking

    parking.show_parked(name, as_json=as_json)


@commands.command()
def retry(
    name: Name, key: Annotated[str | None, typer.Option(help="Only this key, as `parked` shows it.")] = None
) -> None:
    """Try again what could not be taken in, in order; exit code 3 if something still waits."""
    from app import parked as parking

    if not parking.retry_named(name, key=key):
        raise typer.Exit(DIFFERENT)


@commands.command()
def skip(
    name: Name,
    key: Annotated[str, typer.Option(help="The key that waits, as `parked` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Pass over the one fact that a key waits for, in every build and for ever, and go on with what is after it."""
    from app import parked as parking

    if not reason.strip():
        raise typer.BadParameter("say why in a few words", param_hint="--reason")
    parking.skip_named(name, key=key, reason=reason)
