"""Questions about plans: which there are, and what is to be reached by them."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.lists import Metric
from read_api.reading.answer import Answer, Page, Sql, Whole, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion, PlainDay
from read_api.reading.seen import sees_figures_of
from read_api.roles import FRONT_OFFICE

router = Questions("staff")


def named(column: str, view: str, key: str) -> Sql:
    """Return the name of what a column of the plan names."""
    return Sql(f"(SELECT n.name FROM {view} AS n WHERE n.{key} = {{row}}.{column})")  # noqa: S608 - constants


class PlanTarget(Answer):
    """What is to be reached of one metric (docs/figures.md); numbers are decimal text, of a sum in its currency.

    `first_target` is what was agreed at first; the present one holds since the day `since`, if one was named.
    """

    metric: Metric
    currency: str | None
    target: str
    first_target: str
    since: date | None


def targets_of(row: str) -> str:
    """Return the set `g` (metric, currency, target, first_target, since, order) of a plan's targets, for a FROM."""
    return f"""jsonb_each({row}.targets) AS of_plan
        CROSS JOIN LATERAL jsonb_to_record(of_plan.value) AS g (
            metric text, currency text, target text, first_target text, since date, "order" integer
        )"""


_ANSWERER = f"""coalesce(
        {{row}}.staff_id,
        (SELECT u.head_id FROM {views.UNITS} AS u WHERE u.unit_id IN ({{row}}.team_id, {{row}}.branch_id))
    )"""  # noqa: S608 - constants
_TARGETS = Sql(list_of(json_of(PlanTarget, "g"), targets_of("{row}"), order='g."order"'))


class Plan(Whole):
    """What somebody, a team, a branch or (none of these) the company is to reach from one day to another, both in it.

    It holds from its agreement on; `answerer_id` accepts or contests it, anew after an adjustment: that of a unit its
    head, and where there is none, as for the company's, any head.
    """

    plan_id: UUID
    staff_id: UUID | None
    staff_name: Annotated[str | None, named("staff_id", views.STAFF_DIRECTORY, "staff_id")]
    team_id: UUID | None
    team: Annotated[str | None, named("team_id", views.UNITS, "unit_id")]
    branch_id: UUID | None
    branch: Annotated[str | None, named("branch_id", views.UNITS, "unit_id")]
    answerer_id: Annotated[UUID | None, Sql(_ANSWERER)]
    begins_on: date
    ends_on: date
    targets: Annotated[list[PlanTarget], _TARGETS]
    agreed_at: datetime
    agreed_by: str
    accepted_at: datetime | None
    contested_at: datetime | None
    contested_because: str | None
    withdrawn_at: datetime | None
    closed_at: datetime | None
    version: int
    position: int


OF_THE_COMPANY = "coalesce(p.staff_id, p.team_id, p.branch_id) IS NULL"
_WORKS_THERE = f"""EXISTS (
        SELECT FROM {views.STAFF_DIRECTORY} AS m
        WHERE (m.team_id = p.team_id OR m.branch_id = p.branch_id) AND m.departed_at IS NULL
            AND {sees_figures_of("m.staff_id")}
    )"""
SEES_PLAN = f"({OF_THE_COMPANY} OR {sees_figures_of('p.staff_id')} OR {_WORKS_THERE})"
"""Who sees the figures of one who works in a unit sees the unit's; the company's everybody sees."""

PLANS = Listing(
    name="plans",
    view=views.PLANS,
    alias="p",
    item=Plan,
    order={"ends_on": "date", "begins_on": "date", "plan_id": "uuid"},
    always=f"p.agreed_at IS NOT NULL AND {SEES_PLAN}",
    filters={
        "staff": "p.staff_id = %(staff)s",
        "of_unit": "%(of_unit)s IN (p.team_id, p.branch_id)",
        "on": "p.begins_on <= %(on)s::date AND p.ends_on >= %(on)s::date",
        "standing": "(p.withdrawn_at IS NULL AND p.closed_at IS NULL) = %(standing)s",
    },
    names=(views.STAFF_DIRECTORY, views.UNITS),
    rests_on=(views.STAFF_DIRECTORY,),
    descending=True,
)

PLAN = item_statement(PLANS, "p.plan_id = %(plan_id)s")


class PlansQuestion(PageQuestion):
    """Which plans; the last period comes first."""

    staff: UUID | None = None
    of_unit: UUID | None = None
    on: PlainDay | None = None
    standing: bool | None = None


@router.question("/plans", "Plans, the last period first", answers=Page[Plan], roles=FRONT_OFFICE)
async def list_plans(ask: Asking, question: Annotated[PlansQuestion, Query()]) -> Response:
    return await ask.page(PLANS, question)


@router.question("/plans/{plan_id}", "One plan", answers=Plan, roles=FRONT_OFFICE)
async def get_plan(plan_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(PLAN, {"plan_id": plan_id}, question, ("plan", plan_id), rests_on_others=True)
