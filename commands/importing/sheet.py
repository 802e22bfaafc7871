"""A CSV file seen through its mapping: each row answers for its fields, or says which cell is wrong."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from commands.importing.csv_file import CsvFile, Record
from commands.importing.mapping import Column, Mapping
from commands.importing.problems import CellError, MappingError

C = TypeVar("C")

_LABEL = re.compile(r"^[^\W\d_][\w .-]{0,20}:\s*")
_AMOUNT = re.compile(r"^(?P<sign>[-+]?)(?P<digits>[0-9\s'.,]+)$")


class Cell(NamedTuple):
    """What one cell says, and the name of its column."""

    column: str
    value: str


class Sheet:
    """The columns of one file, found by the mapping, and what its rows have in common."""

    def __init__(self, file: CsvFile, mapping: Mapping, *, now: datetime) -> None:
        """Find every column; raises MappingError when the file has no such column."""
        self.mapping = mapping
        self.now = now
        self.blank = file.blank
        self.zone = ZoneInfo(mapping.zone)
        has_header = mapping.header if mapping.header is not None else _names_columns(mapping)
        self.header = _distinct(file.records[0].cells) if has_header and file.records else []
        self.records: Sequence[Record] = file.records[1:] if self.header else file.records
        self._places = {name.casefold(): place for place, name in enumerate(self.header)}
        self.width = len(self.header) or max((len(record.cells) for record in self.records), default=0)
        self._blanks = frozenset(each.casefold() for each in mapping.blanks) | {""}
        self._longest_blank = max(len(each) for each in self._blanks)
        self._places_of = {
            field: tuple(self._place(column) for column in rule.columns) for field, rule in mapping.fields.items()
        }
        # Most fields are one plain column: these are read without any detour.
        self._plain = {
            field: (self._places_of[field][0], mapping.values.get(field))
            for field, rule in mapping.fields.items()
            if len(rule.columns) == 1 and rule.value is None and not rule.unit
        }
        self._id_place = None if mapping.external_id is None else self._place(mapping.external_id)
        self._moments: dict[str, datetime] = {}
        self._seen: dict[str, int] = {}

    def _place(self, column: Column) -> int:
        if isinstance(column, int):
            if self.records and column > self.width:
                raise MappingError(f"There is no column {column}: the file has {self.width}.")
            return column - 1
        place = self._places.get(column.casefold())
        if place is None:
            known = ", ".join(self.header) or "without names: use their numbers, from 1"
            raise MappingError(f"There is no column {column!r}. The columns are {known}.")
        return place

    def name_of(self, place: int) -> str:
        """Return what people call the column: its name in the header, else its number."""
        return self.header[place] if place < len(self.header) else str(place + 1)

    def column_of(self, field: str) -> str:
        """Return the first column a field is read from; nothing when it is a constant or not mapped."""
        places = self._places_of.get(field, ())
        return self.name_of(places[0]) if places else ""

    def is_mapped(self, field: str) -> bool:
        """Return whether the mapping says anything about the field."""
        return field in self.mapping.fields

    def external_id(self, record: Record) -> str:
        """Return what the record is called in its source; without a name, what it says is its name."""
        if self._id_place is not None:
            value = record.cells[self._id_place] if self._id_place < len(record.cells) else ""
            if self._is_blank(value):
                raise CellError("missing", self.name_of(self._id_place), value, field="external_id")
            return value
        name = sha256("\x1f".join(record.cells).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        if self.mapping.repeated_rows == "one":
            return name
        self._seen[name] = self._seen.get(name, 0) + 1
        return f"{name}-{self._seen[name]}" if self._seen[name] > 1 else name

    def _is_blank(self, value: str) -> bool:
        return not value or (len(value) <= self._longest_blank and value.casefold() in self._blanks)

    def text(self, record: Record, field: str) -> str | None:
        """Return what a field says, its columns joined, or None when its cells are blank."""
        plain = self._plain.get(field)
        if plain is None:
            found = self.cells(record, field)
            return self.mapping.fields[field].join.join(cell.value for cell in found) if found else None
        place, translated = plain
        value = record.cells[place] if place < len(record.cells) else ""
        if translated is not None:
            value = translated.get(value, value)
        return None if self._is_blank(value) else value

    def cells(self, record: Record, field: str) -> list[Cell]:
        """Return what the field's cells say, translated, blank ones left out."""
        rule = self.mapping.fields.get(field)
        if rule is None:
            return []
        if rule.value is not None:
            return [Cell("", rule.value)]
        translated = self.mapping.values.get(field, {})
        found = []
        for place in self._places_of[field]:
            value = record.cells[place] if place < len(record.cells) else ""
            value = translated.get(value, value)
            if not self._is_blank(value):
                found.append(Cell(self.name_of(place), f"{value} {rule.unit}" if rule.unit else value))
        return found

    def moment(self, typed: str) -> datetime | None:
        """Return the moment a text names, UTC, a day being its midnight in the source's zone; None: it names none."""
        found = self._moments.get(typed)
        if found is None:
            found = self._parsed(typed)
            if found is not None:
                self._moments[typed] = found
        return found

    def _parsed(self, typed: str) -> datetime | None:
        for pattern in (*self.mapping.dates, None):
            try:
                naive = datetime.fromisoformat(typed) if pattern is None else datetime.strptime(typed, pattern)  # noqa: DTZ007
                return (naive if naive.tzinfo else naive.replace(tzinfo=self.zone)).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
        return None


