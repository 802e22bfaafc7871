"""A moment that has come is answered once, whatever happens to the worker or the view in between."""

import threading
from collections.abc import Sequence
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from app.composition.decoding import decoder_factory
from app.composition.due_timers import DUE
from app.composition.wiring import batch_runner
from commands.activity_reminder import FallReminder
from commands.errors import OverloadedError
from commands.execution.decision import Request
from commands.execution.pending import Accepted, Answer
from commands.policies.base import Due, Timer
from commands.policies.timer_worker import BATCH
from infra.log.clock import ClockAheadError
from infra.postgres.connection import OwnConnection
from infra.projector.generations import connect, in_use
from infra.projector.tables import view_of
from projections.timers.timers_due import timers_due
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import verify
from tests.commands.policies.diary import DAY, HOUR, MINUTE, NOON, Diary, plan_id, planning
from tests.database import MASTER
from tests.infra.projector.looking import eventually


class KilledError(Exception):
    """The process is gone."""


def test_of_two_workers_one_works_and_the_other_takes_over(book: Diary) -> None:
    book.plan(due_at=NOON + HOUR)
    book.follow()
    with book.worker() as second:
        with book.worker() as first:
            assert first.step()
            book.plan(2, due_at=NOON + HOUR)
            book.follow()
            assert not second.step()
            assert len(book.fell()) == 1
        eventually(second.step)  # the server ends a session a little after it was closed
    assert [plan for plan, _ in book.fell()] == [plan_id(1), plan_id(2)]


