"""Questions about what was reached of plans: of one, and the counters of whoever asks."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json, to_json

from infra.amounts import amount_text
from infra.log.past_log import AsOf
from read_api import views
from read_api.plan_reached import Progress, progress_of
from read_api.plans import OF_THE_COMPANY
from read_api.reading.answer import Whole
from read_api.reading.asking import Ask
from read_api.reading.declaring import Asking, Questions
from read_api.reading.question import PastQuestion
from read_api.reading.statement import Seen, Statement
from read_api.roles import FRONT_OFFICE

router = Questions("staff")


class OneProgress(Progress, Whole):
    """The progress of one plan."""


class MyCounters(Whole):
    """The plans that count today of who asks: their own, of their team and branch, of whom they head, the company's."""

    staff_id: UUID
    plans: list[Progress]


PROGRESS = progress_of("p.plan_id = %(plan_id)s")
MINE = progress_of(
    f"""p.begins_on <= %(today)s::date AND p.ends_on >= %(today)s::date AND p.withdrawn_at IS NULL
        AND EXISTS (
            SELECT FROM {views.STAFF_DIRECTORY} AS i
            WHERE i.staff_id = %(staff)s
                AND ({OF_THE_COMPANY} OR i.staff_id = p.staff_id OR i.team_id = p.team_id OR i.branch_id = p.branch_id)
            UNION ALL
            SELECT FROM {views.STAFF_DIRECTORY} AS led WHERE led.staff_id = p.staff_id AND led.head_id = %(staff)s
            UNION ALL
            SELECT FROM {views.UNITS} AS u WHERE u.unit_id IN (p.team_id, p.branch_id) AND u.head_id = %(staff)s
        )"""  # noqa: S608 - constants
)


class ProgressQuestion(PastQuestion):
    """With or without those who did it."""

    by_staff: Annotated[bool, Field(description="Say as well what each of the staff did towards the plan.")] = False


@router.question(
    "/plans/{plan_id}/progress", "What was reached of a plan, and what is left", answers=OneProgress, roles=FRONT_OFFICE
)
async def get_plan_progress(plan_id: UUID, ask: Asking, question: Annotated[ProgressQuestion, Query()]) -> Response:
    values = {**_today(ask, question), "plan_id": plan_id, "by_staff": question.by_staff}
    seen, found, closed_at = await _asked(ask, PROGRESS, values, question)
    if not found:
        raise ask.absent("plan", plan_id, seen)
    [progress] = found
    if closed_at is not None:
        closing = AsOf(occurred=ask.as_of(question.as_of).occurred, position=closed_at)
        async with ask.desk.past.looking(closing, PROGRESS.views, None) as past:
            _, [(then, _)] = await past.fetch(PROGRESS, values)
        _compare(progress, from_json(then)[0])
    return ask.answer(to_json(progress), seen)


@router.question(
    "/my-counters",
    "The plans of today that are mine, of my team and branch, of whom I head and of the company: done and left",
    answers=MyCounters,
    roles=FRONT_OFFICE,
)
async def get_my_counters(ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    values = {**_today(ask, question), "staff": ask.own_id, "by_staff": False}
    seen, found, _ = await _asked(ask, MINE, values, question)
    return ask.answer(to_json({"staff_id": ask.own_id, "plans": found}), seen)


def _today(ask: Ask, question: PastQuestion) -> dict[str, Any]:
    """Return what every progress is asked with: the company's day that the answer is for, and its zone."""
    return {"today": ask.now(question.as_of).date(), "zone": ask.desk.zone.key}


async def _asked(
    ask: Ask, statement: Statement, values: Mapping[str, Any], question: PastQuestion
) -> tuple[Seen, list[dict[str, Any]], int | None]:
    """Return the plans with what was reached of each, and the last position at which one of them was closed."""
    async with ask.then(question, statement.views) as asked:
        seen, [(found, closed_at)] = await asked.fetch(statement, values, question.min_position)
    return seen, from_json(found), closed_at


def _compare(progress: dict[str, Any], then: Mapping[str, Any]) -> None:
    """Say of each target what was known when the period was closed, and what was corrected since."""
    known = {(each["metric"], each["currency"]): each["done"] for each in then["reached"]}
    for each in progress["reached"]:
        at_close = known[each["metric"], each["currency"]]
        each["at_close"] = at_close
        each["since_close"] = _written_number(Decimal(each["done"]) - Decimal(at_close), each["currency"])


def _written_number(number: Decimal, currency: str | None) -> str:
    """Return a number as text: of a sum as amounts are written."""
    return f"{number:f}" if currency is None else amount_text(number, currency)
