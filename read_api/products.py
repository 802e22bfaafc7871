"""Questions about what the company sells."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Page
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class Product(Answer):
    """One product of the catalogue."""

    product_id: UUID
    code: str | None
    name: str | None
    series: str | None
    aliases: list[str]
    listed_at: datetime | None
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


class ProductsQuestion(PageQuestion):
    """Which products."""

    active: bool | None = None


@router.question("/products", "Products by code", answers=Page[Product], roles=EVERYBODY)
async def list_products(ask: Asking, question: Annotated[ProductsQuestion, Query()]) -> Response:
    return await ask.page(PRODUCTS, question)
