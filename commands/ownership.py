"""What is asked about whose a client is: the owning manager, the organisation a person acts for, the parent."""

from typing import Literal
from uuid import UUID

from aggregates.client import Client
from aggregates.staff import StaffMember
from commands.approach import acting_staff, approach
from commands.base import Command, Context, Outcome, handles
from commands.ids import ClientId, MaybeStaffId, StaffId
from commands.roles import ENTERING, HEADING, POLICY, SELLING
from events.values import AffiliationRole, OwnershipCause, Text

LONGEST_CHAIN = 100
"""Parents above an organisation that are looked at; nobody's group of companies is deeper."""


class ClaimClient(Command):
    """Make a client nobody owns the seller's own."""

    ROLES = SELLING

    client_id: ClientId
    seller_id: MaybeStaffId = None


class TransferClient(Command):
    """Give a client to another owner, for a conflict or another reason, which is kept for ever."""

    ROLES = HEADING

    client_id: ClientId
    to_seller_id: StaffId
    cause: Literal[OwnershipCause.CONFLICT, OwnershipCause.DEPARTURE] = OwnershipCause.CONFLICT
    reason: Text


class ReleaseClient(Command):
    """Leave a client without an owner."""

    ROLES = HEADING

    client_id: ClientId
    reason: Text


class ReassignClient(Command):
    """Give a departed owner's client to the successor, else to the head, else to nobody."""

    ROLES = POLICY

    client_id: ClientId
    departed_id: StaffId
    successor_id: MaybeStaffId = None
    head_id: MaybeStaffId = None


class AffiliatePerson(Command):
    """Say that a person acts for an organisation, and as what."""

    ROLES = ENTERING

    client_id: ClientId
    organisation_id: ClientId
    role: AffiliationRole


class EndAffiliation(Command):
    """Say that a person no longer acts for an organisation."""

    ROLES = ENTERING

    client_id: ClientId
    organisation_id: ClientId
    reason: Text | None = None


class DeclareSubsidiary(Command):
    """Say that an organisation belongs to another one; it keeps its own owner."""

    ROLES = ENTERING

    client_id: ClientId
    parent_id: ClientId


@handles(ClaimClient)
def claim_client(command: ClaimClient, context: Context) -> Outcome:
    """Claim; for a contact person that means the organisation."""
    client = context.load(Client, command.client_id)
    offer = approach(context, acting_staff(context, command.seller_id), client.id)
    claimed = offer.claim(OwnershipCause.CLAIM)
    return context.save(*(claimed or (client,)))


@handles(TransferClient)
def transfer_client(command: TransferClient, context: Context) -> Outcome:
    """Transfer."""
    client = context.load(Client, command.client_id)
    client.transfer(context.load(StaffMember, command.to_seller_id), cause=command.cause, reason=command.reason)
    return context.save(client)


@handles(ReleaseClient)
def release_client(command: ReleaseClient, context: Context) -> Outcome:
    """Release."""
    client = context.load(Client, command.client_id)
    client.release(cause=OwnershipCause.RELEASE, reason=command.reason)
    return context.save(client)


@handles(ReassignClient)
def reassign_client(command: ReassignClient, context: Context) -> Outcome:
    """Reassign; a client the departed does not own any more stays as it is."""
    client = context.load(Client, command.client_id)
    if client.owner_id != command.departed_id:
        return context.save(client)
    heir = _first_active(context, command.successor_id, command.head_id)
    if heir is None:
        client.release(cause=OwnershipCause.DEPARTURE, reason="the owner departed")
    else:
        client.transfer(heir, cause=OwnershipCause.DEPARTURE, reason="the owner departed")
    return context.save(client)


def _first_active(context: Context, *staff_ids: UUID | None) -> StaffMember | None:
    for staff_id in staff_ids:
        member = None if staff_id is None else context.find(StaffMember, staff_id)
        if member is not None and member.sells:
            return member
    return None


@handles(AffiliatePerson)
def affiliate_person(command: AffiliatePerson, context: Context) -> Outcome:
    """Affiliate."""
    person = context.load(Client, command.client_id)
    person.affiliate(context.load(Client, command.organisation_id), command.role)
    return context.save(person)


@handles(EndAffiliation)
def end_affiliation(command: EndAffiliation, context: Context) -> Outcome:
    """End the affiliation."""
    person = context.load(Client, command.client_id)
    person.end_affiliation(command.organisation_id, reason=command.reason)
    return context.save(person)


@handles(DeclareSubsidiary)
def declare_subsidiary(command: DeclareSubsidiary, context: Context) -> Outcome:
    """Declare; every parent above is looked at, so that nothing comes to belong to itself."""
    client = context.load(Client, command.client_id)
    parents = [context.load(Client, command.parent_id)]
    while (above := parents[-1].parent_id) is not None and len(parents) < LONGEST_CHAIN and above != client.id:
        grandparent = context.find(Client, above)
        if grandparent is None:
            break
        parents.append(grandparent)
    client.declare_subsidiary_of([*parents, client] if above == client.id else parents)
    return context.save(client)
