"""One list of prices, published edition by edition: an edition is a number, and what was listed up to it."""

from datetime import date

from aggregates.base import Aggregate, RuleBrokenError, WrongValueError, applies
from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished, TaxMode


class PriceBookIsClosedError(RuleBrokenError):
    """The book has no more editions; facts: name, book_id."""

    code = "price-book-is-closed"


class EditionIsNotNextError(RuleBrokenError):
    """Another edition is the next one to be published; facts: name, edition, next."""

    code = "edition-is-not-next"


class PriceCurrencyError(WrongValueError):
    """The prices of the book are in another currency; facts: name, currency, needed, pointer."""

    code = "price-in-another-currency"
    field = "tiers"


class PriceBook(Aggregate):
    """One list of prices."""

    KIND = "price_book"

    name: str
    currency: str
    tax_mode: TaxMode | None
    published: dict[int, tuple[date, str | None]]
    is_closed: bool

    def start(self) -> None:
        self.name = ""
        self.currency = ""
        self.tax_mode = None
        self.published = {}
        self.is_closed = False

    @property
    def next_edition(self) -> int:
        """The edition to which what is listed now belongs."""
        return len(self.published) + 1

    def check_open(self) -> None:
        """Raise PriceBookIsClosedError when the book has no more editions."""
        if self.is_closed:
            raise PriceBookIsClosedError(name=self.name, book_id=self.id)

    def check_currency(self, currency: str, pointer: str) -> None:
        """Raise PriceCurrencyError for a price in another currency; the pointer says where it stands."""
        if currency != self.currency:
            raise PriceCurrencyError(name=self.name, currency=currency, needed=self.currency, pointer=pointer)

    def open(self, name: str, currency: str, tax_mode: TaxMode) -> None:
        """Record a new list of prices."""
        self.trigger_event(PriceBookOpened, name=name, currency=currency, tax_mode=tax_mode)

    def publish(self, edition: int, takes_effect_on: date, name: str | None) -> None:
        """Record that the next edition is published; one that is, just so, records nothing."""
        if self.published.get(edition) == (takes_effect_on, name):
            return
        self.check_open()
        if edition != self.next_edition:
            raise EditionIsNotNextError(name=self.name, edition=edition, next=self.next_edition)
        self.trigger_event(PriceBookPublished, edition=edition, takes_effect_on=takes_effect_on, name=name)

    def close(self) -> None:
        """Record that there are no more editions; a closed one records nothing."""
        if not self.is_closed:
            self.trigger_event(PriceBookClosed)

    @applies(PriceBookOpened)
    def _opened(self, event: PriceBookOpened) -> None:
        self.name, self.currency, self.tax_mode = event.name, event.currency, event.tax_mode

    @applies(PriceBookPublished)
    def _published(self, event: PriceBookPublished) -> None:
        self.published[event.edition] = (event.takes_effect_on, event.name)

    @applies(PriceBookClosed)
    def _closed(self, _: PriceBookClosed) -> None:
        self.is_closed = True
