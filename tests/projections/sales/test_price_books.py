"""Price books with their editions, in order of numbers."""

from events.examples import RETAIL
from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished
from infra.moments import moment_text
from projections.sales.price_books import PriceBookRow, price_books
from tests.examples import fact
from tests.story import given, moment, on

SUMMER = {
    "edition": 1,
    "takes_effect_on": "2026-07-01",
    "name": "Summer 2026",
    "published_at": moment_text(moment(2)),
}


def test_a_book_has_its_editions_and_says_when_it_was_closed() -> None:
    second = fact(PriceBookPublished, edition=2, name=None)
    given(on(RETAIL, fact(PriceBookOpened), fact(PriceBookPublished), second, PriceBookClosed())).shows(
        price_books,
        PriceBookRow(
            RETAIL,
            name="Retail",
            currency="USD",
            tax_mode="included",
            editions=[SUMMER, {**SUMMER, "edition": 2, "name": None, "published_at": moment_text(moment(3))}],
            opened_at=moment(1),
            closed_at=moment(4),
            version=4,
        ),
    )


def test_whatever_is_heard_first_of_a_book_is_kept() -> None:
    given(on(RETAIL, PriceBookClosed())).shows_row(price_books, RETAIL, closed_at=moment(1), name=None, version=1)
    given(on(RETAIL, fact(PriceBookPublished))).shows_row(
        price_books, RETAIL, editions=[{**SUMMER, "published_at": moment_text(moment(1))}], version=1
    )
