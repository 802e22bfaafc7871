"""Importing one file by its mapping, from beginning to end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol
from uuid import UUID, uuid5

from aggregates.base import AlreadyExistsError
from commands.errors import KeyReusedError
from commands.execution.pending import Answer
from commands.import_run import FinishImport, StartImport
from commands.importing.error_file import ErrorFile
from commands.importing.frame import Frame
from commands.importing.made_by import times_reverted
from commands.importing.mapping import Mapping
from commands.importing.names import IMPORTED, imported_id
from commands.importing.one_at_a_time import running
from commands.importing.own_fields import own_fields
from commands.importing.problems import teller
from commands.importing.report import Report
from commands.importing.run import Importer, Progress, WriteDoor
from commands.importing.sheet import Sheet, fitting
from commands.importing.survey import Survey, survey
from commands.importing.targets import check_fields
from commands.pipeline import DefinePipeline
from events.import_run import ImportedFile
from events.values import EARLIEST
from infra.tables.table import Table, open_table


class ImportName(NamedTuple):
    """As what a file is imported that was sent: as which import, and what it was called where it came from."""

    import_id: UUID
    file: str
    digest: str


def import_file(
    path: Path,
    mapping: Mapping,
    door: WriteDoor,
    *,
    strict: bool = False,
    is_dry: bool = False,
    asked_by: str | None = None,
    errors: ErrorFile | None = None,
    progress: Progress | None = None,
    named: ImportName | None = None,
    reading: Callable[[int], None] | None = None,
) -> Report:
    """Import a file and return the account of its rows; the same file again adds nothing.

    `named` says as what it is imported, if not as itself; `reading` is told how many rows were looked through, before
    any is imported.

    `strict` refuses deals on somebody else's client, as if the rule had been in force then. `is_dry` only says in the
    report that the door stores nothing (see rehearsal). Raises MappingError, UnreadableFileError, OSError, and
    psycopg.OperationalError when the log stays out of reach; run it again to go on.
    """
    own = own_fields(door.borrow, door.decode, mapping.fields)
    check_fields(mapping, own)
    with opened(path, mapping) as table, errors or nowhere() as told:
        sheet = Sheet(table, mapping, own)
        surveyed = survey(sheet, datetime.now(UTC), progress=reading)
        said = mapping.model_dump_json(exclude_defaults=True, by_alias=True)
        begin = partial(begun_with, mapping.source, [path], said, strict=strict, asked_by=asked_by, named=named)
        with importing(door, mapping.source, begin, told, progress, is_dry=is_dry) as importer:
            import_sheet(importer, sheet, surveyed, name=path.name, strict=strict)
    return importer.report


def opened(path: Path, mapping: Mapping) -> Table:
    """Open a file as its mapping says; raises UnreadableFileError and OSError."""
    return open_table(
        path,
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
        sheet=mapping.sheet,
        fitting=fitting(mapping),
    )


def nowhere() -> ErrorFile:
    """Return what writes down nothing of the rows that are not taken."""
    return ErrorFile(None, teller("en"))


def begun_with(
    source: str,
    paths: Sequence[Path],
    mapping: str,
    *,
    strict: bool,
    asked_by: str | None,
    named: ImportName | None = None,
    reverts: int = 0,
) -> StartImport:
    """Return what begins the import of these files: broken off and begun again, it is the same import.

    After one of its source was reverted it is another one; `reverts`: so many were.
    """
    if named is not None:
        files: tuple[ImportedFile, ...] = (ImportedFile(name=named.file[-200:], digest=named.digest),)
        import_id = named.import_id
    else:
        files = tuple(ImportedFile(name=path.name[-200:], digest=digest_of(path)) for path in paths)
        said = "\n".join((source, "import", *(file.digest for file in files), mapping, str(strict)))
        if reverts:
            said = f"{said}\nafter {reverts}"
        import_id = uuid5(IMPORTED, said)
    return StartImport(
        import_id=import_id, source=source, is_strict=strict, asked_by=asked_by, files=files, mapping=mapping
    )


def digest_of(path: Path) -> str:
    """Return what SHA-256 makes of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


class Begin(Protocol):
    """Says what begins an import, after so many of its source were reverted."""

    def __call__(self, *, reverts: int) -> StartImport: ...


@contextmanager
def importing(
    door: WriteDoor, source: str, begin: Begin, errors: ErrorFile, progress: Progress | None, *, is_dry: bool
) -> Iterator[Importer]:
    """Record that the import began, lend it, and record how its rows add up when it came through.

    Raises ImportRefusedError while another one is reverted.
    """
    started = time.monotonic()
    report = Report(source, is_dry=is_dry)
    with nullcontext() if is_dry else running(door.borrow):
        reverts = times_reverted(door.borrow, source)
        begun = begin(reverts=reverts)
        assert begun.import_id is not None  # noqa: S101 - begun_with names it
        report.import_id = begun.import_id
        importer = Importer(door, source, begun.import_id, report, errors, progress or _silent, reverts=reverts)
        check(importer.prepare((begun, str(begun.import_id))))
        yield importer
        # Numbers that differ from those recorded when this file was read first (a reference was mended since) are in
        # this run's report; the log keeps the first ones.
        importer.prepare((_finish(begun.import_id, report), str(begun.import_id)))
        report.seconds, report.ended_at = time.monotonic() - started, datetime.now(UTC)


def import_sheet(importer: Importer, sheet: Sheet, surveyed: Survey, *, name: str, strict: bool = False) -> None:
    """Import the rows of one file that was looked through."""
    mapping = sheet.mapping
    if mapping.pipeline is not None:
        pipeline = mapping.pipeline
        pipeline_id = imported_id(mapping.source, "pipeline", pipeline.name)
        asked = DefinePipeline(
            pipeline_id=pipeline_id, name=pipeline.name, stages=pipeline.stages, occurred_at=_beginning(sheet, surveyed)
        )
        check(importer.prepare((asked, pipeline.name)))
    importer.rows(sheet, surveyed, Frame(importer.import_id, mapping, strict), name)


def _beginning(sheet: Sheet, surveyed: Survey) -> datetime | None:
    """Return when the first deal began, by which there was a pipeline: else boards of those days would not be there."""
    moments = chain((surveyed.when(sheet, record) for record in sheet.records()), (sheet.mapping.stated_moment,))
    # A date that nobody means is told of its row.
    return min((each for each in moments if each is not None and EARLIEST <= each <= surveyed.now), default=None)


def _silent(done: int, total: int) -> None:
    """Show nobody how far the import has come."""


def check(answers: Sequence[Answer]) -> None:
    """Raise what kept a command that is no row from being carried out; what is there already is no obstacle."""
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, (AlreadyExistsError, KeyReusedError)):
            raise answer


def _finish(import_id: UUID, report: Report) -> FinishImport:
    accepted = report.accepted + report.already_there
    return FinishImport(
        import_id=import_id, rows=report.rows, accepted=accepted, refused=report.refused, wrong=report.wrong
    )
