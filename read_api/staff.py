"""Questions about the staff: the directory, and what a staff member did in a period."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import figures, views
from read_api.figures import claims_of, contacts_of, endings_of, openings_of, sums_won_of
from read_api.lists import StaffRole, UnitKind
from read_api.reading.answer import Answer, Page, Sql, Sum, Whole, json_of, list_of, page_or_part_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.moments import period
from read_api.reading.paging import Listing, Sorting, item_statement
from read_api.reading.question import Day, ListQuestion, PageQuestion, PastQuestion, PlainText
from read_api.reading.seen import sees_figures_of
from read_api.reading.statement import Statement
from read_api.roles import EVERYBODY, FRONT_OFFICE, Role, Roles

router = Questions("staff")

SEEING_STAFF: Roles = FRONT_OFFICE | frozenset[Role]({"ops"})

_PERIOD = ("%(staff)s", "%(begin)s", "%(end)s")
_WON = Sql(list_of(json_of(Sum, "w"), f"({sums_won_of(*_PERIOD)}) AS w", order="w.currency"))

_MEMBERS = Sql(
    f"""(
        SELECT count(*)
        FROM {views.STAFF_DIRECTORY} AS m
        WHERE {{row}}.unit_id IN (m.team_id, m.branch_id) AND m.departed_at IS NULL
    )"""  # noqa: S608 - constants
)


class StaffMember(Whole):
    """A staff member as the directory shows them."""

    staff_id: UUID
    name: str
    role: StaffRole
    team: Annotated[str | None, Sql("t.name")]
    team_id: UUID | None
    branch: Annotated[str | None, Sql("b.name")]
    branch_id: UUID | None
    head_id: UUID | None
    hired_at: datetime
    date_unknown: bool
    departed_at: datetime | None
    successor_id: UUID | None
    suspended_at: datetime | None
    version: int
    position: int


class Unit(Answer):
    """A team or a branch."""

    unit_id: UUID
    kind: UnitKind
    name: str
    head_id: UUID | None
    members: Annotated[int, _MEMBERS] = Field(description="How many of the staff work there now.")
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
    """What a staff member did in a period of whole days, counted from what the lists show (docs/figures.md)."""

    staff_id: UUID
    name: str | None
    from_day: Annotated[date, Sql("%(since)s::date")]
    to_day: Annotated[date, Sql("%(until)s::date")]
    contacts: int
    meetings: int
    calls: int
    offers: int
    deals_opened: int
    deals_won: int
    deals_lost: int
    clients_claimed: int
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
    order={"name_sort": "text", "staff_id": "uuid"},
    always="s.name IS NOT NULL",
    filters={
        "ids": "s.staff_id = ANY(%(ids)s::uuid[])",
        "head": "s.head_id = %(head)s",
        "role": "s.role = %(role)s",
        "team": _unit_named("team"),
        "branch": _unit_named("branch"),
        "team_id": "s.team_id = %(team_id)s",
        "branch_id": "s.branch_id = %(branch_id)s",
        "active": "(s.departed_at IS NULL) = %(active)s",
    },
    joins=_units_of("s"),
    names=(views.UNITS,),
    beside={"team": (views.UNITS,), "branch": (views.UNITS,)},
    sortings={"name": Sorting({"name": "text", "staff_id": "uuid"})},
)

MEMBER = item_statement(STAFF, "s.staff_id = %(staff_id)s")

UNITS = Listing(
    name="units",
    view=views.UNITS,
    alias="u",
    item=Unit,
    order={"name_sort": "text", "unit_id": "uuid"},
    always="u.name IS NOT NULL",
    filters={"kind": "u.kind = %(kind)s", "open": "(u.closed_at IS NULL) = %(open)s"},
    rests_on=(views.STAFF_DIRECTORY,),
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
    SELECT {json_of(Counters, "n")}::text
    FROM (
        SELECT s.staff_id, s.name, h.*, o.*, e.*, c.*
        FROM {views.STAFF_DIRECTORY} AS s
        CROSS JOIN ({contacts_of(*_PERIOD)}) AS h
        CROSS JOIN ({openings_of(*_PERIOD)}) AS o
        CROSS JOIN ({endings_of(*_PERIOD)}) AS e
        CROSS JOIN ({claims_of(*_PERIOD)}) AS c
        WHERE s.staff_id = %(staff)s AND {sees_figures_of("%(staff)s")}
    ) AS n
)
FROM seen"""  # noqa: S608 - put together from constants
COUNTERS = Statement(_COUNTERS, (*figures.VIEWS, views.STAFF_DIRECTORY))


class StaffQuestion(ListQuestion):
    """Which of the staff."""

    head: UUID | None = None
    role: Role | None = None
    team: PlainText | None = None
    team_id: UUID | None = None
    branch: PlainText | None = None
    branch_id: UUID | None = None
    active: bool | None = None
    sort: Literal["name", "-name"] | None = None


class UnitsQuestion(PageQuestion):
    """Which teams and branches."""

    kind: Annotated[UnitKind | None, Field(description="Only teams, or only branches.")] = None
    open: bool | None = None


class CountersQuestion(PastQuestion):
    """Which period, both days included; unless said it ends today, and begins with the month that it ends in."""

    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None


@router.question("/staff", "The staff by name", answers=page_or_part_of(StaffMember), roles=SEEING_STAFF)
async def list_staff(ask: Asking, question: Annotated[StaffQuestion, Query()]) -> Response:
    return await ask.page(STAFF, question)


@router.question("/staff/{staff_id}", "One staff member", answers=StaffMember, roles=SEEING_STAFF)
async def get_staff_member(staff_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(MEMBER, {"staff_id": staff_id}, question, ("staff", staff_id))


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
    today = ask.now(question.as_of).date()
    until = question.until or today
    since = question.since or until.replace(day=1)
    begin, end = period(since, until, ask.desk.zone)
    values = {"staff": staff_id, "since": since, "until": until, "begin": begin, "end": end}
    return await ask.one(COUNTERS, values, question, ("staff", staff_id), rests_on_others=True)
