"""Questions about touchpoints and tasks: lists, and what a staff member has to do today."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from read_api import views
from read_api.filters import OF_MEMBERS, member_of
from read_api.lists import ActivityStatus, CallStatus, Channel, Direction
from read_api.participants import PARTICIPANT, PARTICIPANTS, Participant
from read_api.reading.answer import Answer, Sql, Whole, json_of, page_or_part_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import ReadNotAllowedError
from read_api.reading.joined import answers, either, is_named, whoever
from read_api.reading.moments import period
from read_api.reading.paging import Listing, Sorting, item_statement
from read_api.reading.question import Day, ListQuestion, PastQuestion
from read_api.reading.seen import sees, text
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE, Roles

router = Questions("activities")

OTHERS_DAY: Roles = frozenset({"head", "admin", "auditor"})
"""They may look at the day of another staff member."""


CONTACT = "a.state = 'held' AND a.channel <> 'task' AND a.call_status IS DISTINCT FROM 'misdial'"
"""What counts as a contact: a touchpoint that took place. A task is our own work, a misdial meant somebody else."""


NOTE_COUNT = "(SELECT count(*) FROM jsonb_object_keys({row}.notes))"
LAST_NOTE = """(SELECT n.value ->> 'text' FROM jsonb_each({row}.notes) AS n
    ORDER BY (n.value ->> 'order')::integer DESC LIMIT 1)"""


Text = Annotated[str | None, Sql(text("{column}"))]
"""What somebody wrote about an activity; null for who may not read it."""


class Activity(Whole):
    """One touchpoint or task, planned, held or cancelled; docs/figures.md says which are contacts."""

    activity_id: UUID
    state: ActivityStatus
    channel: Channel | None
    direction: Direction | None
    staff_id: UUID | None
    staff_name: Annotated[str | None, Sql("s.name")]
    client_id: Annotated[UUID | None, Sql(answers("{column}"))]
    client_name: Annotated[str | None, Sql("c.name")]
    contact_id: Annotated[UUID | None, Sql(answers("{column}"))]
    deal_id: UUID | None
    topic: Text
    due_at: datetime | None
    held_at: datetime | None
    cancelled_at: datetime | None
    takes_place_at: datetime
    result: Text
    cancel_reason: Text
    call_status: CallStatus | None
    contact_name: str | None
    contact_data: str | None
    is_offer: bool
    was_planned: bool
    date_unknown: bool
    note_count: Annotated[int, Sql(NOTE_COUNT)]
    last_note: Annotated[str | None, Sql(text(LAST_NOTE))]
    remind_at: datetime | None
    reminded_at: datetime | None
    duration_minutes: int | None
    place: str | None
    participants: Annotated[list[Participant], Sql(PARTICIPANTS)]
    version: int
    position: int


class PlannedDay(Answer):
    """What is planned for a day and not done: up to 50, the earliest first, and how many there are."""

    day: date
    due: list[Activity]
    due_count: int


class MyDay(Whole):
    """What a staff member, or a team, has to do: up to 200 of each, the oldest first, and how many there are of each.

    Of today `due` begins now, and what was due before is `overdue`. Of another day `due` is the whole of it; `overdue`
    is what was due before a past day, or before now. `days` are there when several were asked for, each of them whole.
    `staff_id` is null in what a team has to do, and `team_id` is there in nothing else.
    """

    staff_id: UUID | None
    team_id: UUID | None = None
    day: date
    overdue: list[Activity]
    overdue_count: int
    due: list[Activity]
    due_count: int
    calls_to_classify: list[Activity]
    calls_to_classify_count: int
    days: list[PlannedDay] | None = None


JOINS = f"""LEFT JOIN {views.CLIENT_CARD} AS c ON c.client_id = {answers("a.client_id")} AND {sees("client", "c")}
LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = a.staff_id"""
NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY)

# Who is client and contact person of one activity is told of it once.
_WITH_ANOTHER = either(
    "a.client_id IS DISTINCT FROM %(client)s", f"coalesce(a.client_id <> ALL({whoever('%(client)s')}), true)"
)

ACTIVITIES = Listing(
    name="activities",
    view=views.ACTIVITIES,
    alias="a",
    item=Activity,
    order={"takes_place_at": "timestamptz", "activity_id": "uuid"},
    always=f"a.takes_place_at IS NOT NULL AND {sees('activity', 'a')}",
    filters={
        "ids": "a.activity_id = ANY(%(ids)s::uuid[])",
        "staff": "a.staff_id = %(staff)s",
        "team_id": member_of("team_id", "a.staff_id"),
        "branch_id": member_of("branch_id", "a.staff_id"),
        "client": is_named("a.client_id", "%(client)s"),
        "contact": is_named("a.contact_id", "%(contact)s"),
        "deal": "a.deal_id = %(deal)s",
        "state": "a.state = %(state)s",
        "channel": "a.channel = %(channel)s",
        "participant": PARTICIPANT,
        "direction": "a.direction = %(direction)s",
        "is_offer": "a.is_offer",
        "not is_offer": "NOT a.is_offer",
        "from": "a.takes_place_at >= %(from)s",
        "to": "a.takes_place_at < %(to)s",
    },
    also={"client": f"{is_named('a.contact_id', '%(client)s')} AND {_WITH_ANOTHER}"},
    steady=frozenset({"staff", "client", "contact", "deal"}),
    parties=frozenset({"client", "contact"}),
    joins=JOINS,
    names=NAMES,
    searched=frozenset(OF_MEMBERS),
    beside=OF_MEMBERS,
    descending=True,
    sortings={"takes_place": Sorting({"takes_place_at": "timestamptz", "activity_id": "uuid"})},
)


ACTIVITY = item_statement(ACTIVITIES, "a.activity_id = %(activity_id)s")


def _mine(name: str, whose: str, condition: str, order: str, most: int = 200) -> str:
    mine = f"FROM {views.ACTIVITIES} AS a WHERE {whose} AND {condition} AND {sees('activity', 'a')}"
    return f"""'{name}', (
        SELECT coalesce(json_agg({json_of(Activity, "a")} ORDER BY a.{order}, a.activity_id), '[]')
        FROM (SELECT a.* {mine} ORDER BY a.{order}, a.activity_id LIMIT {most}) AS a
        {JOINS}
    ),
    '{name}_count', (SELECT count(*) {mine})"""  # noqa: S608 - put together from constants


# The conditions are those of the partial indexes activities_due and activities_unclassified.
_DUE = "a.state = 'planned' AND a.due_at >= {begin} AND a.due_at < {end}"
_CALLS = "a.state = 'held' AND a.channel = 'call' AND a.direction = 'inbound' AND a.call_status IS NULL"


@cache
def my_day(*, of_team: bool = False, has_days: bool = False) -> Statement:
    """Return what gives the day of a staff member or of a team, and each of several days if they are asked for."""
    whose = member_of("team_id", "a.staff_id") if of_team else "a.staff_id = %(staff)s"
    due_then = _mine("due", whose, _DUE.format(begin="p.begins", end="p.ends"), "due_at", most=50)
    days = f""", 'days', (
        SELECT json_agg(json_build_object('day', p.day, {due_then}) ORDER BY p.day)
        FROM unnest(%(days)s::date[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS p (day, begins, ends)
    )"""  # noqa: S608 - put together from constants
    sql = f"""
SELECT seen.*, json_build_object(
    'staff_id', %(staff)s::uuid,
    {"'team_id', %(team_id)s::uuid," if of_team else ""}
    'day', %(day)s::date,
    {_mine("overdue", whose, "a.state = 'planned' AND a.due_at < %(late)s", "due_at")},
    {_mine("due", whose, _DUE.format(begin="%(begin)s", end="%(end)s"), "due_at")},
    {_mine("calls_to_classify", whose, f"{_CALLS} AND a.held_at < %(end)s", "held_at")}{days if has_days else ""}
)::text
FROM seen"""  # noqa: S608 - put together from constants
    return Statement(sql, (views.ACTIVITIES, *([views.STAFF_DIRECTORY] if of_team else ())), NAMES)


class ActivitiesQuestion(ListQuestion):
    """Which touchpoints and tasks; what figures count is found by `staff` and `client`, and nothing else is."""

    staff: Annotated[
        UUID | None,
        Field(description="Only what this staff member does or did. What they only take part in: `participant`."),
    ] = None
    team_id: UUID | None = None
    branch_id: UUID | None = None
    client: Annotated[
        UUID | None,
        Field(
            description="Only what is with this client, or with it as a contact person: what its touches are counted"
            " from. What it only takes part in: `participant`."
        ),
    ] = None
    contact: UUID | None = None
    deal: UUID | None = None
    state: ActivityStatus | None = None
    channel: Channel | None = None
    participant: UUID | None = None
    direction: Direction | None = None
    is_offer: bool | None = None
    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None
    sort: Literal["takes_place", "-takes_place"] | None = None


class DayQuestion(PastQuestion):
    """Whose day: the caller's own, unless a head, an auditor or an admin names another, or a team."""

    staff: UUID | None = None
    team_id: Annotated[UUID | None, Field(description="The day of this team, for those who may see others' days.")] = (
        None
    )
    day: Day | None = None
    days: Annotated[int | None, Field(ge=1, le=31)] = None

    @model_validator(mode="after")
    def _is_of_one_or_of_a_team(self) -> "DayQuestion":
        if self.staff is not None and self.team_id is not None:
            known = {"field": "team_id", "other": "staff"}
            raise PydanticCustomError("one_of_two", "give team_id or staff, not both", known)
        return self


@router.question(
    "/activities", "Touchpoints and tasks, the latest first", answers=page_or_part_of(Activity), roles=FRONT_OFFICE
)
async def list_activities(ask: Asking, question: Annotated[ActivitiesQuestion, Query()]) -> Response:
    return await ask.page(ACTIVITIES, question)


@router.question("/activities/{activity_id}", "One touchpoint or task", answers=Activity, roles=FRONT_OFFICE)
async def get_activity(activity_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(ACTIVITY, {"activity_id": activity_id}, question, ("activity", activity_id))


@router.question("/my-day", "What is due today, overdue, or waits for a click", answers=MyDay, roles=FRONT_OFFICE)
async def get_my_day(ask: Asking, question: Annotated[DayQuestion, Query()]) -> Response:
    staff = None if question.team_id else question.staff or ask.own_id
    if str(staff) != ask.caller.id and ask.caller.role not in OTHERS_DAY:
        raise ReadNotAllowedError(role=ask.caller.role, needed=sorted(OTHERS_DAY), action="get_my_day")
    now = ask.now(question.as_of)
    day = question.day or now.date()
    # By the calendar, not by 24 hours: a day on which the clocks change has 23 or 25.
    last = min(day.toordinal() + (question.days or 1) - 1, date.max.toordinal())
    days = [date.fromordinal(number) for number in range(day.toordinal(), last + 1)]
    begins, ends = zip(*(period(each, each, ask.desk.zone) for each in days), strict=True)
    is_today = day == now.date()
    values = {
        "staff": staff,
        "team_id": question.team_id,
        "day": day,
        "late": now if is_today else min(now, begins[0]),
        "begin": now if is_today else begins[0],
        "end": ends[0],
        "days": days,
        "begins": list(begins),
        "ends": list(ends),
    }
    statement = my_day(of_team=question.team_id is not None, has_days=question.days is not None)
    return await ask.one(statement, values, question)
