"""What is asked about deals: to open them, to lead them along their pipeline, to end them."""

from aggregates.client import Client
from aggregates.deal import Deal, DealStatus
from aggregates.pipeline import Pipeline
from aggregates.product import Product, product_id
from aggregates.staff import StaffMember
from commands.approach import acting_staff, approach
from commands.base import Command, Context, Outcome, handles
from commands.ids import ClientId, DealId, MaybeClientId, MaybeDealId, MaybeStaffId, PipelineId, StaffId
from commands.roles import SELLING
from events.values import Code, Money, ShortText, Text


class OpenDeal(Command):
    """Begin a possible sale; it claims a client nobody owns, and is refused on somebody else's."""

    ROLES = SELLING

    deal_id: MaybeDealId = None
    client_id: MaybeClientId = None
    seller_id: MaybeStaffId = None
    pipeline_id: PipelineId
    stage: Code | None = None
    title: ShortText | None = None
    product_code: Code | None = None
    amount: Money | None = None


class NameDealClient(Command):
    """Say with which client a deal is; the deal's seller claims that client."""

    ROLES = SELLING

    deal_id: DealId
    client_id: ClientId


class MoveDeal(Command):
    """Move an open deal to another stage of its pipeline."""

    ROLES = SELLING

    deal_id: DealId
    to_stage: Code
    reason: Text | None = None


class RevalueDeal(Command):
    """Say what an open deal is worth now; nothing: not known any more."""

    ROLES = SELLING

    deal_id: DealId
    amount: Money | None
    reason: Text | None = None


class HandOverDeal(Command):
    """Let another seller lead an open deal; the client must be free or that seller's own."""

    ROLES = SELLING

    deal_id: DealId
    to_seller_id: StaffId
    reason: Text | None = None


class WinDeal(Command):
    """Say that the client bought, for this amount or the deal's."""

    ROLES = SELLING

    deal_id: DealId
    amount: Money | None = None


class LoseDeal(Command):
    """Say that the client did not buy, and why."""

    ROLES = SELLING

    deal_id: DealId
    reason: Text


class ReopenDeal(Command):
    """Let a deal that had ended go on, at the stage where it ended or another."""

    ROLES = SELLING

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
    deal = context.load(Deal, command.deal_id)
    client = context.load(Client, command.client_id)
    if deal.client_id == client.id or deal.status is not DealStatus.OPEN:
        deal.name_client(client.id)
        return context.save(deal)
    deal.check_nameable(client.id)
    offer = approach(context, _seller(context, deal), client.id)
    deal.name_client(client.id)
    return context.save(deal, *offer.claim())


@handles(MoveDeal)
def move_deal(command: MoveDeal, context: Context) -> Outcome:
    """Move."""
    deal = context.load(Deal, command.deal_id)
    deal.move_to(command.to_stage, _pipeline(context, deal), reason=command.reason)
    return context.save(deal)


@handles(RevalueDeal)
def revalue_deal(command: RevalueDeal, context: Context) -> Outcome:
    """Revalue."""
    deal = context.load(Deal, command.deal_id)
    deal.revalue(command.amount, reason=command.reason)
    return context.save(deal)


@handles(HandOverDeal)
def hand_over_deal(command: HandOverDeal, context: Context) -> Outcome:
    """Hand over, and claim a free client for the seller who leads the deal now."""
    deal = context.load(Deal, command.deal_id)
    if deal.seller_id == command.to_seller_id:
        return context.save(deal)
    deal.check_open()
    offer = approach(context, context.load(StaffMember, command.to_seller_id), deal.client_id)
    deal.hand_over(command.to_seller_id, reason=command.reason)
    return context.save(deal, *offer.claim())


@handles(WinDeal)
def win_deal(command: WinDeal, context: Context) -> Outcome:
    """Win."""
    deal = context.load(Deal, command.deal_id)
    deal.win(command.amount)
    return context.save(deal)


@handles(LoseDeal)
def lose_deal(command: LoseDeal, context: Context) -> Outcome:
    """Lose."""
    deal = context.load(Deal, command.deal_id)
    deal.lose(command.reason)
    return context.save(deal)


@handles(ReopenDeal)
def reopen_deal(command: ReopenDeal, context: Context) -> Outcome:
    """Reopen."""
    deal = context.load(Deal, command.deal_id)
    deal.reopen(_pipeline(context, deal), stage=command.stage, reason=command.reason)
    return context.save(deal)


def _seller(context: Context, deal: Deal) -> StaffMember:
    assert deal.seller_id is not None, "a deal that was opened has a seller"  # noqa: S101
    return context.load(StaffMember, deal.seller_id)


def _pipeline(context: Context, deal: Deal) -> Pipeline:
    assert deal.pipeline_id is not None, "a deal that was opened has a pipeline"  # noqa: S101
    return context.load(Pipeline, deal.pipeline_id)
