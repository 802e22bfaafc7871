"""What is asked about a client's card: to enter it, to correct it, to put it away."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from aggregates.client import Client
from aggregates.client_errors import DuplicateNeedsRightError
from aggregates.identity import contact_point
from commands.base import Command, Context, Outcome, handles
from commands.ids import ClientId, MaybeClientId
from commands.roles import ALLOWING_DUPLICATES, ENTERING, HEADING, PERSONAL
from events.values import (
    AffiliationRole,
    ClientKind,
    Confidence,
    ContactKind,
    ContactPoint,
    Lifecycle,
    ProfileFact,
    ProfileField,
    ShortText,
    Text,
    Value,
)

BY_HAND = "entered by hand"


class ContactPointGiven(Value):
    """A way to reach a client, as typed."""

    kind: ContactKind
    value: ShortText
    label: ShortText | None = None

    def with_key(self) -> ContactPoint:
        """Return it with the key it is compared by; raises WrongPhoneError, WrongEmailError."""
        return contact_point(self.kind, self.value, self.label)


class DuplicateAllowing(Command):
    """A command that may take an identity another client has, with a right and a reason."""

    allow_duplicate: bool = False
    duplicate_reason: Text | None = None

    @model_validator(mode="after")
    def _reason_with_duplicate(self) -> Self:
        if self.allow_duplicate != (self.duplicate_reason is not None):
            raise ValueError("allow_duplicate and duplicate_reason go together")
        return self

    def check_right(self, context: Context) -> None:
        """Raise DuplicateNeedsRightError when the actor may not enter a duplicate."""
        if self.allow_duplicate and context.actor.role not in ALLOWING_DUPLICATES:
            raise DuplicateNeedsRightError(role=context.actor.role)


class RegisterClient(DuplicateAllowing):
    """Enter a new client; a contact person is entered together with the organisation they act for."""

    ROLES = ENTERING

    client_id: MaybeClientId = None
    kind: ClientKind
    name: ShortText
    contact_points: Annotated[tuple[ContactPointGiven, ...], Field(min_length=1, max_length=50)]
    tax_id: ShortText | None = None
    profile: Annotated[tuple[ProfileFact, ...], Field(max_length=50)] = ()
    source: ShortText = BY_HAND
    organisation_id: MaybeClientId = None
    affiliation_role: AffiliationRole = AffiliationRole.OTHER

    @model_validator(mode="after")
    def _person_for_organisation(self) -> Self:
        if self.organisation_id is not None and self.kind is not ClientKind.PERSON:
            raise ValueError("only a person acts for an organisation")
        return self


class RenameClient(Command):
    """Call a client differently."""

    ROLES = PERSONAL

    client_id: ClientId
    name: ShortText


class AddContactPoint(DuplicateAllowing):
    """Say how else a client is reached."""

    ROLES = ENTERING

    client_id: ClientId
    point: ContactPointGiven
    source: ShortText = BY_HAND


class CorrectContactPoint(Command):
    """Correct a contact point that was taken down wrongly."""

    ROLES = PERSONAL

    client_id: ClientId
    from_point: ContactPointGiven
    to_point: ContactPointGiven
    source: ShortText = BY_HAND


class RemoveContactPoint(Command):
    """Say that a client is not reached this way any more."""

    ROLES = PERSONAL

    client_id: ClientId
    point: ContactPointGiven
    reason: Text | None = None


class CorrectTaxId(Command):
    """Give or correct a client's tax number; nothing: it has none."""

    ROLES = PERSONAL

    client_id: ClientId
    tax_id: ShortText | None
    source: ShortText = BY_HAND


class CorrectProfile(Command):
    """Say what is true of a client's trait; nothing: it is not known."""

    ROLES = ENTERING

    client_id: ClientId
    field: ProfileField
    value: Text | None
    source: ShortText = BY_HAND
    confidence: Confidence = Confidence.STATED


class AdvanceLifecycle(Command):
    """Say that the relationship entered another state; losing and winning back need a reason."""

    ROLES = ENTERING

    client_id: ClientId
    to_state: Lifecycle
    reason: Text | None = None


class ArchiveClient(Command):
    """Put a client's card away; its phones, e-mails and tax number are free for others."""

    ROLES = PERSONAL | HEADING

    client_id: ClientId
    reason: Text


class RestoreClient(Command):
    """Take a client's card out of the archive."""

    ROLES = PERSONAL | HEADING

    client_id: ClientId
    reason: Text


@handles(RegisterClient)
def register_client(command: RegisterClient, context: Context) -> Outcome:
    """Register the client, and affiliate a contact person in the same decision."""
    command.check_right(context)
    organisation = None if command.organisation_id is None else context.load(Client, command.organisation_id)
    if organisation is not None:
        organisation.check_organisation()
    client = context.new(Client, command.client_id)
    client.register(
        kind=command.kind,
        name=command.name,
        source=command.source,
        contact_points=[point.with_key() for point in command.contact_points],
        tax_id=command.tax_id,
        profile=command.profile,
        duplicate_reason=command.duplicate_reason,
    )
    if organisation is not None:
        client.affiliate(organisation, command.affiliation_role)
    return context.save(client)


@handles(RenameClient)
def rename_client(command: RenameClient, context: Context) -> Outcome:
    """Rename."""
    client = context.load(Client, command.client_id)
    client.rename(command.name)
    return context.save(client)


@handles(AddContactPoint)
def add_contact_point(command: AddContactPoint, context: Context) -> Outcome:
    """Add the contact point."""
    command.check_right(context)
    client = context.load(Client, command.client_id)
    client.add_contact_point(command.point.with_key(), source=command.source, duplicate_reason=command.duplicate_reason)
    return context.save(client)


@handles(CorrectContactPoint)
def correct_contact_point(command: CorrectContactPoint, context: Context) -> Outcome:
    """Correct the contact point."""
    client, wrong = context.load(Client, command.client_id), command.from_point.with_key()
    client.correct_contact_point(wrong.kind, wrong.key, command.to_point.with_key(), source=command.source)
    return context.save(client)


@handles(RemoveContactPoint)
def remove_contact_point(command: RemoveContactPoint, context: Context) -> Outcome:
    """Remove the contact point."""
    client, point = context.load(Client, command.client_id), command.point.with_key()
    client.remove_contact_point(point.kind, point.key, reason=command.reason)
    return context.save(client)


@handles(CorrectTaxId)
def correct_tax_id(command: CorrectTaxId, context: Context) -> Outcome:
    """Correct the tax number."""
    client = context.load(Client, command.client_id)
    client.correct_tax_id(command.tax_id, source=command.source)
    return context.save(client)


@handles(CorrectProfile)
def correct_profile(command: CorrectProfile, context: Context) -> Outcome:
    """Correct the trait."""
    client = context.load(Client, command.client_id)
    client.correct_profile(command.field, command.value, source=command.source, confidence=command.confidence)
    return context.save(client)


@handles(AdvanceLifecycle)
def advance_lifecycle(command: AdvanceLifecycle, context: Context) -> Outcome:
    """Advance."""
    client = context.load(Client, command.client_id)
    client.advance_to(command.to_state, reason=command.reason)
    return context.save(client)


@handles(ArchiveClient)
def archive_client(command: ArchiveClient, context: Context) -> Outcome:
    """Archive."""
    client = context.load(Client, command.client_id)
    client.archive(reason=command.reason)
    return context.save(client)


@handles(RestoreClient)
def restore_client(command: RestoreClient, context: Context) -> Outcome:
    """Restore."""
    client = context.load(Client, command.client_id)
    client.restore(reason=command.reason)
    return context.save(client)
