"""Prices over HTTP: an edition as it was, for ever, and what some products cost on a day with their taxes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from aggregates.product import product_id
from events.base import Event
from events.examples import GTX_LADDER, GTX_PLUS, RETAIL, VAT_RATE
from events.ids import ladder_of
from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished, TaxMode
from events.price_ladder import PriceListed, PriceWithdrawn
from events.prices import Tier
from events.product import ProductDescribed, ProductListed
from events.tax_rate import TaxRateAdopted
from events.values import Money
from read_api.price_books import PriceBook
from read_api.priced import Priced
from read_api.prices import PriceList
from read_api.reading.answer import Page
from tests.examples import GTX, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, nth_id, on

BOOK = f"/price-books/{RETAIL}"
PLUS_LADDER = ladder_of(RETAIL, GTX_PLUS)
SUMMER, WINTER = date(2026, 7, 1), date(2027, 1, 1)
VAT = on(
    VAT_RATE,
    fact(TaxRateAdopted, percent=Decimal(20), from_day=date(2019, 1, 1)),
    fact(TaxRateAdopted, percent=Decimal(22), from_day=date(2026, 1, 1)),
)
PRODUCTS = (
    on(product_id(GTX), fact(ProductListed), fact(ProductDescribed)),
    on(product_id(GTX_PLUS), fact(ProductListed, code=GTX_PLUS)),
)


def book(*events: Event, **opened: Any) -> Told:
    return on(RETAIL, fact(PriceBookOpened, **opened), *events)


def costs(amount: str, *, code: str = GTX, currency: str = "USD", **more: Any) -> PriceListed:
    tier = Tier(price=Money(amount=Decimal(amount), currency=currency))
    return fact(PriceListed, **{"product_code": code, "from_day": SUMMER, "to_day": None, "tiers": (tier,), **more})


@pytest.fixture
def shop(desk: Office) -> Visit:
    """Two editions: the first has one product by two tiers, the second another price of it and a second product."""
    editions = (fact(PriceBookPublished), fact(PriceBookPublished, edition=2, takes_effect_on=date(2026, 10, 1)))
    return given(
        VAT,
        *PRODUCTS,
        book(*editions),
        on(
            GTX_LADDER, fact(PriceListed, to_day=None), costs("5000", edition=2, from_day=WINTER), costs("1", edition=3)
        ),
        on(PLUS_LADDER, costs("99.5", code=GTX_PLUS, edition=2)),
    ).at(desk)


def listed(visit: Visit, query: str) -> list[tuple[str, list[tuple[str, str | None, list[str]]]]]:
    answer = visit.asks(f"{BOOK}/prices{query}").response
    assert answer.status_code == 200, answer.text
    PriceList.model_validate(answer.json())
    return [
        (
            item["product_code"],
            [(each["from_day"], each["to_day"], [tier["amount"] for tier in each["tiers"]]) for each in item["prices"]],
        )
        for item in answer.json()["items"]
    ]


BOTH = ["4821.00", "4500.00"]
FIRST = [(GTX, [("2026-07-01", None, BOTH)])]
SECOND = [
    (GTX_PLUS, [("2026-07-01", None, ["99.50"])]),
    (GTX, [("2026-07-01", "2027-01-01", BOTH), ("2027-01-01", None, ["5000.00"])]),
]


def test_an_edition_has_the_prices_that_it_was_published_with(shop: Visit) -> None:
    assert listed(shop, "?edition=1") == FIRST
    assert listed(shop, "?edition=2") == SECOND
    assert listed(shop, "") == SECOND
    draft = listed(shop, "?edition=3")
    assert draft == [(GTX_PLUS, SECOND[0][1]), (GTX, [("2026-07-01", None, ["1.00"])])]


def test_a_day_shows_the_edition_that_counts_on_it_and_what_holds_then(shop: Visit) -> None:
    assert shop.asks(f"{BOOK}/prices?on=2026-06-30").response.json() == {"items": [], "next": None, "edition": None}
    assert listed(shop, "?on=2026-09-30") == FIRST
    assert listed(shop, "?on=2026-12-31") == [SECOND[0], (GTX, [("2026-07-01", "2027-01-01", BOTH)])]
    assert listed(shop, "?on=2027-01-01&edition=2") == [SECOND[0], (GTX, [("2027-01-01", None, ["5000.00"])])]
    assert listed(shop, "?on=2026-06-30&edition=2") == []
    assert listed(shop, f"?product_code={GTX_PLUS}") == SECOND[:1]


def test_a_list_of_prices_is_read_page_by_page_and_counted(shop: Visit) -> None:
    first = shop.asks(f"{BOOK}/prices?edition=2&limit=1&count=true").response.json()
    assert (first["count"], [item["product_code"] for item in first["items"]]) == (2, [GTX_PLUS])
    path = f"{BOOK}/prices?edition=2&limit=1&cursor={first['next']}"
    assert [item["product_code"] for item in shop.asks(path).response.json()["items"]] == [GTX]
    # It leads on in the edition and on the day that it was given for.
    for other in ("1", "2&on=2026-12-31"):
        refused = shop.asks(f"{BOOK}/prices?edition={other}&limit=1&cursor={first['next']}").refuses(
            422, "invalid-request"
        )
        assert refused.response.json()["errors"][0]["pointer"] == "/cursor"


def test_an_edition_that_is_not_even_the_next_is_refused(shop: Visit) -> None:
    for path in (f"{BOOK}/prices?edition=4", f"{BOOK}/priced?line={GTX}:1&edition=4"):
        told = shop.asks(path).refuses(422, "invalid-request").response.json()
        assert (told["errors"][0]["pointer"], told["errors"][0]["code"]) == ("/edition", "no-such-edition")
    shop.asks(f"/price-books/{nth_id(9)}/prices").refuses(404, "not-found")
    shop.asks(f"/price-books/{nth_id(9)}/priced?line=x:1").refuses(404, "not-found")


def test_price_books_are_listed_with_their_editions(shop: Visit, desk: Office) -> None:
    told = shop.asks("/price-books")
    told.answers({"items": [{"book_id": RETAIL, "name": "Retail", "currency": "USD", "tax_mode": "included"}]})
    Page[PriceBook].model_validate(told.response.json())
    editions = [{"edition": 1, "takes_effect_on": "2026-07-01", "name": "Summer 2026"}, {"edition": 2}]
    shop.asks(BOOK).answers({"editions": editions, "closed_at": None, "version": 3})
    shop.asks("/price-books?open=false").answers({"items": []})
    closed = given(book(PriceBookClosed())).at(desk)
    closed.asks("/price-books?open=false").answers({"items": [{"book_id": RETAIL}]})
    closed.asks(f"{BOOK}/prices").answers({"items": [], "edition": None})


# --- what some products cost on a day


def test_lines_are_priced_by_the_edition_and_the_day_with_taxes_by_rate(shop: Visit) -> None:
    told = shop.asks(f"{BOOK}/priced?line={GTX}:16,{GTX_PLUS}:2&on=2026-12-31")
    told.answers(
        {
            "edition": 2,
            "on": "2026-12-31",
            "currency": "USD",
            "tax_mode": "included",
            "lines": [
                {
                    "product_code": GTX,
                    "quantity": "16",
                    "unit": "pcs",
                    "unit_price": "4500.00",
                    "tax_code": "vat",
                    "rate": "22",
                    "net": "59016.39",
                    "tax": "12983.61",
                    "gross": "72000.00",
                },
                {"product_code": GTX_PLUS, "tax_code": None, "rate": None, "tax": "0.00", "gross": "199.00"},
            ],
            "rates": [{"rate": "22", "gross": "72000.00"}, {"rate": None, "gross": "199.00"}],
            "gross": "72199.00",
        }
    )
    Priced.model_validate(told.response.json())


@pytest.mark.parametrize(("quantity", "price"), [("1", "4821.00"), ("9.999", "4821.00"), ("10", "4500.00")])
def test_the_largest_tier_that_is_reached_is_the_price_of_the_whole(shop: Visit, quantity: str, price: str) -> None:
    shop.asks(f"{BOOK}/priced?line={GTX}:{quantity}&on=2026-12-31").answers({"lines": [{"unit_price": price}]})


def test_the_tax_is_that_of_the_day(desk: Office) -> None:
    since = costs("100", currency="RUB", from_day=date(2020, 1, 1))
    roubles = book(fact(PriceBookPublished, takes_effect_on=date(2020, 1, 1)), currency="RUB", tax_mode=TaxMode.ADDED)
    visit = given(VAT, *PRODUCTS, roubles, on(GTX_LADDER, since)).at(desk)
    for day, gross in (("2025-12-31", "120.00"), ("2026-01-01", "122.00")):
        visit.asks(f"{BOOK}/priced?line={GTX}:1&on={day}").answers({"net": "100.00", "gross": gross})
    visit.asks(f"{BOOK}/priced?line={GTX}:1").answers({"gross": "122.00"})


def test_a_line_without_a_price_says_which_day_is_nearest(shop: Visit) -> None:
    told = shop.asks(f"{BOOK}/priced?line={GTX}:1&on=2026-06-25&edition=1").refuses(404, "no-price").response.json()
    assert (told["product_code"], told["nearest"], told["least_quantity"]) == (GTX, "2026-07-01", None)
    shop.asks(f"{BOOK}/priced?line=nothing:1&on=2026-12-31").refuses(404, "no-price")
    # An edition that does not count yet has no price either.
    shop.asks(f"{BOOK}/priced?line={GTX}:1&on=2026-06-30").refuses(404, "no-price")


def test_below_the_first_tier_there_is_no_price_and_the_quantity_is_said(desk: Office) -> None:
    price = Money(amount=Decimal(5), currency="USD")
    boxes = fact(PriceListed, to_day=date(2026, 8, 1), tiers=(Tier(from_quantity=Decimal(5), price=price),))
    visit = given(VAT, *PRODUCTS, book(fact(PriceBookPublished)), on(GTX_LADDER, boxes)).at(desk)
    told = visit.asks(f"{BOOK}/priced?line={GTX}:4.9&on=2026-07-31").refuses(404, "no-price").response.json()
    assert (told["nearest"], told["least_quantity"]) == (None, "5")
    told = visit.asks(f"{BOOK}/priced?line={GTX}:5&on=2027-07-31").refuses(404, "no-price").response.json()
    assert told["nearest"] == "2026-07-31"


def test_a_gap_between_two_prices_has_none_and_a_gift_costs_nothing(desk: Office) -> None:
    gap = fact(PriceWithdrawn, edition=1, from_day=date(2026, 8, 1), to_day=date(2026, 9, 1))
    ladder = on(GTX_LADDER, costs("0"), gap)
    visit = given(VAT, *PRODUCTS, book(fact(PriceBookPublished)), ladder).at(desk)
    visit.asks(f"{BOOK}/priced?line={GTX}:3&on=2026-07-31").answers(
        {"lines": [{"unit_price": "0.00"}], "gross": "0.00"}
    )
    told = visit.asks(f"{BOOK}/priced?line={GTX}:3&on=2026-08-30").refuses(404, "no-price").response.json()
    assert told["nearest"] == "2026-09-01"


def test_a_tax_without_a_rate_on_the_day_is_said_and_not_taken_for_none(desk: Office) -> None:
    early = costs("5", from_day=date(2010, 1, 1))
    published = book(fact(PriceBookPublished, takes_effect_on=date(2010, 1, 1)))
    visit = given(VAT, *PRODUCTS, published, on(GTX_LADDER, early)).at(desk)
    visit.asks(f"{BOOK}/priced?line={GTX}:1&on=2018-12-31").refuses(404, "no-tax-rate")


@pytest.mark.parametrize("line", ["gtx-pro", "gtx-pro:", ":1", "gtx-pro:1e3", "gtx-pro:-1", "gtx-pro:1,5", ""])
def test_a_line_is_a_code_and_a_quantity(shop: Visit, line: str) -> None:
    shop.asks(f"{BOOK}/priced?on=2026-12-31&line={line}").refuses(422, "invalid-request")


def test_more_lines_than_may_be_are_refused(shop: Visit) -> None:
    lines = ",".join([f"{GTX}:1"] * 101)
    shop.asks(f"{BOOK}/priced?on=2026-12-31&line={lines}").refuses(422, "invalid-request")
    shop.asks(f"{BOOK}/priced?on=2026-12-31").refuses(422, "invalid-request")
