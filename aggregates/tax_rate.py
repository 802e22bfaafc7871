"""A tax, by its code: how much it is on each day. The rate that counts is that of a named day, never that of today."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from aggregates.base import Aggregate, applies
from events.tax_rate import TaxRateAdopted
from infra.periods import laid_over, on_day


class Rate(NamedTuple):
    """What the tax is for some days, in per cent; None is without tax, which is not 0 %."""

    from_day: date
    to_day: date | None
    percent: Decimal | None


class TaxRate(Aggregate):
    """One tax, under an id made of its code (`events.ids.tax_rate_of`)."""

    KIND = "tax_rate"

    rates: tuple[Rate, ...]

    def start(self) -> None:
        self.rates = ()

    def adopt(self, code: str, percent: Decimal | None, from_day: date) -> None:
        """Record what the tax is from a day on, up to the next day it changes; what it is then records nothing."""
        present = on_day(self.rates, from_day)
        if present is None or present.percent != percent:
            self.trigger_event(TaxRateAdopted, code=code, percent=percent, from_day=from_day)

    @applies(TaxRateAdopted)
    def _adopted(self, event: TaxRateAdopted) -> None:
        following = (each.from_day for each in self.rates if each.from_day > event.from_day)
        rate = Rate(event.from_day, min(following, default=None), event.percent)
        self.rates = laid_over(self.rates, rate)
