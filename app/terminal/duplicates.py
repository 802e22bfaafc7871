"""`letopis duplicates`: find clients who may be one, and measure on a file how well that is done."""

from pathlib import Path
from typing import Annotated

import typer

from app.terminal.options import Json

commands = typer.Typer(no_args_is_help=True, help="Clients who may be one.")


@commands.command("measure")
def measure(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, XLS or ODS, packed or not.")],
    truth: Annotated[str, typer.Option(help="The column that is the same in rows of one thing.")],
    threshold: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="From which score on to suggest.")] = None,
    as_json: Json = False,
) -> None:
    """Show how many of the pairs that are suggested are right, and how many of the right ones are; stores nothing."""
    from app.settings import Settings
    from app.terminal.console import print_json, print_table, say
    from infra.linkage.linked import Limits
    from infra.linkage.model import SUGGESTED
    from replay.duplicates.measuring import measured

    limits = Limits(Settings().duplicates_memory_mb)
    found = measured(file, truth.strip(), threshold=SUGGESTED if threshold is None else threshold, limits=limits)
    if as_json:
        print_json(found)
        return
    say(f"{found['rows']:,} rows, {found['true_pairs']:,} true pairs; {found['compared']:,} compared.")
    print_table(("column", "compared as"), list(found["columns"].items()))
    at = [found, *(one for one in found["at"] if one["score"] != found["threshold"])]
    print_table(tuple(at[1]), [tuple(one[name] for name in at[1]) for one in at])


@commands.command("find")
def find(
    reason: Annotated[str | None, typer.Option(help="Why; kept for ever, so name no person.")] = None,
    as_json: Json = False,
) -> None:
    """Look among all clients for those who may be one; what is found replaces what was found before."""
    from app.database import database, master_key
    from app.operations.bodies import DUPLICATES
    from app.operations.doing import duplicates_found
    from app.operations.outcomes import of_duplicates
    from app.operations.site import Site
    from app.settings import Settings
    from app.terminal.console import print_json, say
    from app.terminal.on_record import on_record
    from replay.repair.jobs import FIND_DUPLICATES

    settings = Settings()
    master = master_key(settings)
    with (
        database(settings, master, say) as urls,
        on_record(urls.projector, FIND_DUPLICATES, DUPLICATES, reason=reason) as record,
    ):
        found = duplicates_found(Site(settings, master, urls), lambda _phase, _done: None)
        record.ended = of_duplicates(found)
    if as_json:
        print_json(found._asdict())
        return
    say(f"{found.pairs:,} pairs may be one, of {found.clients:,} clients; {found.compared:,} pairs were compared.")
