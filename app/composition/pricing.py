"""Counts what is asked about prices by the one function for documents, for those who see no rules."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from aggregates.money import DocumentTotals, Line, LineTotals, RateTotals, document_totals
from events.price_book import TaxMode
from infra.amounts import amount_text


def totals_of(lines: Sequence[tuple[Decimal, Decimal, str | None]], currency: str, tax_mode: str) -> Mapping[str, Any]:
    """Return what lines of quantity, unit price and rate (per cent, None: without tax) come to, as texts."""
    document = document_totals(
        [Line(quantity, price, None if rate is None else Decimal(rate)) for quantity, price, rate in lines],
        currency=currency,
        mode=TaxMode(tax_mode),
    )
    return {
        **_sums(document, currency),
        "lines": [_sums(line, currency) for line in document.lines],
        "rates": [{"rate": _rate_text(rate.rate), **_sums(rate, currency)} for rate in document.rates],
    }


def _rate_text(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:f}"


def _sums(counted: DocumentTotals | LineTotals | RateTotals, currency: str) -> dict[str, str]:
    return {name: amount_text(getattr(counted, name), currency) for name in ("net", "tax", "gross")}
