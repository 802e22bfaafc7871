"""Prices: on each day one at most, by quantity, in the edition that is published next."""

from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from pydantic import ValidationError

from aggregates.base import NotFoundError
from aggregates.price_book import PriceBookIsClosedError, PriceCurrencyError
from aggregates.price_ladder import (
    NoPriceBorderError,
    PriceBorderOutOfPlaceError,
    PriceLadder,
    ProductIsUnknownError,
    TierRepeatedError,
)
from aggregates.product import ProductIsWithdrawnError, product_id
from commands.price_ladder import ListPrice, ListPrices, MovePriceBorder, PriceGiven, TierGiven, WithdrawPrice
from events.examples import GTX_LADDER, GTX_PLUS, RETAIL
from events.ids import ladder_of
from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished
from events.price_ladder import PriceBorderMoved, PriceListed, PriceWithdrawn
from events.prices import Tier
from events.product import ProductDescribed, ProductListed, ProductWithdrawn
from events.values import Money
from infra.periods import on_day
from tests.examples import GTX, PRICE, command, fact
from tests.story import Story, given, on

BOOK = on(RETAIL, fact(PriceBookOpened))
PUBLISHED = on(RETAIL, fact(PriceBookPublished))
PRODUCT = on(product_id(GTX), fact(ProductListed), fact(ProductDescribed))
PLUS = on(product_id(GTX_PLUS), fact(ProductListed, code=GTX_PLUS))
LISTED = on(GTX_LADDER, fact(PriceListed))
WORLD = (BOOK, PRODUCT, PLUS)
NEXT_YEAR = date(2027, 1, 1)
AFTER = fact(PriceListed, from_day=NEXT_YEAR, to_day=None, edition=1)


