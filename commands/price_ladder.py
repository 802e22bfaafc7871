"""What is asked about prices: to list one or a thousand, to move the border between two, to withdraw one."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Protocol, Self, TypeVar
from uuid import UUID

from pydantic import Field, model_validator

from aggregates.base import Aggregate
from aggregates.price_book import PriceBook
from aggregates.price_ladder import Price, PriceLadder, ProductIsUnknownError, price_in
from aggregates.product import Product, product_id
from commands.base import Command, Context, GivenDay, Outcome, found_or_new, handles, wrong_field
from commands.money import GivenMoney, GivenQuantity
from commands.product import CATALOGUE
from events.examples import DISCOUNTED, GTX, PRICE, RETAIL, example
from events.ids import PriceBookId, ladder_of
from events.prices import Tier
from events.values import Code, Value

MOST_TIERS = 20
MOST_ROWS = 1_000


class _OnDays(Protocol):
    """What holds from a day on, up to one that is not among them."""

    from_day: date
    to_day: date | None


D = TypeVar("D", bound=_OnDays)


def _require_days(given: D) -> D:
    """Refuse an end that leaves no day."""
    if given.to_day is not None and given.to_day <= given.from_day:
        raise wrong_field("to_day", "no_day_between", "the first day after the price is after its first")
    return given


class TierGiven(Value):
    """What one unit costs from a quantity on, up to the next tier: it is the price of the whole quantity."""

    from_quantity: GivenQuantity = Decimal(0)
    price: GivenMoney


class PriceGiven(Value):
    """What a product costs on some days: from a day on, up to one that is not among them, or until further notice."""

    product_code: Code
    from_day: GivenDay
    to_day: GivenDay | None = None
    tiers: Annotated[tuple[TierGiven, ...], Field(min_length=1, max_length=MOST_TIERS)]

    _leaves_a_day = model_validator(mode="after")(_require_days)


_TIERS = (TierGiven(price=PRICE), TierGiven(from_quantity=Decimal(10), price=DISCOUNTED))


class OfPrices(Command):
    """A command on the prices of a book."""

    ROLES, EDITS = CATALOGUE, None

    book_id: PriceBookId

    def codes(self) -> Iterable[str]:
        """Return the codes of the products that it is about."""
        raise NotImplementedError

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        """Return the products and their ladders, so that a thousand are loaded by one question."""
        for code in self.codes():
            yield product_id(code), Product
            yield ladder_of(self.book_id, code), PriceLadder


class OfPrice(OfPrices):
    """A command on the prices of one product in a book."""

    product_code: Code

    def codes(self) -> Iterable[str]:
        return (self.product_code,)


@example(book_id=RETAIL, product_code=GTX, from_day=date(2026, 7, 1), to_day=date(2027, 1, 1), tiers=_TIERS)
class ListPrice(OfPrice):
    """Say what a product costs from a day on, in the next edition of a price book.

    `to_day` is the first day on which that does not hold any more. On these days it holds instead of what held before.
    """

    from_day: GivenDay
    to_day: GivenDay | None = None
    tiers: Annotated[tuple[TierGiven, ...], Field(min_length=1, max_length=MOST_TIERS)]

    _leaves_a_day = model_validator(mode="after")(_require_days)


@example(book_id=RETAIL, prices=(PriceGiven(product_code=GTX, from_day=date(2026, 7, 1), tiers=_TIERS),))
class ListPrices(OfPrices):
    """Say what up to a thousand products cost, in the next edition of a price book: all of it, or nothing."""

    MOST_VALUES: ClassVar[int] = 30_000

    prices: Annotated[tuple[PriceGiven, ...], Field(min_length=1, max_length=MOST_ROWS)]

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        places: dict[tuple[str, date], int] = {}
        for place, price in enumerate(self.prices):
            first = places.setdefault((price.product_code, price.from_day), place)
            if first != place:
                raise wrong_field("prices", "price_said_twice", "one price of a product begins on a day", row=place)
        return self

    def codes(self) -> Iterable[str]:
        return (price.product_code for price in self.prices)


@example(book_id=RETAIL, product_code=GTX, from_day=date(2027, 1, 1), to_day=date(2027, 2, 1))
class MovePriceBorder(OfPrice):
    """Let one price of a product end, and the next one begin, on another day, in the next edition of a price book."""

    from_day: GivenDay
    to_day: GivenDay


@example(book_id=RETAIL, product_code=GTX, from_day=date(2026, 12, 1))
class WithdrawPrice(OfPrice):
    """Let a product have no price from a day on, in the next edition of a price book; until `to_day`, if it is said."""

    from_day: GivenDay
    to_day: GivenDay | None = None

    _leaves_a_day = model_validator(mode="after")(_require_days)


@handles(ListPrice)
def list_price(command: ListPrice, context: Context) -> Outcome:
    book = context.load(PriceBook, command.book_id)
    price = _checked(book, command, context)
    return context.save(_listed(book, command.product_code, price, context))


@handles(ListPrices)
def list_prices(command: ListPrices, context: Context) -> Outcome:
    """List them in order, as one decision, when nothing is wrong with any of them."""
    book = context.load(PriceBook, command.book_id)
    checked = [
        (given.product_code, _checked(book, given, context, f"/prices/{place}"))
        for place, given in enumerate(command.prices)
    ]
    ladders = [_listed(book, code, price, context) for code, price in checked]
    return context.save(book, *dict.fromkeys(ladders))


@handles(MovePriceBorder)
def move_price_border(command: MovePriceBorder, context: Context) -> Outcome:
    book = context.load(PriceBook, command.book_id)
    ladder = context.load(PriceLadder, ladder_of(command.book_id, command.product_code))
    ladder.move_border(book, command.from_day, command.to_day)
    return context.save(ladder)


@handles(WithdrawPrice)
def withdraw_price(command: WithdrawPrice, context: Context) -> Outcome:
    book = context.load(PriceBook, command.book_id)
    ladder = context.load(PriceLadder, ladder_of(command.book_id, command.product_code))
    ladder.withdraw(book, command.from_day, command.to_day)
    return context.save(ladder)


def _checked(book: PriceBook, given: ListPrice | PriceGiven, context: Context, pointer: str = "") -> Price:
    """Return the price of a product that is offered, in the unit that it has now; raises ProductIsUnknownError."""
    product = context.find(Product, product_id(given.product_code))
    if product is None:
        raise ProductIsUnknownError(product_code=given.product_code, pointer=f"{pointer}/product_code")
    product.check_offered()
    tiers = [Tier(from_quantity=tier.from_quantity, price=tier.price) for tier in given.tiers]
    unit = product.description.unit
    return price_in(book, from_day=given.from_day, to_day=given.to_day, tiers=tiers, unit=unit, pointer=pointer)


def _listed(book: PriceBook, product_code: str, price: Price, context: Context) -> PriceLadder:
    """List a price that was checked."""
    ladder = found_or_new(context, PriceLadder, ladder_of(book.id, product_code))
    ladder.list_price(book, product_code, price)
    return ladder
