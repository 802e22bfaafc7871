"""What is asked about deals: to open them, to lead them along their pipeline, to end them."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import model_validator

from aggregates.client import Client
from aggregates.deal import Deal, DealStatus
from aggregates.pipeline import Pipeline
from aggregates.product import Product, product_id
from aggregates.staff import StaffMember
from commands.approach import Approach, acting_staff, approach, led_deal
from commands.base import Command, Context, GivenMoment, Outcome, handles, wrong_field
from commands.handover import SELLER_IS_GONE, deal_to_end, leader_of, pass_on
from commands.import_run import HistoryCommand
from commands.money import GivenMoney
from commands.old_ownership import approach_on, claimed_on
from commands.roles import SELLING
from events.examples import ANNA, BORIS, DISCOUNTED, FIRST_IMPORT, GTX, PRICE, ROAD, ROMASHKA, SALE, example
from events.ids import ClientId, DealId, PipelineId, StaffId
from events.values import Code, ShortText, Text

NOT_STATED = "not stated"
"""The reason of a loss whose record names none."""


@example(deal_id=SALE, client_id=ROMASHKA, pipeline_id=ROAD, product_code=GTX, amount=PRICE)
class OpenDeal(Command):
    """Begin a possible sale; it claims a client nobody owns, and is refused on somebody else's."""

    ROLES = SELLING

    deal_id: DealId | None = None
    client_id: ClientId | None = None
    seller_id: StaffId | None = None
    pipeline_id: PipelineId
    stage: Code | None = None
    title: ShortText | None = None
    product_code: Code | None = None
    amount: GivenMoney | None = None


@example(deal_id=SALE, client_id=ROMASHKA)
class NameDealClient(Command):
    """Say with which client a deal is; the deal's seller claims that client."""

    ROLES = SELLING

    deal_id: DealId
    client_id: ClientId


@example(deal_id=SALE, to_stage="contract")
class MoveDeal(Command):
    """Move an open deal to another stage of its pipeline."""

    ROLES = SELLING

    deal_id: DealId
    to_stage: Code
    reason: Text | None = None


@example(deal_id=SALE, amount=DISCOUNTED, reason="a regular client")
class RevalueDeal(Command):
    """Say what an open deal is worth now; nothing: not known any more."""

    ROLES = SELLING

    deal_id: DealId
    amount: GivenMoney | None
    reason: Text | None = None


@example(deal_id=SALE, to_seller_id=BORIS, reason="vacation")
class HandOverDeal(Command):
    """Let another seller lead an open deal; the client must be free or that seller's own."""

    ROLES = SELLING

    deal_id: DealId
    to_seller_id: StaffId
    reason: Text | None = None


@example(deal_id=SALE, amount=DISCOUNTED)
class WinDeal(Command):
    """Say that the client bought, for this amount or the deal's; who bought is a customer from then on."""

    ROLES = SELLING

    deal_id: DealId
    amount: GivenMoney | None = None


@example(deal_id=SALE, reason="too dear")
class LoseDeal(Command):
    """Say that the client did not buy, and why."""

    ROLES = SELLING

    deal_id: DealId
    reason: Text


@example(deal_id=SALE, reason="they called back")
class ReopenDeal(Command):
    """Let a deal that had ended go on, at the stage where it ended or another."""

    ROLES = SELLING

    deal_id: DealId
    stage: Code | None = None
    reason: Text


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
    external_id: ShortText
    strict: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.engaged_at is not None and self.closed_at is not None and self.closed_at < self.engaged_at:
            raise wrong_field("closed_at", "ends_before_it_begins", "closed_at is before engaged_at")
        if self.outcome == "won" and self.amount is None:
            raise wrong_field("amount", "missing", "a won deal needs its amount")
        return self


@handles(OpenDeal)
def open_deal(command: OpenDeal, context: Context) -> Outcome:
    """Open the deal and claim its client in one decision."""
    pipeline = context.load(Pipeline, command.pipeline_id)
    if command.product_code is not None:
        context.load(Product, product_id(command.product_code)).check_offered()
    offer = approach(context, acting_staff(context, command.seller_id), command.client_id)
    deal = context.new(Deal, command.deal_id)
    deal.open(
        seller_id=offer.seller.id,
        pipeline=pipeline,
        stage=command.stage,
        client_id=command.client_id,
        title=command.title,
        product_code=command.product_code,
        amount=command.amount,
    )
    return context.save(deal, *offer.claim())


