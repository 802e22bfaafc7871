"""What the facts about notes have in common, whatever is noted: they stand in the stream of what the note is about.

A note goes by an id of its own. It is written, edited and withdrawn; the log keeps every word that ever stood in it.
"""

from typing import Annotated
from uuid import UUID

from events.base import Event
from events.marks import PERSONAL
from events.values import Text


class Noted(Event):
    """Somebody wrote a note; its author is who recorded it."""

    # Notes of activities had no id of their own at first: those go by the id of their fact.
    note_id: UUID | None = None
    text: Annotated[Text, PERSONAL]


class NoteEdited(Event):
    """The author put a note into other words."""

    note_id: UUID
    from_text: Annotated[Text, PERSONAL]
    to_text: Annotated[Text, PERSONAL]


class NoteWithdrawn(Event):
    """A note does not stand any more, for a reason."""

    note_id: UUID
    reason: Annotated[Text, PERSONAL]


def note_id_of(event: Noted | NoteEdited | NoteWithdrawn) -> UUID:
    """Return which note the fact is about."""
    note_id: UUID = event.note_id or event.envelope.event_id
    return note_id
