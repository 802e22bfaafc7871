"""Questions about price books: the lists of prices there are, and their editions."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.lists import TaxMode
from read_api.reading.answer import Answer, Page, Whole
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion
from read_api.roles import EVERYBODY

router = Questions("catalogue")


class PublishedEdition(Answer):
    """An edition of a price book; of those that count on a day the one with the highest number does."""

    edition: int
    takes_effect_on: date
    name: str | None
    published_at: datetime


class PriceBook(Whole):
    """One list of prices; the next edition, in which prices are listed now, is the one after the last."""

    book_id: UUID
    name: str
    currency: str
    tax_mode: Annotated[TaxMode, Field(description="Whether the prices have the tax in them.")]
    editions: list[PublishedEdition]
    opened_at: datetime
    closed_at: datetime | None
    version: int
    position: int


PRICE_BOOKS = Listing(
    name="price books",
    view=views.PRICE_BOOKS,
    alias="b",
    item=PriceBook,
    order={"name": "text", "book_id": "uuid"},
    always="b.name IS NOT NULL",
    filters={"open": "(b.closed_at IS NULL) = %(open)s"},
)

PRICE_BOOK = item_statement(PRICE_BOOKS, "b.book_id = %(book_id)s")


class PriceBooksQuestion(PageQuestion):
    """Which price books."""

    open: bool | None = None


@router.question("/price-books", "Price books by name, with their editions", answers=Page[PriceBook], roles=EVERYBODY)
async def list_price_books(ask: Asking, question: Annotated[PriceBooksQuestion, Query()]) -> Response:
    return await ask.page(PRICE_BOOKS, question)


@router.question("/price-books/{price_book_id}", "One price book", answers=PriceBook, roles=EVERYBODY)
async def get_price_book(price_book_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(PRICE_BOOK, {"book_id": price_book_id}, question, ("price_book", price_book_id))
