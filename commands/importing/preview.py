"""How a file would be read, before anything is: its form, its columns, and the first rows as they would be taken."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from commands.importing.file_import import opened
from commands.importing.frame import Frame
from commands.importing.guess import guessed, guessing
from commands.importing.mapping import Mapping, Target
from commands.importing.own_fields import NO_OWN, OwnFields
from commands.importing.problems import Problem, Tell, said_of, told
from commands.importing.row import Row
from commands.importing.sheet import Sheet
from commands.importing.survey import Survey, survey
from commands.importing.targets import check_fields, made
from infra.tables.encodings import shown
from infra.tables.table import Table, open_table

MOST_SHOWN = 200
"""Characters of a cell that are shown."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row or one of its cells, or only doubtful, in words; no `column`: it is the whole row."""

    column: str
    code: str
    message: str
    is_doubt: bool


@dataclass(frozen=True)
class PreviewRow:
    """One row: its cells as they are, what each field would say, and what is wrong with it or doubtful, in words."""

    line: int
    cells: list[str]
    fields: dict[str, str]
    problems: list[str]
    warnings: list[str]
    faults: list[Fault]


@dataclass(frozen=True)
class Preview:
    """A file looked at: its columns, those of which the mapping takes nothing, how many rows it has, and the first.

    If it is not `is_whole`, only so many rows were counted and looked through.
    """

    form: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: list[str]
    columns: list[str]
    unused: list[str]
    rows: int
    blank: int
    left_out: int
    is_whole: bool
    has_header: bool
    first: list[PreviewRow] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return it for printing as JSON."""
        return asdict(self)


def guess_mapping(path: Path, target: Target, source: str, own: OwnFields = NO_OWN) -> dict[str, Any]:
    """Return the content of a mapping for a file nobody has described; raises UnreadableFileError and OSError."""
    with open_table(path, fitting=guessing(target, own)) as table:
        return guessed(table, target, source, own)


def preview(
    path: Path,
    mapping: Mapping,
    tell: Tell,
    *,
    rows: int = 10,
    most: int | None = None,
    own: OwnFields = NO_OWN,
) -> Preview:
    """Look at a file through a mapping, at `most` rows of it; raises MappingError, UnreadableFileError and OSError."""
    check_fields(mapping, own)
    with opened(path, mapping) as table:
        sheet = Sheet(table, mapping, own)
        surveyed = survey(sheet, datetime.now(UTC), most=most)
        frame = Frame(UUID(int=0), mapping, False)
        first = []
        for record in islice(sheet.records(), rows):
            row = Row(sheet, surveyed, record)
            made(row, frame)
            fields = {each: shown(sheet.text(record, each) or "") for each in mapping.fields}
            wrong, doubtful = ([told(each, tell) for each in kind] for kind in (row.problems, row.warnings))
            filled = {key: value for key, value in fields.items() if value}
            faults = [_fault(each, tell, is_doubt=False) for each in row.problems]
            faults += [_fault(each, tell, is_doubt=True) for each in row.warnings]
            cells = [shown(cell)[:MOST_SHOWN] for cell in record.cells]
            first.append(PreviewRow(record.line, cells, filled, wrong, doubtful, faults))
        return _preview(table, sheet, surveyed, first)


def _fault(problem: Problem, tell: Tell, *, is_doubt: bool) -> Fault:
    return Fault(problem.column, problem.code, said_of(problem, tell), is_doubt)


def _preview(table: Table, sheet: Sheet, surveyed: Survey, first: Sequence[PreviewRow]) -> Preview:
    return Preview(
        table.form,
        table.encoding,
        table.delimiter,
        table.sheet,
        table.sheets,
        [sheet.name_of(place) for place in range(sheet.width)],
        sheet.unused(),
        surveyed.count,
        surveyed.blank,
        surveyed.left_out,
        surveyed.is_whole,
        bool(sheet.header),
        list(first),
    )
