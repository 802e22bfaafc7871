"""What the notes on a client, a deal and an activity say now."""

from events.activity import ActivityNoted, ActivityNoteEdited
from events.client import ClientNoted, ClientNoteEdited, ClientNoteWithdrawn
from events.deal import DealNoted
from projections.interactions.notes import NoteRow, notes
from tests.examples import ANNA, CALL, REMARK, ROMASHKA, SALE, fact
from tests.story import given, moment, nth_id, on

WRITTEN = NoteRow(ROMASHKA, REMARK, "client", text="Call before noon", author="story", written_at=moment(1))


def test_a_note_says_who_wrote_it_and_when() -> None:
    given(on(ROMASHKA, fact(ClientNoted))).shows(notes, WRITTEN)
    by_anna = WRITTEN._replace(author=str(ANNA), author_id=ANNA)
    given(on(ROMASHKA, fact(ClientNoted), actor=ANNA)).shows(notes, by_anna)


def test_an_edited_note_says_what_it_says_now() -> None:
    given(on(ROMASHKA, fact(ClientNoted), fact(ClientNoteEdited))).shows(
        notes, WRITTEN._replace(text="Call after four", edited_at=moment(2))
    )


def test_a_withdrawn_note_has_no_words_and_a_reason() -> None:
    given(on(ROMASHKA, fact(ClientNoted), fact(ClientNoteWithdrawn))).shows(
        notes,
        WRITTEN._replace(
            text=None, withdrawn_at=moment(2), withdrawn_by="story", withdraw_reason="it was another client"
        ),
    )


def test_a_note_without_an_id_goes_by_the_id_of_its_fact() -> None:
    given(on(CALL, ActivityNoted(text="Sent it"))).shows(
        notes, NoteRow(CALL, nth_id(-4), "activity", text="Sent it", author="story", written_at=moment(1))
    )


def test_the_same_id_on_two_things_is_two_notes() -> None:
    given(on(ROMASHKA, fact(ClientNoted)), on(SALE, fact(DealNoted)), on(CALL, fact(ActivityNoteEdited))).shows(
        notes,
        WRITTEN,
        NoteRow(SALE, REMARK, "deal", text="Wants it before the summer", author="story", written_at=moment(2)),
        NoteRow(CALL, REMARK, "activity", text="Asked for two catalogues", edited_at=moment(3)),
    )
