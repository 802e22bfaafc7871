"""A reminder falls once, at its moment, whatever was put off, cancelled or slept through."""

from collections.abc import Sequence
from datetime import timedelta

from aggregates.activity import ActivityIsClosedError
from app.serving.policy_lag import PolicyStatus, checks_of, policies_at
from commands.execution.decision import Request
from commands.execution.pending import Answer
from commands.policies.timer_worker import BATCH
from tests.commands.policies.diary import DAY, HOUR, MINUTE, NOON, Diary, plan_id, planning


def test_a_reminder_falls_when_its_moment_comes_and_once(book: Diary) -> None:
    plan = book.plan(due_at=NOON + 2 * HOUR)
    book.follow()
    with book.worker() as worker:
        book.clock.now = NOON + HOUR - MINUTE
        assert not worker.step()
        book.clock.now = NOON + HOUR
        assert worker.step()
        assert not worker.step()
        book.follow()
        book.clock.now = NOON + 3 * DAY
        assert not worker.step()
    assert book.fell() == [(plan, NOON + HOUR)]
    assert (book.waiting(), len(book.asked)) == (0, 1)


def test_it_is_recorded_who_asked_and_what_for(book: Diary) -> None:
    book.plan(due_at=NOON + HOUR, remind_before=HOUR)
    book.follow()
    book.run()
    planned = "SELECT event_id FROM letopis.event WHERE topic = 'activity.planned'"
    fell = "FROM letopis.event WHERE topic = 'activity.reminder_fell'"
    assert book.one(f"SELECT actor {fell}") == "timer:activity-reminder"
    assert book.one(f"SELECT causation_id {fell}") == book.one(planned)
    assert book.one(f"SELECT occurred_at {fell}") == NOON


def test_a_moment_that_is_past_when_it_is_planned_falls_at_once(book: Diary) -> None:
    plan = book.plan(due_at=NOON + MINUTE, remind_before=2 * DAY)
    book.follow()
    book.run()
    assert book.fell() == [(plan, NOON + MINUTE - 2 * DAY)]


def test_putting_off_moves_it_and_the_first_moment_passes_in_silence(book: Diary) -> None:
    plan = book.plan(due_at=NOON + 2 * HOUR)
    book.put_off(1, NOON + 5 * HOUR)
    book.follow()
    book.clock.now = NOON + 2 * HOUR
    book.run()
    assert (book.fell(), book.asked) == ([], [])
    book.clock.now = NOON + 4 * HOUR
    book.run()
    assert book.fell() == [(plan, NOON + 4 * HOUR)]


def test_a_plan_that_ended_reminds_of_nothing_though_the_view_has_not_heard(book: Diary) -> None:
    book.plan(due_at=NOON + HOUR)
    book.follow()
    book.cancel(1)
    book.run()
    assert (book.fell(), len(book.asked)) == ([], 1)


def test_putting_off_while_it_falls_is_decided_by_who_came_first(book: Diary) -> None:
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()

    def put_off_before(requests: Sequence[Request]) -> list[Answer]:
        book.put_off(1, NOON + 3 * HOUR)
        return book.execute(requests)

    with book.worker(execute=put_off_before) as worker:
        assert worker.step()
        assert book.fell() == []
        book.follow()
        book.clock.now = NOON + 2 * HOUR
    book.run()
    assert book.fell() == [(plan, NOON + 2 * HOUR)]


def test_put_off_and_back_it_does_not_fall_twice_for_one_moment_and_is_not_asked_for_ever(book: Diary) -> None:
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()
    book.run()
    book.put_off(1, NOON + 9 * HOUR)
    book.put_off(1, NOON + HOUR)
    book.follow()
    for _ in range(3):
        book.run()
    assert book.fell() == [(plan, NOON)]
    assert (len(book.asked), book.waiting()) == (2, 1)


def test_after_a_month_of_downtime_everything_due_falls_once_in_order_and_in_batches(book: Diary) -> None:
    moments = {number: NOON + timedelta(minutes=(number * 7919) % 40_000) for number in range(1_000)}
    book.do(*(planning(number, due_at=moment + HOUR) for number, moment in moments.items()))
    book.follow()
    book.clock.now = NOON + 30 * DAY
    with book.worker() as worker:
        steps = 0
        while worker.step():
            steps += 1
    assert steps == 10
    assert book.batches == [BATCH] * 10
    expected = sorted((moment, plan_id(number)) for number, moment in moments.items())
    assert [(moment, plan) for plan, moment in book.fell()] == expected
    book.run()
    assert len(book.asked) == 1_000


def test_a_clock_that_is_put_back_and_forth_loses_nothing(book: Diary) -> None:
    first = book.plan(1, due_at=NOON + HOUR)
    book.follow()
    book.run()
    book.clock.now = NOON - DAY
    second = book.plan(2, due_at=NOON)
    book.follow()
    book.run()
    assert book.fell() == [(first, NOON)]
    book.clock.now = NOON
    book.run()
    assert book.fell() == [(first, NOON), (second, NOON - HOUR)]


def test_a_timer_that_stands_still_is_told_until_it_has_answered(book: Diary) -> None:
    def told() -> PolicyStatus:
        _policy, timer = policies_at(book.database.reader_url)
        assert timer == timer._replace(name="activity-reminder", is_timer=True, position=None)
        return timer

    assert told() == PolicyStatus("activity-reminder", is_timer=True)
    for number in (1, 2):
        book.plan(number, due_at=NOON + HOUR)
    book.follow()
    waits = told()
    assert (waits.lag_events, waits.unanswered) == (2, 0)
    assert 0 < waits.still_seconds <= waits.lag_seconds
    assert str(waits.wrong(30.0)).endswith("s, 2 moments behind")
    (check,) = (check for check in checks_of([waits], 30.0))
    assert (check.name, check.is_ready, check.reason) == ("timer activity-reminder", True, waits.wrong(30.0))

    def refuse(requests: Sequence[Request]) -> list[Answer]:
        answered = book.execute(requests)
        return [ActivityIsClosedError(activity_id=requests[0].command.activity_id), *answered[1:]]  # type: ignore[attr-defined]

    with book.worker(execute=refuse) as worker:
        assert worker.step()
    refused = told()
    assert (refused.lag_events, refused.still_seconds) == (0, 0)
    assert refused.wrong(30.0) == "was refused 1 commands"
    book.run()
    assert told().wrong(30.0) is None
