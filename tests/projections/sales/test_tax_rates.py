"""Taxes: their rates in order of days, each until the next one begins."""

from datetime import date
from decimal import Decimal

from events.examples import VAT_RATE
from events.tax_rate import TaxRateAdopted
from projections.sales.tax_rates import TaxRateRow, tax_rates
from tests.examples import fact
from tests.story import given, on

OLD = fact(TaxRateAdopted, percent=Decimal("20.00"), from_day=date(2019, 1, 1))
NEW = {"from_day": "2026-01-01", "to_day": None, "percent": "22"}


def test_rates_follow_each_other_whatever_was_told_first() -> None:
    given(on(VAT_RATE, fact(TaxRateAdopted), OLD)).shows(
        tax_rates,
        TaxRateRow(VAT_RATE, "vat", [{"from_day": "2019-01-01", "to_day": "2026-01-01", "percent": "20"}, NEW], 2),
    )


def test_a_rate_is_corrected_on_its_own_day_and_without_tax_is_no_percent() -> None:
    free = fact(TaxRateAdopted, percent=None)
    given(on(VAT_RATE, fact(TaxRateAdopted), free)).shows_row(
        tax_rates, VAT_RATE, rates=[{**NEW, "percent": None}], version=2
    )
