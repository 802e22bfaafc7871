"""One row is one price book with its editions.

Read by GET /price-books, and for what an edition is where prices are asked for.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.price_book import PriceBookClosed, PriceBookOpened, PriceBookPublished
from infra.moments import moment_text
from infra.projector.projection import Key, Projection
from projections.change import changed


class PriceBookRow(NamedTuple):
    """The book; `editions` is [{edition, takes_effect_on, name, published_at}] in order of numbers, times as texts."""

    book_id: UUID
    name: str | None = None
    currency: str | None = None
    tax_mode: str | None = None
    editions: list[dict[str, Any]] = []  # noqa: RUF012
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    version: int = 0


price_books = Projection(
    name="price_books",
    row=PriceBookRow,
    key=("book_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = PriceBookRow | None


def _book(row: Row, event: Any) -> PriceBookRow:
    """Return the book the event changes, as it was before, but for its version."""
    return changed(row or PriceBookRow(event.stream_id), version=event.originator_version)


@price_books.on(PriceBookOpened)
def opened(row: Row, event: PriceBookOpened, _: Key) -> PriceBookRow:
    return changed(
        _book(row, event),
        name=event.name,
        currency=event.currency,
        tax_mode=event.tax_mode.value,
        opened_at=event.occurred_at,
    )


@price_books.on(PriceBookPublished)
def published(row: Row, event: PriceBookPublished, _: Key) -> PriceBookRow:
    book = _book(row, event)
    edition = {
        "edition": event.edition,
        "takes_effect_on": event.takes_effect_on.isoformat(),
        "name": event.name,
        "published_at": moment_text(event.occurred_at),
    }
    return changed(book, editions=[*book.editions, edition])


@price_books.on(PriceBookClosed)
def closed(row: Row, event: PriceBookClosed, _: Key) -> PriceBookRow:
    return changed(_book(row, event), closed_at=event.occurred_at)