def dollars(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def tiers(*amounts: str) -> tuple[TierGiven, ...]:
    return tuple(
        TierGiven(from_quantity=Decimal(10 * place), price=dollars(each)) for place, each in enumerate(amounts)
    )


def test_a_price_belongs_to_the_edition_that_is_published_next() -> None:
    given(*WORLD).when(command(ListPrice)).then(LISTED)
    second = fact(PriceListed, edition=2)
    given(*WORLD, PUBLISHED).when(command(ListPrice)).then(on(GTX_LADDER, second))


def test_what_a_product_costs_already_is_not_listed_again() -> None:
    given(*WORLD, LISTED).when(command(ListPrice)).then_nothing()
    given(*WORLD, LISTED).when(command(ListPrice, from_day=date(2026, 8, 1))).then_nothing()
    longer = command(ListPrice, to_day=date(2027, 1, 2))
    given(*WORLD, LISTED).when(longer).then(on(GTX_LADDER, fact(PriceListed, to_day=date(2027, 1, 2))))


def test_tiers_are_in_order_of_quantities_however_they_were_said() -> None:
    backwards = tuple(reversed(command(ListPrice).tiers))
    given(*WORLD).when(command(ListPrice, tiers=backwards)).then(LISTED)
    twice = (*tiers("5", "4"), TierGiven(from_quantity=Decimal("10.0"), price=dollars("3")))
    given(*WORLD).when(command(ListPrice, tiers=twice)).then_refused(TierRepeatedError, pointer="/tiers")


def test_a_gift_has_a_price_and_it_is_nothing() -> None:
    free = (Tier(price=dollars("0")),)
    gift = command(ListPrice, tiers=tiers("0"))
    given(*WORLD).when(gift).then(on(GTX_LADDER, fact(PriceListed, tiers=free)))


def test_prices_are_listed_for_products_that_are_offered_in_the_currency_of_the_book() -> None:
    given(BOOK).when(command(ListPrice)).then_refused(ProductIsUnknownError, product_code=GTX, pointer="/product_code")
    gone = on(product_id(GTX), ProductWithdrawn())
    given(*WORLD, gone).when(command(ListPrice)).then_refused(ProductIsWithdrawnError, code=GTX)
    given(PRODUCT).when(command(ListPrice)).then_refused(NotFoundError, kind="price_book")
    roubles = (TierGiven(price=Money(amount=Decimal(1), currency="RUB")),)
    given(*WORLD).when(command(ListPrice, tiers=roubles)).then_refused(
        PriceCurrencyError, currency="RUB", needed="USD", pointer="/tiers/0/price/currency"
    )


def test_nothing_is_listed_moved_or_withdrawn_in_a_closed_book() -> None:
    ladder = on(GTX_LADDER, fact(PriceListed), AFTER)
    closed = on(RETAIL, PriceBookClosed())
    for asked in (command(ListPrice, tiers=tiers("1")), command(MovePriceBorder), command(WithdrawPrice)):
        given(*WORLD, ladder, closed).when(asked).then_refused(PriceBookIsClosedError, book_id=RETAIL)


def test_a_border_is_moved_in_one_step_on_both_sides() -> None:
    ladder = on(
        GTX_LADDER, fact(PriceListed), fact(PriceListed, from_day=NEXT_YEAR, to_day=None, tiers=(Tier(price=PRICE),))
    )
    moved = on(GTX_LADDER, fact(PriceBorderMoved, edition=1))
    story = given(*WORLD, ladder).when(command(MovePriceBorder))
    story.then(moved)
    prices = story.stream(PriceLadder, GTX_LADDER).prices
    assert [(each.from_day, each.to_day) for each in prices] == [
        (date(2026, 7, 1), date(2027, 2, 1)),
        (date(2027, 2, 1), None),
    ]
    given(*WORLD, ladder, moved).when(command(MovePriceBorder)).then_nothing()


@pytest.mark.parametrize("day", [date(2026, 7, 1), date(2026, 6, 30), date(2028, 1, 1)])
def test_a_border_stays_between_its_two_prices(day: date) -> None:
    other = fact(PriceListed, from_day=NEXT_YEAR, to_day=date(2028, 1, 1), tiers=(Tier(price=PRICE),))
    ladder = on(GTX_LADDER, fact(PriceListed), other)
    given(*WORLD, ladder).when(command(MovePriceBorder, to_day=day)).then_refused(PriceBorderOutOfPlaceError, day=day)


def test_there_is_a_border_only_where_one_price_gives_way_to_another() -> None:
    given(*WORLD, LISTED).when(command(MovePriceBorder)).then_refused(
        NoPriceBorderError, day=NEXT_YEAR, borders=[], product_code=GTX
    )
    given(*WORLD).when(command(MovePriceBorder)).then_refused(NotFoundError, kind="price_ladder")


def test_a_price_is_withdrawn_from_a_day_on_and_once() -> None:
    withdrawn = on(GTX_LADDER, fact(PriceWithdrawn, edition=1))
    given(*WORLD, LISTED).when(command(WithdrawPrice)).then(withdrawn)
    given(*WORLD, LISTED, withdrawn).when(command(WithdrawPrice)).then_nothing()
    given(*WORLD, LISTED).when(command(WithdrawPrice, from_day=NEXT_YEAR)).then_nothing()


def row(code: str, amount: str, from_day: date = date(2026, 7, 1)) -> PriceGiven:
    return PriceGiven(product_code=code, from_day=from_day, tiers=tiers(amount))


def test_many_prices_are_listed_together_or_not_at_all() -> None:
    rows = (row(GTX, "5"), row(GTX_PLUS, "7"), row(GTX, "6", NEXT_YEAR))
    once = {"to_day": None, "edition": 1}
    five, six, seven = ((Tier(price=dollars(each)),) for each in "567")
    given(*WORLD).when(ListPrices(book_id=RETAIL, prices=rows)).then(
        on(GTX_LADDER, fact(PriceListed, tiers=five, **once), fact(PriceListed, tiers=six, from_day=NEXT_YEAR, **once)),
        on(ladder_of(RETAIL, GTX_PLUS), fact(PriceListed, product_code=GTX_PLUS, tiers=seven, unit=None, **once)),
    )
    wrong = ListPrices(book_id=RETAIL, prices=(*rows, row("nothing", "1")))
    given(*WORLD).when(wrong).then_refused(ProductIsUnknownError, pointer="/prices/3/product_code")


def test_an_end_comes_after_its_beginning_and_a_row_says_what_no_other_says() -> None:
    for kind in (ListPrice, WithdrawPrice):
        for end in (date(2026, 6, 30), date(2026, 7, 1)):
            with pytest.raises(ValidationError, match="first day"):
                command(kind, from_day=date(2026, 7, 1), to_day=end)
    with pytest.raises(ValidationError, match="one price of a product begins on a day"):
        ListPrices(book_id=RETAIL, prices=(row(GTX, "5"), row(GTX_PLUS, "5"), row(GTX, "6")))


# On random ladders against a dictionary with one entry for each day and quantity.

DAYS, QUANTITIES = range(40), (0, 1, 9, 10, 25)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["list", "list", "withdraw", "move"]),
        st.integers(0, 35),
        st.none() | st.integers(1, 20),
        st.lists(st.sampled_from([0, 1, 10]), min_size=1, max_size=3, unique=True),
        st.integers(1, 3),
    ),
    max_size=14,
)


