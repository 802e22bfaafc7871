"""When somebody leaves the company, all their clients get another owner, or are released and listed."""

from collections.abc import Iterator
from uuid import UUID

from commands.base import Command
from commands.ownership import ReassignClient
from commands.policies.base import COMMAND_SPACE, Lookup, Policy
from events.client import ClientClaimed, ClientTransferred
from events.staff import StaffDeparted

OWNED_BY = (ClientClaimed.TOPIC, ClientTransferred.TOPIC)


def reassign_clients(event: StaffDeparted, lookup: Lookup) -> Iterator[tuple[UUID, Command]]:
    """Give a command for each client the departed ever owned.

    No claim can come after the departure in the log (a claim is decided on the seller's being active), so the clients
    found now are all there will be; who owns each today is decided by the command itself.
    """
    for client_id in lookup.streams_concerning(event.stream_id, OWNED_BY):
        yield (
            client_id,
            ReassignClient(
                client_id=client_id,
                departed_id=event.stream_id,
                successor_id=event.successor_id,
                head_id=event.head_id,
            ),
        )


# The first policy there was: its commands' ids, which receipts keep, are of the common namespace.
ownership_reassignment = Policy("ownership-reassignment", (StaffDeparted.TOPIC,), reassign_clients, space=COMMAND_SPACE)
