"""What is due on which stream and when, folded from facts alone."""

from datetime import datetime
from uuid import UUID

import pytest

from events.activity import ActivityCancelled, ActivityHeld, ActivityPlanned, ActivityReminderFell, ActivityRescheduled
from events.base import Event
from events.values import EARLIEST
from infra.projector.generations import fingerprint_of
from projections.timers.activity_reminder import activity_reminder
from projections.timers.due_rule import DueRule
from projections.timers.timers_due import TimerDueRow, timers_due, timers_due_by
from tests.projections.facts import ANNA, CALL, HOUR, OTHER_CALL, at, fact, folded, held, planned

REMINDER = "activity-reminder"
LATER = ActivityRescheduled(from_due_at=at(48), to_due_at=at(72), remind_before=HOUR)
FELL = ActivityReminderFell(remind_at=at(47), due_at=at(48), staff_id=ANNA)


def due(*events: Event) -> dict[UUID, tuple[datetime, UUID]]:
    """Return what is due on each stream, and which fact says so."""
    facts = [fact(event, CALL, position) for position, event in enumerate(events, 1)]
    return {key[1]: (row.due_at, row.set_by) for key, row in folded(timers_due, *facts).items()}


def test_a_plan_with_a_notice_waits_and_its_neighbour_is_unchanged() -> None:
    neighbour = fact(planned(), OTHER_CALL, 2)
    rows = folded(timers_due, fact(planned(), CALL, 1), neighbour)
    assert rows[REMINDER, CALL] == TimerDueRow(REMINDER, CALL, at(47), UUID(int=1))
    ended = folded(timers_due, fact(planned(), CALL, 1), neighbour, fact(FELL, CALL, 3))
    assert ended == {(REMINDER, OTHER_CALL): rows[REMINDER, OTHER_CALL]}


def test_a_plan_without_a_notice_waits_for_nothing() -> None:
    assert due(planned().model_copy(update={"remind_before": None})) == {}


def test_putting_off_sets_it_anew_be_it_to_the_same_moment() -> None:
    assert due(planned(), LATER) == {CALL: (at(71), UUID(int=2))}
    same = ActivityRescheduled(from_due_at=at(48), to_due_at=at(48), remind_before=HOUR)
    assert due(planned(), same) == {CALL: (at(47), UUID(int=2))}
    assert due(planned(), FELL, LATER) == {CALL: (at(71), UUID(int=3))}


def test_what_fell_was_held_or_cancelled_is_not_waited_for() -> None:
    for end in (FELL, held(was_planned=True), ActivityCancelled(reason="On holiday")):
        assert due(planned(), end) == {}
    assert due(planned(), LATER.model_copy(update={"remind_before": None})) == {}


def test_what_was_told_in_one_go_touches_no_row() -> None:
    assert timers_due.keys(fact(held(), CALL, 1)) == ()
    assert timers_due.keys(fact(held(was_planned=True), CALL, 1)) == ((REMINDER, CALL),)


def test_the_earliest_moment_there_is_may_be_due() -> None:
    assert due(planned().model_copy(update={"due_at": EARLIEST})) == {CALL: (EARLIEST, UUID(int=1))}


def test_two_timers_may_look_at_one_kind_of_fact() -> None:
    follow_up = DueRule("follow-up")

    @follow_up.on(ActivityHeld, reads=("channel",))
    def was_held(event: ActivityHeld) -> datetime | None:
        return event.occurred_at + 24 * HOUR

    both = timers_due_by((activity_reminder, follow_up))
    rows = folded(both, fact(planned(), CALL, 1), fact(held(was_planned=True), CALL, 2))
    assert rows == {("follow-up", CALL): TimerDueRow("follow-up", CALL, at(26), UUID(int=2))}
    assert {"was_planned", "channel"} == set(both.parts[ActivityHeld.TOPIC].model_fields)


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
