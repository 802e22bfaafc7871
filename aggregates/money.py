"""What a document costs: lines, discounts and taxes, counted in one place and the same way everywhere.

The order is fixed. A line is quantity x unit price less its own discount, rounded; a discount on the whole is spread
over the lines by largest remainder, so that its parts are what was asked; tax comes from the rounded line; and the
document is the sum of its lines. So no total ever differs from what stands above it, and the order of lines does not
matter to any of them. Rounding is half up, to the decimals of the currency (`infra.amounts.DECIMALS`).

Where tax is in the price, net is gross x 100 / (100 + rate), rounded, and tax is what is left: as it is practised in
Russia, and so that net and tax always make the gross.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import NamedTuple

from aggregates.base import WrongValueError
from events.price_book import TaxMode
from infra.amounts import DECIMALS, USUAL

# Amounts and quantities have 18 digits: what they make is exact, and a quotient is never rounded into a half.
_EXACT = Context(prec=100, rounding=ROUND_HALF_UP)
WHOLE = Decimal(100)


class DiscountIsWrongError(WrongValueError):
    """A discount is below nothing, or takes more than there is; facts: discount, most, unit (a currency, or %)."""

    code = "discount-is-wrong"
    field = "discount"


class PercentOff(NamedTuple):
    """A discount as a share of what it is on: 0 to 100."""

    percent: Decimal


class AmountOff(NamedTuple):
    """A discount as an amount, in the currency of the document."""

    amount: Decimal


Discount = PercentOff | AmountOff


class Line(NamedTuple):
    """One line as it is asked: quantity and unit price, zero or more, with any decimals.

    `rate` is the tax in per cent; 0 is a rate like another one, and None is without tax: the two are never added up.
    """

    quantity: Decimal
    unit_price: Decimal
    rate: Decimal | None
    discount: Discount | None = None


class LineTotals(NamedTuple):
    """What a line comes to, in the decimals of the currency; net + tax = gross.

    `listed` is quantity x unit price, `discount` what the line itself takes off it, `shared` its part of the discount
    on the whole: listed - discount - shared is the gross where tax is included, else the net.
    """

    listed: Decimal
    discount: Decimal
    shared: Decimal
    rate: Decimal | None
    net: Decimal
    tax: Decimal
    gross: Decimal


class RateTotals(NamedTuple):
    """What the lines of one rate come to together; None is without tax."""

    rate: Decimal | None
    net: Decimal
    tax: Decimal
    gross: Decimal


class DocumentTotals(NamedTuple):
    """What a document comes to: its lines in the order asked, the rates from the lowest, without tax last."""

    lines: tuple[LineTotals, ...]
    rates: tuple[RateTotals, ...]
    listed: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal

    def is_deeper_than(self, percent: Decimal) -> bool:
        """Return whether all discounts together take more than so many per cent of what is listed."""
        with localcontext(_EXACT):
            return self.discount * WHOLE > self.listed * percent


def document_totals(
    lines: Sequence[Line], *, currency: str, mode: TaxMode, discount: Discount | None = None
) -> DocumentTotals:
    """Return what the lines come to, with a discount on the whole; raises DiscountIsWrongError."""
    unit = Decimal((0, (1,), -DECIMALS.get(currency, USUAL)))
    with localcontext(_EXACT):
        listed = [(line.quantity * line.unit_price).quantize(unit) for line in lines]
        own = [_taken(line.discount, amount, unit, currency) for line, amount in zip(lines, listed, strict=True)]
        after = [amount - off for amount, off in zip(listed, own, strict=True)]
        whole = _taken(discount, _sum(after, unit), unit, currency)
        shared = _spread(whole, after, [line.rate for line in lines], unit)
        counted = tuple(
            LineTotals(amount, off, part, line.rate, *_taxed(amount - off - part, line.rate, mode, unit))
            for line, amount, off, part in zip(lines, listed, own, shared, strict=True)
        )
        return DocumentTotals(
            counted,
            tuple(_of_rate(rate, counted, unit) for rate in sorted({line.rate for line in lines}, key=_rank)),
            listed=_sum(listed, unit),
            discount=_sum((*own, whole), unit),
            net=_sum((line.net for line in counted), unit),
            tax=_sum((line.tax for line in counted), unit),
            gross=_sum((line.gross for line in counted), unit),
        )


def _sum(amounts: Iterable[Decimal], unit: Decimal) -> Decimal:
    return sum(amounts, start=unit * 0)


def _rank(rate: Decimal | None) -> tuple[bool, Decimal]:
    return rate is None, rate or Decimal()


def _taken(discount: Discount | None, amount: Decimal, unit: Decimal, currency: str) -> Decimal:
    """Return what a discount takes off an amount, rounded; raises DiscountIsWrongError."""
    match discount:
        case PercentOff(percent):
            if not 0 <= percent <= WHOLE:
                raise DiscountIsWrongError(discount=percent, most=WHOLE, unit="%")
            # What is left is rounded half up, and the discount is the rest: 4 % off 5573.60 leaves 5350.66.
            return amount - (amount * (WHOLE - percent) / WHOLE).quantize(unit)
        case AmountOff(asked):
            taken = asked.quantize(unit)
            if not 0 <= taken <= amount:
                raise DiscountIsWrongError(discount=asked, most=amount, unit=currency)
            return taken
    return unit * 0


def _spread(whole: Decimal, amounts: list[Decimal], rates: list[Decimal | None], unit: Decimal) -> list[Decimal]:
    """Return the parts of a discount that lines of these amounts bear; they make it up exactly.

    Each bears its share rounded down, and the units that are left go to those whose shares were cut most; among equals
    to the larger amount, then to the lower rate. So what is spread is the same in whatever order the lines stand, and
    no line bears more than it has.
    """
    asked, weights = int(whole / unit), [int(amount / unit) for amount in amounts]
    total = sum(weights) or 1
    parts = [asked * weight // total for weight in weights]
    by_rest = sorted(
        range(len(weights)), key=lambda place: (-(asked * weights[place] % total), -weights[place], _rank(rates[place]))
    )
    for place in by_rest[: asked - sum(parts)]:
        parts[place] += 1
    return [part * unit for part in parts]


def _taxed(amount: Decimal, rate: Decimal | None, mode: TaxMode, unit: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Return net, tax and gross of what a line comes to."""
    if rate is None:
        return amount, unit * 0, amount
    if mode is TaxMode.INCLUDED:
        net = (amount * WHOLE / (WHOLE + rate)).quantize(unit)
        return net, amount - net, amount
    tax = (amount * rate / WHOLE).quantize(unit)
    return amount, tax, amount + tax


def _of_rate(rate: Decimal | None, lines: tuple[LineTotals, ...], unit: Decimal) -> RateTotals:
    # None and 0 are not equal: what has no tax is apart from what is taxed with nothing.
    own = [line for line in lines if line.rate == rate]
    return RateTotals(rate, *(_sum((getattr(line, name) for line in own), unit) for name in ("net", "tax", "gross")))
