"""Whose a client was on a day that old records tell of, and whose it is since, if that owner has left."""

from datetime import datetime
from uuid import UUID

from aggregates.client import Client
from aggregates.client_errors import OwnershipOutOfOrderError
from aggregates.staff import StaffMember
from commands.approach import Approach, approach_in_history
from commands.base import Context
from commands.named_client import named_client, organisation_ids, who_answers
from commands.ownership import first_selling


def approach_on(
    context: Context, seller: StaffMember, client_id: UUID | None, moment: datetime, *, strict: bool
) -> Approach:
    """Let an approach be as it happened on a day; if `strict`, raise as the rule would have, before all is recorded.

    Whose a client was before it was released or passed on approached their own then, and claims nothing.
    """
    client = None if client_id is None else who_answers(context.find, named_client(context, client_id))
    organisations = () if client is None else organisation_ids(client)
    found = (client, *(context.find(Client, each) for each in organisations))
    for holder in (None if each is None else who_answers(context.find, each) for each in found):
        if holder is not None and holder.former_owner_id == seller.id and holder.was_owned_after(moment):
            return Approach(seller)
    offer = approach_in_history(context, seller, client_id, strict=strict)
    target = offer.target
    if strict and target is not None and target.was_owned_after(moment):
        raise OwnershipOutOfOrderError(client_id=target.id, since=target.owner_changed_at, occurred_at=moment)
    return offer


def claimed_on(context: Context, offer: Approach, moment: datetime, *, strict: bool) -> tuple[Client, ...]:
    """Record the claim that old records tell of, and what follows when the seller left, or sells no more, since then.

    As by a departure the client goes to the successor, else to the head, else is free: from the day they left, or,
    where no day is known, from now on. Return the clients decided on.
    """
    seller = offer.seller
    clients = offer.claim_at(moment, strict=strict)
    for client in clients:
        if client.owner_id == seller.id and not seller.sells:
            with client.occurring_at(max(moment, seller.departed_at or context.now)):
                client.pass_on(seller, first_selling(context, seller.successor_id, seller.head_id))
    return clients
