"""Approaching a client with an offer: who may, and whose the client is from then on.

An offer, a deal and a claim decide on the client, on the seller and on themselves at once. The rule is looked at whole
before anything is recorded: `approach` refuses, `Approach.claim` records.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aggregates.branch import Branch
from aggregates.client import Client
from aggregates.client_errors import ClientIsOwnedError
from aggregates.staff import ActsForAnotherError, StaffMember
from commands.base import Context
from commands.roles import ACTING_FOR_OTHERS
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

    def claim_at(self, moment: datetime) -> tuple[Client, ...]:
        """Record the claim that old records tell of, on the day it was made."""
        if self.target is None:
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


def approach(context: Context, seller: StaffMember, *client_ids: UUID | None) -> Approach:
    """Let a seller approach these clients (an organisation, its contact person), or raise ClientIsOwnedError."""
    seller.check_sells()
    target = None
    for client_id in dict.fromkeys(client_ids):
        if client_id is None:
            continue
        client = context.load(Client, client_id)
        client.check_present()
        target = target or _whom_to_claim(context, seller, client)
    return Approach(seller, target)


def approach_in_history(context: Context, seller: StaffMember, client_id: UUID | None, *, strict: bool) -> Approach:
    """Let an approach be as it happened; if `strict`, raise ClientIsOwnedError as the rule would have."""
    if client_id is None:
        return Approach(seller)
    client = context.load(Client, client_id)
    try:
        return Approach(seller, _whom_to_claim(context, seller, client))
    except ClientIsOwnedError:
        if strict:
            raise
        return Approach(seller)


def _whom_to_claim(context: Context, seller: StaffMember, client: Client) -> Client | None:
    """Return whom the seller has to claim, None when it is theirs already; a contact person is their organisation's."""
    organisations = [
        found for each in client.affiliations if (found := context.find(Client, each)) and not found.is_archived
    ]
    if any(organisation.owner_id == seller.id for organisation in organisations):
        return None
    for holder in (*organisations, client):
        check_free(context, holder, seller.id)
    if client.owner_id == seller.id and not organisations:
        return None
    return organisations[0] if organisations else client


def check_free(context: Context, client: Client, seller_id: UUID) -> None:
    """Raise ClientIsOwnedError, with the owner's name and branch, when somebody else owns the client."""
    owner_id = client.owner_id
    owner = None if owner_id in {None, seller_id} else context.find(StaffMember, owner_id)
    branch = None if owner is None or owner.branch_id is None else context.find(Branch, owner.branch_id)
    client.check_claimable(seller_id, owner, branch.name if branch else None)