def day(number: int) -> date:
    return date.fromordinal(date(2026, 1, 1).toordinal() + number)


class Naive:
    """What a product costs: one entry for each day and quantity."""

    def __init__(self) -> None:
        self.costs: dict[tuple[int, int], int] = {}
        self.said: dict[int, int] = {}

    def lists(self, days: range, levels: list[int], price: int, number: int) -> None:
        for each in days:
            self.said[each] = number
            for quantity in QUANTITIES:
                self.costs.pop((each, quantity), None)
                reached = [level for level in levels if level <= quantity]
                if reached:
                    self.costs[each, quantity] = 100 * price + max(reached)

    def withdraws(self, days: range) -> None:
        for each in days:
            self.said.pop(each, None)
            for quantity in QUANTITIES:
                self.costs.pop((each, quantity), None)


@drawn(STEPS)
def test_a_ladder_is_a_dictionary_with_an_entry_for_each_day_and_quantity(steps: list[Any]) -> None:
    story: Story = given(*WORLD)
    naive = Naive()
    for number, (verb, first, length, levels, price) in enumerate(steps):
        end = None if length is None else first + length
        days = range(first, len(DAYS) if end is None else min(end, len(DAYS)))
        until = None if end is None else day(end)
        if verb == "list":
            said = tuple(
                TierGiven(from_quantity=Decimal(level), price=dollars(str(100 * price + level))) for level in levels
            )
            story.when(ListPrice(book_id=RETAIL, product_code=GTX, from_day=day(first), to_day=until, tiers=said))
            naive.lists(days, levels, price, number)
        elif story.context.find(PriceLadder, GTX_LADDER) is None:
            continue
        elif verb == "withdraw":
            story.when(WithdrawPrice(book_id=RETAIL, product_code=GTX, from_day=day(first), to_day=until))
            naive.withdraws(days)
        else:
            moves(story, naive, first, first + (length or 1))
        assert story.refusal is None or verb == "move"
    if steps and (ladder := story.context.find(PriceLadder, GTX_LADDER)):
        assert costs_of(ladder) == naive.costs


def costs_of(ladder: PriceLadder) -> dict[tuple[int, int], int]:
    """Return what the ladder says, with one entry for each day and quantity."""
    costs = {}
    for number, quantity in product(DAYS, QUANTITIES):
        price = on_day(ladder.prices, day(number))
        reached = [tier for tier in price.tiers if tier.from_quantity <= quantity] if price else []
        if reached:
            costs[number, quantity] = int(reached[-1].price.amount)
    return costs


def moves(story: Story, naive: Naive, border: int, to: int) -> None:
    """Move a border if there is one, and in the dictionary the days between."""
    ladder = story.context.streams[GTX_LADDER]
    assert isinstance(ladder, PriceLadder)
    before = ladder.prices
    story.when(MovePriceBorder(book_id=RETAIL, product_code=GTX, from_day=day(border), to_day=day(to)))
    if story.refusal is None and ladder.prices != before:
        for each in range(border, min(to, len(DAYS))):
            for quantity in QUANTITIES:
                naive.costs.pop((each, quantity), None)
                if (border - 1, quantity) in naive.costs:
                    naive.costs[each, quantity] = naive.costs[border - 1, quantity]
