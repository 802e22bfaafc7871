"""The question what the staff hold: what becomes somebody else's when one of them leaves, or sells no more."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field

from read_api import views
from read_api.reading.answer import Answer, Page, Sql
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import stands
from read_api.reading.paging import Listing
from read_api.reading.question import AT_ONCE, PageQuestion, one_by_one
from read_api.reading.seen import sees_figures_of
from read_api.roles import FRONT_OFFICE

router = Questions("staff")


def _counted(view: str, condition: str) -> Sql:
    return Sql(f"(SELECT count(*) FROM {view} AS h WHERE {condition})")  # noqa: S608 - constants


class Holdings(Answer):
    """What is a staff member's: the clients they own, the open deals they lead, the activities planned for them."""

    staff_id: UUID
    name: str | None
    clients: Annotated[int, _counted(views.CLIENT_CARD, f"h.owner_id = {{row}}.staff_id AND {stands('h')}")]
    deals: Annotated[int, _counted(views.PIPELINE_BOARD, "h.seller_id = {row}.staff_id AND h.status = 'open'")]
    activities: Annotated[int, _counted(views.ACTIVITIES, "h.staff_id = {row}.staff_id AND h.state = 'planned'")]


HOLDINGS = Listing(
    name="holdings",
    view=views.STAFF_DIRECTORY,
    alias="s",
    item=Holdings,
    order={"name_sort": "text", "staff_id": "uuid"},
    always=f"s.name IS NOT NULL AND {sees_figures_of('s.staff_id')}",
    filters={"ids": "s.staff_id = ANY(%(ids)s::uuid[])", "active": "(s.departed_at IS NULL) = %(active)s"},
    rests_on=(views.ACTIVITIES, views.CLIENT_CARD, views.PIPELINE_BOARD),
)


class HoldingsQuestion(PageQuestion):
    """Whose holdings."""

    ids: Annotated[list[UUID] | None, BeforeValidator(one_by_one), Field(max_length=AT_ONCE)] = None
    active: bool | None = None


@router.question(
    "/holdings",
    "How many clients, open deals and planned activities each of the staff has, by name",
    answers=Page[Holdings],
    roles=FRONT_OFFICE,
)
async def list_holdings(ask: Asking, question: Annotated[HoldingsQuestion, Query()]) -> Response:
    return await ask.page(HOLDINGS, question)
