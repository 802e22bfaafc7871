"""The company's own fields in a file of clients: a column for each, under what people call it."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic_core import from_json

from read_api import views
from read_api.analytics_forms import Form
from read_api.custom_fields import CustomField
from read_api.reading.answer import json_of, list_of
from read_api.reading.statement import Statement

FIELDS = Statement(
    f"""
SELECT seen.*, {
        list_of(json_of(CustomField, "f"), f"{views.CUSTOM_FIELDS} AS f WHERE f.code IS NOT NULL", order="f.code")
    }::text
FROM seen""",  # noqa: S608 - put together from constants
    (views.CUSTOM_FIELDS,),
)

YES_AND_NO = {"en": {"true": "yes", "false": "no"}, "ru": {"true": "да", "false": "нет"}}
DIGITS = 18
"""Of a number, before and behind its point."""


class FieldColumn(NamedTuple):
    """One column: its name, what people call it, and how what stands in it is told to them."""

    name: str
    labels: Mapping[str, str]
    code: str
    type: str
    options: Mapping[str, Mapping[str, str]]

    def values(self, told: Sequence[str | None], form: Form) -> Any:
        """Return the cells: days and numbers as such, all else as text."""
        if self.type == "date":
            return pa.array([one and date.fromisoformat(one) for one in told], pa.date32())
        if self.type == "number":
            numbers = [None if one is None else Decimal(one) for one in told]
            scale = max((len(one.partition(".")[2]) for one in told if one is not None), default=0)
            return pa.array(numbers, pa.decimal128(DIGITS, scale))
        return pa.array([None if one is None else self._said(one, form) for one in told], pa.string())

    def _said(self, value: str, form: Form) -> str:
        if form.titles is None:
            return value
        if self.type == "boolean":
            return YES_AND_NO[form.language][value]
        labels = self.options.get(value)
        return value if labels is None else labels[form.language]


def columns_of(told: str, clients: Sequence[Mapping[str, Any]]) -> list[FieldColumn]:
    """Return the columns: of every field that is filled in, and of a retired one if one of the clients has a value."""
    used = {code for client in clients for code in client["fields"]}
    return [
        FieldColumn(
            f"field:{field['code']}",
            field["labels"],
            field["code"],
            field["type"],
            {option["code"]: option["labels"] for option in field["options"]},
        )
        for field in from_json(told)
        if field["retired_at"] is None or field["code"] in used
    ]


def with_titles(form: Form, columns: Sequence[FieldColumn]) -> Form:
    """Return the form with what the columns are called; where something else is called so, the code stands beside."""
    if form.titles is None:
        return form
    titles = dict(form.titles)
    for column in columns:
        called = column.labels[form.language]
        is_taken = called.casefold() in {each.casefold() for each in titles.values()}
        titles[column.name] = f"{called} ({column.code})" if is_taken else called
    return form._replace(titles=titles)
