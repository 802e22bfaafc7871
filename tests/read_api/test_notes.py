"""Notes as they are asked for over HTTP, and what an activity says of its notes."""

from events.activity import ActivityClientNamed, ActivityHeld, ActivityNoted, ActivityNoteEdited, ActivityNoteWithdrawn
from events.client import ClientNoted, ClientNoteEdited, ClientRegistered
from events.deal import DealNoted, DealOpened
from read_api.client_card import LATEST, ClientCard
from read_api.notes import Note
from read_api.reading.answer import Page
from tests.examples import CALL, REMARK, ROMASHKA, SALE, fact
from tests.read_api.office import Office
from tests.story import given, moment, nth_id, on


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
    told = visit.asks(f"/clients/{ROMASHKA}/notes?count=true").answers({"items": about_client, "count": 2})
    Page[Note].model_validate(told.response.json())
    visit.asks(f"/clients/{ROMASHKA}/notes?limit=1").answers({"items": about_client[:1]})
    visit.asks(f"/deals/{SALE}/notes").answers({"items": [{"note_id": REMARK, "deal_id": SALE}]})
    for nothing in (f"/clients/{SALE}/notes", f"/deals/{ROMASHKA}/notes", f"/activities/{CALL}/notes"):
        visit.asks(nothing).refuses(404, "not-found")


def test_an_activity_counts_the_notes_that_stand_and_tells_the_last_of_them(desk: Office) -> None:
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


def test_a_card_tells_the_latest_notes_and_entries_of_the_story_as_their_lists_do(desk: Office) -> None:
    notes = [ClientNoted(note_id=nth_id(number), text=f"Note {number}") for number in range(LATEST + 2)]
    # What the call had before its client was known is found another way.
    call = fact(ActivityHeld, client_id=None)
    told = (on(CALL, call, fact(ActivityNoted)), on(ROMASHKA, fact(ClientRegistered), *notes))
    visit = given(*told, on(CALL, fact(ActivityClientNamed), about=ROMASHKA, concerning=(ROMASHKA,))).at(desk)
    card, path = visit.asks(f"/clients/{ROMASHKA}?include=notes,timeline"), f"/clients/{ROMASHKA}"
    for name in ("notes", "timeline"):
        whole = visit.asks(f"{path}/{name}").response.json()["items"]
        assert len(whole) > LATEST
        card.answers({name: whole[:LATEST]})
    ClientCard.model_validate(card.response.json())
    story = given(*told[:1], on(ROMASHKA, fact(ClientRegistered)), on(CALL, fact(ActivityClientNamed))).at(desk)
    short = story.asks(f"{path}?include=timeline,notes,deals")
    short.answers({"notes": [], "deals": {"items": []}})
    assert short.response.json()["timeline"] == story.asks(f"{path}/timeline").response.json()["items"]
    assert "activity.held" in {each["topic"] for each in short.response.json()["timeline"]}
