"""Questions about what stands in the company's own fields of clients: of one client, and how many have what."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from infra.typed import NUMBER, number_text, tag_key
from read_api import views
from read_api.custom_fields import FieldLabels
from read_api.lists import CustomFieldType
from read_api.reading.answer import Answer, Items, Sql, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, either, everybody, is_among, is_client
from read_api.reading.question import PastQuestion, PlainText
from read_api.reading.seen import sees
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

MOST_TOLD = 500
"""So many values of a field are counted, the most frequent."""

_CODE = "[a-z0-9][a-z0-9_-]{0,63}"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
FieldIs = Annotated[str, StringConstraints(max_length=300, pattern=rf"^{_CODE}:[^\x00]+$")]
"""A field and what stands in it: `code:value`."""


def _with_a_day(text: str) -> str:
    value = text.partition(":")[2]
    if re.fullmatch(_DAY, value):
        try:
            date.fromisoformat(value)
        except ValueError:
            raise PydanticCustomError("date_parsing", "there is no such day") from None
    return text


FieldLimit = Annotated[
    str, StringConstraints(max_length=100, pattern=rf"^{_CODE}:({NUMBER}|{_DAY})$"), AfterValidator(_with_a_day)
]
"""A field of numbers or of days and a limit of it: `code:1200.5`, `code:2026-11-30`."""

FIELD_FILTERS = ("field", "field_least", "field_most")
"""The filters of clients by what stands in a field; of each its parameter is what `fields_looked_for` gives."""


def fields_looked_for(given: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Return those of the filters that are of fields, as their conditions take them."""
    return {name: _looked_for(given[name]) for name in FIELD_FILTERS if name in given}


def _looked_for(given: str) -> list[str | None]:
    """Return a filter as its condition takes it: the code, the value as texts are compared, and as a number is."""
    code, _, value = given.partition(":")
    compared = tag_key(value)
    return [code, compared, number_text(compared)]


def _given(name: str, place: int) -> str:
    return f"(%({name})s::text[])[{place}]"


def _matches(name: str, row: str) -> str:
    """Return the condition of a filter on a row of values whose field is the one that is asked for."""
    text, number = _given(name, 2), _given(name, 3)
    if name == "field":
        is_beginning = f"left({row}.compared, 100) IN (left({text}, 100), {number})"
        return f"{is_beginning} AND {row}.compared = CASE {row}.type WHEN 'number' THEN {number} ELSE {text} END"
    operator = ">=" if name == "field_least" else "<="
    is_day = f"{number} IS NULL AND {row}.type = 'date' AND left({row}.compared, 100) {operator} left({text}, 100)"
    return f"({row}.number {operator} {number}::numeric OR ({is_day}))"


def _first(client: str, row: str) -> str:
    """Return in which order the values of several who are one count: the client's own first, then the latest."""
    return f"{row}.client_id <> {client}, {row}.set_at DESC, {row}.client_id"


def has_field(client: str, name: str) -> str:
    """Return the condition that what stands in a field of a client, as whomever, is what a filter asks for."""
    code = _given(name, 1)
    found = f"{views.CLIENT_FIELDS} AS v WHERE v.code = {code} AND {_matches(name, 'v')}"
    counts = f"""(
            SELECT {_matches(name, "w")} FROM {views.CLIENT_FIELDS} AS w
            WHERE w.client_id = ANY({everybody(client)}) AND w.code = {code}
            ORDER BY {_first(client, "w")}
            LIMIT 1
        )"""  # noqa: S608 - put together from constants
    return f"{is_among(client, 'v.client_id', found)} AND {either('true', counts)}"


CONDITIONS = {name: has_field("c.client_id", name) for name in FIELD_FILTERS}
OF_FIELDS = dict.fromkeys(FIELD_FILTERS, (views.CLIENT_FIELDS,))
"""Where the conditions of a list of clients look."""


class FieldFilters(PastQuestion):
    """Which clients, by what stands in a field."""

    field: FieldIs | None = None
    field_least: FieldLimit | None = None
    field_most: FieldLimit | None = None


