"""Approaching a client with an offer: who may, and whose the client is from then on.

An offer, a deal and a claim decide on the client, on the seller and on themselves at once. The rule is looked at whole
before anything is recorded: `approach` refuses, `Approach.claim` records.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aggregates.activity import Activity
from aggregates.branch import Branch
from aggregates.client import Client
from aggregates.client_errors import ClientIsOwnedError
from aggregates.deal import Deal
from aggregates.staff import ActsForAnotherError, StaffMember
from commands.base import Context
from commands.named_client import named_client, organisation_ids, who_answers
from commands.roles import ACTING_FOR_OTHERS, KEPT_APART, PERSONAL
from events.values import OwnershipCause


class StaffIdNeededError(ActsForAnotherError):
    """The actor is no staff member, so the command has to say whose work it is; no facts."""

    code = "staff-id-needed"


@dataclass(frozen=True, slots=True)
class Approach:
    """A seller who may approach a client; `target` is whom they own from then on (None: nobody new)."""

    seller: StaffMember
    target: Client | None = None

    def claim(self, cause: OwnershipCause = OwnershipCause.OFFER) -> tuple[Client, ...]:
        """Record the claim; return the clients decided on."""
        if self.target is None:
            return ()
        self.target.claim(self.seller, cause=cause)
        return (self.target,)

    def claim_at(self, moment: datetime, *, strict: bool) -> tuple[Client, ...]:
        """Record the claim that old records tell of, on the day it was made; unless the owner changed since.

        If `strict`, that raises OwnershipOutOfOrderError.
        """
        if self.target is None or (self.target.was_owned_after(moment) and not strict):
            return ()
        with self.target.occurring_at(moment):
            return self.claim(OwnershipCause.IMPORT)


def acting_staff_id(context: Context, named: UUID | None) -> UUID:
    """Return whose work it is: the staff member named, else the actor; raises ActsForAnotherError."""
    own = context.actor.staff_id
    staff_id = named or own
    if staff_id is None:
        raise StaffIdNeededError
    if staff_id != own and context.actor.role not in ACTING_FOR_OTHERS:
        raise ActsForAnotherError(staff_id=staff_id)
    return staff_id


def acting_staff(context: Context, named: UUID | None) -> StaffMember:
    """Return the staff member whose work it is; raises when they, or the actor, left the company."""
    member = context.load(StaffMember, acting_staff_id(context, named))
    member.check_active()
    own = context.actor.staff_id
    actor = None if own in {None, member.id} else context.find(StaffMember, own)
    if actor is not None:
        actor.check_active()
    return member


def check_may_act(context: Context, *, whose: UUID | None, client_ids: Iterable[UUID | None]) -> None:
    """Let a seller act on what is theirs, and on what is of clients that they own or nobody owns; others may always.

    Raises ClientIsOwnedError for what is of somebody else's client, and ActsForAnotherError for what is of no client
    and somebody else's.
    """
    own = context.actor.staff_id
    if context.actor.role not in KEPT_APART or (own is not None and whose == own):
        return
    named = [named_client(context, each) for each in dict.fromkeys(client_ids) if each is not None]
    clients = dict.fromkeys(who_answers(context.find, each) for each in named)
    for client in clients:
        _free_holders(context, client, own)
    if not clients and whose not in {None, own}:
        raise ActsForAnotherError(staff_id=whose)


def check_may_correct(context: Context, client: Client, name: str) -> None:
    """Let a seller or a head correct what they entered a short while ago, of a client of theirs or of nobody.

    Operators and admins always may. Raises CorrectionNeedsRightError, and what `check_may_act` raises.
    """
    if context.actor.role not in PERSONAL:
        check_may_act(context, whose=None, client_ids=(client.id,))
        client.check_own_entry(name, context.actor.id, context.now)


def led_deal(context: Context, deal_id: UUID) -> Deal:
    """Return the deal, if the actor may lead it; raises what `check_may_act` raises."""
    deal = context.load(Deal, deal_id)
    check_may_act(context, whose=deal.seller_id, client_ids=(deal.client_id,))
    return deal


def led_activity(context: Context, activity_id: UUID) -> Activity:
    """Return the activity, if the actor may change it; raises what `check_may_act` raises."""
    activity = context.load(Activity, activity_id)
    check_may_act(context, whose=activity.staff_id, client_ids=(activity.client_id, activity.contact_id))
    return activity


def approach(context: Context, seller: StaffMember, *client_ids: UUID | None) -> Approach:
    """Let a seller approach these clients (an organisation, its contact person).

    Raises ClientIsOwnedError, and OwnershipOutOfOrderError when the owner of whom they would own changed since.
    """
    seller.check_sells()
    target = None
    for client_id in dict.fromkeys(client_ids):
        if client_id is None:
            continue
        client = who_answers(context.find, named_client(context, client_id))
        client.check_present()
        target = target or _whom_to_claim(context, seller, client)
    if target is not None:
        target.check_owner_in_order()
    return Approach(seller, target)


def approach_in_history(context: Context, seller: StaffMember, client_id: UUID | None, *, strict: bool) -> Approach:
    """Let an approach be as it happened; if `strict`, raise ClientIsOwnedError as the rule would have."""
    if client_id is None:
        return Approach(seller)
    client = who_answers(context.find, named_client(context, client_id))
    try:
        return Approach(seller, _whom_to_claim(context, seller, client))
    except ClientIsOwnedError:
        if strict:
            raise
        return Approach(seller)


def _whom_to_claim(context: Context, seller: StaffMember, client: Client) -> Client | None:
    """Return whom the seller has to claim, None when it is theirs already; a contact person is their organisation's."""
    free = _free_holders(context, client, seller.id)
    return free[0] if free else None


def organisations_of(context: Context, client: Client) -> tuple[Client, ...]:
    """Return the organisations that a contact person acts for, but for those whose card is put away."""
    found = [context.find(Client, each) for each in organisation_ids(client)]
    answering = dict.fromkeys(who_answers(context.find, each) for each in found if each is not None)
    return tuple(each for each in answering if not each.is_archived)


def _free_holders(context: Context, client: Client, seller_id: UUID | None) -> tuple[Client, ...]:
    """Return those of whom any makes the client the seller's: its organisations, else itself; none: it is already.

    A contact person whom somebody owns stays theirs, whoever owns the organisations. Raises ClientIsOwnedError when one
    of them, or the client, is somebody else's.
    """
    organisations = organisations_of(context, client)
    owners = {each.owner_id for each in organisations if each.owner_id is not None}
    if owners and seller_id in (owners if client.owner_id is None else {client.owner_id}):
        return ()
    for holder in (*organisations, client):
        check_free(context, holder, seller_id)
    return organisations or (() if client.owner_id == seller_id else (client,))


def check_free(context: Context, client: Client, seller_id: UUID | None) -> None:
    """Raise ClientIsOwnedError, with the owner's name and branch, when somebody else owns the client."""
    owner_id = client.owner_id
    owner = None if owner_id in {None, seller_id} else context.find(StaffMember, owner_id)
    branch = None if owner is None or owner.branch_id is None else context.find(Branch, owner.branch_id)
    client.check_claimable(seller_id, owner, branch.name if branch else None)
