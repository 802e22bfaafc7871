"""Reminders of what is planned: when they fall, what moves and ends them, and how a notice is told."""

import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from aggregates.activity import (
    ActivityIsClosedError,
)
from aggregates.activity_reminder import ReminderIsNotDueError
from commands.activity import (
    CancelActivity,
    HoldActivity,
    PlanActivity,
    RescheduleActivity,
)
from commands.activity_reminder import FallReminder
from events.activity import (
    ActivityCancelled,
    ActivityHeld,
    ActivityPlanned,
    ActivityReminderFell,
    ActivityRescheduled,
)
from events.client import ClientRegistered
from events.staff import StaffHired
from events.values import EARLIEST, ClientKind, StaffRole
from tests.examples import ANNA, DAY, HOUR, LATER, MEETING, OLGA, ROMASHKA, VERA, command, fact
from tests.story import TODAY, by, given, on

COMPANY = (
    on(ANNA, fact(StaffHired)),
    on(VERA, fact(StaffHired, role=StaffRole.HEAD)),
    on(ROMASHKA, fact(ClientRegistered)),
    on(OLGA, fact(ClientRegistered, kind=ClientKind.PERSON, tax_id=None)),
)
AS_ANNA = by("seller", ANNA)
PLANNED = on(MEETING, fact(ActivityPlanned))
HELD = on(MEETING, fact(ActivityHeld))
CANCELLED = on(MEETING, fact(ActivityCancelled))
AS_TIMER = by("policy", "timer:activity-reminder")
FELL = on(MEETING, fact(ActivityReminderFell))
# In a story it is always TODAY: what is planned is moved around it.
DUE_NOW = fact(ActivityPlanned, due_at=TODAY + HOUR)
FALL_NOW = command(FallReminder, remind_at=TODAY)
FELL_NOW = on(MEETING, fact(ActivityReminderFell, remind_at=TODAY, due_at=TODAY + HOUR))


def test_a_reminder_falls_when_its_moment_has_come_and_once() -> None:
    given(on(MEETING, DUE_NOW)).when(FALL_NOW, AS_TIMER).then(FELL_NOW)
    given(on(MEETING, DUE_NOW), FELL_NOW).when(FALL_NOW, AS_TIMER).then_nothing()


def test_a_reminder_of_a_moment_past_falls_at_once() -> None:
    past = fact(ActivityPlanned, due_at=TODAY - 2 * HOUR)
    fell = on(MEETING, fact(ActivityReminderFell, remind_at=TODAY - 3 * HOUR, due_at=TODAY - 2 * HOUR))
    given(on(MEETING, past)).when(command(FallReminder, remind_at=TODAY - 3 * HOUR), AS_TIMER).then(fell)


def test_what_reminded_already_can_be_cancelled_held_and_put_off() -> None:
    given(on(MEETING, DUE_NOW), FELL_NOW).when(command(CancelActivity)).then(CANCELLED)
    later = on(MEETING, fact(ActivityRescheduled, from_due_at=TODAY + HOUR))
    given(on(MEETING, DUE_NOW), FELL_NOW).when(command(RescheduleActivity)).then(later)
    held = fact(ActivityHeld, contact_id=OLGA, contact_name=None, contact_data=None, was_planned=True)
    given(*COMPANY, on(MEETING, DUE_NOW), FELL_NOW).when(command(HoldActivity), AS_ANNA).then(on(MEETING, held))


def test_a_reminder_does_not_fall_before_its_moment() -> None:
    story = given(PLANNED).when(command(FallReminder), AS_TIMER)
    story.then_refused(ReminderIsNotDueError, activity_id=MEETING, remind_at=DAY - HOUR)


