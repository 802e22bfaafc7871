"""`letopis import …`: reads old records into the log, and proves afterwards that none was lost."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from app.database import DatabaseStoppedError, Urls, database, master_key, running_owner_url
from app.imports.storing import import_door
from app.imports.telling import tell_in
from app.process import settle
from app.settings import Settings
from app.terminal.console import operator, print_json, progress, say
from commands.importing.run import WriteDoor
from infra.log.crypto import MasterKey
from infra.postgres.connection import connect
from infra.told import ToldError, WordedError

if TYPE_CHECKING:
    from commands.importing.error_file import ErrorFile
    from commands.importing.folder_import import FolderPlan
    from commands.importing.own_fields import OwnFields
    from commands.importing.preview import Preview
    from commands.importing.report import Report

CATCH_UP_SECONDS = 600.0
"""How long to wait for the read models before the totals are compared."""


@dataclass(frozen=True)
class Options:
    """How a person wants the import done."""

    is_strict: bool = False
    is_dry: bool = False
    as_json: bool = False
    errors: Path | None = None
    language: str = "en"


@dataclass(frozen=True)
class Site:
    """Where an import is done: the settings and the keys, the database, and how it writes."""

    settings: Settings
    master: MasterKey
    urls: Urls
    door: WriteDoor


@contextmanager
def site(options: Options, paths: Sequence[Path]) -> Iterator[Site]:
    """Lend what an import works on, of these files, or a revert."""
    settings = Settings()
    master = master_key(settings)
    with ExitStack() as stack:
        urls = stack.enter_context(database(settings, master, say))
        size = sum(path.stat().st_size for path in paths)
        door = stack.enter_context(import_door(urls.writer, master, settings.home, size=size, is_dry=options.is_dry))
        settle()
        yield Site(settings, master, urls, door)


@contextmanager
def told_in(language: str) -> Iterator[None]:
    """Say in this language what keeps a file or a mapping from being used."""
    try:
        yield
    except WordedError as error:
        raise ToldError(error.said(language)) from error


def _errors(options: Options, *, several: bool = False) -> "ErrorFile":
    from commands.importing.error_file import ErrorFile

    return ErrorFile(options.errors, tell_in(options.language), language=options.language, several=several)


def import_one(path: Path, mapping: Path, options: Options) -> bool:
    """Import a file by a mapping file and print the account; return whether every row was taken."""
    from commands.importing.file_import import import_file
    from commands.importing.mapping import read_mapping

    with told_in(options.language), site(options, [path]) as here, progress() as bar:
        report = import_file(
            path,
            read_mapping(mapping, zone=here.settings.zone),
            here.door,
            strict=options.is_strict,
            is_dry=options.is_dry,
            asked_by=operator(),
            errors=_errors(options),
            progress=partial(bar, path.name),
        )
    _print_report(report, options)
    return not (report.refused or report.wrong)


def look_at(
    path: Path, options: Options, *, target: str, mapping: Path | None = None, rows: int = 10, write: Path | None = None
) -> bool:
    """Print how a file would be read, by a mapping or by one that is guessed and may be written down; store nothing.

    Return whether nothing is wrong with the first rows.
    """
    from commands.importing.guess import TARGETS, toml_of
    from commands.importing.mapping import make_mapping, read_mapping
    from commands.importing.preview import guess_mapping, preview

    if target not in TARGETS:
        raise ToldError(f"{target} cannot be imported. Say one of {', '.join(TARGETS)}.")
    settings = Settings()
    zone = settings.zone
    with told_in(options.language):
        own = _own_fields(settings) if mapping or target == "client" else {}
        content = None if mapping else guess_mapping(path, target, path.stem[:200], own)  # type: ignore[arg-type]  # see above
        wanted = read_mapping(mapping, zone=zone) if mapping else make_mapping({"zone": zone, **(content or {})})
        seen = preview(path, wanted, tell_in(options.language), rows=rows, own=own)
    text = None if content is None else toml_of(content)
    if write is not None and text is not None:
        write.write_text(text, encoding="utf-8")
    if options.as_json:
        print_json({**seen.as_dict(), "mapping": text})
    else:
        _print_preview(seen, text)
    return not any(row.problems for row in seen.first)


def _own_fields(settings: Settings) -> "OwnFields":
    """Return the company's own fields of clients; without a database none are known, which is said."""
    from app.imports.own_fields import own_fields
    from commands.importing.own_fields import OwnField, named
    from read_api.reading.errors import ViewBuildingError

    try:
        with connect(running_owner_url(settings)) as connection:
            return named(map(OwnField.model_validate, own_fields(connection)))
    except (DatabaseStoppedError, psycopg.OperationalError, ViewBuildingError):
        say("No database can be asked: which fields of its own the company has is not known here.")
        return {}


