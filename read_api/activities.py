"""Questions about touchpoints and tasks: lists, and what a staff member has to do today."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.lists import ActivityStatus, CallStatus, Channel, Direction
from read_api.reading.answer import Answer, Page, Sql, Whole, json_of
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import ReadNotAllowedError
from read_api.reading.paging import Listing, item_statement
from read_api.reading.question import PageQuestion, PastQuestion
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE, Roles

router = Questions("activities")

OTHERS_DAY: Roles = frozenset({"head", "admin", "auditor"})
"""They may look at the day of another staff member."""


CONTACT = "a.state = 'held' AND a.channel <> 'task' AND a.call_status IS DISTINCT FROM 'misdial'"
"""What counts as a contact: a touchpoint that took place. A task is our own work, a misdial meant somebody else."""


# As the index activities_by_participant has it.
PARTICIPANT = """a.participant_staff_ids || a.participant_client_ids <> '{}'
        AND a.participant_staff_ids || a.participant_client_ids @> ARRAY[%(participant)s]::uuid[]"""
NOTE_COUNT = "(SELECT count(*) FROM jsonb_object_keys({row}.notes))"
LAST_NOTE = """(SELECT n.value ->> 'text' FROM jsonb_each({row}.notes) AS n
    ORDER BY (n.value ->> 'order')::integer DESC LIMIT 1)"""


class Participant(Answer):
    """Who takes part besides whoever does it and the client: a colleague or another client."""

    staff_id: UUID | None
    client_id: UUID | None
    name: str | None


PARTICIPANTS = f"""CASE WHEN {{row}}.participant_staff_ids || {{row}}.participant_client_ids = '{{}}' THEN '[]'::json
    ELSE (
        SELECT json_agg({json_of(Participant, "o")} ORDER BY o.place)
        FROM (
            SELECT p.place, p.id AS staff_id, NULL::uuid AS client_id, ps.name
            FROM unnest({{row}}.participant_staff_ids) WITH ORDINALITY AS p (id, place)
            LEFT JOIN {views.STAFF_DIRECTORY} AS ps ON ps.staff_id = p.id
            UNION ALL
            SELECT p.place + cardinality({{row}}.participant_staff_ids), NULL, p.id, pc.name
            FROM unnest({{row}}.participant_client_ids) WITH ORDINALITY AS p (id, place)
            LEFT JOIN {views.CLIENT_CARD} AS pc ON pc.client_id = p.id
        ) AS o
    )
    END"""  # noqa: S608 - put together from constants


class Activity(Whole):
    """One touchpoint or task, planned, held or cancelled."""

    activity_id: UUID
    state: ActivityStatus | None
    channel: Channel | None
    direction: Direction | None
    staff_id: UUID | None
    staff_name: Annotated[str | None, Sql("s.name")]
    client_id: UUID | None
    client_name: Annotated[str | None, Sql("c.name")]
    contact_id: UUID | None
    deal_id: UUID | None
    topic: str | None
    due_at: datetime | None
    held_at: datetime | None
    cancelled_at: datetime | None
    takes_place_at: datetime | None
    result: str | None
    cancel_reason: str | None
    call_status: CallStatus | None
    contact_name: str | None
    contact_data: str | None
    is_offer: bool
    was_planned: bool
    date_unknown: bool
    note_count: Annotated[int, Sql(NOTE_COUNT)]
    last_note: Annotated[str | None, Sql(LAST_NOTE)]
    remind_at: datetime | None
    reminded_at: datetime | None
    duration_minutes: int | None
    place: str | None
    participants: Annotated[list[Participant], Sql(PARTICIPANTS)]
    version: int
    position: int


class MyDay(Whole):
    """What a staff member has to do: up to 200 of each, the oldest first, and how many there are of each."""

    staff_id: UUID
    day: date
    overdue: list[Activity]
    overdue_count: int
    due: list[Activity]
    due_count: int
    calls_to_classify: list[Activity]
    calls_to_classify_count: int


JOINS = f"""LEFT JOIN {views.CLIENT_CARD} AS c ON c.client_id = a.client_id
LEFT JOIN {views.STAFF_DIRECTORY} AS s ON s.staff_id = a.staff_id"""
NAMES = (views.CLIENT_CARD, views.STAFF_DIRECTORY)

ACTIVITIES = Listing(
    name="activities",
    view=views.ACTIVITIES,
    alias="a",
    item=Activity,
    order={"takes_place_at": "timestamptz", "activity_id": "uuid"},
    always="a.takes_place_at IS NOT NULL",
    filters={
        "staff": "a.staff_id = %(staff)s",
        "client": "a.client_id = %(client)s",
        "deal": "a.deal_id = %(deal)s",
        "state": "a.state = %(state)s",
        "channel": "a.channel = %(channel)s",
        "participant": PARTICIPANT,
    },
    steady=frozenset({"staff", "client", "deal"}),
    parties=frozenset({"client"}),
    joins=JOINS,
    names=NAMES,
    descending=True,
)


ACTIVITY = item_statement(ACTIVITIES, "a.activity_id = %(activity_id)s")


def _mine(name: str, condition: str, order: str) -> str:
    mine = f"FROM {views.ACTIVITIES} AS a WHERE a.staff_id = %(staff)s AND {condition}"
    return f"""'{name}', (
        SELECT coalesce(json_agg({json_of(Activity, "a")} ORDER BY a.{order}, a.activity_id), '[]')
        FROM (SELECT a.* {mine} ORDER BY a.{order}, a.activity_id LIMIT 200) AS a
        {JOINS}
    ),
    '{name}_count', (SELECT count(*) {mine})"""  # noqa: S608 - put together from constants


# The conditions are those of the partial indexes activities_due and activities_unclassified.
_CALLS = "a.state = 'held' AND a.channel = 'call' AND a.direction = 'inbound' AND a.call_status IS NULL"
_MY_DAY = f"""
SELECT seen.*, json_build_object(
    'staff_id', %(staff)s::uuid,
    'day', %(day)s::date,
    {_mine("overdue", "a.state = 'planned' AND a.due_at < %(now)s", "due_at")},
    {_mine("due", "a.state = 'planned' AND a.due_at >= %(now)s AND a.due_at < %(end)s", "due_at")},
    {_mine("calls_to_classify", _CALLS, "held_at")}
)::text
FROM seen"""  # noqa: S608 - put together from constants
MY_DAY = Statement(_MY_DAY, (views.ACTIVITIES,), NAMES)


class ActivitiesQuestion(PageQuestion):
    """Which touchpoints and tasks."""

    staff: UUID | None = None
    client: UUID | None = None
    deal: UUID | None = None
    state: ActivityStatus | None = None
    channel: Channel | None = None
    participant: UUID | None = None


class DayQuestion(PastQuestion):
    """Whose day: the caller's own, unless a head, an auditor or an admin names another."""

    staff: UUID | None = None


