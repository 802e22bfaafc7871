"""Questions about the staff: the directory, and what somebody did in a period."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from read_api import answers
from read_api.reading.asking import Asking, PageQuestion, PlainText, Question, described
from read_api.reading.desk import SEEN
from read_api.reading.paging import Listing

router = APIRouter(tags=["staff"])

STAFF = Listing(
    name="staff",
    view="staff_directory",
    shape=1,
    alias="s",
    item={
        name: f"s.{name}"
        for name in (
            "staff_id",
            "name",
            "role",
            "team",
            "branch",
            "head_id",
            "hired_at",
            "departed_at",
            "successor_id",
            "version",
            "position",
        )
    },
    order={"name": "text", "staff_id": "uuid"},
    always="s.name IS NOT NULL",
    filters={
        "head": "s.head_id = %(head)s",
        "role": "s.role = %(role)s",
        "team": "s.team = %(team)s",
        "branch": "s.branch = %(branch)s",
        "active": "(s.departed_at IS NULL) = %(active)s",
    },
)

COUNTED = (
    "contacts",
    "meetings",
    "calls",
    "offers",
    "deals_opened",
    "deals_won",
    "deals_lost",
    "clients_claimed",
)
_SUMS = ", ".join(f"'{name}', coalesce(sum(n.{name}), 0)" for name in COUNTED)
COUNTERS = f"""{SEEN}
SELECT seen.*, (
    SELECT (
        SELECT json_build_object(
            'staff_id', s.staff_id, 'name', s.name, 'from_day', %(since)s::date, 'to_day', %(until)s::date, {_SUMS},
            'won', (
                SELECT coalesce(json_agg(json_build_object('currency', w.key, 'amount', w.amount::text)
                    ORDER BY w.key), '[]')
                FROM (
                    SELECT e.key, sum(e.value::numeric) AS amount
                    FROM read.staff_counters_v1 AS m
                    CROSS JOIN LATERAL jsonb_each_text(m.won) AS e
                    WHERE m.staff_id = %(staff)s AND m.day BETWEEN %(since)s::date AND %(until)s::date
                    GROUP BY e.key
                ) AS w
            )
        )::text
        FROM read.staff_counters_v1 AS n
        WHERE n.staff_id = %(staff)s AND n.day BETWEEN %(since)s::date AND %(until)s::date
    )
    FROM read.staff_directory_v1 AS s
    WHERE s.staff_id = %(staff)s
)
FROM seen"""  # noqa: S608 - put together from constants


class StaffQuestion(PageQuestion):
    """Which of the staff."""

    head: UUID | None = None
    role: (
        Literal[
            "seller",
            "head",
            "operator",
            "marketer",
            "service_agent",
            "analyst",
            "auditor",
            "ops",
            "admin",
            "integration",
        ]
        | None
    ) = None
    team: PlainText | None = None
    branch: PlainText | None = None
    active: bool | None = None


def _written_out(value: Any) -> Any:
    """Take no bare number for a day: "0" would be read as seconds, and be a day of 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise PydanticCustomError("date_parsing", "a day is its year, month and day")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]


class CountersQuestion(Question):
    """Which period, both days included; from the first of this month to today, unless said."""

    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None


@router.get("/staff", summary="The staff by name", **described("list_staff", answers.Page[answers.StaffMember]))
async def list_staff(ask: Asking, question: Annotated[StaffQuestion, Query()]) -> Response:
    return await ask.page(STAFF, question)


@router.get(
    "/staff/{staff_id}/counters",
    summary="What a staff member did in a period",
    **described("get_staff_counters", answers.Counters, has_id=True),
)
async def get_staff_counters(staff_id: UUID, ask: Asking, question: Annotated[CountersQuestion, Query()]) -> Response:
    today = datetime.now(ask.desk.zone).date()
    values = {
        "staff": staff_id,
        "since": question.since or today.replace(day=1),
        "until": question.until or today,
    }
    views = ("staff_counters", "staff_directory")
    return await ask.one(COUNTERS, values, views, question, ("staff member", staff_id))
