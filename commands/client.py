"""What is asked about a client's card: to enter it, to correct it, to put it away."""

from collections.abc import Iterable
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from aggregates.base import Aggregate
from aggregates.client import Client
from aggregates.client_state import MOST_CONTACT_POINTS, NAME
from aggregates.tax_id import UNREGISTERED, Registered
from commands.affiliation import belongs_to
from commands.approach import check_may_act, check_may_correct
from commands.base import Command, Context, Outcome, handles, wrong_field
from commands.beside import Beside, rehearse_beside, say_beside
from commands.contact_point import BY_HAND, OFFICE_PHONE, ContactPointGiven, DuplicateAllowing, with_keys
from commands.import_run import HistoryCommand
from commands.roles import CORRECTING, ENTERING, HEADING, PERSONAL
from events.examples import FIRST_IMPORT, INN, ROMASHKA, SECTOR, example
from events.ids import ClientId
from events.registration import HOME_COUNTRY, Country
from events.values import (
    AffiliationRole,
    ClientKind,
    Confidence,
    EditedKind,
    Lifecycle,
    ProfileFact,
    ProfileField,
    ShortText,
    Text,
)


@example(
    client_id=ROMASHKA,
    kind=ClientKind.ORGANISATION,
    name="Romashka",
    contact_points=(OFFICE_PHONE,),
    tax_id=INN,
    profile=(SECTOR,),
)
class RegisterClient(DuplicateAllowing):
    """Enter a new client; a contact person is entered together with the organisation they act for.

    Of an organisation `contact_person_ids` names who is entered already and acts for it, as `affiliation_role`; it may
    have their numbers, as they may have its.
    """

    ROLES, EDITS = ENTERING, EditedKind.CLIENTS

    client_id: ClientId | None = None
    kind: ClientKind
    name: ShortText
    contact_points: Annotated[tuple[ContactPointGiven, ...], Field(min_length=1, max_length=MOST_CONTACT_POINTS)]
    tax_id: ShortText | None = None
    tax_country: Country = HOME_COUNTRY
    kpp: ShortText | None = None
    ogrn: ShortText | None = None
    profile: Annotated[tuple[ProfileFact, ...], Field(max_length=50)] = ()
    source: ShortText = BY_HAND
    organisation_id: ClientId | None = None
    affiliation_role: AffiliationRole = AffiliationRole.OTHER
    contact_person_ids: Annotated[tuple[ClientId, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _person_for_organisation(self) -> Self:
        if self.contact_person_ids and self.kind is not ClientKind.ORGANISATION:
            raise wrong_field("contact_person_ids", "persons_of_a_person", "nobody acts for a person")
        if self.organisation_id is not None and self.kind is not ClientKind.PERSON:
            raise wrong_field("organisation_id", "only_a_person_acts", "only a person acts for an organisation")
        return self


@example(client_id=ROMASHKA, name="Romashka Plus")
class RenameClient(Command):
    """Call a client differently; a seller or a head only what they entered themselves within 24 hours."""

    ROLES, EDITS = CORRECTING, EditedKind.PERSONAL

    client_id: ClientId
    name: ShortText
    source: ShortText = BY_HAND
    confidence: Confidence = Confidence.STATED


@example(client_id=ROMASHKA, field=ProfileField.SECTOR, value="wholesale", source="meeting")
class CorrectProfile(Command):
    """Say what is true of a client's trait; nothing: it is not known."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    field: ProfileField
    value: Text | None
    source: ShortText = BY_HAND
    confidence: Confidence = Confidence.STATED


@example(client_id=ROMASHKA, to_state=Lifecycle.CONTACTED)
class AdvanceLifecycle(Command):
    """Say that the relationship entered another state; losing and winning back need a reason."""

    ROLES, EDITS = ENTERING, EditedKind.CLIENTS

    client_id: ClientId
    to_state: Lifecycle
    reason: Text | None = None


@example(client_id=ROMASHKA, reason="closed down")
class ArchiveClient(Command):
    """Put a client's card away; its phones, e-mails and tax number are free for others."""

    ROLES, EDITS = PERSONAL | HEADING, EditedKind.CLIENTS

    client_id: ClientId
    reason: Text


@example(client_id=ROMASHKA, reason="opened again")
class RestoreClient(Command):
    """Take a client's card out of the archive."""

    ROLES, EDITS = PERSONAL | HEADING, EditedKind.CLIENTS

    client_id: ClientId
    reason: Text


@example(import_id=FIRST_IMPORT, client_id=ROMASHKA, kind=ClientKind.ORGANISATION, name="Romashka", source="maven-crm")
class ImportClient(HistoryCommand):
    """Enter a client from old records, which may know no phone; the parent may be entered later.

    What is no phone number, e-mail address or tax number is kept as it is, marked doubtful, and nobody is recognised
    by it.
    """

    client_id: ClientId
    kind: ClientKind
    name: ShortText
    contact_points: Annotated[tuple[ContactPointGiven, ...], Field(max_length=MOST_CONTACT_POINTS)] = ()
    tax_id: ShortText | None = None
    tax_country: Country = HOME_COUNTRY
    kpp: ShortText | None = None
    ogrn: ShortText | None = None
    profile: Annotated[tuple[ProfileFact, ...], Field(max_length=50)] = ()
    source: ShortText
    external_id: ShortText | None = None
    parent_id: ClientId | None = None
    organisation_id: ClientId | None = None
    affiliation_role: AffiliationRole = AffiliationRole.OTHER
    duplicate_reason: Text | None = None
    beside: Beside | None = None

    def looks_at(self) -> Iterable[tuple[UUID, type[Aggregate]]]:
        return () if self.beside is None else self.beside.streams(self.client_id)

    @model_validator(mode="after")
    def _in_its_place(self) -> Self:
        if self.parent_id == self.client_id:
            raise wrong_field("parent_id", "belongs_to_itself", "an organisation cannot belong to itself")
        if self.organisation_id is not None and self.kind is not ClientKind.PERSON:
            raise wrong_field("organisation_id", "only_a_person_acts", "only a person acts for an organisation")
        return self


def _numbers(command: RegisterClient | ImportClient) -> Registered:
    """Return by which numbers the state knows the client; most are entered without any."""
    if command.tax_id is None and command.kpp is None and command.ogrn is None:
        return UNREGISTERED
    return Registered(command.tax_id, command.tax_country, command.kpp, command.ogrn)


@handles(RegisterClient)
def register_client(command: RegisterClient, context: Context) -> Outcome:
    """Register the client, and affiliate contact persons in the same decision."""
    command.check_right(context)
    organisation = None if command.organisation_id is None else context.load(Client, command.organisation_id)
    if organisation is not None:
        organisation.check_organisation()
    client = context.new(Client, command.client_id)
    client.register(
        kind=command.kind,
        name=command.name,
        source=command.source,
        contact_points=with_keys(command.contact_points, context.home),
        numbers=_numbers(command),
        profile=command.profile,
        duplicate_reason=command.duplicate_reason,
    )
    if organisation is not None:
        client.affiliate(organisation, command.affiliation_role)
    persons = [context.load(Client, each) for each in dict.fromkeys(command.contact_person_ids)]
    for person in persons:
        person.affiliate(client, command.affiliation_role)
    return context.save(client, *persons)


@handles(RenameClient)
def rename_client(command: RenameClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    check_may_correct(context, client, NAME)
    client.rename(command.name, source=command.source, confidence=command.confidence)
    return context.save(client)


@handles(CorrectProfile)
def correct_profile(command: CorrectProfile, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.correct_profile(command.field, command.value, source=command.source, confidence=command.confidence)
    return context.save(client)


@handles(AdvanceLifecycle)
def advance_lifecycle(command: AdvanceLifecycle, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    check_may_act(context, whose=None, client_ids=(client.id,))
    client.advance_to(command.to_state, reason=command.reason)
    return context.save(client)


@handles(ArchiveClient)
def archive_client(command: ArchiveClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.archive(reason=command.reason)
    return context.save(client)


@handles(RestoreClient)
def restore_client(command: RestoreClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.restore(reason=command.reason)
    return context.save(client)


@handles(ImportClient)
def import_client(command: ImportClient, context: Context) -> Outcome:
    organisation = None if command.organisation_id is None else context.load(Client, command.organisation_id)
    if organisation is not None:
        organisation.check_organisation()
    client = context.new(Client, command.client_id)
    if command.parent_id is not None:
        parent = context.find(Client, command.parent_id)
        client.check_parent(command.parent_id, is_below=belongs_to(context, parent, client.id))
    rehearse_beside(context, client, command.beside)
    client.register(
        kind=command.kind,
        name=command.name,
        source=command.source,
        contact_points=[point.kept(context.home) for point in command.contact_points],
        numbers=_numbers(command),
        profile=command.profile,
        external_id=command.external_id,
        date_unknown=command.date_unknown,
        duplicate_reason=command.duplicate_reason,
        is_history=True,
    )
    if command.parent_id is not None:
        client.recall_parent(command.parent_id)
    if organisation is not None:
        client.affiliate(organisation, command.affiliation_role)
    return context.save(client, *say_beside(context, client, command.beside))
