"""What happens to a tax: from which day on it is how much."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from events.base import Event
from events.examples import VAT, VAT_RATE, example
from events.prices import Percent
from events.values import Code, Day


@example(on=VAT_RATE, code=VAT, percent=Decimal(22), from_day=date(2026, 1, 1))
class TaxRateAdopted(Event):
    """From a day on the tax is so many per cent, until another rate is adopted; none: what has it is without tax."""

    TOPIC: ClassVar[str] = "tax_rate.adopted"

    code: Code
    percent: Percent | None = None
    from_day: Day
