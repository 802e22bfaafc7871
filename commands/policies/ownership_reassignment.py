"""When somebody leaves, sells no more, or gives a client away, clients and the work with them get somebody else."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from aggregates.staff import SELLING_ROLES
from commands.base import Command
from commands.handover import ReassignActivity, ReassignDeal
from commands.ownership import ReassignClient
from commands.policies.base import COMMAND_SPACE, Lookup, Policy
from events.activity import ActivityClientNamed, ActivityHandedOver, ActivityPlanned
from events.client import ClientAffiliated, ClientClaimed, ClientTransferred
from events.client_merge import ClientMergedInto, ClientsMerged, ClientUnmerged
from events.deal import DealClientNamed, DealHandedOver, DealOpened
from events.staff import StaffDeparted, StaffRoleChanged

NAME = "ownership-reassignment"

OWNED_BY = (ClientClaimed.TOPIC, ClientTransferred.TOPIC, ClientsMerged.TOPIC, ClientUnmerged.TOPIC)
LED_BY = {DealOpened.TOPIC: "seller_id", DealHandedOver.TOPIC: "to_seller_id"}
TO_BE_DONE_BY = {ActivityPlanned.TOPIC: "staff_id", ActivityHandedOver.TOPIC: "to_staff_id"}
DEAL_WITH = (DealOpened.TOPIC, DealClientNamed.TOPIC)
PLAN_WITH = (ActivityPlanned.TOPIC, ActivityClientNamed.TOPIC)

Asked = Iterator[tuple[UUID, Command]]


def reassign(event: StaffDeparted | StaffRoleChanged | ClientTransferred, lookup: Lookup) -> Asked:
    """Give the commands that answer one of the facts.

    They name whatever the person ever owned, led or planned: what is theirs today the commands decide themselves.
    Nothing can be theirs later than the fact, for to own, to lead and to plan is decided on the person's working here.
    """
    if isinstance(event, ClientTransferred):
        # What the policy itself transferred, it did together with all the work there was.
        if event.actor != ownership_reassignment.actor.id:
            yield from _work_with(event.stream_id, event.from_owner_id, lookup)
    elif isinstance(event, StaffDeparted) or SELLING_ROLES.isdisjoint({event.to_role}):
        yield from _all_of(event, lookup)


def _all_of(event: StaffDeparted | StaffRoleChanged, lookup: Lookup) -> Asked:
    """Give the clients first: whose a deal or a plan becomes follows from whose the client is."""
    whose = event.stream_id
    heirs: dict[str, Any] = {"successor_id": event.successor_id, "head_id": event.head_id}
    for client_id in lookup.streams_concerning(whose, OWNED_BY):
        yield client_id, ReassignClient(client_id=client_id, departed_id=whose, **heirs)
    for stream_id, topic in lookup.streams_naming(whose, LED_BY | TO_BE_DONE_BY, event.position):
        if topic in LED_BY:
            yield stream_id, ReassignDeal(deal_id=stream_id, from_staff_id=whose, **heirs)
        else:
            yield stream_id, ReassignActivity(activity_id=stream_id, from_staff_id=whose, **heirs)


def _work_with(client_id: UUID, former_owner_id: UUID, lookup: Lookup) -> Asked:
    """Give the deals and plans with a client, with whoever joined it, and with whoever acts for any of these."""
    clients = (client_id, *lookup.streams_concerning(client_id, (ClientMergedInto.TOPIC,)))
    persons = [each for one in clients for each in lookup.streams_concerning(one, (ClientAffiliated.TOPIC,))]
    for whom in dict.fromkeys((*clients, *persons)):
        for deal_id in lookup.streams_concerning(whom, DEAL_WITH):
            yield deal_id, ReassignDeal(deal_id=deal_id, from_staff_id=former_owner_id)
        for activity_id in lookup.streams_concerning(whom, PLAN_WITH):
            yield activity_id, ReassignActivity(activity_id=activity_id, from_staff_id=former_owner_id)


# The first policy there was: its commands' ids, which receipts keep, are of the common namespace.
ownership_reassignment = Policy(
    NAME, (StaffDeparted.TOPIC, StaffRoleChanged.TOPIC, ClientTransferred.TOPIC), reassign, space=COMMAND_SPACE
)
