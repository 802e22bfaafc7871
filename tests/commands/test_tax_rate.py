"""Taxes: how much each is from which day on, half-open, and what is without tax is not at 0 %."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from aggregates.tax_rate import TaxRate
from commands.tax_rate import AdoptTaxRate
from events.examples import VAT, VAT_RATE
from events.tax_rate import TaxRateAdopted
from infra.periods import on_day
from tests.examples import command, fact
from tests.story import given, on

DAY = date(2026, 1, 1)
OLD = fact(TaxRateAdopted, percent=Decimal(20), from_day=date(2019, 1, 1))
NEW = fact(TaxRateAdopted)


def rate(day: date, *events: TaxRateAdopted) -> Any:
    tax = given(on(VAT_RATE, *events)).stream(TaxRate, VAT_RATE)
    found = on_day(tax.rates, day)
    return "none" if found is None else found.percent


@pytest.mark.parametrize("events", [(OLD, NEW), (NEW, OLD)], ids=["as it came", "told late"])
def test_the_russian_vat_is_20_on_the_last_day_of_2025_and_22_on_the_next_one(events: tuple[Any, ...]) -> None:
    assert rate(date(2018, 12, 31), *events) == "none"
    assert rate(date(2019, 1, 1), *events) == 20
    assert rate(date(2025, 12, 31), *events) == 20
    assert rate(date(2026, 1, 1), *events) == 22
    assert rate(date(2099, 1, 1), *events) == 22


def test_a_lower_rate_for_half_a_year_ends_the_day_before() -> None:
    lower = fact(TaxRateAdopted, percent=Decimal(16), from_day=date(2020, 7, 1))
    back = fact(TaxRateAdopted, percent=Decimal(19), from_day=date(2021, 1, 1))
    usual = fact(TaxRateAdopted, percent=Decimal(19), from_day=date(2007, 1, 1))
    rates = [rate(day, usual, back, lower) for day in (date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31))]
    assert [*rates, rate(date(2021, 1, 1), usual, back, lower)] == [19, 16, 16, 19]


def test_without_tax_is_adopted_like_any_rate_and_is_not_nothing() -> None:
    free, nothing = fact(TaxRateAdopted, percent=None), fact(TaxRateAdopted, percent=Decimal(0))
    assert (rate(DAY, free), rate(DAY, nothing)) == (None, 0)
    given(on(VAT_RATE, free)).when(command(AdoptTaxRate, percent=Decimal(0))).then(on(VAT_RATE, nothing))
    given(on(VAT_RATE, nothing)).when(command(AdoptTaxRate, percent=None)).then(on(VAT_RATE, free))


def test_a_rate_is_adopted_once_and_corrected_on_its_own_day() -> None:
    given().when(command(AdoptTaxRate)).then(on(VAT_RATE, NEW))
    given(on(VAT_RATE, NEW)).when(command(AdoptTaxRate)).then_nothing()
    given(on(VAT_RATE, NEW)).when(command(AdoptTaxRate, from_day=date(2027, 1, 1))).then_nothing()
    wrong = fact(TaxRateAdopted, percent=Decimal(23))
    given(on(VAT_RATE, OLD, wrong)).when(command(AdoptTaxRate)).then(on(VAT_RATE, NEW))
    assert rate(DAY, OLD, wrong, NEW) == 22


@pytest.mark.parametrize("percent", [22, 22.0, "22,0", "-1", "100.01", "22.001", "NaN", "1e1", ""])
def test_a_percent_is_written_as_an_amount_is(percent: Any) -> None:
    with pytest.raises(ValueError, match="percent"):
        AdoptTaxRate(code=VAT, percent=percent, from_day=DAY)