@handles(NameDealClient)
def name_deal_client(command: NameDealClient, context: Context) -> Outcome:
    """Name the client and, while the deal is open, claim it for the deal's seller in one decision."""
    deal = led_deal(context, command.deal_id)
    client = context.load(Client, command.client_id)
    if deal.client_id == client.id or deal.status is not DealStatus.OPEN:
        deal.name_client(client.id)
        return context.save(deal, *_customers(context, deal))
    deal.check_nameable(client.id)
    offer = approach(context, _seller(context, deal), client.id)
    deal.name_client(client.id)
    return context.save(deal, *offer.claim())


@handles(MoveDeal)
def move_deal(command: MoveDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    deal.move_to(command.to_stage, _pipeline(context, deal), reason=command.reason)
    return context.save(deal)


@handles(RevalueDeal)
def revalue_deal(command: RevalueDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    deal.revalue(command.amount, reason=command.reason)
    return context.save(deal)


@handles(HandOverDeal)
def hand_over_deal(command: HandOverDeal, context: Context) -> Outcome:
    """Hand over, and claim a free client for the seller who leads the deal now."""
    deal = context.load(Deal, command.deal_id)
    if deal.seller_id == command.to_seller_id:
        return context.save(deal)  # asked again by who handed it over, and leads it no more
    led_deal(context, deal.id).check_open()
    offer = approach(context, context.load(StaffMember, command.to_seller_id), deal.client_id)
    deal.hand_over(command.to_seller_id, reason=command.reason)
    return context.save(deal, *offer.claim())


@handles(WinDeal)
def win_deal(command: WinDeal, context: Context) -> Outcome:
    deal, seller_id = deal_to_end(context, command.deal_id, command.occurred_at, HandOverDeal)
    deal.win(command.amount, seller_id=seller_id)
    return context.save(deal, *_customers(context, deal))


@handles(LoseDeal)
def lose_deal(command: LoseDeal, context: Context) -> Outcome:
    deal, seller_id = deal_to_end(context, command.deal_id, command.occurred_at, HandOverDeal)
    deal.lose(command.reason, seller_id=seller_id)
    return context.save(deal)


@handles(ReopenDeal)
def reopen_deal(command: ReopenDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    seller_id = leader_of(context, deal)
    deal.reopen(_pipeline(context, deal), stage=command.stage, reason=command.reason)
    deal.hand_over(seller_id, reason=SELLER_IS_GONE)
    return context.save(deal)


def _customers(context: Context, deal: Deal, moment: datetime | None = None) -> tuple[Client, ...]:
    """Record that the client of a deal that was just won, or just tied, is a customer; return the client."""
    if deal.client_id is None or deal.status is not DealStatus.WON or not deal.has_pending:
        return ()
    client = context.load(Client, deal.client_id)
    with client.occurring_at(moment or context.occurred_at):
        client.become_customer()
    return (client,)


def _seller(context: Context, deal: Deal) -> StaffMember:
    assert deal.seller_id is not None, "a deal that was opened has a seller"  # noqa: S101
    return context.load(StaffMember, deal.seller_id)


def _pipeline(context: Context, deal: Deal) -> Pipeline:
    assert deal.pipeline_id is not None, "a deal that was opened has a pipeline"  # noqa: S101
    return context.load(Pipeline, deal.pipeline_id)


@handles(ImportDeal)
def import_deal(command: ImportDeal, context: Context) -> Outcome:
    """Enter the deal, its end, and the claim it makes, each on its own day; what is open goes where the client goes."""
    seller = context.load(StaffMember, command.seller_id)
    pipeline = context.load(Pipeline, command.pipeline_id)
    offer = Approach(seller)
    if command.client_id is not None and command.engaged_at is None:
        context.load(Client, command.client_id)
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
    return context.save(deal, *dict.fromkeys((*claimed, *_customers(context, deal, closed_at))))


def _end(deal: Deal, command: ImportDeal, closed_at: datetime) -> None:
    with deal.occurring_at(closed_at):
        if command.outcome == "won":
            deal.win(command.amount)
        elif command.outcome == "lost":
            deal.lose(command.lost_reason or NOT_STATED)