@router.question("/activities", "Touchpoints and tasks, the latest first", answers=Page[Activity], roles=FRONT_OFFICE)
async def list_activities(ask: Asking, question: Annotated[ActivitiesQuestion, Query()]) -> Response:
    return await ask.page(ACTIVITIES, question)


@router.question("/activities/{activity_id}", "One touchpoint or task", answers=Activity, roles=FRONT_OFFICE)
async def get_activity(activity_id: UUID, ask: Asking, question: Annotated[PastQuestion, Query()]) -> Response:
    return await ask.one(ACTIVITY, {"activity_id": activity_id}, question, ("activity", activity_id))


@router.question("/my-day", "What is due today, overdue, or waits for a click", answers=MyDay, roles=FRONT_OFFICE)
async def get_my_day(ask: Asking, question: Annotated[DayQuestion, Query()]) -> Response:
    staff = question.staff or ask.own_id
    if str(staff) != ask.caller.id and ask.caller.role not in OTHERS_DAY:
        raise ReadNotAllowedError(role=ask.caller.role, needed=sorted(OTHERS_DAY), action="get_my_day")
    now = ask.now(question)
    # By the calendar, not by 24 hours: a day on which the clocks change has 23 or 25.
    end = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"staff": staff, "now": now, "end": end, "day": now.date()}
    return await ask.one(MY_DAY, values, question)
