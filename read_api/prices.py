"""Questions about prices: what stands in an edition of a price book, for ever."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json

from read_api import views
from read_api.price_books import PRICE_BOOK
from read_api.reading.answer import Answer, Page, Sql
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import WrongParameterError
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion, PastQuestion, PlainDay, PlainText
from read_api.reading.statement import Seen
from read_api.roles import EVERYBODY

router = Questions("catalogue")

EditionAsked = Annotated[
    int | None,
    Field(
        ge=1,
        le=1_000_000,
        description="Which edition; the one after the last is what is listed for the next. When none is named: the one"
        " that counts on the day `on`, or the last one that is published.",
    ),
]

_IS_IN = """(g.price ->> 'edition')::integer <= %(edition)s::integer
            AND coalesce((g.price ->> 'until_edition')::integer > %(edition)s::integer, true)
            AND (%(on)s::date IS NULL OR ((g.price ->> 'from_day')::date <= %(on)s::date
                AND coalesce((g.price ->> 'to_day')::date > %(on)s::date, true)))"""
"""The condition that a price is part of an edition and, where a day is asked for, holds on it."""

_NAME = Sql(f"(SELECT n.name FROM {views.PRODUCTS} AS n WHERE n.code = {{row}}.product_code)")  # noqa: S608 - constants
PRICES = Sql(f"""(
            SELECT coalesce(json_agg(g.price - 'until_edition' ORDER BY g.price ->> 'from_day'), '[]')
            FROM jsonb_array_elements({{row}}.prices) AS g (price)
            WHERE {_IS_IN}
        )""")  # noqa: S608 - constants


class ListedTier(Answer):
    """What one unit costs from a quantity on, up to the next tier: it is the price of the whole quantity."""

    from_quantity: str
    amount: str
    currency: str


class ListedPrice(Answer):
    """What a product costs on some days: `to_day` is the first one on which it does not; null: until further notice.

    `edition` is the first one that has it with these days. Below the first tier there is no price.
    """

    from_day: date
    to_day: date | None
    unit: Annotated[str | None, Field(description="The unit of the product when the price was listed.")]
    tiers: list[ListedTier]
    edition: int


class ProductPrices(Answer):
    """What one product costs, in order of days."""

    product_code: str
    product_name: Annotated[str | None, _NAME]
    prices: Annotated[list[ListedPrice], PRICES]


class PriceList(Page[ProductPrices]):
    """A page of an edition of a price book; where no edition counts yet it is null, and nothing is listed."""

    edition: int | None


PRICE_LIST = Listing(
    name="prices",
    view=views.PRICE_LIST,
    alias="l",
    item=ProductPrices,
    order={"product_code": "text", "ladder_id": "uuid"},
    always="l.product_code IS NOT NULL",
    filters={
        "book_id": "l.book_id = %(book_id)s",
        "edition": f"EXISTS (SELECT FROM jsonb_array_elements(l.prices) AS g (price) WHERE {_IS_IN})",
        "on": "true",
        "product_code": "l.product_code = %(product_code)s",
    },
    rests_on=(views.PRODUCTS,),
)


class PricesQuestion(PageQuestion):
    """Which prices of a book."""

    edition: EditionAsked = None
    on: PlainDay | None = None
    product_code: PlainText | None = None


@router.question(
    "/price-books/{price_book_id}/prices",
    "Prices of an edition by product, as it was when it was published",
    answers=PriceList,
    roles=EVERYBODY,
)
async def list_book_prices(price_book_id: UUID, ask: Asking, question: Annotated[PricesQuestion, Query()]) -> Response:
    async with ask.then(question, (*PRICE_LIST.views(()), views.PRICE_BOOKS)) as asked:
        seen, book = await book_asked(asked, price_book_id, question)
        edition = edition_asked(book, question.edition, None if question.on is None else str(question.on))
        if edition is None:
            return ask.answer(b'{"items":[],"next":null,"edition":null}', seen)
        given = {"on": question.on, "product_code": question.product_code}
        filters = {name: value for name, value in given.items() if value is not None}
        page = await asked.page_body(
            PRICE_LIST,
            question,
            {"book_id": price_book_id, "edition": edition, **filters},
            more={"on": question.on},
        )
    return ask.answer(b'{%b,"edition":%d}' % (page.body, edition), page.seen)


async def book_asked(asked: Ask, book_id: UUID, question: PastQuestion) -> tuple[Seen, dict[str, Any]]:
    """Return a price book; raises what `absent` returns where there is none."""
    seen, rows = await asked.fetch(PRICE_BOOK, {"book_id": book_id}, question.min_position)
    if rows[0][0] is None:
        raise asked.absent("price_book", book_id, seen)
    book: dict[str, Any] = from_json(rows[0][0])
    return seen, book


def edition_asked(book: Mapping[str, Any], named: int | None, on: str | None) -> int | None:
    """Return the edition that is asked for, or counts on a day, or is the last one; None: there is none yet.

    Raises WrongParameterError for one that is not even the next.
    """
    published: list[dict[str, Any]] = book["editions"]
    if named is not None:
        if named > len(published) + 1:
            wrong = {"pointer": "/edition", "in": "query", "code": "no-such-edition", "last": len(published)}
            raise WrongParameterError(wrong)
        return named
    counting = [each["edition"] for each in published if on is None or each["takes_effect_on"] <= on]
    return max(counting, default=None)
