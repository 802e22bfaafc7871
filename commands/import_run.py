"""What is asked about an import: to begin it, to account for its rows; and what every row of old records has."""

from typing import Annotated

from pydantic import Field

from aggregates.import_run import ImportRun
from commands.base import Command, Context, Outcome, handles
from commands.roles import IMPORT
from events.examples import FIRST_IMPORT, example
from events.ids import ImportId
from events.import_run import ImportedFile
from events.values import ShortText, WholeText


@example(import_id=FIRST_IMPORT, source="maven-crm")
class StartImport(Command):
    """Begin to read a file or folder of old records."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId | None = None
    source: ShortText
    is_strict: bool = False
    asked_by: ShortText | None = None
    files: Annotated[tuple[ImportedFile, ...], Field(max_length=100)] = ()
    mapping: WholeText | None = None


@example(import_id=FIRST_IMPORT, rows=8800, accepted=8799, refused=1, wrong=0)
class FinishImport(Command):
    """Account for every row of the source."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId
    rows: Annotated[int, Field(ge=0, le=10**12)]
    accepted: Annotated[int, Field(ge=0, le=10**12)]
    refused: Annotated[int, Field(ge=0, le=10**12)]
    wrong: Annotated[int, Field(ge=0, le=10**12)]


class HistoryCommand(Command):
    """A row of old records; `occurred_at` is its date, or the import's stated date with `date_unknown`."""

    ROLES, EDITS = IMPORT, None

    import_id: ImportId
    date_unknown: bool = False


@handles(StartImport)
def start_import(command: StartImport, context: Context) -> Outcome:
    run = context.new(ImportRun, command.import_id)
    run.begin(
        source=command.source,
        is_strict=command.is_strict,
        asked_by=command.asked_by,
        files=command.files,
        mapping=command.mapping,
    )
    return context.save(run)


@handles(FinishImport)
def finish_import(command: FinishImport, context: Context) -> Outcome:
    run = context.load(ImportRun, command.import_id)
    run.finish(rows=command.rows, accepted=command.accepted, refused=command.refused, wrong=command.wrong)
    return context.save(run)
