"""Questions about taxes: how much each is on which days."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.reading.answer import Answer, Page, Whole
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion, PlainText
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class Rate(Answer):
    """What a tax is for some days: `to_day` is the first one on which it is another; null: until further notice."""

    from_day: date
    to_day: date | None
    percent: Annotated[str | None, Field(description="null: without tax, which is not 0 %.")]


class TaxRate(Whole):
    """One tax with all its rates, in order of their days."""

    tax_id: UUID
    code: str
    rates: list[Rate]
    version: int
    position: int


TAX_RATES = Listing(
    name="tax rates",
    view=views.TAX_RATES,
    alias="t",
    item=TaxRate,
    order={"code": "text", "tax_id": "uuid"},
    always="t.code IS NOT NULL",
    filters={},
)

TAX_RATE = item_statement(TAX_RATES, "t.code = %(code)s")


@router.question("/tax-rates", "Taxes by code, with their rates", answers=Page[TaxRate], roles=EVERYBODY)
async def list_tax_rates(ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await ask.page(TAX_RATES, question)


@router.question("/tax-rates/{code}", "One tax", answers=TaxRate, roles=EVERYBODY)
async def get_tax_rate(code: PlainText, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(TAX_RATE, {"code": code}, question, ("tax_rate", code), rests_on_others=True)
