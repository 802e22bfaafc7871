"""What is asked about taxes: how much they are from a day on."""

from datetime import date
from decimal import Decimal

from aggregates.tax_rate import TaxRate
from commands.base import Command, Context, GivenDay, Outcome, found_or_new, handles
from commands.money import GivenPercent
from commands.product import CATALOGUE
from events.examples import VAT, example
from events.ids import tax_rate_of
from events.values import Code


@example(code=VAT, percent=Decimal(22), from_day=date(2026, 1, 1))
class AdoptTaxRate(Command):
    """Say how much a tax is from a day on, or correct it; without a percent what has it is without tax, not at 0 %."""

    ROLES, EDITS = CATALOGUE, None

    code: Code
    percent: GivenPercent | None = None
    from_day: GivenDay


@handles(AdoptTaxRate)
def adopt_tax_rate(command: AdoptTaxRate, context: Context) -> Outcome:
    """Adopt the rate under the code of its tax."""
    rate = found_or_new(context, TaxRate, tax_rate_of(command.code))
    rate.adopt(command.code, command.percent, command.from_day)
    return context.save(rate)
