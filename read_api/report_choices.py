"""Whom reports can be asked for, by name: for those too whom the directory of the staff does not tell more."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic_core import to_json

from read_api.analytics import NAMES, REPORTING, whose_work
from read_api.reading.answer import Answer, Items
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import Question

router = Questions("analytics")


class Reported(Answer):
    """Somebody whose work reports count."""

    staff_id: UUID
    name: str


@router.question("/analytics/staff", "Whose work reports can be asked for", answers=Items[Reported], roles=REPORTING)
async def list_reported_staff(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    seen, rows = await ask.fetch(NAMES, {}, question.min_position)
    within = whose_work(ask)
    items = [
        {"staff_id": staff_id, "name": name}
        for staff_id, name in rows
        if name is not None and (within is None or staff_id in within)
    ]
    return ask.answer(to_json({"items": sorted(items, key=lambda one: str(one["name"]).casefold())}), seen)
