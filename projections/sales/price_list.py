"""One row is one product in one price book: all that it ever cost there, and in which editions.

Read by GET /price-books/{id}/prices, of any edition, for ever, and by GET /price-books/{id}/priced.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.price_ladder import PriceBorderMoved, PriceListed, PriceWithdrawn
from events.prices import Tier
from infra.amounts import amount_text
from infra.periods import laid_over, with_border_moved, without
from infra.projector.projection import Key, Projection
from projections.change import changed


class PriceListRow(NamedTuple):
    """The product in the book; `prices` is [{from_day, to_day, unit, tiers, edition, until_edition}].

    A price is part of the editions from `edition` on, up to `until_edition`, which has another one; null: until
    further notice. So is it with its days. `tiers` is [{from_quantity, amount, currency}] in order of quantities. Days,
    quantities and amounts are texts.
    """

    ladder_id: UUID
    book_id: UUID | None = None
    product_code: str | None = None
    prices: list[dict[str, Any]] = []  # noqa: RUF012


class Price(NamedTuple):
    """What a unit costs on some days, in some editions."""

    from_day: date
    to_day: date | None
    unit: str | None
    tiers: list[dict[str, str]]
    edition: int
    until_edition: int | None = None


price_list = Projection(
    name="price_list",
    row=PriceListRow,
    key=("ladder_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = PriceListRow | None
Prices = tuple[Price, ...]


@price_list.on(PriceListed)
def listed(row: Row, event: PriceListed, _: Key) -> PriceListRow:
    new = Price(event.from_day, event.to_day, event.unit, [_tier(tier) for tier in event.tiers], event.edition)
    ladder = _after(row, event, lambda prices: laid_over(prices, new))
    return changed(ladder, book_id=event.book_id, product_code=event.product_code)


@price_list.on(PriceBorderMoved)
def border_moved(row: Row, event: PriceBorderMoved, _: Key) -> PriceListRow:
    return _after(row, event, lambda prices: with_border_moved(prices, event.from_day, event.to_day))


@price_list.on(PriceWithdrawn)
def withdrawn(row: Row, event: PriceWithdrawn, _: Key) -> PriceListRow:
    return _after(row, event, lambda prices: without(prices, event.from_day, event.to_day))


def _after(row: Row, event: Any, change: Callable[[Prices], Prices]) -> PriceListRow:
    """Return the row after a change: what another edition had stays there, and ends before the fact's edition."""
    ladder = row or PriceListRow(event.stream_id)
    told = [_read(price) for price in ladder.prices]
    present = tuple(price for price in told if price.until_edition is None)
    new = [each if each in present else each._replace(edition=event.edition) for each in change(present)]
    kept = [
        price if price.until_edition is not None else price._replace(until_edition=event.edition)
        for price in told
        # What was listed for this very edition was in none.
        if price.until_edition is not None or (price not in new and price.edition != event.edition)
    ]
    prices = sorted([*kept, *new], key=lambda price: (price.from_day, price.edition))
    return changed(ladder, prices=[_written(price) for price in prices])


def _tier(tier: Tier) -> dict[str, str]:
    quantity = f"{tier.from_quantity.normalize():f}" if tier.from_quantity else "0"
    amount = amount_text(tier.price.amount, tier.price.currency)
    return {"from_quantity": quantity, "amount": amount, "currency": tier.price.currency}


def _read(price: dict[str, Any]) -> Price:
    to_day = price["to_day"]
    days = {
        "from_day": date.fromisoformat(price["from_day"]),
        "to_day": None if to_day is None else date.fromisoformat(to_day),
    }
    return Price(**{**price, **days})


def _written(price: Price) -> dict[str, Any]:
    to_day = None if price.to_day is None else price.to_day.isoformat()
    return {**price._asdict(), "from_day": price.from_day.isoformat(), "to_day": to_day}
