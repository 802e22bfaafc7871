"""What is asked about notes: to write one on a client, a deal or an activity, to edit it, to withdraw it."""

from typing import Self
from uuid import UUID

from pydantic import model_validator

from aggregates.activity import Activity
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.note import WithNotes
from aggregates.staff import StaffMember
from commands.base import Actor, Command, Context, Outcome, handles, wrong_field
from commands.roles import ENTERING, HEADING
from events.examples import CALL, REMARK, ROMASHKA, SALE, example
from events.ids import ActivityId, ClientId, DealId
from events.values import EditedKind, Text


@example(client_id=ROMASHKA, note_id=REMARK, text="Call before noon")
class NoteClient(Command):
    """Add a note to a client's card; whoever serves a client may, whoever owns it."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    client_id: ClientId
    note_id: UUID | None = None
    text: Text


@example(deal_id=SALE, note_id=REMARK, text="Wants it before the summer")
class NoteDeal(Command):
    """Add a note to a deal."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    deal_id: DealId
    note_id: UUID | None = None
    text: Text


@example(activity_id=CALL, note_id=REMARK, text="Asked for a catalogue")
class NoteActivity(Command):
    """Add a note to an activity."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    activity_id: ActivityId
    note_id: UUID | None = None
    text: Text


class OfNote(Command):
    """A command on a note: exactly one of the three ids says what the note is about."""

    note_id: UUID
    client_id: ClientId | None = None
    deal_id: DealId | None = None
    activity_id: ActivityId | None = None

    @model_validator(mode="after")
    def _about_one_thing(self) -> Self:
        if (self.client_id, self.deal_id, self.activity_id).count(None) != 2:
            raise wrong_field("client_id", "about_one_thing", "one of client_id, deal_id and activity_id is given")
        return self


@example(client_id=ROMASHKA, note_id=REMARK, text="Call after four")
class EditNote(OfNote):
    """Put a note of one's own into other words; name what it is about, as the list of notes does."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    text: Text


@example(client_id=ROMASHKA, note_id=REMARK, reason="it was another client")
class WithdrawNote(OfNote):
    """Say that a note does not stand, and why: its author's own, and a head or an admin any."""

    ROLES, EDITS = ENTERING, EditedKind.NOTES

    reason: Text


@handles(NoteClient)
def note_client(command: NoteClient, context: Context) -> Outcome:
    client = context.load(Client, command.client_id)
    client.note(command.text, note_id=command.note_id)
    return context.save(client)


@handles(NoteDeal)
def note_deal(command: NoteDeal, context: Context) -> Outcome:
    deal = context.load(Deal, command.deal_id)
    deal.note(command.text, note_id=command.note_id)
    return context.save(deal)


@handles(NoteActivity)
def note_activity(command: NoteActivity, context: Context) -> Outcome:
    activity = context.load(Activity, command.activity_id)
    activity.note(command.text, note_id=command.note_id)
    return context.save(activity)


@handles(EditNote)
def edit_note(command: EditNote, context: Context) -> Outcome:
    noted = _noted(context, command)
    noted.edit_note(command.note_id, command.text, author_name=_author_name(context, noted, command.note_id))
    return context.save(noted)


@handles(WithdrawNote)
def withdraw_note(command: WithdrawNote, context: Context) -> Outcome:
    noted = _noted(context, command)
    noted.withdraw_note(
        command.note_id,
        reason=command.reason,
        stands_above=context.actor.role in HEADING,
        author_name=_author_name(context, noted, command.note_id),
    )
    return context.save(noted)


def _noted(context: Context, command: OfNote) -> WithNotes:
    """Return what the note is about."""
    if command.client_id is not None:
        return context.load(Client, command.client_id)
    if command.deal_id is not None:
        return context.load(Deal, command.deal_id)
    assert command.activity_id is not None, "a command on a note names one thing"  # noqa: S101
    return context.load(Activity, command.activity_id)


def _author_name(context: Context, noted: WithNotes, note_id: UUID) -> str:
    """Return what the author of a note is called: a program goes by its own name."""
    author = Actor(noted.note_of(note_id).author, context.actor.role)
    member = None if author.staff_id is None else context.find(StaffMember, author.staff_id)
    return author.id if member is None else member.name
