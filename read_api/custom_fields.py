"""Questions about the fields that the company itself gives its clients."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.lists import CustomFieldType
from read_api.reading.answer import Answer, Page, Sql, Whole, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion, PlainText
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class FieldLabels(Answer):
    """What people call it, in both languages."""

    en: str
    ru: str


class CustomFieldOption(Answer):
    """One option of a choice, in order."""

    code: Annotated[str, Sql("g.key")]
    labels: Annotated[FieldLabels, Sql("g.value -> 'labels'")]
    is_retired: Annotated[bool, Sql("(g.value ->> 'is_retired')::boolean")]


_OPTIONS = Sql(
    list_of(
        json_of(CustomFieldOption, "g"), "jsonb_each({row}.options) AS g", order="(g.value ->> 'order')::integer, g.key"
    )
)


class CustomField(Whole):
    """A field of clients; of a choice with its options. A retired one is told, and not filled in any more."""

    field_id: UUID
    code: str
    type: CustomFieldType
    labels: FieldLabels
    options: Annotated[list[CustomFieldOption], _OPTIONS]
    defined_at: datetime
    retired_at: datetime | None
    version: int
    position: int


CUSTOM_FIELDS = Listing(
    name="custom fields",
    view=views.CUSTOM_FIELDS,
    alias="f",
    item=CustomField,
    order={"code": "text", "field_id": "uuid"},
    always="f.code IS NOT NULL",
    filters={"active": "(f.retired_at IS NULL) = %(active)s"},
)

CUSTOM_FIELD = item_statement(CUSTOM_FIELDS, "f.code = %(code)s")


class CustomFieldsQuestion(PageQuestion):
    """Which fields."""

    active: bool | None = None


@router.question("/custom-fields", "Custom fields of clients by code", answers=Page[CustomField], roles=EVERYBODY)
async def list_custom_fields(ask: Asking, question: Annotated[CustomFieldsQuestion, Query()]) -> Response:
    return await ask.page(CUSTOM_FIELDS, question)


@router.question("/custom-fields/{code}", "One custom field", answers=CustomField, roles=EVERYBODY)
async def get_custom_field(code: PlainText, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(CUSTOM_FIELD, {"code": code}, question, ("custom_field", code), rests_on_others=True)
