"""A mapping guessed from the headings of a file and from what stands below them, to be looked at and corrected."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from commands.importing.beside_row import TAGS
from commands.importing.header import LOOKED_AT, Header, distinct, find_header, heading_key
from commands.importing.mapping import Target
from commands.importing.own_fields import OwnFields
from infra.tables.cards import BETWEEN, HEADINGS
from infra.tables.delimited import Record
from infra.tables.table import Fitting, Table

MANY = frozenset({"phone", "email", "address", "messenger", "site", "alias", "note"})
"""Fields that take every column that is headed so; of the others the first is one."""

NAME_PARTS = ("last_name", "first_name", "middle_name")
WESTERN_PARTS = ("first_name", "middle_name", "last_name")
SAMPLE = 200
"""Rows whose cells are looked at."""

MOST = 0.6
"""What part of the filled cells of a column is of one kind, for the column to be of that kind."""

MOST_WORDS = 6
"""Words of a heading; what is longer is text."""

_HUMP = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
_EMAIL = re.compile(r"(?:mailto:|e?-?mail:)?\s*[^\s@]+@[^\s@]+\.[^\s@]+", re.IGNORECASE)
_PHONE = re.compile(r"(?:[^\W\d_]+:)?\s*\+?(?:[\s().-]*\d){10,15}")

_FORMS = {"email": _EMAIL, "phone": _PHONE}


OF_CARDS: Mapping[str, Any] = {
    "external_id": "UID",
    "where": [{"column": "KIND", "is": ["person", "organisation"]}],
    "doubtful_contacts": "keep",
    "fields": {
        "name": "FN",
        "kind": "KIND",
        "position": "TITLE",
        **{
            field: {"column": column, "split": BETWEEN}
            for field, column in (
                ("phone", "TEL"),
                ("email", "EMAIL"),
                ("address", "ADR"),
                ("messenger", "IMPP"),
                ("site", "URL"),
            )
        },
        "birthday": "BDAY",
        "note": ["NOTE", "ORG"],
    },
}
"""What the columns of cards mean; lists of addressees (KIND:group) are left out. For whom a person works is noted."""


@cache
def _headings(target: Target) -> Mapping[str, str]:
    """Return the fields of a target by the keys of their headings."""
    words = tomllib.loads(Path(__file__).with_name("headings.toml").read_text(encoding="utf-8"))[target]
    return {heading_key(word): field for field, heads in words.items() for word in heads}


def field_of(heading: str, target: Target, labels: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """Return which field a heading means: by all of it, else by the most words that it begins or ends with.

    `labels`: the company's own fields by the keys of what they are called; only all of a heading means one.
    """
    known, key = _headings(target), heading_key(heading)
    if key in known or key in labels:
        return labels.get(key) or known[key]
    words = re.findall(r"[^\W_]+(?:[.-][^\W_]+)*", _HUMP.sub(" ", heading))
    keys = [heading_key(word) for word in words[:MOST_WORDS]]
    parts = (part for size in range(len(keys), 0, -1) for part in (keys[:size], keys[-size:]))
    return next((known[" ".join(part)] for part in parts if " ".join(part) in known), None)


def _labels(target: Target, own: OwnFields) -> Mapping[str, str]:
    """Return the company's own fields that may be filled in, by the keys of their labels in both languages."""
    if target != "client":
        return {}
    names: dict[str, set[str]] = {}
    for name, field in own.items():
        for label in (field.labels.en, field.labels.ru):
            if not field.is_retired:
                names.setdefault(heading_key(label), set()).add(name)
    return {label: next(iter(fields)) for label, fields in names.items() if len(fields) == 1}


def _recognised(cells: Sequence[str], target: Target, labels: Mapping[str, str]) -> float:
    """Return how many headings of a row are known; one that is so by a part of its words could be said anywhere."""
    known = {**_headings(target), **labels}
    whole = {known[key] for key in map(heading_key, cells) if key in known}
    parts = {field_of(cell, target) for cell in cells if cell} - whole - {None}
    found = len(whole) + 0.4 * len(parts)
    return found if found >= 1 else 0.0


def guessing(target: Target, own: OwnFields) -> Fitting:
    """Return what says how many headings are known, for the delimiter to be found."""
    labels = _labels(target, own)
    return lambda rows: max((_recognised(row, target, labels) for row in rows[:LOOKED_AT]), default=0.0)