class Row:
    """One record on its way to a command."""

    __slots__ = ("external_id", "record", "sheet", "warnings")

    def __init__(self, sheet: Sheet, record: Record) -> None:
        """Take the record; raises CellError when it is ragged or has no id."""
        if len(record.cells) > sheet.width and any(record.cells[sheet.width :]):
            raise CellError("ragged-row", cells=len(record.cells), columns=sheet.width)
        self.sheet = sheet
        self.record = record
        self.external_id = sheet.external_id(record)
        self.warnings: list[CellError] = []

    def cells(self, field: str) -> list[Cell]:
        """Return what the cells of a field with many values say."""
        return self.sheet.cells(self.record, field)

    def text(self, field: str) -> str | None:
        """Return what a field says, or None when its cells are blank."""
        return self.sheet.text(self.record, field)

    def needed(self, field: str) -> str:
        """Return what a field says; raises CellError when it is blank."""
        value = self.text(field)
        if value is None:
            raise CellError("missing", self.sheet.column_of(field), field=field)
        return value

    def moment(self, field: str) -> datetime | None:
        """Return the moment a field names, or None when it is blank; raises CellError."""
        typed = self.text(field)
        if typed is None:
            return None
        moment = self.sheet.moment(typed)
        if moment is None:
            formats = ", ".join((*self.sheet.mapping.dates, "ISO 8601"))
            raise CellError("wrong-date", self.sheet.column_of(field), typed, formats=formats)
        if moment > self.sheet.now:
            raise CellError("in-the-future", self.sheet.column_of(field), typed)
        return moment

    def amount(self, field: str) -> Decimal | None:
        """Return the amount a field names, or None when it is blank; raises CellError."""
        typed = self.text(field)
        if typed is None:
            return None
        try:
            return parse_amount(typed)
        except ValueError:
            raise CellError("wrong-amount", self.sheet.column_of(field), typed) from None

    def choice(self, field: str, choices: Sequence[str]) -> str | None:
        """Return which of the choices a field names, whatever the case; raises CellError for another word."""
        typed = self.text(field)
        if typed is None:
            return None
        named = typed.casefold().replace(" ", "_").replace("-", "_")
        if named not in choices:
            raise CellError("wrong-choice", self.sheet.column_of(field), typed, field=field, choices=", ".join(choices))
        return named

    def warn(self, code: str, cell: Cell) -> None:
        """Note a doubt about a cell of a row that is taken all the same."""
        self.warnings.append(CellError(code, cell.column, cell.value))


def parse_amount(typed: str) -> Decimal:
    """Read an amount with blanks, points or commas between the thousands; raises ValueError.

    Of two different signs the last begins the decimals; a single one does unless exactly three digits follow a comma.
    """
    if typed.isascii() and typed.isdigit():
        return Decimal(typed)
    match = _AMOUNT.match(typed.strip())
    if match is None:
        raise ValueError(typed)
    digits = re.sub(r"[\s']", "", match["digits"])
    last = max(digits.rfind("."), digits.rfind(","))
    whole, fraction = (digits, "") if last < 0 else (digits[:last], digits[last + 1 :])
    sign = digits[last] if last >= 0 else ""
    if sign and (digits.count(sign) > 1 or (sign == "," and len(fraction) == 3 and "." not in whole)):
        whole, fraction = whole + fraction, ""
    try:
        return Decimal(match["sign"] + re.sub(r"[.,]", "", whole) + "." + fraction)
    except InvalidOperation:
        raise ValueError(typed) from None


def without_label(typed: str) -> str:
    """Return a contact without the word before it: "phone: 8-800…" names the number after the colon."""
    return _LABEL.sub("", typed, count=1)


def _names_columns(mapping: Mapping) -> bool:
    """Return whether the mapping calls any column by name, which only a header can answer."""
    named = [column for rule in mapping.fields.values() for column in rule.columns]
    return any(isinstance(column, str) for column in (*named, mapping.external_id))


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names of the columns; a name met again gets its number: "Email", "Email (2)"."""
    counted: dict[str, int] = {}
    distinct = []
    for name in names:
        key = name.casefold()
        counted[key] = counted.get(key, 0) + 1
        distinct.append(name if counted[key] == 1 else f"{name} ({counted[key]})")
    return distinct
