"""Questions about the staff: the directory, and what a staff member did in a period."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
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
from read_api.roles import EVERYBODY, FRONT_OFFICE, Role, Roles

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
    team: Annotated[str | None, Sql("t.name")]
    team_id: UUID | None
    branch: Annotated[str | None, Sql("b.name")]
    branch_id: UUID | None
    head_id: UUID | None
    hired_at: datetime | None
    date_unknown: bool
    departed_at: datetime | None
    successor_id: UUID | None
    version: int
    position: int


class Unit(Answer):
    """A team or a branch."""

    unit_id: UUID
    kind: str
    name: str | None
    head_id: UUID | None
    opened_at: datetime | None
    closed_at: datetime | None
    version: int
    position: int


class StaffPlace(Answer):
    """Where a staff member worked from `since` on, until `until`, if that has come; `has_left`: nowhere any more."""

    event_position: int
    team_id: UUID | None
    team: Annotated[str | None, Sql("t.name")]
    branch_id: UUID | None
    branch: Annotated[str | None, Sql("b.name")]
    head_id: UUID | None
    has_left: bool
    since: datetime
    until: datetime | None
    recorded_at: datetime
    actor: str


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


def _unit_named(kind: str) -> str:
    """Return the condition that somebody belongs to the unit of a name."""
    named = f"u.kind = '{kind}' AND u.name = %({kind})s"
    return f"s.{kind}_id IN (SELECT u.unit_id FROM {views.UNITS} AS u WHERE {named})"  # noqa: S608 - constants


def _units_of(alias: str) -> str:
    """Return the joins that name the team (t) and the branch (b) of a row."""
    return f"""LEFT JOIN {views.UNITS} AS t ON t.unit_id = {alias}.team_id
LEFT JOIN {views.UNITS} AS b ON b.unit_id = {alias}.branch_id"""


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
        "team": _unit_named("team"),
        "branch": _unit_named("branch"),
        "team_id": "s.team_id = %(team_id)s",
        "branch_id": "s.branch_id = %(branch_id)s",
        "active": "(s.departed_at IS NULL) = %(active)s",
    },
    joins=_units_of("s"),
    beside=(views.UNITS,),
)

UNITS = Listing(
    name="units",
    view=views.UNITS,
    alias="u",
    item=Unit,
    order={"name": "text", "unit_id": "uuid"},
    always="u.name IS NOT NULL",
    filters={"kind": "u.kind = %(kind)s", "open": "(u.closed_at IS NULL) = %(open)s"},
)

PLACES = Listing(
    name="places",
    view=views.STAFF_PLACES,
    alias="p",
    item=StaffPlace,
    order={"event_position": "bigint"},
    always="p.staff_id = %(staff_id)s",
    filters={"staff_id": "true"},
    steady=frozenset({"staff_id"}),
    parties=frozenset({"staff_id"}),
    joins=_units_of("p"),
    names=(views.UNITS,),
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


class CountersQuestion(PastQuestion):
    """Which period, both days included; from the first of this month to today, unless said."""

    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None


@router.question("/staff", "The staff by name", answers=Page[StaffMember], roles=SEEING_STAFF)
async def list_staff(ask: Asking, question: Annotated[StaffQuestion, Query()]) -> Response:
    return await ask.page(STAFF, question)


@router.question("/units", "Teams and branches by name", answers=Page[Unit], roles=EVERYBODY)
async def list_units(ask: Asking, question: Annotated[UnitsQuestion, Query()]) -> Response:
    return await ask.page(UNITS, question)


@router.question(
    "/staff/{staff_id}/places", "Where a staff member worked when", answers=Page[StaffPlace], roles=EVERYBODY
)
async def get_staff_places(staff_id: UUID, ask: Asking, question: Annotated[PageQuestion, Query()]) -> Response:
    return await ask.page(PLACES, question, {"staff_id": staff_id})


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
