"""Notes: the author writes, edits and withdraws their own; a head withdraws any; the log keeps every word."""

from typing import Any

import pytest

from aggregates.base import NotFoundError
from aggregates.client import Client
from aggregates.note import (
    MOST_NOTES,
    NoteExistsError,
    NoteIsAnothersError,
    NoteIsUnknownError,
    NoteIsWithdrawnError,
    TooManyNotesError,
)
from commands.base import Command
from commands.note import EditNote, NoteActivity, NoteClient, NoteDeal, WithdrawNote
from events.activity import ActivityHeld, ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn
from events.client import ClientArchived, ClientNoted, ClientNoteEdited, ClientNoteWithdrawn, ClientRegistered
from events.deal import DealLost, DealNoted, DealNoteEdited, DealNoteWithdrawn, DealOpened
from events.note import Noted, NoteEdited, NoteWithdrawn
from events.staff import StaffDeparted, StaffHired
from tests.examples import ANNA, BORIS, CALL, OTHER_SALE, REMARK, ROMASHKA, SALE, VERA, command, fact
from tests.story import by, given, nth_id, on

AS_ANNA, AS_BORIS, AS_VERA = by("seller", ANNA), by("seller", BORIS), by("head", VERA)
COMPANY = (
    on(ANNA, fact(StaffHired, name="Anna")),
    on(ROMASHKA, fact(ClientRegistered)),
    on(SALE, fact(DealOpened)),
    on(CALL, fact(ActivityHeld, contact_id=None)),
)
ON_CLIENT: dict[str, Any] = {"client_id": ROMASHKA}
NOTED = command(NoteClient)

KINDS: tuple[tuple[Command, dict[str, Any], type[Noted], type[NoteEdited], type[NoteWithdrawn]], ...] = (
    (NOTED, ON_CLIENT, ClientNoted, ClientNoteEdited, ClientNoteWithdrawn),
    (command(NoteDeal), {"deal_id": SALE}, DealNoted, DealNoteEdited, DealNoteWithdrawn),
    (command(NoteActivity), {"activity_id": CALL}, ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn),
)


@pytest.mark.parametrize(("write", "about", "noted", "edited", "withdrawn"), KINDS)
def test_a_note_is_written_edited_and_withdrawn_and_the_log_keeps_every_word(
    write: Command,
    about: dict[str, Any],
    noted: type[Noted],
    edited: type[NoteEdited],
    withdrawn: type[NoteWithdrawn],
) -> None:
    where = next(iter(about.values()))
    first, then = fact(noted).text, "in other words"
    story = given(*COMPANY).when(write, AS_ANNA)
    story.when(EditNote(**about, note_id=REMARK, text=then), AS_ANNA)
    story.when(WithdrawNote(**about, note_id=REMARK, reason="a mistake"), AS_ANNA)
    story.then(
        on(
            where,
            fact(noted),
            edited(note_id=REMARK, from_text=first, to_text=then),
            withdrawn(note_id=REMARK, reason="a mistake"),
        )
    )
    assert {party for event in story.recorded for party in event.parties} == {ROMASHKA}
    assert {event.subject_id for event in story.recorded} == {ROMASHKA}
    assert all(
        {"text", "from_text", "to_text"} & set(kind.model_fields) <= kind.PERSONAL_FIELDS for kind in (noted, edited)
    )


def test_the_same_again_records_nothing() -> None:
    story = given(*COMPANY).when(NOTED, AS_ANNA).when(NOTED, AS_ANNA)
    assert len(story.recorded) == 1
    edit = EditNote(**ON_CLIENT, note_id=REMARK, text="x")
    withdraw = WithdrawNote(**ON_CLIENT, note_id=REMARK, reason="y")
    for asked in (edit, edit, withdraw, withdraw):
        story.when(asked, AS_ANNA)
    assert [event.TOPIC for event in story.recorded] == ["client.noted", "client.note_edited", "client.note_withdrawn"]


def test_another_note_under_the_same_id_is_refused() -> None:
    for asked, who in ((command(NoteClient, text="else"), AS_ANNA), (NOTED, AS_BORIS)):
        story = given(*COMPANY).when(NOTED, AS_ANNA)
        story.recorded.clear()
        story.when(asked, who).then_refused(NoteExistsError, note_id=REMARK)


