"""What happens to the prices of one product in one price book.

Each fact names the edition that it belongs to first: the next one to be published when it was recorded. So the prices
of an edition are those of all facts up to it, and no price is ever copied from edition to edition.
"""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from events.base import Event
from events.examples import DISCOUNTED, GTX, GTX_LADDER, PRICE, RETAIL, example
from events.ids import PriceBookId
from events.price_book import Edition
from events.prices import Tier
from events.values import Code, Day, OpenShortText

ONE_BY_ONE, BY_TEN = Tier(price=PRICE), Tier(from_quantity=Decimal(10), price=DISCOUNTED)


@example(
    on=GTX_LADDER,
    book_id=RETAIL,
    product_code=GTX,
    edition=1,
    from_day=date(2026, 7, 1),
    to_day=date(2027, 1, 1),
    tiers=(ONE_BY_ONE, BY_TEN),
    unit="pcs",
)
class PriceListed(Event):
    """From a day on, up to another one that is not among them, a unit of the product costs this.

    It holds on these days instead of what held on them before. The tiers are in order of quantities; below the first
    there is no price. The unit is that of the product at that moment.
    """

    TOPIC: ClassVar[str] = "price_ladder.listed"

    book_id: PriceBookId
    product_code: Code
    edition: Edition
    from_day: Day
    to_day: Day | None = None
    tiers: tuple[Tier, ...]
    unit: OpenShortText | None = None


@example(on=GTX_LADDER, edition=2, from_day=date(2027, 1, 1), to_day=date(2027, 2, 1))
class PriceBorderMoved(Event):
    """The day on which one price ends and the next one begins is another one now."""

    TOPIC: ClassVar[str] = "price_ladder.border_moved"

    edition: Edition
    from_day: Day
    to_day: Day


@example(on=GTX_LADDER, edition=2, from_day=date(2026, 12, 1))
class PriceWithdrawn(Event):
    """From a day on, up to another one that is not among them, the product has no price in the book."""

    TOPIC: ClassVar[str] = "price_ladder.withdrawn"

    edition: Edition
    from_day: Day
    to_day: Day | None = None
