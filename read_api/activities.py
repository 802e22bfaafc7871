"""Questions about touchpoints and tasks: lists, and what a staff member has to do today."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from read_api import answers
from read_api.reading.asking import Asking, PageQuestion, Question, described
from read_api.reading.desk import SEEN
from read_api.reading.errors import NotStaffError, ReadNotAllowedError
from read_api.reading.paging import Listing
from read_api.rights import OTHERS_DAY

router = APIRouter(tags=["activities"])

Channel = Literal[
    "call",
    "meeting",
    "email",
    "letter",
    "fax",
    "chat",
    "messenger",
    "visit",
    "web",
    "point_of_sale",
    "order",
    "complaint",
    "task",
]

ITEM = {
    "activity_id": "a.activity_id",
    "state": "a.state",
    "channel": "a.channel",
    "direction": "a.direction",
    "staff_id": "a.staff_id",
    "staff_name": "s.name",
    "client_id": "a.client_id",
    "client_name": "c.name",
    "contact_id": "a.contact_id",
    "deal_id": "a.deal_id",
    "topic": "a.topic",
    "due_at": "a.due_at",
    "held_at": "a.held_at",
    "cancelled_at": "a.cancelled_at",
    "takes_place_at": "a.takes_place_at",
    "result": "a.result",
    "cancel_reason": "a.cancel_reason",
    "call_status": "a.call_status",
    "contact_name": "a.contact_name",
    "contact_data": "a.contact_data",
    "is_offer": "a.is_offer",
    "was_planned": "a.was_planned",
    "date_unknown": "a.date_unknown",
    "note_count": "a.note_count",
    "last_note": "a.last_note",
    "remind_at": "a.remind_at",
    "reminded_at": "a.reminded_at",
    "version": "a.version",
    "position": "a.position",
}
JOINS = """LEFT JOIN read.client_card_v1 AS c ON c.client_id = a.client_id
LEFT JOIN read.staff_directory_v1 AS s ON s.staff_id = a.staff_id"""
NAMES = ("client_card", "staff_directory")

ACTIVITIES = Listing(
    name="activities",
    view="activities",
    shape=2,
    alias="a",
    item=ITEM,
    order={"takes_place_at": "timestamptz", "activity_id": "uuid"},
    always="a.takes_place_at IS NOT NULL",
    filters={
        "staff": "a.staff_id = %(staff)s",
        "client": "a.client_id = %(client)s",
        "deal": "a.deal_id = %(deal)s",
        "state": "a.state = %(state)s",
        "channel": "a.channel = %(channel)s",
    },
    steady=frozenset({"staff", "client", "deal"}),
    joins=JOINS,
    joined=NAMES,
    descending=True,
)

_MEMBERS = ", ".join(f"'{name}', {value}" for name, value in ITEM.items())


def _mine(condition: str, order: str) -> str:
    return f"""(
        SELECT coalesce(json_agg(json_build_object({_MEMBERS}) ORDER BY a.{order}, a.activity_id), '[]')
        FROM (
            SELECT *
            FROM read.activities_v2 AS a
            WHERE a.staff_id = %(staff)s AND {condition}
            ORDER BY a.{order}, a.activity_id
            LIMIT 200
        ) AS a
        {JOINS}
    )"""  # noqa: S608 - put together from constants


# The conditions are those of the partial indexes activities_due and activities_unclassified.
MY_DAY = f"""{SEEN}
SELECT seen.*, json_build_object(
    'staff_id', %(staff)s::uuid,
    'day', %(day)s::date,
    'overdue', {_mine("a.state = 'planned' AND a.due_at < %(now)s", "due_at")},
    'due', {_mine("a.state = 'planned' AND a.due_at >= %(now)s AND a.due_at < %(end)s", "due_at")},
    'calls_to_classify', {
    _mine("a.state = 'held' AND a.channel = 'call' AND a.direction = 'inbound' AND a.call_status IS NULL", "held_at")
}
)::text
FROM seen"""  # noqa: S608 - put together from constants


class ActivitiesQuestion(PageQuestion):
    """Which touchpoints and tasks."""

    staff: UUID | None = None
    client: UUID | None = None
    deal: UUID | None = None
    state: Literal["planned", "held", "cancelled"] | None = None
    channel: Channel | None = None


class DayQuestion(Question):
    """Whose day: the caller's own, unless a head, an auditor or an admin names somebody."""

    staff: UUID | None = None


@router.get(
    "/activities",
    summary="Touchpoints and tasks, the latest first",
    **described("list_activities", answers.Page[answers.Activity]),
)
async def list_activities(ask: Asking, question: Annotated[ActivitiesQuestion, Query()]) -> Response:
    return await ask.page(ACTIVITIES, question)


@router.get(
    "/my-day", summary="What is due today, overdue, or waits for a click", **described("get_my_day", answers.MyDay)
)
async def get_my_day(ask: Asking, question: Annotated[DayQuestion, Query()]) -> Response:
    staff = question.staff or _own_id(ask.caller.id)
    if str(staff) != ask.caller.id and ask.caller.role not in OTHERS_DAY:
        raise ReadNotAllowedError(role=ask.caller.role, needed=sorted(OTHERS_DAY), action="get_my_day")
    now = datetime.now(ask.desk.zone)
    # By the calendar, not by 24 hours: a day on which the clocks change has 23 or 25.
    end = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"staff": staff, "now": now, "end": end, "day": now.date()}
    return await ask.one(MY_DAY, values, ("activities", *NAMES), question)


def _own_id(caller: str) -> UUID:
    try:
        return UUID(caller)
    except ValueError:
        raise NotStaffError from None
