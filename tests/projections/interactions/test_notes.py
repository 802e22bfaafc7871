"""What the notes on a client, a deal and an activity say now."""

from events.activity import ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn
from events.client import ClientNoted, ClientNoteEdited, ClientNoteWithdrawn, ClientRegistered
from events.deal import DealNoted, DealOpened
from projections.interactions.notes import NoteRow, notes
from tests.examples import CALL, REMARK, ROMASHKA, SALE, fact
from tests.read_api.office import Office
from tests.story import given, moment, nth_id, on

WRITTEN = NoteRow(ROMASHKA, REMARK, "client", text="Call before noon", author="story", written_at=moment(1))


def test_a_note_says_who_wrote_it_and_when() -> None:
    given(on(ROMASHKA, fact(ClientNoted))).shows(notes, WRITTEN)


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


def test_notes_are_asked_of_what_they_are_about(desk: Office) -> None:
    other = ClientNoted(note_id=nth_id(7), text="Prefers letters")
    visit = given(
        on(ROMASHKA, fact(ClientRegistered), fact(ClientNoted), other, fact(ClientNoteEdited)),
        on(SALE, fact(DealOpened), fact(DealNoted)),
    ).at(desk)
    about_client = [
        {"note_id": nth_id(7), "client_id": ROMASHKA, "text": "Prefers letters", "author": "story", "deal_id": None},
        {"note_id": REMARK, "client_id": ROMASHKA, "text": "Call after four", "edited_at": moment(4)},
    ]
    visit.asks(f"/clients/{ROMASHKA}/notes?count=true").answers({"items": about_client, "count": 2})
    visit.asks(f"/clients/{ROMASHKA}/notes?limit=1").answers({"items": about_client[:1]})
    visit.asks(f"/deals/{SALE}/notes").answers({"items": [{"note_id": REMARK, "deal_id": SALE}]})
    for nothing in (f"/clients/{SALE}/notes", f"/deals/{ROMASHKA}/notes", f"/activities/{CALL}/notes"):
        visit.asks(nothing).refuses(404, "not-found")


def test_an_activity_counts_the_notes_that_stand_and_tells_the_last_of_them(desk: Office) -> None:
    from events.activity import ActivityHeld

    first, second = fact(ActivityNoted), ActivityNoted(note_id=nth_id(7), text="Sent it")
    edited = fact(ActivityNoteEdited)
    withdrawn = fact(ActivityNoteWithdrawn, note_id=nth_id(7))
    for happened, count, last in (
        ((), 0, None),
        ((first, second), 2, "Sent it"),
        ((first, second, edited), 2, "Sent it"),
        ((first, edited), 1, "Asked for two catalogues"),
        ((first, second, withdrawn), 1, "Asked for a catalogue"),
        ((first, second, edited, withdrawn, fact(ActivityNoteWithdrawn)), 0, None),
    ):
        visit = given(on(CALL, fact(ActivityHeld), *happened)).at(desk)
        visit.asks(f"/activities/{CALL}").answers({"note_count": count, "last_note": last})
        visit.asks("/activities").answers({"items": [{"note_count": count, "last_note": last}]})
