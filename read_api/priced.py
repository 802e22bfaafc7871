"""Questions about prices: what some products cost on a day, with their taxes."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import Query, Response
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError, to_json

from infra.amounts import is_amount
from infra.periods import on_day
from read_api import views
from read_api.lists import TaxMode
from read_api.prices import PRICES, EditionAsked, book_asked, edition_asked
from read_api.reading.answer import Answer, Whole
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import NoPriceError, NoTaxRateError
from read_api.reading.question import PastQuestion, PlainDay, one_by_one
from read_api.reading.statement import Statement
from read_api.roles import EVERYBODY

router = Questions("catalogue")

MOST_LINES = 100


def _line(given: str) -> str:
    """Take a product and how much of it, with a colon between."""
    code, _, quantity = given.rpartition(":")
    if not code or not is_amount(quantity):
        raise PydanticCustomError("not_a_line", "a product's code, a colon and a quantity")
    return given


LinesAsked = Annotated[
    list[Annotated[str, Field(max_length=100), AfterValidator(_line)]],
    BeforeValidator(one_by_one),
    Field(min_length=1, max_length=MOST_LINES),
]


class PricedQuestion(PastQuestion):
    """What is to be priced."""

    line: LinesAsked
    edition: EditionAsked = None
    on: PlainDay | None = None


class PricedLine(Answer):
    """One line: the unit price, and what it comes to; net + tax = gross."""

    product_code: str
    quantity: str
    unit: str | None
    unit_price: str
    tax_code: Annotated[str | None, Field(description="null: the product has none, and is counted without tax.")]
    rate: Annotated[str | None, Field(description="The tax in per cent on that day; null: without tax.")]
    net: str
    tax: str
    gross: str


class RateSum(Answer):
    """What the lines of one rate come to together; null: without tax, which is not 0 %."""

    rate: str | None
    net: str
    tax: str
    gross: str


class Priced(Whole):
    """What some products cost on a day by an edition: the totals are the sums of the lines, each of them rounded."""

    book_id: UUID
    edition: int
    on: date
    currency: str
    tax_mode: TaxMode
    lines: list[PricedLine]
    rates: list[RateSum]
    net: str
    tax: str
    gross: str


TO_PRICE = Statement(
    f"""
SELECT seen.*, l.product_code, {PRICES.text.format(row="l")}, p.tax_code, t.rates
FROM seen
LEFT JOIN {views.PRICE_LIST} AS l ON l.book_id = %(book_id)s AND l.product_code = ANY(%(codes)s::text[])
LEFT JOIN {views.PRODUCTS} AS p ON p.code = l.product_code
LEFT JOIN {views.TAX_RATES} AS t ON t.code = p.tax_code""",  # noqa: S608 - constants
    (views.PRICE_LIST, views.PRODUCTS, views.TAX_RATES),
)


class Told(NamedTuple):
    """What holds for some days: a price with its unit and tiers, or a rate."""

    from_day: date
    to_day: date | None
    said: Mapping[str, Any]


class ToPrice(NamedTuple):
    """A product whose price is asked for: its prices in the edition, its tax, and the rates of that."""

    prices: Sequence[Told]
    tax_code: str | None
    rates: Sequence[Told]


UNKNOWN = ToPrice((), None, ())


@router.question(
    "/price-books/{price_book_id}/priced",
    "What some products cost on a day, with taxes",
    answers=Priced,
    roles=EVERYBODY,
    note=" The prices are those of the edition that counts on the day; the tier is the largest that the quantity"
    " reaches, for the whole quantity; the tax is that of the day.",
)
async def price_products(price_book_id: UUID, ask: Asking, question: Annotated[PricedQuestion, Query()]) -> Response:
    on = date.fromisoformat(str(question.on)) if question.on else ask.now(question.as_of).date()
    asked_for = [(code, Decimal(quantity)) for code, _, quantity in (line.rpartition(":") for line in question.line)]
    statement_views = (views.PRICE_BOOKS, *TO_PRICE.views)
    async with ask.then(question, statement_views) as asked:
        _, book = await book_asked(asked, price_book_id, question)
        edition = edition_asked(book, question.edition, on.isoformat())
        # Of all days: where nothing holds on this one, the nearest with a price is told.
        values = {"book_id": price_book_id, "codes": [code for code, _ in asked_for], "edition": edition, "on": None}
        seen, rows = await asked.fetch(TO_PRICE, values)
    known = {
        code: ToPrice(_told(prices), tax_code, _told(rates or ()))
        for code, prices, tax_code, rates in rows
        if code is not None
    }
    lines = [_priced(code, quantity, known.get(code, UNKNOWN), on, edition) for code, quantity in asked_for]
    to_count = [(Decimal(line["quantity"]), Decimal(line["unit_price"]), line["rate"]) for line in lines]
    counted = ask.desk.house.totals_of(to_count, book["currency"], book["tax_mode"])
    told = {
        "book_id": price_book_id,
        "edition": edition,
        "on": on,
        "currency": book["currency"],
        "tax_mode": book["tax_mode"],
        **counted,
        "lines": [{**line, **sums} for line, sums in zip(lines, counted["lines"], strict=True)],
    }
    return ask.answer(to_json(told), seen)


def _told(periods: Sequence[dict[str, Any]]) -> list[Told]:
    return [
        Told(date.fromisoformat(each["from_day"]), each["to_day"] and date.fromisoformat(each["to_day"]), each)
        for each in periods
    ]


def _priced(code: str, quantity: Decimal, product: ToPrice, on: date, edition: int | None) -> dict[str, Any]:
    """Return what a line says before it is counted; raises NoPriceError, NoTaxRateError."""
    price = on_day(product.prices, on)
    tier = None if price is None else _tier_of(price, quantity)
    if price is None or tier is None:
        nearest = _nearest([each for each in product.prices if _tier_of(each, quantity)], on)
        least = None if price is None else price.said["tiers"][0]["from_quantity"]
        raise NoPriceError(
            product_code=code, quantity=quantity, on=on, edition=edition, nearest=nearest, least_quantity=least
        )
    rate = on_day(product.rates, on)
    if rate is None and product.tax_code is not None:
        raise NoTaxRateError(tax_code=product.tax_code, product_code=code, on=on)
    return {
        "product_code": code,
        "quantity": f"{quantity:f}",
        "unit": price.said["unit"],
        "unit_price": tier["amount"],
        "tax_code": product.tax_code,
        "rate": None if rate is None else rate.said["percent"],
    }


def _tier_of(price: Told, quantity: Decimal) -> dict[str, str] | None:
    """Return the largest tier that a quantity reaches."""
    reached = [tier for tier in price.said["tiers"] if Decimal(tier["from_quantity"]) <= quantity]
    return reached[-1] if reached else None


def _nearest(prices: Sequence[Told], on: date) -> date | None:
    """Return the day nearest to another one on which one of these prices holds."""
    days = [
        each.from_day if on < each.from_day else (each.to_day - timedelta(days=1) if each.to_day else on)
        for each in prices
    ]
    return min(days, key=lambda day: (abs(day - on), day), default=None)