def test_what_is_held_cancelled_put_off_or_without_a_reminder_reminds_of_nothing() -> None:
    put_off = on(MEETING, fact(ActivityRescheduled, from_due_at=TODAY + HOUR))
    for then in (HELD, CANCELLED, put_off):
        given(on(MEETING, DUE_NOW), then).when(FALL_NOW, AS_TIMER).then_nothing()
    silent = DUE_NOW.model_copy(update={"remind_before": None})
    given(on(MEETING, silent)).when(FALL_NOW, AS_TIMER).then_nothing()


def test_put_off_and_back_it_reminds_once_of_one_moment() -> None:
    away = fact(ActivityRescheduled, from_due_at=TODAY + HOUR, to_due_at=LATER)
    back = fact(ActivityRescheduled, from_due_at=LATER, to_due_at=TODAY + HOUR)
    given(on(MEETING, DUE_NOW), FELL_NOW, on(MEETING, away, back)).when(FALL_NOW, AS_TIMER).then_nothing()
    given(on(MEETING, DUE_NOW, away, back)).when(FALL_NOW, AS_TIMER).then(FELL_NOW)


def test_a_plan_put_off_keeps_its_notice_unless_another_is_told() -> None:
    given(PLANNED).when(command(RescheduleActivity)).then(on(MEETING, fact(ActivityRescheduled, remind_before=HOUR)))
    sooner = fact(ActivityRescheduled, remind_before=2 * HOUR)
    given(PLANNED).when(command(RescheduleActivity, remind_before=2 * HOUR)).then(on(MEETING, sooner))
    silent = on(MEETING, fact(ActivityPlanned, remind_before=None))
    given(silent).when(command(RescheduleActivity)).then(on(MEETING, fact(ActivityRescheduled, remind_before=None)))


def test_the_notice_alone_can_be_changed() -> None:
    ask = command(RescheduleActivity, due_at=DAY, remind_before=2 * HOUR, reason=None)
    changed = fact(ActivityRescheduled, to_due_at=DAY, remind_before=2 * HOUR, reason=None)
    given(PLANNED).when(ask).then(on(MEETING, changed))
    given(PLANNED, on(MEETING, changed)).when(ask).then_nothing()
    given(PLANNED, HELD).when(ask).then_refused(ActivityIsClosedError)


def test_a_reminder_of_the_earliest_moment_there_is_falls() -> None:
    first = on(MEETING, fact(ActivityPlanned, due_at=EARLIEST))
    fell = on(MEETING, fact(ActivityReminderFell, remind_at=EARLIEST, due_at=EARLIEST))
    given(first).when(command(FallReminder, remind_at=EARLIEST), AS_TIMER).then(fell)


def planning(told: object) -> PlanActivity:
    """Read a request to plan with this notice as the door does."""
    asked = command(PlanActivity).model_dump(mode="json", exclude_unset=True) | {"remind_before": told}
    return PlanActivity.model_validate_json(json.dumps(asked), strict=True)


@pytest.mark.parametrize(
    ("told", "notice"),
    [
        ("PT1M", timedelta(minutes=1)),
        ("PT90M", timedelta(minutes=90)),
        ("PT36H", timedelta(hours=36)),
        ("P1DT12H30M", timedelta(days=1, hours=12, minutes=30)),
        ("P2W", timedelta(weeks=2)),
        ("P90D", timedelta(days=90)),
    ],
)
def test_a_notice_is_told_as_an_iso_duration(told: str, notice: timedelta) -> None:
    assert planning(told).remind_before == notice


@pytest.mark.parametrize(
    "told",
    [
        *("P1M", "P1Y", "PT30S", "PT0M", "PT0.5H", "-PT1H", "P91D", "P90DT1M", "P", "PT", "P1DT", "PT٣M"),
        *("", "30", "1:30:00", 30, 0.5, True, [], {"minutes": 5}),
    ],
)
def test_a_notice_in_any_other_form_is_refused(told: object) -> None:
    with pytest.raises(ValidationError) as refused:
        planning(told)
    assert [(each["loc"], each["type"]) for each in refused.value.errors()] == [
        (("remind_before",), "time_delta_parsing")
    ]
