"""One row is one note on a client, a deal or an activity: what it says now, who wrote it, whether it stands.

Read by GET /clients/{id}/notes, /deals/{id}/notes and /activities/{id}/notes.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.activity import ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn
from events.client import ClientNoted, ClientNoteEdited, ClientNoteWithdrawn
from events.deal import DealNoted, DealNoteEdited, DealNoteWithdrawn
from events.ids import staff_id_of
from events.note import Noted, NoteEdited, NoteWithdrawn, note_id_of
from infra.projector.projection import Key, Projection
from projections.change import changed


class NoteRow(NamedTuple):
    """The note; `about` is what `about_id` names: client, deal or activity. One that was withdrawn has no text here.

    `author` is who wrote it: a staff member, whose id `author_id` is, or a program.
    """

    about_id: UUID
    note_id: UUID
    about: str
    text: str | None = None
    author: str | None = None
    author_id: UUID | None = None
    written_at: datetime | None = None
    edited_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
    withdraw_reason: str | None = None


notes = Projection(
    name="notes",
    row=NoteRow,
    key=("about_id", "note_id"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = NoteRow | None
AnyFact = Noted | NoteEdited | NoteWithdrawn


def _of_note(event: AnyFact) -> tuple[Key, ...]:
    return ((event.stream_id, note_id_of(event)),)


def _note(row: Row, event: AnyFact, key: Key) -> NoteRow:
    """Return the note the event changes, as it was before."""
    about_id, note_id = key
    return row or NoteRow(about_id, note_id, event.TOPIC.partition(".")[0])


@notes.on(ClientNoted, DealNoted, ActivityNoted, keys=_of_note)
def noted(row: Row, event: Noted, key: Key) -> NoteRow:
    return changed(
        _note(row, event, key),
        text=event.text,
        author=event.actor,
        author_id=staff_id_of(event.actor),
        written_at=event.occurred_at,
    )


@notes.on(ClientNoteEdited, DealNoteEdited, ActivityNoteEdited, keys=_of_note)
def edited(row: Row, event: NoteEdited, key: Key) -> NoteRow:
    return changed(_note(row, event, key), text=event.to_text, edited_at=event.occurred_at)


@notes.on(ClientNoteWithdrawn, DealNoteWithdrawn, ActivityNoteWithdrawn, keys=_of_note)
def withdrawn(row: Row, event: NoteWithdrawn, key: Key) -> NoteRow:
    """Let the note stand no more; its words are in the log and in the story."""
    return changed(
        _note(row, event, key),
        text=None,
        withdrawn_at=event.occurred_at,
        withdrawn_by=event.actor,
        withdraw_reason=event.reason,
    )
