"""What happens to a price book: one list of prices, published edition by edition."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from events.base import Event
from events.examples import RETAIL, example
from events.values import CURRENCY, Day, OpenShortText

Edition = Annotated[int, Field(ge=1, le=1_000_000)]
"""The number of an edition of a price book, counted from 1."""


class TaxMode(StrEnum):
    """Whether prices have the tax in them."""

    INCLUDED = "included"
    ADDED = "added"


@example(on=RETAIL, name="Retail", currency="USD", tax_mode=TaxMode.INCLUDED)
class PriceBookOpened(Event):
    """The company begins another list of prices, in one currency, with the tax in them or not."""

    TOPIC: ClassVar[str] = "price_book.opened"

    name: OpenShortText
    currency: Annotated[str, StringConstraints(pattern=CURRENCY)]
    tax_mode: TaxMode


@example(on=RETAIL, edition=1, takes_effect_on=date(2026, 7, 1), name="Summer 2026")
class PriceBookPublished(Event):
    """What was listed up to here is an edition: it is shown as it is now, for ever, and counts from a day on."""

    TOPIC: ClassVar[str] = "price_book.published"

    edition: Edition
    takes_effect_on: Day
    name: OpenShortText | None = None


@example(on=RETAIL)
class PriceBookClosed(Event):
    """The book has no more editions; those there are stay."""

    TOPIC: ClassVar[str] = "price_book.closed"
