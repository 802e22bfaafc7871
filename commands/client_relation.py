"""What is asked about relations of clients: that another one is family, a partner or who referred them, and no more."""

from aggregates.client_relation import ClientRelation, Tie
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.named_client import named_client
from commands.roles import ENTERING
from events.client_relation import RelationKind
from events.examples import HOLDING, ROMASHKA, example
from events.ids import ClientId
from events.values import EditedKind, Text


class OfRelation(Command):
    """A command on what the other one is to the client; who joined another one may be named."""

    client_id: ClientId
    other_id: ClientId
    kind: RelationKind


@example(client_id=ROMASHKA, other_id=HOLDING, kind=RelationKind.REFERRER)
class RelateClients(OfRelation):
    """Say what another client is to a client; a parent of one is told on the other's card as having a child."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL


@example(client_id=ROMASHKA, other_id=HOLDING, kind=RelationKind.REFERRER, reason="it was another one")
class EndRelation(OfRelation):
    """Say that it is so no more."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    reason: Text | None = None


@handles(RelateClients)
def relate_clients(command: RelateClients, context: Context) -> Outcome:
    tie, relation = _related(command, context)
    back = tie.other_way
    relation.begin(tie, None if back is None else context.find(ClientRelation, back.id))
    return context.save(relation)


@handles(EndRelation)
def end_relation(command: EndRelation, context: Context) -> Outcome:
    """End it; what nobody said records nothing."""
    tie, relation = _related(command, context)
    relation.end(tie, reason=command.reason)
    return context.save(relation)


def _related(command: OfRelation, context: Context) -> tuple[Tie, ClientRelation]:
    """Return the relation as it is kept; raises NotFoundError where one of the two is not there, or out of sight."""
    tie = Tie.told(command.client_id, command.other_id, command.kind)
    named_client(context, command.client_id)
    named_client(context, command.other_id)
    return tie, found_or_new(context, ClientRelation, tie.id)
