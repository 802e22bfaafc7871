"""What is asked about deals of old records: each enters the log with its own days and people."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import model_validator

from aggregates.deal import Deal
from aggregates.pipeline import Pipeline
from aggregates.staff import StaffMember
from commands.approach import Approach
from commands.base import Context, GivenMoment, Outcome, handles, wrong_field
from commands.deal import customers
from commands.handover import pass_on
from commands.import_run import HistoryCommand
from commands.money import GivenMoney
from commands.named_client import named_client
from commands.old_ownership import approach_on, claimed_on
from events.examples import ANNA, FIRST_IMPORT, PRICE, ROAD, ROMASHKA, SALE, example
from events.ids import ClientId, DealId, PipelineId, StaffId
from events.values import Code, LossReason, ShortText, Text

NOT_STATED = "not stated"
"""The reason of a loss whose record names none."""


@example(
    import_id=FIRST_IMPORT,
    deal_id=SALE,
    client_id=ROMASHKA,
    seller_id=ANNA,
    pipeline_id=ROAD,
    engaged_at=datetime(2016, 10, 20, tzinfo=UTC),
    stage="contract",
    outcome="won",
    closed_at=datetime(2017, 3, 1, tzinfo=UTC),
    amount=PRICE,
    external_id="1C1I7A6R",
)
class ImportDeal(HistoryCommand):
    """Enter a deal from old records: when it began, and how it ended if it did.

    With a client and a date of engagement it claims a client nobody owns from that date; on somebody else's client
    it is refused if `strict`, else accepted as it happened. Without either it neither claims nor is refused.
    """

    deal_id: DealId
    client_id: ClientId | None = None
    seller_id: StaffId
    pipeline_id: PipelineId
    product_code: Code | None = None
    engaged_at: GivenMoment | None = None
    stage: Code
    outcome: Literal["won", "lost", "none"] = "none"
    closed_at: GivenMoment | None = None
    amount: GivenMoney | None = None
    lost_reason: Text | None = None
    lost_reason_code: LossReason | None = None
    external_id: ShortText
    strict: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.engaged_at is not None and self.closed_at is not None and self.closed_at < self.engaged_at:
            raise wrong_field("closed_at", "ends_before_it_begins", "closed_at is before engaged_at")
        if self.outcome == "won" and self.amount is None:
            raise wrong_field("amount", "missing", "a won deal needs its amount")
        return self


@handles(ImportDeal)
def import_deal(command: ImportDeal, context: Context) -> Outcome:
    """Enter the deal, its end, and the claim it makes, each on its own day; what is open goes where the client goes."""
    seller = context.load(StaffMember, command.seller_id)
    pipeline = context.load(Pipeline, command.pipeline_id)
    offer = Approach(seller)
    if command.client_id is not None and command.engaged_at is None:
        named_client(context, command.client_id)
    elif command.engaged_at is not None:
        offer = approach_on(context, seller, command.client_id, command.engaged_at, strict=command.strict)
    deal = context.new(Deal, command.deal_id)
    opened_at = command.engaged_at or context.occurred_at
    with deal.occurring_at(opened_at):
        deal.open(
            seller_id=command.seller_id,
            pipeline=pipeline,
            stage=command.stage,
            client_id=command.client_id,
            product_code=command.product_code,
            amount=command.amount if command.outcome == "none" else None,
            external_id=command.external_id,
            date_unknown=command.date_unknown or command.engaged_at is None,
        )
    closed_at = command.closed_at or opened_at
    _end(deal, command, closed_at)
    claimed = claimed_on(context, offer, opened_at, strict=command.strict)
    pass_on(context, deal, seller, opened_at)
    return context.save(deal, *dict.fromkeys((*claimed, *customers(context, deal, closed_at))))


def _end(deal: Deal, command: ImportDeal, closed_at: datetime) -> None:
    with deal.occurring_at(closed_at):
        if command.outcome == "won":
            deal.win(command.amount)
        elif command.outcome == "lost":
            code = command.lost_reason_code
            deal.lose(command.lost_reason or (NOT_STATED if code is None else None), code)
