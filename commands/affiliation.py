"""What is asked about who belongs to an organisation: persons acting for it, and its subsidiaries."""

from uuid import UUID

from aggregates.client import Client
from commands.base import Command, Context, Outcome, handles
from commands.named_client import named_client, who_answers
from commands.roles import ENTERING
from events.examples import HOLDING, OLGA, ROMASHKA, example
from events.ids import ClientId
from events.values import AffiliationRole, EditedKind, Text

LONGEST_CHAIN = 100
"""Parents above an organisation that are looked at; nobody's group of companies is deeper, so more are a circle."""


@example(client_id=OLGA, organisation_id=ROMASHKA, role=AffiliationRole.BUYER)
class AffiliatePerson(Command):
    """Say that a person acts for an organisation, and as what."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    organisation_id: ClientId
    role: AffiliationRole


@example(client_id=OLGA, organisation_id=ROMASHKA, reason="left")
class EndAffiliation(Command):
    """Say that a person no longer acts for an organisation."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    organisation_id: ClientId
    reason: Text | None = None


@example(client_id=ROMASHKA, parent_id=HOLDING)
class DeclareSubsidiary(Command):
    """Say that an organisation belongs to another one; it keeps its own owner."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    parent_id: ClientId


@handles(AffiliatePerson)
def affiliate_person(command: AffiliatePerson, context: Context) -> Outcome:
    person = context.load(Client, command.client_id)
    person.affiliate(context.load(Client, command.organisation_id), command.role)
    return context.save(person)


@handles(EndAffiliation)
def end_affiliation(command: EndAffiliation, context: Context) -> Outcome:
    person = context.load(Client, command.client_id)
    person.end_affiliation(named_client(context, command.organisation_id).id, reason=command.reason)
    return context.save(person)


@handles(DeclareSubsidiary)
def declare_subsidiary(command: DeclareSubsidiary, context: Context) -> Outcome:
    """Declare; every parent above is looked at, so that nothing comes to belong to itself."""
    client, parent = context.load(Client, command.client_id), context.load(Client, command.parent_id)
    client.declare_subsidiary_of(parent, is_below=belongs_to(context, parent, client.id))
    return context.save(client)


def belongs_to(context: Context, organisation: Client | None, top_id: UUID) -> bool:
    """Tell whether an organisation is, or belongs to, the one of this id, as far as its parents are known."""
    seen = 0
    while organisation is not None and organisation.id != top_id and seen < LONGEST_CHAIN:
        seen += 1
        above = organisation.parent_id
        if above == top_id:
            return True
        found = None if above is None else context.find(Client, above)
        organisation = None if found is None else who_answers(context.find, found)
    return organisation is not None
