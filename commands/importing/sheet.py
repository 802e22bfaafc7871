"""A table seen through its mapping: where each field stands, and what all rows have in common."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from commands.importing.header import LOOKED_AT, Header, distinct, find_header, heading_key
from commands.importing.mapping import BLANKS, Column, Condition, FieldRule, Mapping
from commands.importing.marks import marked_at, without_ours
from commands.importing.own_fields import NO_OWN, OwnFields
from commands.importing.problems import MappingError
from events.custom_field import CustomFieldType
from infra.tables.cards import BESIDE
from infra.tables.delimited import Record
from infra.tables.table import Fitting, Table

NAMES = frozenset({"name", "contact_name", "director"})
"""Fields that say what somebody is called: people are called Null, None, or by a dash."""


class Cell(NamedTuple):
    """What one cell says, and the name of its column."""

    column: str
    value: str


class Sheet:
    """The columns of one table, found by the mapping."""

    def __init__(self, table: Table, mapping: Mapping, own: OwnFields = NO_OWN) -> None:
        """Find every column; raises MappingError when the table has no such column, and UnreadableFileError.

        `own`: those of the company's own fields that the mapping may name.
        """
        self.table = table
        self.mapping = mapping
        self.own = {name: own[name] for name in mapping.fields if name in own}
        first = list(islice((record for record in table.records() if any(record.cells)), LOOKED_AT + 2))
        # Rows that we gave back to be mended have columns of ours behind their own.
        marked = next((record for record in first if marked_at(record.cells) is not None), None)
        self._ours_at = None if marked is None else marked_at(marked.cells)
        first = list(map(self._as_sent, first))
        header = _header(first, mapping, marked)
        self.header = header.names
        self.headings = [record.cells for record in first if header.first <= record.line <= header.line]
        self._above = header.line
        self._places = header.places()
        self.width = len(self.header) or max((len(record.cells) for record in first), default=0)
        self._blanks = frozenset(each.casefold() for each in mapping.blanks or BLANKS) | {""}
        self._longest_blank = max(len(each) for each in self._blanks)
        self._places_of = {
            field: tuple(self._place(column) for column in rule.columns) for field, rule in mapping.fields.items()
        }
        # Most fields are one plain column: these are read without any detour.
        self._plain = {
            field: (self._places_of[field][0], mapping.values.get(field), self._may_be_blank_word(field))
            for field, rule in mapping.fields.items()
            if len(rule.columns) == 1 and rule == FieldRule(columns=rule.columns)
        }
        self._id_places = tuple(self._place(column) for column in mapping.external_id)
        self._conditions = [(self._place(each.column), each) for each in mapping.where]
        self._country_place = None if mapping.phone_country is None else self._place(mapping.phone_country)
        is_taken = any(column == BESIDE for column in mapping.columns())
        self._beside = self.header.index(BESIDE) if BESIDE in self.header and not is_taken else None
        self._seen: dict[bytes, int] = {}

    def records(self) -> Iterator[Record]:
        """Yield the rows below the header that say anything and are asked for, from the first."""
        self._seen.clear()
        said = (record for record in self.every_record() if any(record.cells))
        return filter(self.is_asked_for, said) if self._conditions else said

    def every_record(self) -> Iterator[Record]:
        """Yield all rows below the header, blank ones and those that are left out among them."""
        rows = (record for record in self.table.records() if record.line > self._above)
        return rows if self._ours_at is None else map(self._as_sent, rows)

    def _as_sent(self, record: Record) -> Record:
        """Return a row as it was first sent."""
        place = self._ours_at
        return record if place is None else Record(record.line, without_ours(record.cells, place))

    def is_asked_for(self, record: Record) -> bool:
        """Return whether the mapping takes a row."""
        return all(_holds(condition, _at(record, place)) for place, condition in self._conditions)

    def _place(self, column: Column) -> int:
        if isinstance(column, int):
            if self.width and column > self.width:
                raise MappingError("no-such-number", number=column, width=self.width)
            return column - 1
        place = self._places.get(heading_key(column))
        if place is None and not self.header:
            raise MappingError("no-header")
        if place is None:
            raise MappingError("no-such-column", missing=repr(column), known=", ".join(filter(None, self.header)))
        return place

    def name_of(self, place: int) -> str:
        """Return what people call the column: its name in the header, else its number."""
        name = self.header[place] if place < len(self.header) else ""
        return name or str(place + 1)

    def column_of(self, field: str) -> str:
        """Return the first column a field is read from; nothing when it is a constant or not mapped."""
        places = self._places_of.get(field, ())
        return self.name_of(places[0]) if places else ""

    def is_mapped(self, field: str) -> bool:
        """Return whether the mapping says anything about the field."""
        return field in self.mapping.fields

    def mapped(self, fields: Iterable[str]) -> list[str]:
        """Return those of the fields of which the mapping says anything, in their order."""
        return [field for field in fields if field in self.mapping.fields]

    def own_of(self, kind: CustomFieldType) -> list[str]:
        """Return those of the company's own fields that the mapping names and that are of a type."""
        return [name for name, field in self.own.items() if field.type is kind]

    def external_id(self, record: Record) -> str | None:
        """Return what the record is called in its source, None if a cell of that is blank.

        Without a name, what it says is its name.
        """
        if self._id_places:
            parts = [_at(record, place) for place in self._id_places]
            if any(map(self.is_blank, parts)):
                return None
            return parts[0] if len(parts) == 1 else "|".join(part.replace("|", "||") for part in parts)
        digest = sha256("\x1f".join(record.cells).encode("utf-8", "surrogatepass")).digest()
        name = digest.hex()[:24]
        if self.mapping.repeated_rows == "one":
            return name
        met = self._seen[digest] = self._seen.get(digest, 0) + 1
        return f"{name}-{met}" if met > 1 else name

    def unused(self) -> list[str]:
        """Return the columns of which the mapping takes nothing."""
        used = {place for places in self._places_of.values() for place in places}
        used.update(self._id_places, (place for place, _ in self._conditions))
        return [self.name_of(place) for place in range(self.width) if place not in used | {self._country_place}]

    @property
    def id_column(self) -> str:
        """The first column of the external id."""
        return self.name_of(self._id_places[0]) if self._id_places else ""

    def country(self, record: Record) -> Cell | None:
        """Return the cell that says in which country the phones of a row are, if there is one and it is not blank."""
        place = self._country_place
        value = "" if place is None else _at(record, place)
        return None if place is None or self.is_blank(value) else Cell(self.name_of(place), value)

    def beside(self, record: Record) -> Cell | None:
        """Return what a card says that has no column, if there is such a thing and the mapping does not take it."""
        value = "" if self._beside is None else _at(record, self._beside)
        return Cell(BESIDE, value) if value else None

    def _may_be_blank_word(self, field: str) -> bool:
        # So may an option be called.
        own = self.own.get(field)
        return (field in NAMES or (own is not None and bool(own.options))) and self.mapping.blanks is None

    def is_blank(self, value: str) -> bool:
        """Return whether a cell says nothing."""
        return not value or (len(value) <= self._longest_blank and value.casefold() in self._blanks)

    def text(self, record: Record, field: str) -> str | None:
        """Return what a field says, its columns joined, or None when its cells are blank."""
        plain = self._plain.get(field)
        if plain is None and field not in self._places_of:
            return None
        if plain is None:
            found = self.cells(record, field)
            return self.mapping.fields[field].join.join(cell.value for cell in found) if found else None
        place, translated, is_name = plain
        value = record.cells[place] if place < len(record.cells) else ""
        if translated is not None:
            value = translated.get(value, value)
        if not value or is_name:
            return value or None
        # Most values are longer than any text that says nothing.
        return None if len(value) <= self._longest_blank and self.is_blank(value) else value

    def cells(self, record: Record, field: str) -> list[Cell]:
        """Return what the field's cells say, split and translated, blank ones left out."""
        plain = self._plain.get(field)
        if plain is not None:
            value = self.text(record, field)
            return [] if value is None else [Cell(self.name_of(plain[0]), value)]
        rule = self.mapping.fields.get(field)
        if rule is None:
            return []
        if rule.value is not None:
            return [Cell("", rule.value)]
        found = [cell for place in self._places_of[field] for cell in self._cells_at(record, place, field, rule)]
        if not found and rule.otherwise is not None:
            return [Cell("", rule.otherwise)]
        return found[:1] if rule.first else found

    def _cells_at(self, record: Record, place: int, field: str, rule: FieldRule) -> Iterator[Cell]:
        told = _at(record, place)
        translated = self.mapping.values.get(field, {})
        is_name = self._may_be_blank_word(field)
        for part in told.split(rule.split) if rule.split else (told,):
            bare = part.strip() if rule.split else part
            value = translated.get(bare, bare)
            if value and (is_name or not self.is_blank(value)):
                yield Cell(self.name_of(place), f"{value} {rule.unit}" if rule.unit else value)


