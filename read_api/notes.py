"""Questions about notes: what was noted on a client, a deal or an activity."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Page, Sql, exists
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.roles import FRONT_OFFICE

router = Questions("notes")


def _of(kind: str) -> Sql:
    """Return the id of what the note is about, if that is of this kind."""
    return Sql(f"CASE WHEN {{row}}.about = '{kind}' THEN {{row}}.about_id END")


class Note(Answer):
    """A note on a client, a deal or an activity; one that was withdrawn has no text, but a moment and a reason."""

    note_id: UUID
    client_id: Annotated[UUID | None, _of("client")]
    deal_id: Annotated[UUID | None, _of("deal")]
    activity_id: Annotated[UUID | None, _of("activity")]
    text: str | None
    author: str
    author_name: Annotated[str | None, Sql("s.name")]
    written_at: datetime
    edited_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdraw_reason: str | None


def _listing(kind: str) -> Listing:
    return Listing(
        name=f"notes on {kind}",
        view=views.NOTES,
        alias="n",
        item=Note,
        order={"written_at": "timestamptz", "note_id": "uuid"},
        always=f"n.about_id = %(about_id)s AND n.about = '{kind}' AND n.written_at IS NOT NULL",
        filters={"about_id": "true"},
        steady=frozenset({"about_id"}),
        joins=f"LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = n.author_id",
        names=(views.STAFF_DIRECTORY,),
        descending=True,
    )


NOTES = {kind: _listing(kind) for kind in ("client", "deal", "activity")}
"""The notes on each kind of thing, the newest first."""

EXISTS = {
    "client": exists(views.CLIENT_CARD, "v.client_id = %(about_id)s AND v.registered_at IS NOT NULL"),
    "deal": exists(views.PIPELINE_BOARD, "v.deal_id = %(about_id)s AND v.opened_at IS NOT NULL"),
    "activity": exists(views.ACTIVITIES, "v.activity_id = %(about_id)s AND v.takes_place_at IS NOT NULL"),
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


async def _notes_on(ask: Ask, kind: str, about_id: UUID, question: PageQuestion) -> Response:
    """Answer with one page of the notes on one thing; of what there is not, with 404."""
    return await ask.page_about(NOTES[kind], question, (kind, about_id), EXISTS[kind], about_id=about_id)
