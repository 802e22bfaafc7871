"""Whose work it is when its seller leaves, or its client goes to another: open deals and what is planned.

A policy finds what may be concerned and asks for each; whom it goes to is decided here, on the streams as they stand.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from aggregates.activity import Activity
from aggregates.client import Client
from aggregates.deal import Deal, DealStatus
from aggregates.leaders import Leaders, leading_at
from aggregates.staff import StaffMember
from commands.approach import led_activity, led_deal, organisations_of
from commands.base import Command, Context, Outcome, handles
from commands.named_client import who_answers
from commands.roles import POLICY, SELLING, Roles
from events.examples import ANNA, BORIS, MEETING, SALE, VERA, example
from events.ids import ActivityId, DealId, StaffId
from events.values import EditedKind, Text

EDITING: Roles = SELLING | {"service_agent", "marketer"}

WITH_THE_CLIENT = "goes with the client"
SELLER_IS_GONE = "whoever led it does not any more"


@example(activity_id=MEETING, to_staff_id=BORIS, reason="vacation")
class HandOverActivity(Command):
    """Let another staff member do what is planned."""

    ROLES, EDITS = EDITING, EditedKind.ACTIVITIES

    activity_id: ActivityId
    to_staff_id: StaffId
    reason: Text | None = None


@example(deal_id=SALE, from_staff_id=ANNA, successor_id=BORIS, head_id=VERA)
class ReassignDeal(Command):
    """Give an open deal to the client's owner; if its seller sells no more, else to the successor, else to the head."""

    ROLES, EDITS = POLICY, None

    deal_id: DealId
    from_staff_id: StaffId
    successor_id: StaffId | None = None
    head_id: StaffId | None = None


@example(activity_id=MEETING, from_staff_id=ANNA, successor_id=BORIS, head_id=VERA)
class ReassignActivity(Command):
    """Give what is planned to the client's owner; if whose it was left, else to the successor, else to the head."""

    ROLES, EDITS = POLICY, None

    activity_id: ActivityId
    from_staff_id: StaffId
    successor_id: StaffId | None = None
    head_id: StaffId | None = None


class Heir(NamedTuple):
    """Who takes the work over, and why."""

    staff: StaffMember
    reason: str


@handles(HandOverActivity)
def hand_over_activity(command: HandOverActivity, context: Context) -> Outcome:
    activity = led_activity(context, command.activity_id)
    if activity.staff_id != command.to_staff_id:
        context.load(StaffMember, command.to_staff_id).check_active()
    activity.hand_over(command.to_staff_id, reason=command.reason)
    return context.save(activity)


@handles(ReassignDeal)
def reassign_deal(command: ReassignDeal, context: Context) -> Outcome:
    """Reassign; a deal that has ended, or that another leads by now, stays as it is."""
    deal = context.load(Deal, command.deal_id)
    if deal.status is DealStatus.OPEN and deal.seller_id == command.from_staff_id:
        heir = _heir(context, command, deal.client_id, lambda member: member.sells)
        if heir is not None:
            deal.hand_over(heir.staff.id, reason=heir.reason)
    return context.save(deal)


@handles(ReassignActivity)
def reassign_activity(command: ReassignActivity, context: Context) -> Outcome:
    """Reassign; what was held or cancelled, or is another's by now, stays as it is."""
    activity = context.load(Activity, command.activity_id)
    if activity.is_awaited and activity.staff_id == command.from_staff_id:
        heir = _heir(context, command, activity.client_id or activity.contact_id, lambda member: member.is_active)
        if heir is not None:
            activity.hand_over(heir.staff.id, reason=heir.reason)
    return context.save(activity)


def pass_on(context: Context, deal: Deal, seller: StaffMember, opened_at: datetime) -> None:
    """Give an open deal of old records, whose seller sells no more, to whom it would have gone when that was recorded.

    That is from the day they left, or, where no day is known, from now on.
    """
    if deal.status is not DealStatus.OPEN or seller.sells:
        return
    gone = ReassignDeal(
        deal_id=deal.id, from_staff_id=seller.id, successor_id=seller.successor_id, head_id=seller.head_id
    )
    heir = _heir(context, gone, deal.client_id, lambda member: member.sells)
    if heir is not None:
        with deal.occurring_at(max(opened_at, seller.departed_at or context.now)):
            deal.hand_over(heir.staff.id, reason=heir.reason)


