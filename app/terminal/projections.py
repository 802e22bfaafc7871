"""`letopis projections …`: what is typed; what is done is in the modules beside it, imported when needed."""

from enum import StrEnum
from typing import Annotated

import typer

from app.terminal.database import required
from app.terminal.options import Json

DIFFERENT = 3
"""The exit code of a verify that found a difference, and of a retry after which something still waits."""

commands = typer.Typer(no_args_is_help=True, help="Look at, rebuild, verify and mend the read models.")

Name = Annotated[str, typer.Argument(help="A read model, 'analytics', or 'all'.")]


@commands.command()
def status(as_json: Json = False) -> None:
    """Show every read model: its state, how far behind the log, how large; and the rebuilds under way."""
    from app.terminal import repair

    repair.show_status(as_json=as_json)


class Check(StrEnum):
    """What is compared with a fold from scratch before a swap."""

    SAMPLE = "sample"
    FULL = "full"
    NONE = "none"


Processes = Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")]
Throttle = Annotated[int | None, typer.Option(min=1, help="Events folded a second at most.")]


@commands.command()
def rebuild(
    name: Name,
    processes: Processes = 2,
    check: Annotated[
        Check, typer.Option("--verify", help="Compare before the swap: of a long log a sample, all rows, or nothing.")
    ] = Check.SAMPLE,
    throttle: Throttle = None,
    park: Annotated[bool, typer.Option("--park", help="Swap though keys would wait that do not now.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how long and how much disk; change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the whole log into a new generation beside the live one, verify it, then swap it in."""
    from app.operations.doing import How
    from app.terminal import rebuild as rebuilding

    how = How(processes, check.value, throttle, may_park=park)
    if dry_run:
        rebuilding.estimate_named(name, how, as_json=as_json)
    else:
        rebuilding.rebuild_named(name, how, as_json=as_json)


@commands.command()
def verify(
    name: Name,
    processes: Processes = 2,
    sample: Annotated[int, typer.Option(min=1, help="Look at one row in so many, chosen by chance.")] = 1,
    as_json: Json = False,
) -> None:
    """Fold the log from scratch and compare, row by row, with what readers see; exit code 3 if anything differs."""
    from app.terminal import repair

    if not repair.verify_named(name, processes=processes, one_in=sample, as_json=as_json):
        raise typer.Exit(DIFFERENT)


@commands.command()
def check(name: Name, as_json: Json = False) -> None:
    """Hold what a read model has taken in against the log, folding only rows that are missing; exit code 3 if wrong."""
    from app.terminal import repair

    if not repair.check_named(name, as_json=as_json):
        raise typer.Exit(DIFFERENT)


@commands.command()
def rollback(name: Name) -> None:
    """Show readers the generation they saw before the present one again."""
    from app.terminal import repair

    repair.roll_back_named(name)


@commands.command()
def drop(name: Name) -> None:
    """Drop the generation kept for a rollback, and with it the view of older code; a rebuild does so as well."""
    from app.terminal import repair

    repair.drop_named(name)


@commands.command()
def pause(name: Name) -> None:
    """Let a rebuild under way rest, or else the read model; readers keep what it has."""
    from app.terminal import repair

    repair.pause_named(name)


@commands.command()
def resume(name: Name) -> None:
    """Let a paused rebuild go on, or else a paused read model."""
    from app.terminal import repair

    repair.resume_named(name)


@commands.command()
def cancel(name: Name) -> None:
    """End a rebuild under way; readers keep what they have."""
    from app.terminal import repair

    repair.cancel_named(name)


@commands.command()
def throttle(
    name: Name, events: Annotated[int, typer.Argument(min=0, help="Events folded a second at most; 0: no limit.")]
) -> None:
    """Hold a rebuild under way to a pace."""
    from app.terminal import repair

    repair.throttle_named(name, events or None)


@commands.command()
def parked(name: Name, as_json: Json = False) -> None:
    """Show which keys wait because a fact could not be taken in, for which fact and why, and what was skipped."""
    from app.terminal import parked as parking

    parking.show_parked(name, as_json=as_json)


@commands.command()
def retry(
    name: Name, key: Annotated[str | None, typer.Option(help="Only this key, as `parked` shows it.")] = None
) -> None:
    """Try again what could not be taken in, in order; exit code 3 if something still waits."""
    from app.terminal import parked as parking

    if not parking.retry_named(name, key=key):
        raise typer.Exit(DIFFERENT)


@commands.command()
def skip(
    name: Name,
    key: Annotated[str, typer.Option(help="The key that waits, as `parked` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept for ever, so name no person.")],
) -> None:
    """Pass over the one fact that a key waits for, in every build and for ever, and go on with what is after it."""
    from app.terminal import parked as parking

    parking.skip_named(name, key=key, reason=required(reason, "--reason"))
