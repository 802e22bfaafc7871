"""What a document costs, held against figures that others published and against the same told in whole fractions."""

import csv
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregates.money import (
    AmountOff,
    Discount,
    DiscountIsWrongError,
    DocumentTotals,
    Line,
    LineTotals,
    PercentOff,
    RateTotals,
    document_totals,
)
from events.price_book import TaxMode
from infra.amounts import DECIMALS

INCLUDED, ADDED = TaxMode.INCLUDED, TaxMode.ADDED
D = Decimal


def line(price: str, rate: str | None = None, quantity: str = "1", discount: Discount | None = None) -> Line:
    return Line(D(quantity), D(price), None if rate is None else D(rate), discount)


def sums(document: DocumentTotals) -> tuple[str, str, str]:
    return f"{document.net}", f"{document.tax}", f"{document.gross}"


def totals(*lines: Line, mode: TaxMode, discount: Discount | None = None, currency: str = "RUB") -> DocumentTotals:
    return document_totals(lines, currency=currency, mode=mode, discount=discount)


def test_a_line_with_a_discount_is_rounded_before_it_is_taxed() -> None:
    document = totals(line("348.35", "22", "16", PercentOff(D(4))), mode=ADDED)
    assert sums(document) == ("5350.66", "1177.15", "6527.81")


def test_net_and_tax_of_a_gross_price_make_the_gross() -> None:
    assert sums(totals(line("8.01", "20"), mode=INCLUDED)) == ("6.68", "1.33", "8.01")


def test_the_tax_of_a_document_is_that_of_its_lines_and_not_that_of_its_sum() -> None:
    assert sums(totals(line("50.00", "22"), line("50.00", "22"), mode=INCLUDED)) == ("81.96", "18.04", "100.00")
    assert sums(totals(line("100.00", "22"), mode=INCLUDED)) == ("81.97", "18.03", "100.00")
    assert sums(totals(line("55.55", "23"), line("11.11", "23"), mode=ADDED)) == ("66.66", "15.34", "82.00")
    assert sums(totals(line("66.66", "23"), mode=ADDED)) == ("66.66", "15.33", "81.99")


def test_three_lines_of_ten_come_to_thirty() -> None:
    assert sums(totals(*[line("10.00", "15")] * 3, mode=INCLUDED)) == ("26.10", "3.90", "30.00")


def test_a_hundred_off_three_equal_lines_is_a_hundred() -> None:
    document = totals(*[line("100.00", "20")] * 3, mode=INCLUDED, discount=AmountOff(D("100.00")))
    assert [f"{each.shared}" for each in document.lines] == ["33.34", "33.33", "33.33"]
    assert (document.discount, document.gross) == (D("100.00"), D("200.00"))


@pytest.mark.parametrize("mode", TaxMode)
def test_all_of_it_off_leaves_nothing_and_nothing_off_takes_nothing(mode: TaxMode) -> None:
    lines = (line("11.50", "15"), line("11.50", "15"))
    for off in (PercentOff(D(100)), AmountOff(D("23.00"))):
        assert sums(totals(*lines, mode=mode, discount=off)) == ("0.00", "0.00", "0.00")
    plain = totals(*lines, mode=mode)
    for off in (PercentOff(D(0)), AmountOff(D(0))):
        assert totals(*lines, mode=mode, discount=off) == plain
    free = totals(line("0", "15"), line("0", None), mode=mode, discount=PercentOff(D(10)))
    assert sums(free) == ("0.00", "0.00", "0.00")


def test_what_others_were_a_cent_off_at() -> None:
    whole = totals(line("64.22", quantity="2.25", discount=PercentOff(D(100))), mode=ADDED)
    assert sums(whole) == ("0.00", "0.00", "0.00")
    assert sums(totals(line("8500", "19"), mode=ADDED, discount=AmountOff(D(7500)))) == ("1000.00", "190.00", "1190.00")
    assert totals(line("90", "5"), line("55", "5"), mode=INCLUDED).gross == 145
    assert totals(*[line("0.35", quantity="0.5")] * 3, mode=ADDED).gross == D("0.54")


@pytest.mark.parametrize(
    ("currency", "asked", "told"), [("JPY", "100.5", "101"), ("KWD", "1.0005", "1.001"), ("CLF", "0.00005", "0.0001")]
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, asked: str, told: str) -> None:
    assert f"{totals(line(asked), mode=ADDED, currency=currency).gross}" == told


def test_without_tax_is_not_taxed_with_nothing() -> None:
    rates = totals(line("10"), line("20", "0"), line("30", "22"), line("5"), mode=ADDED).rates
    assert [(rate.rate, f"{rate.gross}") for rate in rates] == [(D(0), "20.00"), (D(22), "36.60"), (None, "15.00")]


def test_a_rate_is_one_however_it_is_written() -> None:
    (rate,) = totals(line("10", "20"), line("10", "20.00"), mode=ADDED).rates
    assert f"{rate.tax}" == "4.00"


@pytest.mark.parametrize(
    "wrong", [PercentOff(D("100.01")), PercentOff(D("-1")), AmountOff(D("10.01")), AmountOff(D("-0.01"))]
)
def test_a_discount_never_makes_a_line_below_zero_nor_dearer(wrong: Discount) -> None:
    with pytest.raises(DiscountIsWrongError):
        totals(line("10.00", "22", discount=wrong), line("90.00"), mode=ADDED)
    with pytest.raises(DiscountIsWrongError):
        totals(line("10.00", "22"), mode=ADDED, discount=wrong)


