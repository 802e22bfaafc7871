"""Questions about what the company sells."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.reading.answer import Page, Sql, Whole
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion, PlainText
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class Product(Whole):
    """One product of the catalogue."""

    product_id: UUID
    code: str
    name: str
    series: str | None
    aliases: list[str]
    unit: Annotated[str | None, Field(description="In what it is counted, as documents print it.")]
    group: Annotated[str | None, Sql("{row}.product_group")]
    tax_code: str | None
    successor_code: Annotated[str | None, Field(description="The product that is offered in its place.")]
    listed_at: datetime
    withdrawn_at: datetime | None
    version: int
    position: int


PRODUCTS = Listing(
    name="products",
    view=views.PRODUCTS,
    alias="p",
    item=Product,
    order={"code": "text", "product_id": "uuid"},
    always="p.code IS NOT NULL",
    filters={"active": "(p.withdrawn_at IS NULL) = %(active)s"},
)


PRODUCT = item_statement(PRODUCTS, "p.code = %(code)s")


class ProductsQuestion(PageQuestion):
    """Which products."""

    active: bool | None = None


@router.question("/products", "Products by code", answers=Page[Product], roles=EVERYBODY)
async def list_products(ask: Asking, question: Annotated[ProductsQuestion, Query()]) -> Response:
    return await ask.page(PRODUCTS, question)


@router.question("/products/{code}", "One product", answers=Product, roles=EVERYBODY)
async def get_product(code: PlainText, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(PRODUCT, {"code": code}, question, ("product", code), rests_on_others=True)