class OtherValue(Answer):
    """What stands in the field of one who turned out to be the client, where it is something else."""

    client_id: UUID
    value: str


class ClientField(Answer):
    """What stands in a field of a client; `client_id` is whose it is, where others turned out to be the client.

    Their own counts, else what was set last. `others`: what else stands there, for a decision.
    """

    code: str
    type: CustomFieldType
    labels: Annotated[FieldLabels | None, Sql("d.labels")]
    value: str
    value_labels: Annotated[
        FieldLabels | None, Sql("d.options -> f.value -> 'labels'"), Field(description="Of a choice: of its option.")
    ]
    client_id: UUID
    set_at: datetime
    others: list[OtherValue]


_DEFINED = f"LEFT JOIN {views.CUSTOM_FIELDS} AS d ON d.code = f.code"


def fields_of(client: str) -> str:
    """Return the SQL of what stands in the fields of a client, in order, as JSON."""
    others = list_of(
        json_of(OtherValue, "e"),
        f"""{views.CLIENT_FIELDS} AS e
            WHERE {is_client("e.client_id", client)} AND e.code = f.code AND e.compared <> f.compared""",
        order="e.client_id",
    )
    return list_of(
        json_of(ClientField, "f", others=others),
        f"""(
                SELECT DISTINCT ON (v.code) v.*
                FROM {views.CLIENT_FIELDS} AS v
                WHERE {is_client("v.client_id", client)}
                ORDER BY v.code, {_first(client, "v")}
            ) AS f
            {_DEFINED}""",  # noqa: S608 - put together from constants
        order="f.code",
    )


FIELD_VALUES = Sql(f"""coalesce((
                SELECT json_object_agg(f.code, f.value)
                FROM (
                    SELECT DISTINCT ON (v.code) v.code, v.value
                    FROM {views.CLIENT_FIELDS} AS v
                    WHERE {is_client("v.client_id", "c.client_id")}
                    ORDER BY v.code, {_first("c.client_id", "v")}
                ) AS f
            ), json_build_object())""")  # noqa: S608 - put together from constants
"""What stands in the fields of the client of a row, by the fields' codes."""


class FieldValueInUse(Answer):
    """A value of a field, and how many of the clients that the caller sees have it, those put away not counted."""

    value: str
    value_labels: Annotated[FieldLabels | None, Sql("d.options -> f.value -> 'labels'")]
    clients: int


_WHO = answers("v.client_id")
VALUES = Statement(
    f"""
SELECT seen.*, CASE WHEN EXISTS (SELECT FROM {views.CUSTOM_FIELDS} AS known WHERE known.code = %(code)s)
    THEN json_build_object('items', {
        list_of(
            json_of(FieldValueInUse, "f"),
            f'''(
        SELECT one.code, one.compared, min(one.value) AS value, count(*) AS clients
        FROM (
            SELECT DISTINCT ON ({_WHO}) {_WHO} AS client_id, v.code, v.compared, v.value
            FROM {views.CLIENT_FIELDS} AS v
            WHERE v.code = %(code)s
            ORDER BY {_WHO}, {_first(_WHO, "v")}
        ) AS one
        JOIN {views.CLIENT_CARD} AS c ON c.client_id = one.client_id
        WHERE c.registered_at IS NOT NULL AND c.archived_at IS NULL AND {sees("client", "c")}
        GROUP BY one.code, one.compared
        ORDER BY clients DESC, one.compared
        LIMIT {MOST_TOLD}
    ) AS f
    {_DEFINED}''',
            order="f.clients DESC, f.compared",
        )
    })::text END
FROM seen""",  # noqa: S608 - put together from constants
    (views.CLIENT_FIELDS, views.CUSTOM_FIELDS, views.CLIENT_CARD),
)


@router.question(
    "/custom-fields/{code}/values",
    "What stands in a custom field, the most frequent first",
    answers=Items[FieldValueInUse],
    roles=FRONT_OFFICE,
    note=f" Up to {MOST_TOLD} values, counted as /clients?field= lists their clients: those whom the caller sees.",
)
async def list_field_values(code: PlainText, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(VALUES, {"code": code}, question, ("custom_field", code), rests_on_others=True)
