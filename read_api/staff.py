"""Questions about the staff: the directory, and what a staff member did in a period."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from read_api import views
from read_api.reading.answer import Answer, Page, Sql, Sum, Whole, json_of, list_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion, PastQuestion, PlainText
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE, Role, Roles

router = Questions("staff")

SEEING_STAFF: Roles = FRONT_OFFICE | frozenset[Role]({"ops"})

TOTAL = Sql("coalesce(sum({column}), 0)")
_DAYS = "{alias}.staff_id = %(staff)s AND {alias}.day BETWEEN %(since)s::date AND %(until)s::date"
_WON = Sql(
    list_of(
        json_of(Sum, "w"),
        f"""(
            SELECT e.key AS currency, sum(e.value::numeric) AS amount
            FROM {views.STAFF_COUNTERS} AS m
            CROSS JOIN LATERAL jsonb_each_text(m.won) AS e
            WHERE {_DAYS.format(alias="m")}
            GROUP BY e.key
        ) AS w""",  # noqa: S608 - put together from constants
        order="w.currency",
    )
)


class StaffMember(Answer):
    """A staff member as the directory shows them."""

    staff_id: UUID
    name: str | None
    role: str | None
    team: str | None
    branch: str | None
    head_id: UUID | None
    hired_at: datetime | None
    departed_at: datetime | None
    successor_id: UUID | None
    version: int
    position: int


class Counters(Whole):
    """What a staff member did in a period of whole days."""

    staff_id: Annotated[UUID, Sql("s.staff_id")]
    name: Annotated[str | None, Sql("s.name")]
    from_day: Annotated[date, Sql("%(since)s::date")]
    to_day: Annotated[date, Sql("%(until)s::date")]
    contacts: Annotated[int, TOTAL]
    meetings: Annotated[int, TOTAL]
    calls: Annotated[int, TOTAL]
    offers: Annotated[int, TOTAL]
    deals_opened: Annotated[int, TOTAL]
    deals_won: Annotated[int, TOTAL]
    deals_lost: Annotated[int, TOTAL]
    clients_claimed: Annotated[int, TOTAL]
    won: Annotated[list[Sum], _WON]


STAFF = Listing(
    name="staff",
    view=views.STAFF_DIRECTORY,
    alias="s",
    item=StaffMember,
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

_COUNTERS = f"""
SELECT seen.*, (
    SELECT (
        SELECT {json_of(Counters, "n")}::text
        FROM {views.STAFF_COUNTERS} AS n
        WHERE {_DAYS.format(alias="n")}
    )
    FROM {views.STAFF_DIRECTORY} AS s
    WHERE s.staff_id = %(staff)s
)
FROM seen"""  # noqa: S608 - put together from constants
COUNTERS = Statement(_COUNTERS, (views.STAFF_COUNTERS, views.STAFF_DIRECTORY))


class StaffQuestion(PageQuestion):
    """Which of the staff."""

    head: UUID | None = None
    role: Role | None = None
    team: PlainText | None = None
    branch: PlainText | None = None
    active: bool | None = None


def _written_out(value: Any) -> Any:
    """Take no bare number for a day: "0" would be read as seconds, and be a day of 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise PydanticCustomError("date_parsing", "a day is its year, month and day")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]


class CountersQuestion(PastQuestion):
    """Which period, both days included; from the first of this month to today, unless said."""

    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None


@router.question("/staff", "The staff by name", answers=Page[StaffMember], roles=SEEING_STAFF)
async def list_staff(ask: Asking, question: Annotated[StaffQuestion, Query()]) -> Response:
    return await ask.page(STAFF, question)


@router.question(
    "/staff/{staff_id}/counters", "What a staff member did in a period", answers=Counters, roles=FRONT_OFFICE
)
async def get_staff_counters(staff_id: UUID, ask: Asking, question: Annotated[CountersQuestion, Query()]) -> Response:
    today = ask.now(question).date()
    values = {
        "staff": staff_id,
        "since": question.since or today.replace(day=1),
        "until": question.until or today,
    }
    return await ask.one(COUNTERS, values, question, ("staff member", staff_id))
