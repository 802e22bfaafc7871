"""What is asked about deals: to open them, to lead them along their pipeline, to end them."""

from datetime import datetime
from typing import Self

from pydantic import model_validator

from aggregates.client import Client
from aggregates.deal import Deal, DealStatus
from aggregates.pipeline import Pipeline
from aggregates.product import Product, product_id
from aggregates.staff import StaffMember
from commands.approach import acting_staff, approach, led_deal
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.handover import SELLER_IS_GONE, deal_to_end, leader_of
from commands.money import GivenMoney
from commands.named_client import above, named_client
from commands.roles import SELLING
from events.examples import BORIS, DISCOUNTED, GTX, PRICE, ROAD, ROMASHKA, SALE, example
from events.ids import ClientId, DealId, PipelineId, StaffId
from events.values import Code, EditedKind, LossReason, ShortText, Text


@example(deal_id=SALE, client_id=ROMASHKA, pipeline_id=ROAD, product_code=GTX, amount=PRICE)
class OpenDeal(Command):
    """Begin a possible sale; it claims a client nobody owns, and is refused on somebody else's."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

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

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    client_id: ClientId


@example(deal_id=SALE, to_stage="contract")
class MoveDeal(Command):
    """Move an open deal to another stage of its pipeline."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    to_stage: Code
    reason: Text | None = None


@example(deal_id=SALE, amount=DISCOUNTED, reason="a regular client")
class RevalueDeal(Command):
    """Say what an open deal is worth now; nothing: not known any more."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    amount: GivenMoney | None
    reason: Text | None = None


@example(deal_id=SALE, title="Scales for the new shop")
class RetitleDeal(Command):
    """Say what a deal is called; nothing: it has no title any more."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    title: ShortText | None


@example(deal_id=SALE, to_seller_id=BORIS, reason="vacation")
class HandOverDeal(Command):
    """Let another seller lead an open deal; the client must be free or that seller's own."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    to_seller_id: StaffId
    reason: Text | None = None


@example(deal_id=SALE, amount=DISCOUNTED)
class WinDeal(Command):
    """Say that the client bought, for this amount or the deal's; who bought is a customer from then on."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    amount: GivenMoney | None = None


@example(deal_id=SALE, reason="too dear", reason_code=LossReason.PRICE)
class LoseDeal(Command):
    """Say that the client did not buy, and why: by a code, which reports count by, in words, or both.

    Without a code, and with `other`, `reason` has to be there.
    """

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    reason: Text | None = None
    reason_code: LossReason | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.reason is None and self.reason_code in {None, LossReason.OTHER}:
            raise wrong_field("reason", "missing", "a loss needs its reason in words, or a code that says it")
        return self


@example(deal_id=SALE, reason="they called back")
class ReopenDeal(Command):
    """Let a deal that had ended go on, at the stage where it ended or another."""

    ROLES, EDITS = SELLING, EditedKind.DEALS

    deal_id: DealId
    stage: Code | None = None
    reason: Text


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
    client = named_client(context, command.client_id)
    if deal.client_id == client.id or deal.status is not DealStatus.OPEN:
        deal.name_client(client.id)
        return context.save(deal, *customers(context, deal))
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


@handles(RetitleDeal)
def retitle_deal(command: RetitleDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    deal.retitle(command.title)
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
    return context.save(deal, *customers(context, deal))


@handles(LoseDeal)
def lose_deal(command: LoseDeal, context: Context) -> Outcome:
    deal, seller_id = deal_to_end(context, command.deal_id, command.occurred_at, HandOverDeal)
    deal.lose(command.reason, command.reason_code, seller_id=seller_id)
    return context.save(deal)


@handles(ReopenDeal)
def reopen_deal(command: ReopenDeal, context: Context) -> Outcome:
    deal = led_deal(context, command.deal_id)
    seller_id = leader_of(context, deal)
    deal.reopen(_pipeline(context, deal), stage=command.stage, reason=command.reason)
    deal.hand_over(seller_id, reason=SELLER_IS_GONE)
    return context.save(deal)


def customers(context: Context, deal: Deal, moment: datetime | None = None) -> tuple[Client, ...]:
    """Record that the client of a deal that was just won, or just tied, is a customer; return the client."""
    if deal.client_id is None or deal.status is not DealStatus.WON or not deal.has_pending:
        return ()
    client = named_client(context, deal.client_id)
    answering = tuple(above(context, client))
    with client.occurring_at(moment or context.occurred_at):
        client.become_customer()
    for each in answering:
        with each.occurring_at(moment or context.occurred_at):
            each.note_advance(client)
    return (client, *answering)


def _seller(context: Context, deal: Deal) -> StaffMember:
    assert deal.seller_id is not None, "a deal that was opened has a seller"  # noqa: S101
    return context.load(StaffMember, deal.seller_id)


def _pipeline(context: Context, deal: Deal) -> Pipeline:
    assert deal.pipeline_id is not None, "a deal that was opened has a pipeline"  # noqa: S101
    return context.load(Pipeline, deal.pipeline_id)