def test_two_workers_that_both_believe_in_their_lease_record_it_once(
    book: Diary, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.do(*(planning(number, due_at=NOON + HOUR) for number in range(60)))
    book.follow()
    monkeypatch.setattr("commands.policies.leased._takes", lambda *_: True)
    meeting = threading.Barrier(2)

    def work() -> None:
        borrow = OwnConnection(book.database.writer_url)
        runner = batch_runner(MASTER, borrow)

        def both_at_once(requests: Sequence[Request]) -> list[Answer]:
            meeting.wait(timeout=30)
            return runner.run(requests)

        with book.worker(execute=both_at_once) as worker:
            assert worker.step()
        borrow.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not meeting.broken
    assert len(book.fell()) == len(set(book.fell())) == 60


def test_killed_after_the_append_it_does_not_fall_again(book: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as dying:
        dying.setattr("commands.policies.timer_worker.note_answers", killed)
        with pytest.raises(KilledError):
            book.run()
    assert book.answers() == 0
    book.run()
    assert book.fell() == [(plan, NOON)]
    assert (len(book.asked), book.answers()) == (2, 1)


def test_killed_before_the_append_it_falls_at_the_next_start(book: Diary) -> None:
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()

    def killed(_: Sequence[Request]) -> list[Answer]:
        raise KilledError

    with book.worker(execute=killed) as worker, pytest.raises(KilledError):
        worker.step()
    book.run()
    assert book.fell() == [(plan, NOON)]


def test_what_the_executor_cannot_take_now_is_asked_again(book: Diary) -> None:
    book.do(*(planning(number, due_at=NOON + HOUR) for number in range(3)))
    book.follow()

    def only_the_first(requests: Sequence[Request]) -> list[Answer]:
        return [*book.execute(requests[:1]), *(OverloadedError(retry_after=1) for _ in requests[1:])]

    with book.worker(execute=only_the_first) as worker:
        assert worker.step()
        assert worker.step()
        assert worker.step()
        assert not worker.step()
    assert [plan for plan, _ in book.fell()] == [plan_id(number) for number in range(3)]


@pytest.mark.parametrize("answer", [OverloadedError(retry_after=1), ClockAheadError(NOON + 365 * DAY, NOON)])
def test_when_nothing_can_be_taken_the_worker_says_so_and_remembers_nothing(book: Diary, answer: Exception) -> None:
    """By a clock a year ahead every reminder of the year is due, and is not lost."""
    book.plan(due_at=NOON + HOUR)
    book.follow()

    def refused(requests: Sequence[Request]) -> list[Answer]:
        return [answer for _ in requests]

    with book.worker(execute=refused) as worker, pytest.raises(type(answer)):
        worker.step()
    assert book.answers() == 0


def test_a_rebuild_meanwhile_changes_nothing(book: Diary) -> None:
    book.do(*(planning(number, due_at=NOON + HOUR + number * MINUTE) for number in range(250)))
    book.follow()
    book.clock.now = NOON + DAY
    decoder = decoder_factory(book.database.projector_url, MASTER)
    with book.worker() as worker:
        assert worker.step()
        done = rebuild(
            timers_due,
            book.database.projector_url,
            decoder,
            resources=Resources(processes=1, small_log=0),
        )
        assert done is not None
        while worker.step():
            pass
    assert len(book.fell()) == len(set(book.fell())) == len(book.asked) == 250
    book.follow()
    assert verify(timers_due, book.database.projector_url, decoder).is_equal
    rebuild(
        timers_due,
        book.database.projector_url,
        decoder,
        resources=Resources(processes=1, small_log=0),
    )
    with connect(book.database.projector_url) as connection:
        generation = in_use(connection, timers_due.name)
        assert generation is not None
        assert generation.number == 3
    book.run()
    assert (book.waiting(), len(book.asked)) == (0, 250)


def test_a_view_from_before_it_fell_makes_nothing_fall_again(book: Diary) -> None:
    """A rollback, or a restored table: what was answered is due again, and all that is remembered is gone."""
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()
    book.run()
    with psycopg.connect(book.database.owner_url) as connection:
        connection.execute("DELETE FROM letopis.timer_answer")
    book.run()
    assert book.fell() == [(plan, NOON)]
    assert len(book.asked) == 2


def test_a_refused_one_is_asked_once_and_does_not_keep_the_others_waiting(book: Diary) -> None:
    """More are refused than fit in a batch, and all are older than the one that can be carried out."""
    book.do(*(planning(number, due_at=NOON + number * MINUTE) for number in range(BATCH + 21)))
    book.follow()
    last = plan_id(BATCH + 20)

    def of_nothing_but_the_last(due: Due) -> FallReminder:
        return FallReminder(activity_id=due.stream_id if due.stream_id == last else UUID(int=1), remind_at=due.due_at)

    refused = [Timer("activity-reminder", of_nothing_but_the_last)]
    book.clock.now = NOON + DAY
    with book.worker(refused) as worker:
        assert worker.step()
        assert worker.step()
        for _ in range(5):
            assert not worker.step()
    assert [plan for plan, _ in book.fell()] == [last]
    assert len(book.asked) == BATCH + 21
    assert book.one("SELECT count(*) FROM letopis.timer_answer WHERE code = 'not-found'") == BATCH + 20


def test_a_start_asks_once_more_what_was_refused(book: Diary) -> None:
    """The reason may be mended by then: an upgrade is a start."""
    plan = book.plan(due_at=NOON + HOUR)
    book.follow()
    book.run([Timer("activity-reminder", lambda due: FallReminder(activity_id=UUID(int=1), remind_at=due.due_at))])
    assert book.fell() == []
    book.run()
    assert book.fell() == [(plan, NOON)]


def test_a_timer_that_cannot_make_its_command_does_not_stop_the_others(book: Diary) -> None:
    book.do(*(planning(number, due_at=NOON + HOUR + number * MINUTE) for number in range(3)))
    book.follow()

    def broken_for_the_first(due: Due) -> FallReminder:
        if due.stream_id == plan_id(0):
            raise KeyError(due.timer)
        return FallReminder(activity_id=due.stream_id, remind_at=due.due_at)

    book.clock.now = NOON + HOUR
    book.run([Timer("activity-reminder", broken_for_the_first)])
    assert [plan for plan, _ in book.fell()] == [plan_id(1), plan_id(2)]
    assert book.one("SELECT code FROM letopis.timer_answer WHERE code IS NOT NULL") == "KeyError"


def test_the_answers_are_forgotten_when_nothing_is_waited_for(book: Diary) -> None:
    book.do(*(planning(number, due_at=NOON + HOUR) for number in range(5)))
    book.follow()
    book.run()
    assert book.answers() == 5
    book.follow()
    book.run()
    assert (book.answers(), len(book.asked)) == (0, 5)


def test_before_the_view_is_built_nothing_is_due(book: Diary) -> None:
    book.plan(due_at=NOON + HOUR)
    with psycopg.connect(book.database.owner_url) as connection:
        connection.execute(f"DROP VIEW read.{view_of(timers_due)}".encode())
    book.run()
    assert book.asked == []


def test_what_is_due_is_found_by_its_moment(book: Diary) -> None:
    with psycopg.connect(book.database.owner_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO timers_due_g1.timers_due (timer, stream_id, due_at, set_by, position)"
            " SELECT 'activity-reminder', gen_random_uuid(), %s::timestamptz + n * interval '1 minute',"
            " gen_random_uuid(), n FROM generate_series(1, 5000) AS n",
            [NOON],
        )
        owner.execute("VACUUM ANALYZE timers_due_g1.timers_due")
    with OwnConnection(book.database.reader_url)() as connection:
        plan = connection.execute(sql.SQL("EXPLAIN {}").format(DUE), [NOON + HOUR, ["activity-reminder"], BATCH])
        text = "\n".join(line for (line,) in plan)
    assert "Index Scan using timers_due_by_moment" in text
    assert "Sort" not in text


def test_the_answers_say_that_each_was_carried_out(book: Diary) -> None:
    book.plan(due_at=NOON + HOUR)
    book.follow()
    answers: list[Answer] = []

    def noted(requests: Sequence[Request]) -> list[Answer]:
        answers.extend(book.execute(requests))
        return answers

    with book.worker(execute=noted) as worker:
        worker.step()
    assert [isinstance(answer, Accepted) and len(answer.events) for answer in answers] == [1]