def test_nobody_puts_words_into_somebody_else_s_mouth() -> None:
    edit = EditNote(**ON_CLIENT, note_id=REMARK, text="I never said that")
    for who in (AS_BORIS, AS_VERA, by("admin", "letopis"), by("operator", BORIS)):
        story = given(*COMPANY).when(NOTED, AS_ANNA)
        story.recorded.clear()
        story.when(edit, who).then_refused(NoteIsAnothersError, note_id=REMARK, author=str(ANNA), author_name="Anna")


def test_a_head_or_an_admin_withdraws_any_note_and_others_their_own() -> None:
    withdraw = command(WithdrawNote)
    for who in (AS_VERA, by("admin", "letopis"), AS_ANNA):
        story = given(*COMPANY).when(NOTED, AS_ANNA)
        story.recorded.clear()
        story.when(withdraw, who).then(on(ROMASHKA, fact(ClientNoteWithdrawn)))
    for who in (AS_BORIS, by("operator", BORIS), by("integration", "telephony")):
        story = given(*COMPANY).when(NOTED, AS_ANNA)
        story.recorded.clear()
        story.when(withdraw, who).then_refused(NoteIsAnothersError, note_id=REMARK, author_name="Anna")


def test_a_program_s_note_goes_by_its_name() -> None:
    story = given(*COMPANY).when(NOTED, by("integration", "telephony"))
    story.recorded.clear()
    story.when(command(EditNote), AS_ANNA).then_refused(NoteIsAnothersError, author_name="telephony")
    assert story.when(command(EditNote), by("integration", "telephony")).refusal is None


def test_what_was_withdrawn_is_not_edited_and_what_was_never_written_is_unknown() -> None:
    story = given(*COMPANY).when(NOTED, AS_ANNA).when(command(WithdrawNote), AS_ANNA)
    story.recorded.clear()
    story.when(command(EditNote), AS_ANNA).then_refused(NoteIsWithdrawnError, note_id=REMARK)
    for asked in (command(EditNote, note_id=SALE), command(WithdrawNote, note_id=SALE)):
        story.when(asked, AS_VERA).then_refused(NoteIsUnknownError, note_id=SALE)
    # A note is named together with what it is about.
    elsewhere = EditNote(deal_id=SALE, note_id=REMARK, text="x")
    story.when(elsewhere, AS_ANNA).then_refused(NoteIsUnknownError, note_id=REMARK)
    nowhere = EditNote(deal_id=OTHER_SALE, note_id=REMARK, text="x")
    story.when(nowhere, AS_ANNA).then_refused(NotFoundError, kind="deal")


def test_a_note_of_the_days_before_notes_had_ids_goes_by_the_id_of_its_fact() -> None:
    old = on(CALL, ActivityNoted(text="Asked for a catalogue"))
    withdraw = WithdrawNote(activity_id=CALL, note_id=nth_id(-3 - 5), reason="a mistake")
    given(*COMPANY, old).when(withdraw, AS_VERA).then(
        on(CALL, ActivityNoteWithdrawn(note_id=nth_id(-3 - 5), reason="a mistake"))
    )


def test_what_has_ended_is_noted_and_its_notes_are_put_right_all_the_same() -> None:
    ended = (on(ROMASHKA, fact(ClientArchived)), on(SALE, fact(DealLost)))
    for about, write in ((ON_CLIENT, NOTED), ({"deal_id": SALE}, command(NoteDeal))):
        story = given(*COMPANY, *ended).when(write, AS_ANNA)
        story.when(EditNote(**about, note_id=REMARK, text="x"), AS_ANNA)
        story.when(WithdrawNote(**about, note_id=REMARK, reason="y"), AS_VERA)
        assert len(story.recorded) == 3


def test_the_note_of_a_program_or_of_somebody_who_left_can_still_be_withdrawn() -> None:
    gone = on(ANNA, fact(StaffDeparted))
    for author in ("telephony", str(ANNA)):
        noted = on(ROMASHKA, fact(ClientNoted), actor=author)
        given(*COMPANY, noted, gone).when(command(WithdrawNote), AS_VERA).then(on(ROMASHKA, fact(ClientNoteWithdrawn)))


def test_so_many_notes_stand_at_once_and_not_one_more() -> None:
    story = given(*COMPANY, on(ROMASHKA, *(fact(ClientNoted, note_id=nth_id(n)) for n in range(MOST_NOTES))))
    story.when(NOTED, AS_ANNA).then_refused(TooManyNotesError, most=MOST_NOTES)
    story.when(command(WithdrawNote, note_id=nth_id(3)), AS_VERA)
    assert story.when(NOTED, AS_ANNA).refusal is None
    assert story.stream(Client, ROMASHKA).notes[REMARK].text == NOTED.text