def _heir(
    context: Context,
    command: ReassignDeal | ReassignActivity,
    client_id: UUID | None,
    may_do_it: Callable[[StaffMember], bool],
) -> Heir | None:
    """Return who takes it over; None where it stays: its client is still theirs, or nobody is there to take it."""
    owners = owners_of(context, client_id)
    stays = may_do_it(context.load(StaffMember, command.from_staff_id))
    if stays and command.from_staff_id in owners:
        return None
    others = (command.successor_id, command.head_id)
    for staff_ids, reason in ((owners, WITH_THE_CLIENT), (() if stays else others, SELLER_IS_GONE)):
        for staff_id in staff_ids:
            member = None if staff_id is None else context.find(StaffMember, staff_id)
            if member is not None and member.id != command.from_staff_id and may_do_it(member):
                return Heir(member, reason)
    return None


def owners_of(context: Context, client_id: UUID | None) -> tuple[UUID, ...]:
    """Return whose a client is: its owner's, then, of a contact person, their organisations', in the order of these."""
    client = None if client_id is None else context.find(Client, client_id)
    if client is None:
        return ()
    client = who_answers(context.find, client)
    own = None if client.is_archived else client.owner_id
    owners = (own, *(holder.owner_id for holder in organisations_of(context, client)))
    return tuple(owner_id for owner_id in owners if owner_id is not None)


def leader_of(context: Context, deal: Deal) -> UUID:
    """Return who leads a deal once it goes on: its seller, else the client's owner, else whoever asks for it.

    Raises StaffHasDepartedError or StaffDoesNotSellError, of its seller, when nobody of these may lead it.
    """
    assert deal.seller_id is not None, "a deal that was opened has a seller"  # noqa: S101
    seller = context.find(StaffMember, deal.seller_id)
    if seller is None or seller.sells or deal.status is DealStatus.OPEN:
        return deal.seller_id
    for staff_id in (*owners_of(context, deal.client_id), context.actor.staff_id):
        member = None if staff_id is None else context.find(StaffMember, staff_id)
        if member is not None and member.sells:
            return member.id
    seller.check_sells()
    return seller.id


def credited(context: Context, staff_id: UUID | None, remedy: type[Command] | None = None) -> UUID | None:
    """Return to whom what happens now is credited; raises when they had left by then.

    That is WorkOfDepartedError where the remedy is a command, else StaffHasDepartedError.
    """
    member = None if staff_id is None else context.find(StaffMember, staff_id)
    if member is not None:
        member.check_credited(context.occurred_at, None if remedy is None else remedy.command_name())
    return staff_id


def credited_leader(context: Context, leaders: Leaders, told_of: datetime | None, remedy: type[Command]) -> UUID | None:
    """Return to whom what happened at a moment is credited: who led it then; had they left, to whom it went next.

    A command that tells of no moment means now, and credits who leads it, though another clock dated that later.
    Raises WorkOfDepartedError when nobody of these was there.
    """
    *others, last = leading_at(leaders, told_of or leaders[-1].since)
    for staff_id in others:
        member = context.find(StaffMember, staff_id)
        if member is None or not member.had_left_by(context.occurred_at):
            return staff_id
    return credited(context, last, remedy)


def deal_to_end(
    context: Context, deal_id: UUID, told_of: datetime | None, remedy: type[Command]
) -> tuple[Deal, UUID | None]:
    """Return the deal, if the actor may lead it, and whom its end at a moment credits, if it is open."""
    deal = led_deal(context, deal_id)
    is_open = deal.status is DealStatus.OPEN
    return deal, credited_leader(context, deal.leaders, told_of, remedy) if is_open else None