def _print_preview(seen: "Preview", mapping: str | None) -> None:
    how = f"{seen.encoding}, delimiter {seen.delimiter!r}" if seen.encoding else f"sheet {seen.sheet} of {seen.sheets}"
    say(f"{seen.form}, {how}: {seen.rows:,} rows, {seen.blank:,} blank, {seen.left_out:,} left out.")
    if mapping is not None:
        say(f"\nThe mapping, guessed; correct it:\n\n{mapping}")
    if seen.unused:
        say(f"Nothing is taken from: {', '.join(seen.unused)}")
    for row in seen.first:
        say(f"{row.line:>6}  " + "; ".join(f"{field} = {value}" for field, value in row.fields.items()))
        for told in (*row.problems, *row.warnings):
            say(f"        ! {told}")


def import_maven(folder: Path, options: Options) -> bool:
    """Import the Maven company, and compare CSV, pipeline and reports; return whether the three are equal."""
    from commands.importing.folder_import import MAVEN, csv_totals, import_folder

    with told_in(options.language), site(options, [*folder.glob("*.csv")]) as here:
        with progress() as bar:
            report = import_folder(
                folder,
                MAVEN,
                here.door,
                zone=here.settings.zone,
                strict=options.is_strict,
                is_dry=options.is_dry,
                asked_by=operator(),
                errors=_errors(options, several=True),
                progress=partial(bar, "rows"),
            )
        if options.is_dry:
            _print_report(report, options)
            return True
        totals, seconds = _totals(here, MAVEN, report.position)
    totals = {"csv": csv_totals(folder, MAVEN, strict=options.is_strict), **totals}
    is_equal: bool = totals["csv"] == totals["pipeline"] == totals["analytics"]
    if options.as_json:
        account = report.as_dict()
        print_json({**totals, "is_equal": is_equal, "catch_up_seconds": round(seconds, 2), "import": account})
    else:
        _print_report(report, options)
        say(f"The read models caught up in another {seconds:.1f} s.")
        for name, total in totals.items():
            say(f"{name:>10}: {total}")
        say("The three are equal." if is_equal else "THE THREE DIFFER: letopis projections verify all says where.")
    return is_equal


def _totals(site: Site, plan: "FolderPlan", position: int) -> tuple[dict[str, Any], float]:
    """Return what pipeline and reports say once they have read everything, and how long that took (seconds)."""
    from app.terminal.totals import analytics_totals, caught_up, pipeline_totals

    started = time.monotonic()
    with caught_up(site.settings, site.urls, site.master, position, CATCH_UP_SECONDS):
        totals = {
            "pipeline": pipeline_totals(site.urls.reader, plan),
            "analytics": analytics_totals(site.settings, site.urls, site.master, plan, position),
        }
        return totals, time.monotonic() - started


def _print_report(report: "Report", options: Options) -> None:
    if options.as_json:
        if options.is_dry or report.source != "maven":
            print_json(report.as_dict())
        return
    if report.accepted and not report.is_dry:
        say(f"To take it back: letopis import revert {report.import_id} --reason …")
    say(
        f"{report.rows:,} rows in {report.seconds:.1f} s{' (a dry run: nothing was stored)' if report.is_dry else ''}: "
        f"{report.accepted:,} accepted, of which {report.updated:,} changed who was there, "
        f"{report.already_there:,} were there already, {report.refused:,} refused, "
        f"{report.wrong:,} wrong; {report.blank:,} blank lines, {report.left_out:,} left out, "
        f"{report.warnings:,} warnings, {report.conflicts:,} deals by a seller who does not own the client."
    )
    for code, count in report.reasons.most_common():
        say(f"{count:>8,}  {code}")
    if (report.refused or report.wrong or report.warnings) and options.errors is None:
        say("Which rows, and why: run it again with --errors FILE.csv (nothing is doubled).")
