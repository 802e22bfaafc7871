"""What is asked about price books: to open one, to publish its next edition, to close it."""

from datetime import date

from aggregates.price_book import PriceBook
from commands.base import Command, Context, GivenDay, Outcome, handles
from commands.product import CATALOGUE
from events.examples import RETAIL, example
from events.ids import PriceBookId
from events.price_book import Edition, TaxMode
from events.values import ShortText
from infra.amounts import Currency


@example(book_id=RETAIL, name="Retail", currency="USD", tax_mode=TaxMode.INCLUDED)
class OpenPriceBook(Command):
    """Begin another list of prices, in one currency, with the tax in the prices or added to them."""

    ROLES, EDITS = CATALOGUE, None

    book_id: PriceBookId | None = None
    name: ShortText
    currency: Currency
    tax_mode: TaxMode


@example(book_id=RETAIL, edition=1, takes_effect_on=date(2026, 7, 1), name="Summer 2026")
class PublishPriceBook(Command):
    """Publish what is listed as the next edition, by its number, which counts from a day on.

    What is published stays as it is: a wrong edition is corrected by the next one. Of editions that count on a day the
    one with the highest number does.
    """

    ROLES, EDITS = CATALOGUE, None

    book_id: PriceBookId
    edition: Edition
    takes_effect_on: GivenDay
    name: ShortText | None = None


@example(book_id=RETAIL)
class ClosePriceBook(Command):
    """Let a price book have no more editions; those there are stay."""

    ROLES, EDITS = CATALOGUE, None

    book_id: PriceBookId


@handles(OpenPriceBook)
def open_price_book(command: OpenPriceBook, context: Context) -> Outcome:
    book = context.new(PriceBook, command.book_id)
    book.open(command.name, command.currency, command.tax_mode)
    return context.save(book)


@handles(PublishPriceBook)
def publish_price_book(command: PublishPriceBook, context: Context) -> Outcome:
    book = context.load(PriceBook, command.book_id)
    book.publish(command.edition, command.takes_effect_on, command.name)
    return context.save(book)


@handles(ClosePriceBook)
def close_price_book(command: ClosePriceBook, context: Context) -> Outcome:
    book = context.load(PriceBook, command.book_id)
    book.close()
    return context.save(book)
