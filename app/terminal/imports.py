"""`letopis import`: look at a file of old records, bring it in, or the company of a data set."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from app.terminal.options import Json, Russian, language_of

commands = typer.Typer(no_args_is_help=True, help="Bring in old records.")

Strict = Annotated[bool, typer.Option("--strict", help="Refuse what one owner per client would have refused then.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Ask every rule, store nothing.")]
Errors = Annotated[Path | None, typer.Option("--errors", help="Where to write the rows not taken, and why (CSV).")]
NOT_ALL = 3
"""The exit code of an import that could not take every row, or whose totals differ."""


TheFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX, XLS or ODS, packed or not.")]


@commands.command("look")
def look(
    file: TheFile,
    target: Annotated[str, typer.Option(help="What its rows are: client, deal, staff, product, activity.")] = "client",
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What its columns mean (TOML); guessed without.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="Where to write the mapping that was guessed.")] = None,
    rows: Annotated[int, typer.Option(min=0, max=1000, help="How many of the first rows to show.")] = 10,
    as_json: Json = False,
    russian: Russian = False,
) -> None:
    """Show how a file would be read and guess its mapping; nothing is stored."""
    from app.terminal import importing

    options = importing.Options(as_json=as_json, language=language_of(russian=russian))
    if not importing.look_at(file, options, target=target, mapping=mapping, rows=rows, write=write):
        raise typer.Exit(NOT_ALL)


@commands.command("csv", hidden=True)
@commands.command("file")
def import_one(
    file: TheFile,
    mapping: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="What its columns mean (TOML).")],
    strict: Strict = False,
    dry_run: DryRun = False,
    errors: Errors = None,
    as_json: Json = False,
    russian: Russian = False,
) -> None:
    """Import old records from a file, with their own dates and people; a second run adds nothing."""
    from app.terminal import importing

    options = importing.Options(strict, dry_run, as_json, errors, language_of(russian=russian))
    if not importing.import_one(file, mapping, options):
        raise typer.Exit(NOT_ALL)


@commands.command("maven")
def import_maven(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with the four CSV files.")],
    strict: Strict = False,
    dry_run: DryRun = False,
    errors: Errors = None,
    as_json: Json = False,
    russian: Russian = False,
) -> None:
    """Import the Maven company, and hold its totals against the file: in the pipeline and in the reports."""
    from app.terminal import importing

    options = importing.Options(strict, dry_run, as_json, errors, language_of(russian=russian))
    if not importing.import_maven(folder, options):
        raise typer.Exit(NOT_ALL)


@commands.command("revert")
def revert(
    import_id: Annotated[UUID, typer.Argument(help="The id that the import printed.")],
    reason: Annotated[str, typer.Option(help="Why it is taken back; every fact keeps it.")],
    dry_run: DryRun = False,
    as_json: Json = False,
    russian: Russian = False,
) -> None:
    """Take back what an import made and nobody has used since, and say what stays and by whose deed."""
    from app.terminal import import_revert, importing

    options = importing.Options(is_dry=dry_run, as_json=as_json, language=language_of(russian=russian))
    if not import_revert.revert_one(import_id, reason, options):
        raise typer.Exit(NOT_ALL)
