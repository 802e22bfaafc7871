"""The mapping of an import as a form: for each column what it says, by one choice; all else of the mapping stays."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

EXTERNAL_ID, COUNTRY = "external_id", "phone_country"
OF_THE_ROW = (EXTERNAL_ID, COUNTRY)
"""What a column may say besides the fields: it stands beside them in a mapping."""

SETTINGS = ("source", "date_order", "decimal", "doubtful_contacts")
"""What is asked beside the columns."""


class Heading(NamedTuple):
    """A column: what it is called, what it is named by in a mapping, and what it says now ("": nothing)."""

    name: str
    key: str | int
    field: str


def headings_of(columns: Sequence[str], mapping: Mapping[str, Any], *, has_header: bool) -> list[Heading]:
    """Return every column of a file, in order, with what the mapping takes it for."""
    said = _said_by(mapping)
    keys = [name if has_header and name else place for place, name in enumerate(columns, 1)]
    return [
        Heading(name, key, said.get(_folded(key)) or said.get(place) or "")
        for place, (name, key) in enumerate(zip(columns, keys, strict=True), 1)
    ]


def mapped(
    mapping: Mapping[str, Any], headings: Sequence[Heading], chosen: Sequence[str], settings: Mapping[str, str]
) -> dict[str, Any]:
    """Return the mapping with what was chosen for each column; a rule of a field whose columns stay stays as it is."""
    changed = dict(mapping)
    fields = dict(mapping.get("fields", {}))
    for heading, field in zip(headings, chosen, strict=True):
        if field != heading.field:
            _drop(changed, fields, heading)
    for heading, field in zip(headings, chosen, strict=True):
        if field and field != heading.field:
            _add(changed, fields, heading.key, field)
    changed["fields"] = fields
    for name in SETTINGS:
        if settings.get(name):
            changed[name] = settings[name]
        elif name in settings:
            changed.pop(name, None)
    return changed


def _said_by(mapping: Mapping[str, Any]) -> dict[str | int, str]:
    said: dict[str | int, str] = {}
    for name in OF_THE_ROW:
        said |= {_folded(column): name for column in _columns(mapping.get(name))}
    for field, rule in mapping.get("fields", {}).items():
        said |= {_folded(column): field for column in _columns(rule)}
    return said


def _folded(column: str | int) -> str | int:
    return column.casefold().strip() if isinstance(column, str) else column


def _columns(rule: Any) -> list[str | int]:
    """Return the columns that a rule names, however it is written."""
    if isinstance(rule, Mapping):
        rule = rule.get("columns", rule.get("column"))
    if rule is None:
        return []
    return list(rule) if isinstance(rule, list | tuple) else [rule]


def _drop(changed: dict[str, Any], fields: dict[str, Any], heading: Heading) -> None:
    """Take a column out of what it said."""
    of_all = changed if heading.field in OF_THE_ROW else fields
    rule = of_all.get(heading.field)
    left = [column for column in _columns(rule) if _folded(column) != _folded(heading.key)]
    if rule is None:
        return
    if left:
        of_all[heading.field] = {**rule, "columns": left} if isinstance(rule, Mapping) else left
        if isinstance(rule, Mapping):
            of_all[heading.field].pop("column", None)
    else:
        del of_all[heading.field]


def _add(changed: dict[str, Any], fields: dict[str, Any], key: str | int, field: str) -> None:
    if field == COUNTRY:
        changed[COUNTRY] = key
        return
    of_all = changed if field == EXTERNAL_ID else fields
    rule = of_all.get(field)
    columns = [*_columns(rule), key]
    if isinstance(rule, Mapping) and _columns(rule):
        of_all[field] = {**{name: each for name, each in rule.items() if name != "column"}, "columns": columns}
    else:
        of_all[field] = columns[0] if len(columns) == 1 else columns
