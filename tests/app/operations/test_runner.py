"""Jobs are done once, in the order of their lane, and end with a word whatever becomes of who does them."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from app.operations.outcomes import Failure
from app.operations.runner import Runner, Stage
from infra.postgres.connection import connect
from replay.repair.jobs import Asked, Ended, OtherJobError, UnderWayError, ask
from replay.repair.lanes import hold, take
from tests.database import Database

DONE = Ended("done", "dropped", {"about": "boxes", "generation": 1})


class FakeHands:
    """Does what a test says, and remembers what it did; it can begin anything again but a rebuild."""

    failures: tuple[Failure, ...] = ()
    attempts = 2

    def __init__(self, work: Callable[[Stage], Ended] = lambda _stage: DONE) -> None:
        self.began: list[UUID] = []
        self.interrupted: list[UUID] = []
        self._work = work

    def do(self, job: Any, stage: Stage) -> Ended:
        self.began.append(job.job_id)
        return self._work(stage)

    def left(self, job: Any) -> Ended | None:
        return Ended("abandoned", "operation-left", {"about": job.about}) if job.operation == "rebuild" else None

    def interrupt(self, job: Any) -> None:
        self.interrupted.append(job.job_id)


@contextmanager
def running(database: Database, hands: FakeHands, *, of_analytics: bool = False) -> Iterator[Runner]:
    runner = Runner(database.projector_url, hands, of_analytics=of_analytics)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


def asked(operation: str = "retry", about: str = "boxes", **more: Any) -> Asked:
    given: dict[str, Any] = {"parameters": {}, "asked_by": "vera", "asked_as": "ops", "reason": "x", **more}
    return Asked(operation=operation, about=about, **given)


def put(database: Database, *wanted: Asked) -> list[UUID]:
    with connect(database.projector_url) as connection:
        return [ask(connection, one).job_id for one in wanted]


def job(database: Database, job_id: UUID) -> dict[str, Any]:
    with psycopg.connect(database.owner_url, row_factory=dict_row) as owner:
        found = owner.execute("SELECT * FROM letopis.operation WHERE job_id = %s", [job_id]).fetchone()
    assert found is not None
    return found


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def ended(database: Database, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Wait for the end of all of them; return the state of each and the code of its outcome."""
    until(lambda: all(job(database, one)["ended_at"] for one in ids))
    return [(one["state"], one["outcome"]["code"]) for one in (job(database, each) for each in ids)]


def test_each_job_is_done_once_and_in_order_though_two_look_for_them(database: Database) -> None:
    first, second = FakeHands(), FakeHands()
    ids = put(database, *(asked() for _ in range(20)))
    with running(database, first), running(database, second):
        ids += put(database, *(asked() for _ in range(20)))
        assert ended(database, ids) == [("done", "dropped")] * 40
    began = first.began + second.began
    assert sorted(began) == sorted(ids)
    # Of one lane, so one after the other, whoever did it.
    at = [(job(database, each)["started_at"], job(database, each)["ended_at"]) for each in ids]
    assert all(before[1] <= after[0] for before, after in pairwise(at))


def test_a_word_does_not_wait_behind_what_it_is_about(database: Database) -> None:
    go_on = Signal()

    def work(_stage: Stage) -> Ended:
        go_on.wait(20)
        return DONE

    hands = FakeHands(work)
    long, behind, beside = put(database, asked("rebuild"), asked("retry"), asked("pause"))
    with running(database, hands):
        until(lambda: {long, beside} <= set(hands.began))
        assert behind not in hands.began
        go_on.set()
        assert ended(database, [long, behind, beside]) == [("done", "dropped")] * 3


def test_the_analytics_are_left_to_who_holds_them(database: Database) -> None:
    ours, theirs = FakeHands(), FakeHands()
    of_reports, of_views = put(database, asked(about="analytics"), asked())
    with running(database, ours), running(database, theirs, of_analytics=True):
        ended(database, [of_reports, of_views])
    assert (ours.began, theirs.began) == ([of_views], [of_reports])


def left_behind(database: Database, wanted: Asked) -> UUID:
    """Let a process begin a job and be gone."""
    (job_id,) = put(database, wanted)
    with connect(database.projector_url) as connection:
        assert hold(connection, wanted.lane)
        taken = take(connection, wanted.lane)
        assert taken is not None
        assert taken.job_id == job_id
    assert job(database, job_id)["state"] == "running"
    return job_id