def guessed(table: Table, target: Target, source: str, own: OwnFields) -> dict[str, Any]:
    """Return the content of a mapping for the file; what it leaves out nobody could guess."""
    rows = list(islice((record for record in table.records() if any(record.cells)), SAMPLE))
    if target == "client" and any(tuple(record.cells[: len(HEADINGS)]) == HEADINGS for record in rows[:LOOKED_AT]):
        return {"source": source, "target": target, **OF_CARDS}
    labels = _labels(target, own)
    header = find_header(rows, lambda names: _recognised(list(names), target, labels))
    if not header.names and _is_headed(rows, target):
        header = Header(distinct(rows[0].cells), rows[0].line)
    below = [record for record in rows if record.line > header.line]
    content: dict[str, Any] = {"source": source, "target": target}
    fields: dict[str, list[str | int]] = {}
    for place in range(max((len(record.cells) for record in rows), default=0)):
        heading = header.names[place] if place < len(header.names) else ""
        field = field_of(heading, target, labels) if heading else None
        # Of whatever else is numbered in the file this is not the number.
        field = None if field == "external_id" and heading_key(heading) not in _headings(target) else field
        field = field or _field_by_cells(below, place, target)
        if field is not None and (field not in fields or field in MANY):
            fields.setdefault(field, []).append(heading or place + 1)
    parts = {part: fields.pop(part)[0] for part in NAME_PARTS if part in fields}
    if parts:
        is_western = all(str(heading).isascii() for heading in parts.values())
        order = WESTERN_PARTS if is_western else NAME_PARTS
        fields["name"] = [parts[part] for part in order if part in parts]
    _take_id(content, fields, header.names, below)
    if "phone_country" in fields:
        content["phone_country"] = fields.pop("phone_country")[0]
    if not header.names:
        content["header"] = False
    if "name" not in fields and "name" in _headings(target).values():
        _name_by_cells(fields, header.names, below)
    content["fields"] = {field: columns[0] if len(columns) == 1 else columns for field, columns in fields.items()}
    if TAGS in fields:
        content["fields"][TAGS] = {"columns": fields[TAGS], "split": _between(below, header.names, fields[TAGS])}
    return content


def _between(rows: list[Record], names: list[str], columns: Sequence[str | int]) -> str:
    """Return what stands between the values of one cell: a semicolon, if any cell has one, else a comma."""
    places = [names.index(column) if isinstance(column, str) else column - 1 for column in columns]
    return ";" if any(";" in cell for place in places for cell in _cells(rows, place)) else ","


def _take_id(
    content: dict[str, Any], fields: dict[str, list[str | int]], names: list[str], below: list[Record]
) -> None:
    """Take the column of ids if it is one: no row without, no two alike."""
    columns = fields.pop("external_id", None)
    if columns is None or not isinstance(columns[0], str):
        return
    ids = list(_cells(below, names.index(columns[0])))
    if len(set(ids)) == len(below):
        content["external_id"] = columns[0]


def _cells(rows: list[Record], place: int) -> Iterator[str]:
    """Yield the filled cells of a column."""
    return (record.cells[place] for record in rows if place < len(record.cells) and record.cells[place])


def _field_by_cells(rows: list[Record], place: int, target: Target) -> str | None:
    """Return e-mail or phone for a column of those."""
    cells = list(_cells(rows, place))
    if target != "client" or not cells:
        return None
    for field, form in _FORMS.items():
        # Bare digits are an article, an account, or anything.
        like = sum(bool(form.fullmatch(cell)) and not (field == "phone" and cell.isdigit()) for cell in cells)
        if like > MOST * len(cells):
            return field
    return None


def _is_headed(rows: list[Record], target: Target) -> bool:
    """Return whether the first row could be headings that nobody knows: no e-mail above e-mails, no phone above any."""
    if len(rows) < 3:
        return False
    first, *below = rows
    kinds = [_field_by_cells(below, place, target) for place in range(len(first.cells))]
    forms = [(form, cell) for kind, cell in zip(kinds, first.cells, strict=True) if (form := _FORMS.get(kind or ""))]
    return bool(forms) and not any(form.fullmatch(cell) for form, cell in forms)


def _name_by_cells(fields: dict[str, list[str | int]], names: list[str], rows: list[Record]) -> None:
    """Take the first column of texts that are nearly all different for the names."""
    taken = {column for columns in fields.values() for column in columns}
    for place in range(max((len(record.cells) for record in rows), default=0)):
        column = names[place] if place < len(names) and names[place] else place + 1
        cells = list(_cells(rows, place))
        letters = sum(any(map(str.isalpha, cell)) for cell in cells)
        if column not in taken and letters == len(cells) > MOST * len(rows) and len(set(cells)) > MOST * len(cells):
            fields["name"] = [column]
            return


def toml_of(content: Mapping[str, Any]) -> str:
    """Return a mapping as a file of TOML."""
    plain = {key: value for key, value in content.items() if not isinstance(value, dict)}
    lines = [f"{key} = {_value(value)}" for key, value in plain.items()]
    for key, table in content.items():
        if isinstance(table, dict):
            lines += ["", f"[{key}]", *(f"{_key(name)} = {_value(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """Return a name as TOML takes it before a sign of equality."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_value(each)}' for name, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)


TARGETS: tuple[str, ...] = get_args(Target)
