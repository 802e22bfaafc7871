"""What one product costs in one price book: on each day one price at most, by quantity."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from aggregates.price_book import PriceBook
from events.price_ladder import PriceBorderMoved, PriceListed, PriceWithdrawn
from events.prices import Tier
from infra.periods import ends, laid_over, on_day, with_border_moved, without


class ProductIsUnknownError(WrongValueError):
    """There is no product of this code in the catalogue; facts: product_code, pointer."""

    code = "product-is-unknown"
    field = "product_code"


class TierRepeatedError(WrongValueError):
    """Two prices begin at one quantity; facts: from_quantity, pointer."""

    code = "tier-repeated"
    field = "tiers"


class NoPriceBorderError(RuleBrokenError):
    """No price of the product ends on that day where another one begins; facts: day, borders, product_code."""

    code = "no-price-border"


class PriceBorderOutOfPlaceError(WrongValueError):
    """The new border is not between the ends of the two prices; facts: day, earliest, latest (None: no end)."""

    code = "price-border-out-of-place"
    field = "to_day"


class Price(NamedTuple):
    """What a unit costs on some days, by quantity; the unit is that of the product when it was listed."""

    from_day: date
    to_day: date | None
    tiers: tuple[Tier, ...]
    unit: str | None


def price_in(
    book: PriceBook,
    *,
    from_day: date,
    to_day: date | None,
    tiers: Sequence[Tier],
    unit: str | None,
    pointer: str,
) -> Price:
    """Return a price as a book may have it, its tiers in order; the pointer says where in a command it stands.

    Raises PriceBookIsClosedError, PriceCurrencyError, TierRepeatedError.
    """
    book.check_open()
    for place, tier in enumerate(tiers):
        book.check_currency(tier.price.currency, f"{pointer}/tiers/{place}/price/currency")
    in_order = tuple(sorted(tiers, key=lambda tier: tier.from_quantity))
    for one, other in pairwise(in_order):
        if one.from_quantity == other.from_quantity:
            raise TierRepeatedError(from_quantity=one.from_quantity, pointer=f"{pointer}/tiers")
    return Price(from_day, to_day, in_order, unit)


class PriceLadder(Aggregate):
    """The prices of a product in a book, as its next edition has them; the id is made of both (`events.ids.ladder_of`).

    They are decided on the book, too, which says what the next edition is: so nothing is listed while it is published.
    """

    KIND = "price_ladder"

    product_code: str
    prices: tuple[Price, ...]

    def start(self) -> None:
        self.product_code = ""
        self.prices = ()

    def list_price(self, book: PriceBook, product_code: str, price: Price) -> None:
        """Record what it costs on some days (`price_in`); what it costs on them already records nothing."""
        known = on_day(self.prices, price.from_day)
        if (
            known is not None
            and (known.tiers, known.unit) == (price.tiers, price.unit)
            and ends(price.to_day) <= ends(known.to_day)
        ):
            return
        self.trigger_event(
            PriceListed,
            book_id=book.id,
            product_code=product_code,
            edition=book.next_edition,
            from_day=price.from_day,
            to_day=price.to_day,
            tiers=price.tiers,
            unit=price.unit,
        )

    def move_border(self, book: PriceBook, from_day: date, to_day: date) -> None:
        """Record that one price ends, and the next one begins, on another day; there already it records nothing.

        Raises PriceBookIsClosedError, NoPriceBorderError, PriceBorderOutOfPlaceError.
        """
        borders = {after.from_day: (one, after) for one, after in pairwise(self.prices) if one.to_day == after.from_day}
        if from_day not in borders:
            if to_day in borders:
                return
            raise NoPriceBorderError(day=from_day, borders=sorted(borders), product_code=self.product_code)
        book.check_open()
        one, after = borders[from_day]
        if not one.from_day < to_day < ends(after.to_day):
            raise PriceBorderOutOfPlaceError(day=to_day, earliest=one.from_day, latest=after.to_day)
        if to_day != from_day:
            self.trigger_event(PriceBorderMoved, edition=book.next_edition, from_day=from_day, to_day=to_day)

    def withdraw(self, book: PriceBook, from_day: date, to_day: date | None) -> None:
        """Record that it has no price on some days; where it has none it records nothing.

        Raises PriceBookIsClosedError.
        """
        if without(self.prices, from_day, to_day) != self.prices:
            book.check_open()
            self.trigger_event(PriceWithdrawn, edition=book.next_edition, from_day=from_day, to_day=to_day)

    @applies(PriceListed)
    def _listed(self, event: PriceListed) -> None:
        self.product_code = event.product_code
        self.prices = laid_over(self.prices, Price(event.from_day, event.to_day, event.tiers, event.unit))

    @applies(PriceBorderMoved)
    def _border_moved(self, event: PriceBorderMoved) -> None:
        self.prices = with_border_moved(self.prices, event.from_day, event.to_day)

    @applies(PriceWithdrawn)
    def _withdrawn(self, event: PriceWithdrawn) -> None:
        self.prices = without(self.prices, event.from_day, event.to_day)
