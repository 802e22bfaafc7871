"""Notes: who wrote one, who may put it into other words, and who may withdraw it.

They are kept in the stream of what they are about, so they are encrypted with its client's key, stand in its client's
story, and come along when it is tied to a client later.
"""

from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from aggregates.base import RuleBrokenError
from aggregates.entry import WithEntry
from events.note import Noted, NoteEdited, NoteWithdrawn, note_id_of

MOST_NOTES = 1_000
"""So many notes stand on one client, deal or activity at once: whoever decides on it has them all in memory."""


class NoteIsUnknownError(RuleBrokenError):
    """There is no such note on what is named; facts: note_id."""

    code = "note-is-unknown"


class NoteExistsError(RuleBrokenError):
    """Another note was written under this id; facts: note_id."""

    code = "note-exists"


class NoteIsWithdrawnError(RuleBrokenError):
    """The note does not stand any more; facts: note_id."""

    code = "note-is-withdrawn"


class NoteIsAnothersError(RuleBrokenError):
    """Somebody else wrote the note; facts: note_id, author (their id, or the name of a program), author_name."""

    code = "note-is-anothers"


class TooManyNotesError(RuleBrokenError):
    """There stand as many notes as may; facts: most."""

    code = "too-many-notes"


class Note(NamedTuple):
    """A note: who wrote it, and what it says; one without a text was withdrawn."""

    author: str
    text: str | None


class WithNotes(WithEntry):
    """A thing that people add notes to; NOTE_FACTS are the facts that say so of its kind."""

    NOTE_FACTS: ClassVar[tuple[type[Noted], type[NoteEdited], type[NoteWithdrawn]]]

    notes: dict[UUID, Note]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "NOTE_FACTS"):
            folds = (WithNotes._noted, WithNotes._note_edited, WithNotes._note_withdrawn)
            cls._folds = {**cls._folds, **dict(zip(cls.NOTE_FACTS, folds, strict=True))}

    def start(self) -> None:
        super().start()
        self.notes = {}

    def note(self, text: str, *, note_id: UUID | None = None) -> None:
        """Record a note; its author's same words under the same id record nothing."""
        assert self.occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        known = None if note_id is None else self.notes.get(note_id)
        if known == (self.occasion.actor, text):
            return
        if known is not None:
            raise NoteExistsError(note_id=note_id)
        if sum(note.text is not None for note in self.notes.values()) >= MOST_NOTES:
            raise TooManyNotesError(most=MOST_NOTES)
        self.trigger_event(self.NOTE_FACTS[0], note_id=note_id or self.occasion.new_event_id(), text=text)

    def note_of(self, note_id: UUID) -> Note:
        """Return the note; raises NoteIsUnknownError."""
        try:
            return self.notes[note_id]
        except KeyError:
            raise NoteIsUnknownError(note_id=note_id) from None

    def edit_note(self, note_id: UUID, text: str, *, author_name: str) -> None:
        """Record the author's other words; the present ones record nothing. Nobody puts words into another's mouth."""
        note = self.note_of(note_id)
        self._check_author(note_id, note, author_name)
        if note.text is None:
            raise NoteIsWithdrawnError(note_id=note_id)
        if note.text != text:
            self.trigger_event(self.NOTE_FACTS[1], note_id=note_id, from_text=note.text, to_text=text)

    def withdraw_note(self, note_id: UUID, *, reason: str, stands_above: bool, author_name: str) -> None:
        """Record that the note does not stand, by its author or who `stands_above`; a withdrawn one records nothing."""
        note = self.note_of(note_id)
        if not stands_above:
            self._check_author(note_id, note, author_name)
        if note.text is not None:
            self.trigger_event(self.NOTE_FACTS[2], note_id=note_id, reason=reason)

    def _check_author(self, note_id: UUID, note: Note, author_name: str) -> None:
        assert self.occasion is not None, "an aggregate decides only on an occasion"  # noqa: S101
        if note.author != self.occasion.actor:
            raise NoteIsAnothersError(note_id=note_id, author=note.author, author_name=author_name)

    def _noted(self, event: Noted) -> None:
        self.notes[note_id_of(event)] = Note(event.actor, event.text)

    def _note_edited(self, event: NoteEdited) -> None:
        self.notes[event.note_id] = self.notes[event.note_id]._replace(text=event.to_text)

    def _note_withdrawn(self, event: NoteWithdrawn) -> None:
        self.notes[event.note_id] = self.notes[event.note_id]._replace(text=None)
