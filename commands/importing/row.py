"""One row on its way to a command: it answers for its fields, and remembers which of its cells are wrong."""

from collections.abc import Sequence
from datetime import datetime

from commands.importing.amounts import AmbiguousAmountError, Amount
from commands.importing.choices import YES_OR_NO, allowed, code_of_word
from commands.importing.dates import AmbiguousDateError, WrongDateError
from commands.importing.problems import Problem
from commands.importing.sheet import Cell, Sheet
from commands.importing.survey import Survey
from infra.tables.delimited import Record
from infra.tables.encodings import is_damaged, shown


class Row:
    """One record of a sheet. A field that cannot be read is None, and stands among the row's `problems`."""

    __slots__ = ("external_id", "is_damaged", "problems", "record", "sheet", "survey", "warnings")

    def __init__(self, sheet: Sheet, survey: Survey, record: Record) -> None:
        """Take the record; a ragged one, one with bytes that are no text, and one without its id are wrong."""
        self.sheet = sheet
        self.survey = survey
        self.record = record
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        if len(record.cells) > sheet.width and any(record.cells[sheet.width :]):
            self.wrong("ragged-row", cells=len(record.cells), columns=sheet.width)
        whole = "".join(record.cells)
        self.is_damaged = "\0" in whole or is_damaged(whole)
        if self.is_damaged:
            self._find_damage()
        if beside := sheet.beside(record):
            self.warn("card-says-more", beside)
        name = sheet.external_id(record)
        if name is None:
            self.wrong("missing", sheet.id_column, field="external_id")
        self.external_id = name or ""

    def wrong(self, code: str, column: str = "", value: str = "", **facts: object) -> None:
        """Note that the row cannot be taken as it stands, and which cell is why."""
        self.problems.append(Problem(code, column, value, facts))

    def warn(self, code: str, cell: Cell) -> None:
        """Note a doubt about a cell of a row that is taken all the same."""
        self.warnings.append(Problem(code, cell.column, cell.value))

    def _find_damage(self) -> None:
        for place, value in enumerate(self.record.cells):
            if "\0" in value or is_damaged(value):
                self.wrong("damaged", self.sheet.name_of(place), shown(value).replace("\0", "\ufffd"))

    def cells(self, field: str) -> list[Cell]:
        """Return what the cells of a field with many values say."""
        return self.sheet.cells(self.record, field)

    def text(self, field: str) -> str | None:
        """Return what a field says, or None when its cells are blank."""
        return self.sheet.text(self.record, field)

    def needed(self, field: str) -> str:
        """Return what a field says; without it the row is wrong."""
        value = self.text(field)
        if value is None:
            self.wrong("missing", self.sheet.column_of(field), field=field)
        return value or ""

    def moment(self, field: str) -> datetime | None:
        """Return the moment a field names, UTC, or None when it is blank."""
        typed = self.text(field)
        if typed is None:
            return None
        column = self.sheet.column_of(field)
        try:
            moment = self.survey.moment(typed)
        except AmbiguousDateError:
            self.wrong("ambiguous-date", column, typed)
        except WrongDateError:
            self.wrong("wrong-date", column, typed, formats=", ".join((*self.sheet.mapping.dates, "ISO 8601")))
        else:
            if moment <= self.survey.now:
                return moment
            self.wrong("in-the-future", column, typed)
        return None

    def amount(self, field: str) -> Amount | None:
        """Return the amount a field names, or None when it is blank."""
        typed = self.text(field)
        if typed is None:
            return None
        try:
            return self.survey.amounts.amount(typed)
        except AmbiguousAmountError:
            self.wrong("ambiguous-amount", self.sheet.column_of(field), typed)
        except ValueError:
            self.wrong("wrong-amount", self.sheet.column_of(field), typed)
        return None

    def choice(self, field: str, choices: Sequence[str]) -> str | None:
        """Return which of the choices a field names, by its code or a word for it, or None when it is blank."""
        return self._choice(field, field, choices)

    def flag(self, field: str) -> bool:
        """Return whether a field says yes; a blank one says no."""
        return self._choice(field, YES_OR_NO, ("yes", "no")) == "yes"

    def _choice(self, field: str, words: str, choices: Sequence[str]) -> str | None:
        typed = self.text(field)
        if typed is None:
            return None
        named = code_of_word(words, typed, choices)
        if named is None:
            self.wrong("wrong-choice", self.sheet.column_of(field), typed, field=field, choices=allowed(words, choices))
        return named
