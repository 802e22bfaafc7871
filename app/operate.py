"""`letopis projections …`: what operators do with read models. The analytics file counts as one, named `analytics`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from app.console import print_json, print_table, progress, say
from app.database import Urls, database, master_key
from app.operators import analytics_in_hand
from app.settings import Settings
from app.wiring import decoder_at, decoder_factory
from infra.crypto import MasterKey
from infra.generations import connect, pause, resume, retry
from infra.projection import Projection
from projections.registry import PROJECTIONS
from replay.rebuild import Progress, rebuild, roll_back
from replay.status import statuses
from replay.verify import verify

ANALYTICS = "analytics"
DIFFERENT = 3
"""The exit code of a verify that found a difference."""

commands = typer.Typer(no_args_is_help=True, help="Look at, rebuild, verify and mend the read models.")

Name = Annotated[str, typer.Argument(help="A read model, 'analytics', or 'all'.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dataclass(frozen=True)
class _Site:
    settings: Settings
    master: MasterKey
    urls: Urls


@contextmanager
def _site() -> Iterator[_Site]:
    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls:
        yield _Site(settings, master, urls)


def _named(name: str) -> tuple[list[Projection[Any]], bool]:
    """Return the projections meant and whether analytics is; raises typer.BadParameter for an unknown name."""
    known = {one.name: one for one in PROJECTIONS}
    if name == "all":
        return list(known.values()), True
    if name == ANALYTICS:
        return [], True
    if name not in known:
        raise typer.BadParameter(f"There is no read model {name!r}. There are: {', '.join([*known, ANALYTICS])}, all.")
    return [known[name]], False


@commands.command("status")
def show_status(as_json: Json = False) -> None:
    """Show every read model: its state, how far behind the log, how large."""
    with _site() as site:
        found = statuses(PROJECTIONS, site.urls.projector)
    if as_json:
        print_json(found)
        return
    columns = ("name", "state", "generation", "position", "lag", "seconds", "rows", "MB", "error")
    print_table(
        columns,
        [
            (
                one.name,
                one.state,
                one.generation,
                one.position,
                one.lag_events,
                round(one.lag_seconds, 1),
                one.rows,
                round(one.size_bytes / 2**20, 1),
                one.error,
            )
            for one in found
        ],
    )


@commands.command("rebuild")
def rebuild_named(
    name: Name,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 2,
    verified: Annotated[bool, typer.Option(help="Compare with a second fold before the swap.")] = False,
    as_json: Json = False,
) -> None:
    """Fold the whole log into a new generation beside the live one, then swap it in."""
    projections, with_analytics = _named(name)
    with _site() as site, progress() as bar:
        decoder = decoder_factory(site.urls.projector, site.master)

        def tell(now: Progress) -> None:
            if now.total:
                bar(f"{now.projection}: {now.phase}", now.done, now.total)

        done = [
            rebuild(one, site.urls.projector, decoder, processes=processes, progress=tell, is_verified=verified)
            for one in projections
        ]
        if with_analytics:
            with analytics_in_hand(site.settings, site.urls, site.master) as analytics:
                analytics.rebuild(lambda reached, aim: bar(f"{ANALYTICS}: loading", reached, aim))
    if as_json:
        print_json(done)
        return
    for one in done:
        if one is not None:
            say(f"{one.projection}: generation {one.generation} of {one.events:,} events, {one.seconds:.1f} s")
    if with_analytics:
        say(f"{ANALYTICS}: rebuilt")


@commands.command("verify")
def verify_named(name: Name, as_json: Json = False) -> None:
    """Fold the log from scratch and compare, row by row, with what readers see; exit code 3 if anything differs."""
    projections, with_analytics = _named(name)
    with _site() as site:
        decode = decoder_at(site.urls.projector, site.master)
        reports = [verify(one, site.urls.projector, decode) for one in projections]
        differences: list[dict[str, Any]] = []
        if with_analytics:
            with analytics_in_hand(site.settings, site.urls, site.master) as analytics:
                differences = analytics.verify()
    if as_json:
        print_json({"reports": reports, "analytics": differences})
    else:
        for report in reports:
            say(f"{'equal' if report.is_equal else 'DIFFERENT'}  {report.projection}: {report.summary}")
        if with_analytics:
            found = differences or "every table is what the log makes"
            say(f"{'DIFFERENT' if differences else 'equal'}  {ANALYTICS}: {found}")
    if differences or not all(report.is_equal for report in reports):
        raise typer.Exit(DIFFERENT)


@commands.command("rollback")
def roll_back_named(name: Name) -> None:
    """Show readers the generation they saw before the present one again."""
    projections, _ = _named(name)
    with _site() as site:
        decode = decoder_at(site.urls.projector, site.master)
        for one in projections:
            generation = roll_back(one, site.urls.projector, decode)
            say(f"{one.name}: readers see generation {generation.number} again")


def _change_state(name: str, change: Any, said: str, otherwise: str) -> None:
    projections, _ = _named(name)
    with _site() as site, connect(site.urls.projector) as connection:
        for one in projections:
            say(f"{one.name}: {said if change(connection, one.name) else otherwise}")


@commands.command("pause")
def pause_named(name: Name) -> None:
    """Let a read model rest; readers keep what it has."""
    _change_state(name, pause, "paused", "was not live, so nothing changed")


@commands.command("resume")
def resume_named(name: Name) -> None:
    """Let a paused read model go on."""
    _change_state(name, resume, "live again", "was not paused, so nothing changed")


@commands.command("retry")
def retry_named(name: Name) -> None:
    """Let a broken read model try the fact it could not take in once more."""
    _change_state(name, retry, "tries again", "was not broken, so nothing changed")
