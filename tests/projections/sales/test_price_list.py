"""What a product costs in a book: of every edition what it had when it was published, whatever changed since."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given as drawn
from hypothesis import strategies as st

from events.base import Event
from events.examples import GTX_LADDER, RETAIL
from events.price_ladder import PriceBorderMoved, PriceListed, PriceWithdrawn
from events.prices import Tier
from events.values import Money
from projections.sales.price_list import PriceListRow, price_list
from tests.examples import fact
from tests.story import Story, given, on

FIRST = date(2026, 1, 1)
TIERS = [
    {"from_quantity": "0", "amount": "4821.00", "currency": "USD"},
    {"from_quantity": "10", "amount": "4500.00", "currency": "USD"},
]
LISTED = {
    "from_day": "2026-07-01",
    "to_day": "2027-01-01",
    "unit": "pcs",
    "tiers": TIERS,
    "edition": 1,
    "until_edition": None,
}


def row_of(story: Story) -> PriceListRow:
    rows = story.rows(price_list)
    row: PriceListRow = rows[(GTX_LADDER,)]
    return row


def in_edition(row: PriceListRow, edition: int) -> list[dict[str, Any]]:
    """Return what an edition has, in order of days."""
    return [
        {name: value for name, value in price.items() if name != "until_edition"}
        for price in row.prices
        if price["edition"] <= edition and (price["until_edition"] or edition + 1) > edition
    ]


def test_a_listed_price_stands_there_until_another_edition_has_another() -> None:
    given(on(GTX_LADDER, fact(PriceListed))).shows(price_list, PriceListRow(GTX_LADDER, RETAIL, "gtx-pro", [LISTED]))
    withdrawn = fact(PriceWithdrawn)
    given(on(GTX_LADDER, fact(PriceListed), withdrawn)).shows_row(
        price_list,
        GTX_LADDER,
        prices=[{**LISTED, "until_edition": 2}, {**LISTED, "to_day": "2026-12-01", "edition": 2}],
    )


def test_what_was_changed_before_it_was_published_was_never_in_an_edition() -> None:
    withdrawn = fact(PriceWithdrawn, edition=1)
    given(on(GTX_LADDER, fact(PriceListed), withdrawn)).shows_row(
        price_list, GTX_LADDER, prices=[{**LISTED, "to_day": "2026-12-01"}]
    )


def test_a_moved_border_is_moved_on_both_sides_in_one_edition() -> None:
    after = fact(PriceListed, from_day=date(2027, 1, 1), to_day=None)
    row = row_of(given(on(GTX_LADDER, fact(PriceListed), after, fact(PriceBorderMoved))))
    days = [[(price["from_day"], price["to_day"]) for price in in_edition(row, edition)] for edition in (1, 2)]
    assert days == [
        [("2026-07-01", "2027-01-01"), ("2027-01-01", None)],
        [("2026-07-01", "2027-02-01"), ("2027-02-01", None)],
    ]


def test_whatever_is_heard_first_of_a_ladder_is_kept() -> None:
    for event in (fact(PriceBorderMoved), fact(PriceWithdrawn)):
        given(on(GTX_LADDER, event)).shows(price_list, PriceListRow(GTX_LADDER))


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["list", "list", "withdraw", "publish"]),
        st.integers(0, 30),
        st.none() | st.integers(1, 15),
        st.integers(1, 9),
    ),
    max_size=25,
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@drawn(CHANGES)
def test_an_edition_is_as_it_was_when_it_was_published_and_as_a_dictionary_by_days_says(changes: list[Any]) -> None:
    events: list[Event] = []
    costs: dict[int, int] = {}
    published: list[tuple[int, list[dict[str, Any]], dict[int, int]]] = []
    edition = 1
    for verb, first, length, price in changes:
        end = None if length is None else first + length
        until = None if end is None else day(end)
        days = range(first, 60 if end is None else end)
        if verb == "publish":
            published.append((edition, in_edition(row_after(events), edition), dict(costs)))
            edition += 1
        elif verb == "list":
            tier = Tier(price=Money(amount=Decimal(price), currency="USD"))
            events.append(fact(PriceListed, edition=edition, from_day=day(first), to_day=until, tiers=(tier,)))
            costs |= dict.fromkeys(days, price)
        else:
            events.append(fact(PriceWithdrawn, edition=edition, from_day=day(first), to_day=until))
            for each in days:
                costs.pop(each, None)
    row = row_after(events)
    for number, as_published, by_day in published:
        told = in_edition(row, number)
        assert told == as_published
        assert by_days(told) == by_day


def row_after(events: Sequence[Event]) -> PriceListRow:
    return row_of(given(on(GTX_LADDER, *events))) if events else PriceListRow(GTX_LADDER)


def by_days(prices: list[dict[str, Any]]) -> dict[int, int]:
    """Return what is paid on each day; no day has two prices."""
    costs: dict[int, int] = {}
    for price in prices:
        first = (date.fromisoformat(price["from_day"]) - FIRST).days
        last = 60 if price["to_day"] is None else (date.fromisoformat(price["to_day"]) - FIRST).days
        days = range(first, last)
        assert not costs.keys() & set(days)
        costs |= dict.fromkeys(days, int(Decimal(price["tiers"][0]["amount"])))
    return costs