def test_sold_deals_of_a_company_ask_for_a_higher_hand_as_often_as_was_counted(
    real_data: Callable[[str], Path],
) -> None:
    folder = real_data("maven-crm")
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        prices = {row["product"].replace(" ", ""): D(row["sales_price"]) for row in csv.DictReader(file)}
    with (folder / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        won = [row for row in csv.DictReader(file) if row["deal_stage"] == "Won"]
    quotes: list[DocumentTotals] = []
    for row in won:
        listed, sold = prices[row["product"].replace(" ", "")], D(row["close_value"])
        off = AmountOff(max(listed - sold, D(0)))
        quotes.append(totals(Line(D(1), max(listed, sold), None, off), mode=ADDED, currency="USD"))
    assert (len(quotes), sum(quote.gross for quote in quotes)) == (4238, 10_005_534)
    assert sum(quote.is_deeper_than(D(10)) for quote in quotes) == 709
    assert sum(quote.is_deeper_than(D(20)) for quote in quotes) == 92


# The same once more: in fractions, line by line, and by counting units out one after another.


class Twin(NamedTuple):
    """What a document comes to, in the smallest units of its currency: per rate net, tax and gross, and the shares."""

    rates: dict[Decimal | None, tuple[int, int, int]]
    shared: int
    discount: int


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def off(discount: Discount | None, amount: int, unit: int) -> int:
    match discount:
        case PercentOff(percent):
            return amount - half_up(amount * (100 - Fraction(percent)) / 100)
        case AmountOff(asked):
            return half_up(Fraction(asked) * unit)
    return 0


def twin(lines: Sequence[Line], currency: str, mode: TaxMode, discount: Discount | None) -> Twin:
    unit = 10 ** DECIMALS[currency]
    listed = [half_up(Fraction(each.quantity) * Fraction(each.unit_price) * unit) for each in lines]
    own = [off(each.discount, amount, unit) for each, amount in zip(lines, listed, strict=True)]
    after = [amount - taken for amount, taken in zip(listed, own, strict=True)]
    whole = off(discount, sum(after), unit)
    shares = [Fraction(whole * amount, sum(after) or 1) for amount in after]
    parts = [floor(share) for share in shares]
    while sum(parts) < whole:  # one unit at a time, to whom it is owed most
        owed = [
            (
                share - part,
                amount,
                each.rate is not None,
                -(each.rate or 0),
                -place,
            )
            for place, (share, part, amount, each) in enumerate(zip(shares, parts, after, lines, strict=True))
        ]
        parts[-max(owed)[-1]] += 1
    rates: dict[Decimal | None, tuple[int, int, int]] = {}
    for each, amount, part in zip(lines, after, parts, strict=True):
        rate, rest = Fraction(each.rate or 0), amount - part
        net = half_up(rest * 100 / (100 + rate)) if mode is INCLUDED else rest
        gross = rest if mode is INCLUDED else rest + half_up(rest * rate / 100)
        before = rates.get(each.rate, (0, 0, 0))
        rates[each.rate] = (before[0] + net, before[1] + gross - net, before[2] + gross)
    return Twin(rates, sum(parts), sum(own) + whole)


PERCENTS = st.decimals(0, 100, places=2)
RATES = st.one_of(
    st.none(), st.sampled_from([D(rate) for rate in ("0", "5", "7", "10", "20", "22", "23", "15", "7.7")])
)
LINES = st.lists(
    st.builds(
        Line,
        st.decimals(0, 10**6, places=3),
        st.decimals(0, 10**8, places=4),
        RATES,
        st.one_of(st.none(), st.builds(PercentOff, PERCENTS)),
    ),
    max_size=12,
)
SMALL = st.lists(st.builds(Line, st.integers(0, 3).map(D), st.integers(0, 4).map(D), RATES, st.none()), max_size=12)


@given(
    lines=LINES | SMALL,
    currency=st.sampled_from(["RUB", "JPY", "KWD", "CLF"]),
    mode=st.sampled_from(TaxMode),
    depth=PERCENTS,
    as_amount=st.booleans(),
    seed=st.randoms(use_true_random=False),
)
@example([line("1", "20")] * 3 + [line("2")] * 2, "JPY", ADDED, D(50), True, random.Random(1))
def test_what_a_document_costs_is_what_fractions_say(
    lines: list[Line], currency: str, mode: TaxMode, depth: Decimal, as_amount: bool, seed: random.Random
) -> None:
    plain = document_totals(lines, currency=currency, mode=mode)
    discount: Discount = PercentOff(depth)
    if as_amount:
        base = plain.listed - plain.discount
        discount = AmountOff(min((base * depth / 100).quantize(plain.listed), base))
    document = document_totals(lines, currency=currency, mode=mode, discount=discount)
    told = twin(lines, currency, mode, discount)
    unit = 10 ** DECIMALS[currency]
    assert {each.rate: (each.net * unit, each.tax * unit, each.gross * unit) for each in document.rates} == told.rates
    assert document.discount * unit == told.discount
    assert sum(each.shared for each in document.lines) * unit == told.shared
    if isinstance(discount, AmountOff):
        assert sum(each.shared for each in document.lines) == discount.amount
    parts: list[LineTotals | RateTotals | DocumentTotals] = [*document.lines, *document.rates, document]
    assert all(each.net + each.tax == each.gross for each in parts)
    assert all(min(each.net, each.tax, each.gross) >= 0 for each in parts)
    for name in ("net", "tax", "gross"):
        whole = getattr(document, name)
        assert sum(getattr(each, name) for each in document.lines) == whole
        assert sum(getattr(each, name) for each in document.rates) == whole
    seed.shuffle(shuffled := list(lines))
    again = document_totals(shuffled, currency=currency, mode=mode, discount=discount)
    assert again._replace(lines=()) == document._replace(lines=())
    assert sorted(map(repr, again.lines)) == sorted(map(repr, document.lines))
