"""Price books: opened, published edition by edition, closed."""

from datetime import date

from aggregates.base import AlreadyExistsError, NotFoundError
from aggregates.price_book import EditionIsNotNextError, PriceBookIsClosedError
from commands.price_book import ClosePriceBook, OpenPriceBook, PublishPriceBook
from events.examples import RETAIL
from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished
from tests.examples import command, fact
from tests.story import given, nth_id, on

OPENED = on(RETAIL, fact(PriceBookOpened))
FIRST = on(RETAIL, fact(PriceBookPublished))
CLOSED = on(RETAIL, PriceBookClosed())


def test_a_book_is_opened_under_its_id_or_a_new_one() -> None:
    given().when(command(OpenPriceBook)).then(OPENED)
    given().when(command(OpenPriceBook, book_id=None)).then(on(nth_id(1), fact(PriceBookOpened)))
    given(OPENED).when(command(OpenPriceBook)).then_refused(AlreadyExistsError, kind="price_book")


def test_editions_are_published_one_after_the_other_and_each_once() -> None:
    given(OPENED).when(command(PublishPriceBook)).then(FIRST)
    given(OPENED, FIRST).when(command(PublishPriceBook)).then_nothing()
    second = command(PublishPriceBook, edition=2, name=None)
    given(OPENED, FIRST).when(second).then(on(RETAIL, fact(PriceBookPublished, edition=2, name=None)))
    given(OPENED).when(second).then_refused(EditionIsNotNextError, edition=2, next=1)
    given().when(command(PublishPriceBook)).then_refused(NotFoundError, kind="price_book")


def test_an_edition_is_not_published_again_for_another_day_or_by_another_name() -> None:
    for otherwise in ({"takes_effect_on": date(2026, 8, 1)}, {"name": "Autumn 2026"}, {"name": None}):
        again = command(PublishPriceBook, **otherwise)
        given(OPENED, FIRST).when(again).then_refused(EditionIsNotNextError, edition=1, next=2)


def test_two_editions_may_count_from_one_day() -> None:
    same_day = command(PublishPriceBook, edition=2)
    given(OPENED, FIRST).when(same_day).then(on(RETAIL, fact(PriceBookPublished, edition=2)))


def test_a_closed_book_has_no_more_editions() -> None:
    given(OPENED).when(command(ClosePriceBook)).then(CLOSED)
    given(OPENED, CLOSED).when(command(ClosePriceBook)).then_nothing()
    given(OPENED, CLOSED).when(command(PublishPriceBook)).then_refused(PriceBookIsClosedError, book_id=RETAIL)
    given(OPENED, FIRST, CLOSED).when(command(PublishPriceBook)).then_nothing()