def fitting(mapping: Mapping) -> Fitting:
    """Return what says how many of the mapping's columns the first rows of a table have, however they were cut."""
    names = {heading_key(column) for column in mapping.columns() if isinstance(column, str)}
    last = max((column for column in mapping.columns() if isinstance(column, int)), default=0)

    def fits(rows: list[list[str]]) -> float:
        named = max((len(names.intersection(map(heading_key, row))) for row in rows[:LOOKED_AT]), default=0)
        wide = sum(len(row) >= last for row in rows) / len(rows) if rows and last else 0.0
        return named + wide

    return fits


def _header(first: list[Record], mapping: Mapping, marked: Record | None) -> Header:
    """Return the header the mapping means; raises MappingError when it calls columns by name and there is none."""
    named = [column for column in mapping.columns() if isinstance(column, str)]
    names = set(map(heading_key, named))
    if marked is None and (mapping.header is False or (mapping.header is None and not names)):
        return Header([], 0)
    if not names:
        line = 0 if marked is None else marked.line
        record = next((each for each in first if each.line >= line), Record(0, []))
        return Header(distinct(record.cells), record.line, record.line)
    found = find_header(first, lambda keys: len(names.intersection(keys)), rows=mapping.header_rows)
    if not found.names and first:
        known = ", ".join(filter(None, first[0].cells))
        raise MappingError("no-such-column", missing=", ".join(map(repr, named)), known=known)
    return found


def _at(record: Record, place: int) -> str:
    return record.cells[place] if place < len(record.cells) else ""


def _holds(condition: Condition, value: str) -> bool:
    key = heading_key(value)
    if condition.one_of is not None and key not in _keys(condition.one_of):
        return False
    return condition.none_of is None or key not in _keys(condition.none_of)


@lru_cache(maxsize=100)
def _keys(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(heading_key, texts))
