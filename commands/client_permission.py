"""What is asked about addressing a client: to record a consent, its withdrawal, an objection, and what was an error."""

from typing import Annotated

from pydantic import Field

from aggregates.client_permission import ClientPermission
from commands.base import Command, Context, Outcome, found_or_new, handles
from commands.contact_point import BY_HAND
from commands.named_client import named_client
from commands.roles import ENTERING, HEADING, PERSONAL
from events.client_permission import (
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
)
from events.examples import NOTICE_TEXT, ROMASHKA, example
from events.ids import ClientId, permission_of
from events.permission import PermissionChannel, PermissionPurpose
from events.values import EditedKind, ShortText, Text, Version


class OfChannels(Command):
    """A command on one channel and purpose; without a channel it is of every one, without a purpose of all."""

    client_id: ClientId
    addressed_by: PermissionChannel | None = None
    purpose: PermissionPurpose | None = None
    source: ShortText = BY_HAND


@example(
    client_id=ROMASHKA,
    addressed_by=PermissionChannel.EMAIL,
    purpose=PermissionPurpose.NEWS,
    text_version=NOTICE_TEXT,
    source="web form",
    evidence="Ticked the box, and answered the letter of confirmation",
)
class RecordConsent(Command):
    """Say that a client agreed to be addressed in one way for one purpose.

    By which version of the text, where, and by what that can be proved: whoever sends has to.
    """

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    client_id: ClientId
    addressed_by: PermissionChannel
    purpose: PermissionPurpose
    text_version: Version
    source: ShortText
    evidence: Text


@example(client_id=ROMASHKA, addressed_by=PermissionChannel.EMAIL, source="link in a letter")
class WithdrawConsent(OfChannels):
    """Say that a client agrees no more; without a channel or a purpose: to none of them."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    evidence: Text | None = None


@example(client_id=ROMASHKA, addressed_by=PermissionChannel.CALL, source="call")
class RecordObjection(OfChannels):
    """Say that a client does not want to be addressed so: it beats every consent, until it is lifted."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    evidence: Text | None = None


@example(
    client_id=ROMASHKA,
    addressed_by=PermissionChannel.CALL,
    source="letter",
    evidence="Signed by the director",
)
class LiftObjection(OfChannels):
    """Say that a client does not object any more, and by what that can be proved."""

    ROLES, EDITS = ENTERING, EditedKind.PERSONAL

    evidence: Text


@example(client_id=ROMASHKA, number=1, reason="it was another client")
class RetractPermissionEntry(Command):
    """Say that a client never said what was recorded under a number; what is right is recorded anew."""

    ROLES, EDITS = PERSONAL | HEADING, EditedKind.PERSONAL

    client_id: ClientId
    number: Annotated[int, Field(ge=1, le=1_000_000_000)]
    reason: Text


@handles(RecordConsent)
def record_consent(command: RecordConsent, context: Context) -> Outcome:
    permission = _permission(command.client_id, context)
    permission.consent(
        command.client_id,
        command.addressed_by,
        command.purpose,
        text_version=command.text_version,
        source=command.source,
        evidence=command.evidence,
    )
    return context.save(permission)


@handles(WithdrawConsent)
def withdraw_consent(command: WithdrawConsent, context: Context) -> Outcome:
    return _said(ConsentWithdrawn, command, context)


@handles(RecordObjection)
def record_objection(command: RecordObjection, context: Context) -> Outcome:
    return _said(ObjectionRaised, command, context)


@handles(LiftObjection)
def lift_objection(command: LiftObjection, context: Context) -> Outcome:
    return _said(ObjectionLifted, command, context)


@handles(RetractPermissionEntry)
def retract_permission_entry(command: RetractPermissionEntry, context: Context) -> Outcome:
    permission = _permission(command.client_id, context)
    permission.retract(command.client_id, command.number, reason=command.reason)
    return context.save(permission)


def _said(
    kind: type[ConsentWithdrawn | ObjectionRaised | ObjectionLifted],
    command: WithdrawConsent | RecordObjection | LiftObjection,
    context: Context,
) -> Outcome:
    permission = _permission(command.client_id, context)
    permission.say(
        kind,
        command.client_id,
        command.addressed_by,
        command.purpose,
        source=command.source,
        evidence=command.evidence,
    )
    return context.save(permission)


def _permission(client_id: ClientId, context: Context) -> ClientPermission:
    """Return what a client said; raises NotFoundError where there is no such client, or out of the actor's sight.

    Who joined another one may be named: what they say stays theirs when the two are taken apart.
    """
    named_client(context, client_id)
    permission_id = permission_of(client_id)
    return found_or_new(context, ClientPermission, permission_id)