def test_what_a_process_left_behind_is_begun_again_once_or_ends_with_a_word(database: Database) -> None:
    hands = FakeHands()
    rebuild, retry = left_behind(database, asked("rebuild")), left_behind(database, asked("retry", "days"))
    with running(database, hands):
        assert ended(database, [rebuild, retry]) == [("abandoned", "operation-left"), ("done", "dropped")]
    assert hands.began == [retry]
    assert job(database, retry)["attempts"] == 2


def test_a_job_that_takes_its_process_with_it_does_not_do_so_for_ever(database: Database) -> None:
    wanted = asked("retry")
    job_id = left_behind(database, wanted)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE letopis.operation SET attempts = 2")
    hands = FakeHands()
    with running(database, hands):
        assert ended(database, [job_id]) == [("abandoned", "operation-left")]
    assert hands.began == []


def test_a_job_whose_process_lives_is_left_alone(database: Database) -> None:
    wanted = asked("rebuild")
    (job_id,) = put(database, wanted)
    hands = FakeHands()
    with connect(database.projector_url) as connection, running(database, hands):
        assert hold(connection, wanted.lane)
        assert take(connection, wanted.lane) is not None
        put(database, asked("retry"))
        (other,) = put(database, asked("retry", "days"))
        ended(database, [other])
        assert job(database, job_id)["state"] == "running"
        assert hands.began == [other]


def test_what_is_being_done_at_a_stop_is_begun_again_or_ends_with_a_word(database: Database) -> None:
    def work(stage: Stage) -> Ended:
        while True:
            stage.look()
            time.sleep(0.02)

    hands = FakeHands(work)
    rebuild, verify, waiting = put(database, asked("rebuild"), asked("verify", "days"), asked("retry", "days"))
    with running(database, hands):
        until(lambda: len(hands.began) == 2)
    assert set(hands.interrupted) == {rebuild, verify}
    states = [job(database, one)["state"] for one in (rebuild, verify, waiting)]
    assert states == ["abandoned", "waiting", "waiting"]


def test_a_bug_ends_a_job_by_its_number_and_tells_no_words(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_stage: Stage) -> Ended:
        raise KeyError("Ivan Petrov")

    (job_id,) = put(database, asked())
    with running(database, FakeHands(work)):
        assert ended(database, [job_id]) == [("failed", "internal-error")]
    told = job(database, job_id)["outcome"]
    assert told["facts"] == {"incident": str(job_id)}
    assert str(job_id) in capsys.readouterr().out


def test_what_a_job_says_of_itself_is_on_record_while_it_is_done(database: Database) -> None:
    go_on = Signal()

    def work(stage: Stage) -> Ended:
        stage.tell(phase="folding", done=3)
        go_on.wait(20)
        return DONE

    (job_id,) = put(database, asked("verify"))
    with running(database, FakeHands(work)):
        until(lambda: job(database, job_id)["progress"] == {"phase": "folding", "done": 3})
        go_on.set()
        ended(database, [job_id])


def test_the_same_long_work_is_under_way_once(database: Database) -> None:
    (first,) = put(database, asked("rebuild"))
    with pytest.raises(UnderWayError) as refused:
        put(database, asked("rebuild", asked_by="boris"))
    assert (refused.value.facts["job_id"], refused.value.facts["asked_by"]) == (first, "vera")
    put(database, asked("rebuild", "days"), asked("verify"), asked("retry"), asked("retry"))
    with running(database, FakeHands()):
        ended(database, [first])
    put(database, asked("rebuild"))


def test_what_is_asked_for_again_under_its_id_is_the_same_job(database: Database) -> None:
    again = asked("rebuild", job_id=uuid4())
    assert put(database, again, again) == [again.job_id] * 2
    with running(database, FakeHands()):
        ended(database, [again.job_id])
    assert put(database, again) == [again.job_id]
    with pytest.raises(OtherJobError):
        put(database, asked("rebuild", "days", job_id=again.job_id))


def test_a_database_that_goes_away_for_a_moment_costs_no_job(database: Database) -> None:
    hands = FakeHands()
    with running(database, hands):
        ended(database, put(database, asked()))
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert ended(database, put(database, asked())) == [("done", "dropped")]
