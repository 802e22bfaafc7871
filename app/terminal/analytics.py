"""`letopis analytics …`: the facts of the analysts, for tools of their own."""

from pathlib import Path
from typing import Annotated

import typer

from app.settings import Settings
from app.terminal.console import print_json, say
from infra.told import ToldError

commands = typer.Typer(no_args_is_help=True, help="Give analysts the facts to work with.")


class NotCopiedError(ToldError):
    """The copy could not be written; says why."""


@commands.command("copy")
def copy(
    path: Annotated[Path, typer.Argument(dir_okay=False, help="Where to; what is there is replaced when it is whole.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Write a copy of the facts as one DuckDB file, with every table of /analytics/schema, while the service runs."""
    import duckdb

    from app.composition.wiring import words_lent
    from app.database import database, master_key
    from app.serving.analytics_control import analytics_in_hand
    from infra.analytics.notebook import write_copy
    from projections.analytics import ANALYTICS

    settings = Settings()
    master = master_key(settings)
    with database(settings, master, say) as urls, analytics_in_hand(settings, urls, master) as analytics:
        try:
            position = write_copy(analytics.copied(), path, ANALYTICS, {"zone": settings.zone}, words_lent())
        except (OSError, duckdb.Error) as error:
            raise NotCopiedError(f"The copy cannot be written to {path}: {error}") from error
    if as_json:
        print_json({"path": str(path), "position": position, "bytes": path.stat().st_size})
    else:
        say(f"{path}: the facts up to position {position:,}; open it with DuckDB {duckdb.__version__} or newer")
