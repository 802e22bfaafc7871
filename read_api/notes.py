"""Questions about notes: what was noted on a client, a deal or an activity."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Page, Sql, exists
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, is_named
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.reading.seen import Kind, sees, sees_one, text
from read_api.roles import FRONT_OFFICE

router = Questions("notes")


def _of(kind: str) -> Sql:
    """Return the id of what the note is about, if that is of this kind."""
    return Sql(f"CASE WHEN {{row}}.about = '{kind}' THEN {{row}}.about_id END")


_OF_CLIENT = Sql(f"CASE WHEN {{row}}.about = 'client' THEN {answers('{row}.about_id')} END")


def _is_about(kind: Kind) -> str:
    return is_named("n.about_id", "%(about_id)s") if kind == "client" else "n.about_id = %(about_id)s"


class Note(Answer):
    """A note on a client, a deal or an activity; one that was withdrawn has no text, but a moment and a reason."""

    note_id: UUID
    client_id: Annotated[UUID | None, _OF_CLIENT]
    deal_id: Annotated[UUID | None, _of("deal")]
    activity_id: Annotated[UUID | None, _of("activity")]
    text: Annotated[str | None, Sql(text("{column}"))]
    author: str
    author_name: Annotated[str | None, Sql("s.name")]
    written_at: datetime
    edited_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdraw_reason: Annotated[str | None, Sql(text("{column}"))]


def _listing(kind: Kind) -> Listing:
    return Listing(
        name=f"notes on {kind}",
        view=views.NOTES,
        alias="n",
        item=Note,
        order={"written_at": "timestamptz", "note_id": "uuid"},
        always=f"{_is_about(kind)} AND n.about = '{kind}' AND n.written_at IS NOT NULL"
        f" AND {sees_one(kind, '%(about_id)s')}",
        filters={"about_id": "true"},
        steady=frozenset({"about_id"}),
        joins=f"LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = n.author_id",
        names=(views.STAFF_DIRECTORY,),
        descending=True,
    )


KINDS: tuple[Kind, ...] = ("client", "deal", "activity")

NOTES = {kind: _listing(kind) for kind in KINDS}
"""The notes on each kind of thing, the newest first."""

_ABOUT: tuple[tuple[Kind, str, str], ...] = (
    ("client", views.CLIENT_CARD, "registered_at"),
    ("deal", views.PIPELINE_BOARD, "opened_at"),
    ("activity", views.ACTIVITIES, "takes_place_at"),
)
_ASKED: dict[Kind, str] = {
    "client": answers("%(about_id)s::uuid"),
    "deal": "%(about_id)s",
    "activity": "%(about_id)s",
}
EXISTS = {
    kind: exists(view, f"v.{kind}_id = {_ASKED[kind]} AND v.{known} IS NOT NULL AND {sees(kind, 'v')}")
    for kind, view, known in _ABOUT
}
"""Whether there is what notes are asked of."""


@router.question("/clients/{client_id}/notes", "Notes on a client", answers=Page[Note], roles=FRONT_OFFICE)
async def list_client_notes(client_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await _notes_on(ask, "client", client_id, question)


@router.question("/deals/{deal_id}/notes", "Notes on a deal", answers=Page[Note], roles=FRONT_OFFICE)
async def list_deal_notes(deal_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await _notes_on(ask, "deal", deal_id, question)


@router.question("/activities/{activity_id}/notes", "Notes on an activity", answers=Page[Note], roles=FRONT_OFFICE)
async def list_activity_notes(activity_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await _notes_on(ask, "activity", activity_id, question)


async def _notes_on(ask: Ask, kind: Kind, about_id: UUID, question: PageQuestion) -> Response:
    """Answer with one page of the notes on one thing; of what there is not, with 404."""
    return await ask.page_about(NOTES[kind], question, (kind, about_id), EXISTS[kind], about_id=about_id)
