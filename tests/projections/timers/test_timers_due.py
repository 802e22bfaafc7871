"""What is due on which stream and when, folded from facts alone."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from events.activity import ActivityCancelled, ActivityHeld, ActivityPlanned, ActivityReminderFell, ActivityRescheduled
from events.base import Event
from events.values import EARLIEST
from infra.projector.generations import fingerprint_of
from projections.timers.activity_reminder import activity_reminder
from projections.timers.due_rule import DueRule
from projections.timers.timers_due import TimerDueRow, timers_due, timers_due_by
from tests.examples import ANNA, CALL, MEETING, fact
from tests.story import as_recorded, given, moment, on

REMINDER = "activity-reminder"
HOUR = timedelta(hours=1)
PLANNED = fact(ActivityPlanned, due_at=moment(48), remind_before=HOUR)
HELD = fact(ActivityHeld)
ENDED = fact(ActivityHeld, was_planned=True)
LATER = ActivityRescheduled(from_due_at=moment(48), to_due_at=moment(72), remind_before=HOUR)
FELL = ActivityReminderFell(remind_at=moment(47), due_at=moment(48), staff_id=ANNA)


def set_by(position: int) -> UUID:
    """Return the id of the fact given at this place of a story."""
    return as_recorded([on(CALL, *[PLANNED] * position)])[-1].envelope.event_id


def due(*events: Event) -> dict[UUID, tuple[datetime, UUID]]:
    """Return what is due on each stream, and which fact says so."""
    rows = given(on(CALL, *events)).rows(timers_due)
    return {key[1]: (row.due_at, row.set_by) for key, row in rows.items()}


def test_a_plan_with_a_notice_waits_until_it_fell() -> None:
    waiting = TimerDueRow(REMINDER, CALL, moment(47), set_by(1))
    given(on(CALL, PLANNED)).shows(timers_due, waiting)
    given(on(CALL, PLANNED), on(MEETING, PLANNED), on(CALL, FELL)).shows(
        timers_due, TimerDueRow(REMINDER, MEETING, moment(47), set_by(2))
    )


def test_a_plan_without_a_notice_waits_for_nothing() -> None:
    assert due(PLANNED.model_copy(update={"remind_before": None})) == {}


def test_putting_off_sets_it_anew_be_it_to_the_same_moment() -> None:
    assert due(PLANNED, LATER) == {CALL: (moment(71), set_by(2))}
    same = ActivityRescheduled(from_due_at=moment(48), to_due_at=moment(48), remind_before=HOUR)
    assert due(PLANNED, same) == {CALL: (moment(47), set_by(2))}
    assert due(PLANNED, FELL, LATER) == {CALL: (moment(71), set_by(3))}


def test_what_fell_was_held_or_cancelled_is_not_waited_for() -> None:
    for end in (FELL, ENDED, ActivityCancelled(reason="On holiday")):
        assert due(PLANNED, end) == {}
    assert due(PLANNED, LATER.model_copy(update={"remind_before": None})) == {}


def test_what_was_told_in_one_go_touches_no_row() -> None:
    assert timers_due.keys(*as_recorded([on(CALL, HELD)])) == ()
    assert timers_due.keys(*as_recorded([on(CALL, ENDED)])) == ((REMINDER, CALL),)


def test_the_earliest_moment_there_is_may_be_due() -> None:
    assert due(PLANNED.model_copy(update={"due_at": EARLIEST})) == {CALL: (EARLIEST, set_by(1))}


def test_two_timers_may_look_at_one_kind_of_fact() -> None:
    follow_up = DueRule("follow-up")

    @follow_up.on(ActivityHeld, reads=("channel",))
    def was_held(event: ActivityHeld) -> datetime | None:
        return event.occurred_at + 24 * HOUR

    both = timers_due_by((activity_reminder, follow_up))
    given(on(CALL, PLANNED, ENDED)).shows(both, TimerDueRow("follow-up", CALL, moment(26), set_by(2)))
    assert {"was_planned", "channel"} == set(both.parts[ActivityHeld.TOPIC].model_fields)
    alone = timers_due_by((follow_up,))
    given(on(CALL, ENDED)).shows(alone, TimerDueRow("follow-up", CALL, moment(25), set_by(1)))
    assert alone.partition_by == both.partition_by == "stream"


def test_another_rule_or_meaning_is_folded_anew() -> None:
    def build(*rules: DueRule) -> str:
        return fingerprint_of(timers_due_by(rules))

    builds = [
        build(activity_reminder),
        build(activity_reminder, DueRule("follow-up")),
        build(activity_reminder, DueRule("follow-up", version=2)),
        build(DueRule("follow-up")),
    ]
    assert len(set(builds)) == len(builds)
    assert build(activity_reminder) == fingerprint_of(timers_due)


def test_a_rule_says_once_what_a_fact_does() -> None:
    rule = DueRule("twice")
    rule.on(ActivityPlanned, reads=())(lambda _: None)
    with pytest.raises(AssertionError):
        rule.on(ActivityPlanned, reads=())(lambda _: None)
