"""What is asked about two clients who look like one: to say that they are not the same, and to take that back."""

from uuid import UUID

from aggregates.client import Client
from aggregates.client_pair import ClientPair
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.roles import ENTERING
from events.examples import HOLDING, ROMASHKA, example
from events.ids import ClientId, pair_of
from events.values import EditedKind, Text


class OfTwoClients(Command):
    """A command on two clients; it makes no difference which is named first."""

    client_id: ClientId
    other_id: ClientId
    reason: Text

    @property
    def pair_id(self) -> UUID:
        """The id of the two as a pair."""
        return pair_of(self.client_id, self.other_id)


@example(client_id=ROMASHKA, other_id=HOLDING, reason="two shops of one owner")
class KeepClientsApart(OfTwoClients):
    """Say that two clients who look like one are not the same, and why: they are suggested no more."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL


@example(client_id=ROMASHKA, other_id=HOLDING, reason="they have one tax number after all")
class ReconsiderClients(OfTwoClients):
    """Say that it is open again whether two clients are the same."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL


@handles(KeepClientsApart)
def keep_clients_apart(command: KeepClientsApart, context: Context) -> Outcome:
    pair = _pair(command, context)
    pair.keep_apart(command.client_id, command.other_id, reason=command.reason)
    return context.save(pair)


@handles(ReconsiderClients)
def reconsider_clients(command: ReconsiderClients, context: Context) -> Outcome:
    """Take it back; what nobody said records nothing."""
    pair = _pair(command, context)
    pair.reconsider(command.client_id, command.other_id, reason=command.reason)
    return context.save(pair)


def _pair(command: OfTwoClients, context: Context) -> ClientPair:
    """Return the two as a pair; raises NotFoundError where one of them is not there, or out of the actor's sight."""
    context.load(Client, command.client_id)
    context.load(Client, command.other_id)
    return found_or_new(context, ClientPair, command.pair_id)
