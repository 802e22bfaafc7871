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


def _unit_named(kind: str) -> str:
    """Return the condition that somebody belongs to the unit of a name."""
    return (
        f"s.{kind}_id IN (SELECT u.unit_id FROM read.units_v1 AS u"  # noqa: S608 - constants
        f" WHERE u.kind = '{kind}' AND u.name = %({kind})s)"
    )


STAFF = Listing(
    name="staff",
    view="staff_directory",
    shape=2,
    alias="s",
    item={
        "staff_id": "s.staff_id",
        "name": "s.name",
        "role": "s.role",
        "team": "t.name",
        "team_id": "s.team_id",
        "branch": "b.name",
        "branch_id": "s.branch_id",
        "head_id": "s.head_id",
        "hired_at": "s.hired_at",
        "departed_at": "s.departed_at",
        "successor_id": "s.successor_id",
        "version": "s.version",
        "position": "s.position",
    },
    order={"name": "text", "staff_id": "uuid"},
    always="s.name IS NOT NULL",
    filters={
        "head": "s.head_id = %(head)s",
        "role": "s.role = %(role)s",
        "team": _unit_named("team"),
        "branch": _unit_named("branch"),
        "team_id": "s.team_id = %(team_id)s",
        "branch_id": "s.branch_id = %(branch_id)s",
        "active": "(s.departed_at IS NULL) = %(active)s",
    },
    joins="""LEFT JOIN read.units_v1 AS t ON t.unit_id = s.team_id
LEFT JOIN read.units_v1 AS b ON b.unit_id = s.branch_id""",
    joined=("units",),
)

UNITS = Listing(
    name="units",
    view="units",
    shape=1,
    alias="u",
    item={
        name: f"u.{name}"
        for name in ("unit_id", "kind", "name", "head_id", "opened_at", "closed_at", "version", "position")
    },
    order={"name": "text", "unit_id": "uuid"},
    always="u.name IS NOT NULL",
    filters={"kind": "u.kind = %(kind)s", "open": "(u.closed_at IS NULL) = %(open)s"},
)

PLACES = Listing(
    name="places",
    view="staff_places",
    shape=1,
    alias="p",
    item={
        "event_position": "p.event_position",
        "team_id": "p.team_id",
        "team": "t.name",
        "branch_id": "p.branch_id",
        "branch": "b.name",
        "head_id": "p.head_id",
        "has_left": "p.has_left",
        "since": "p.since",
        "until": "p.until",
        "recorded_at": "p.recorded_at",
        "actor": "p.actor",
    },
    order={"event_position": "bigint"},
    always="true",
    filters={"staff_id": "p.staff_id = %(staff_id)s"},
    steady=frozenset({"staff_id"}),
    joins="""LEFT JOIN read.units_v1 AS t ON t.unit_id = p.team_id
LEFT JOIN read.units_v1 AS b ON b.unit_id = p.branch_id""",
    joined=("units",),
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
    FROM read.staff_directory_v2 AS s
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
    team_id: UUID | None = None
    branch: PlainText | None = None
    branch_id: UUID | None = None
    active: bool | None = None


class UnitsQuestion(PageQuestion):
    """Which teams and branches."""

    kind: Annotated[Literal["team", "branch"] | None, Field(description="Only teams, or only branches.")] = None
    open: bool | None = None


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


@router.get("/units", summary="Teams and branches by name", **described("list_units", answers.Page[answers.Unit]))
async def list_units(ask: Asking, question: Annotated[UnitsQuestion, Query()]) -> Response:
    return await ask.page(UNITS, question)


@router.get(
    "/staff/{staff_id}/places",
    summary="Where a staff member worked when",
    **described("get_staff_places", answers.Page[answers.StaffPlace], has_id=True),
)
async def get_staff_places(staff_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await ask.page(PLACES, question, {"staff_id": staff_id})


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
