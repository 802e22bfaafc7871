"""What is asked about when a deal will end, and how surely: the day on which it is expected to, and its category."""

from datetime import date

from commands.approach import led_deal
from commands.base import Command, Context, GivenDay, Outcome, handles
from commands.roles import SELLING
from events.deal import ForecastCategory
from events.examples import SALE, example
from events.ids import DealId
from events.values import EditedKind, Text


@example(deal_id=SALE, day=date(2026, 4, 30), reason="their budget comes in April")
class ExpectClosing(Command):
    """Say on which day an open deal is expected to end; nothing: nobody knows any more.

    A day that was said moves with a reason.
    """

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    day: GivenDay | None
    reason: Text | None = None


@example(deal_id=SALE, category=ForecastCategory.COMMIT)
class CategoriseDeal(Command):
    """Say how surely an open deal is counted on: every new one is in the pipeline, and no more."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    category: ForecastCategory


@handles(ExpectClosing)
def expect_closing(command: ExpectClosing, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    deal.expect_closing(command.day, reason=command.reason)
    return context.save(deal)


@handles(CategoriseDeal)
def categorise_deal(command: CategoriseDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    deal.categorise(command.category)
    return context.save(deal)
