"""What is asked about whose a client is: the one owning manager."""

from typing import Literal
from uuid import UUID

from aggregates.client import Client
from aggregates.staff import StaffMember
from commands.approach import acting_staff, approach
from commands.base import Command, Context, Outcome, handles
from commands.named_client import named_client
from commands.roles import HEADING, POLICY, SELLING
from events.examples import ANNA, BORIS, ROMASHKA, VERA, example
from events.ids import ClientId, StaffId
from events.values import EditedKind, OwnershipCause, Text


@example(client_id=ROMASHKA)
class ClaimClient(Command):
    """Make a client nobody owns the seller's own; of any other one it is told who the owner is."""

    ROLES, EDITS = SELLING, EditedKind.OWNERSHIP

    client_id: ClientId
    seller_id: StaffId | None = None

    def known_by_id(self) -> tuple[str, ...]:
        return ("client_id",)


@example(client_id=ROMASHKA, to_seller_id=BORIS, reason="they quarrelled")
class TransferClient(Command):
    """Give a client to another owner, for a conflict or another reason, which is kept for ever."""

    ROLES, EDITS = HEADING, EditedKind.OWNERSHIP

    client_id: ClientId
    to_seller_id: StaffId
    cause: Literal[OwnershipCause.CONFLICT, OwnershipCause.DEPARTURE] = OwnershipCause.CONFLICT
    reason: Text


@example(client_id=ROMASHKA, reason="nobody follows it")
class ReleaseClient(Command):
    """Leave a client without an owner."""

    ROLES, EDITS = HEADING, EditedKind.OWNERSHIP

    client_id: ClientId
    reason: Text


@example(client_id=ROMASHKA, departed_id=ANNA, successor_id=BORIS, head_id=VERA)
class ReassignClient(Command):
    """Give the client of an owner who left, or sells no more, to the successor, else to the head, else to nobody."""

    ROLES, EDITS = POLICY, None

    client_id: ClientId
    departed_id: StaffId
    successor_id: StaffId | None = None
    head_id: StaffId | None = None


@handles(ClaimClient)
def claim_client(command: ClaimClient, context: Context) -> Outcome:
    """Claim; for a contact person that means the organisation."""
    client = context.load(Client, command.client_id)
    offer = approach(context, acting_staff(context, command.seller_id), client.id)
    claimed = offer.claim(OwnershipCause.CLAIM)
    return context.save(*(claimed or (client,)))


@handles(TransferClient)
def transfer_client(command: TransferClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.transfer(context.load(StaffMember, command.to_seller_id), cause=command.cause, reason=command.reason)
    return context.save(client)


@handles(ReleaseClient)
def release_client(command: ReleaseClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.release(cause=OwnershipCause.RELEASE, reason=command.reason)
    return context.save(client)


@handles(ReassignClient)
def reassign_client(command: ReassignClient, context: Context) -> Outcome:
    """Reassign; a client who is not theirs any more, or is the client of somebody who sells, stays as it is."""
    client = named_client(context, command.client_id)
    owner = context.load(StaffMember, command.departed_id)
    # Who joined another client is looked after when they are taken apart.
    if client.survivor_id is None and client.owner_id == owner.id and not owner.sells:
        client.pass_on(owner, first_selling(context, command.successor_id, command.head_id))
    return context.save(client)


def first_selling(context: Context, *staff_ids: UUID | None) -> StaffMember | None:
    """Return the first of these who may own clients now."""
    for staff_id in staff_ids:
        member = None if staff_id is None else context.find(StaffMember, staff_id)
        if member is not None and member.sells:
            return member
    return None
