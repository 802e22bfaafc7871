"""A clock that is wrong: nothing is recorded by it where another witness tells, and nothing stops where none does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from infra.log import append as way_in
from infra.log.append import append, receive, send
from infra.log.clock import STATUS, ClockAheadError, ClockBehindError, ClockStatus, Hourly, Reckoning, accept_clock
from infra.log.past_log import AsOf, MomentAheadError, cut_at
from tests.database import Database
from tests.infra.log.clocks import DAY, HOUR, NOT_AT_ALL, YEAR, reckoning, set_clock
from tests.infra.log.decided import decided

STEP = timedelta(microseconds=1)


@pytest.fixture
def log(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def writer(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        yield connection


def record(writer: psycopg.Connection[Any], by: Reckoning | None = None, stream: UUID | None = None) -> None:
    """Record one fact, as a process of that reckoning; as this one if none is given."""
    batch = [decided(stream or uuid4())]
    send(writer, batch, reckoning=by or reckoning(NOT_AT_ALL))
    assert receive(writer, batch)[0].status == "stored"


def recorded(log: psycopg.Connection[Any]) -> list[datetime]:
    return [moment for (moment,) in log.execute("SELECT recorded_at FROM letopis.event ORDER BY position")]


def known_at(log: psycopg.Connection[Any], moment: datetime) -> int:
    return cut_at(log, AsOf(recorded=moment)).position


def status(log: psycopg.Connection[Any]) -> ClockStatus:
    return ClockStatus(*log.execute(STATUS).fetchall()[0])


def accept(database: Database) -> tuple[int, int] | None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        return accept_clock(owner, reason="the battery was empty", actor="operator")


def test_by_a_clock_that_is_far_ahead_of_log_and_caller_nothing_is_recorded(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    record(writer)
    set_clock(database, YEAR)
    with pytest.raises(ClockAheadError) as refused:
        record(writer)
    assert abs(datetime.fromisoformat(refused.value.facts["clock"]) - datetime.now(UTC) - YEAR) < HOUR
    assert abs(datetime.fromisoformat(refused.value.facts["expected"]) - datetime.now(UTC)) < HOUR
    set_clock(database, NOT_AT_ALL)
    record(writer)
    assert len(recorded(log)) == 2


def test_the_first_fact_of_a_log_is_not_recorded_by_such_a_clock_either(
    database: Database, writer: psycopg.Connection[Any]
) -> None:
    set_clock(database, YEAR)
    with pytest.raises(ClockAheadError):
        record(writer)


def test_where_the_machine_s_clock_leapt_for_all_what_has_passed_tells(
    database: Database, writer: psycopg.Connection[Any]
) -> None:
    record(writer)
    set_clock(database, YEAR)
    with pytest.raises(ClockAheadError):
        record(writer, by=reckoning(NOT_AT_ALL, leapt=YEAR))


def test_what_is_said_to_have_happened_by_a_clock_that_leapt_is_not_recorded(writer: psycopg.Connection[Any]) -> None:
    record(writer)
    with pytest.raises(ClockAheadError):
        record(writer, by=reckoning(NOT_AT_ALL, leapt=YEAR))


@pytest.mark.parametrize(
    ("clock", "by"),
    [
        pytest.param(YEAR, reckoning(YEAR), id="the log was idle for a year"),
        pytest.param(2 * DAY, reckoning(-20 * YEAR, leapt=20 * YEAR), id="the caller began before its clock was set"),
        pytest.param(HOUR, reckoning(NOT_AT_ALL, leapt=HOUR), id="an hour is a slip of zones"),
        pytest.param(-YEAR, reckoning(NOT_AT_ALL), id="the database's clock is behind"),
    ],
)
def test_nothing_else_stops_the_business(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any], clock: timedelta, by: Reckoning
) -> None:
    record(writer)
    set_clock(database, clock)
    record(writer, by=by)
    assert len(recorded(log)) == 2


@pytest.fixture
def a_year_ahead(database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any]) -> list[datetime]:
    """Two facts, then two by a clock a year ahead that nobody could tell to be wrong, then it was set right."""
    record(writer)
    record(writer)
    set_clock(database, YEAR)
    record(writer, by=reckoning(YEAR))
    record(writer, by=reckoning(YEAR))
    set_clock(database, NOT_AT_ALL)
    return recorded(log)


def test_a_log_that_is_ahead_of_the_clock_goes_on_and_it_is_said(
    log: psycopg.Connection[Any],
    writer: psycopg.Connection[Any],
    a_year_ahead: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(way_in, "warn_hourly", Hourly())
    with capture_logs() as said:
        record(writer)
        record(writer)
    assert [line["event"] for line in said] == ["log_ahead_of_clock"]
    assert recorded(log)[3:] == [a_year_ahead[3]] * 3
    assert "position 6" in (status(log).wrong or "")
    assert abs(status(log).ahead_seconds - YEAR.total_seconds()) < HOUR.total_seconds()


def test_as_of_a_moment_that_has_come_a_log_that_is_ahead_answers(
    log: psycopg.Connection[Any], writer: psycopg.Connection[Any], a_year_ahead: list[datetime]
) -> None:
    record(writer)
    first, second, *_, last = a_year_ahead
    assert [known_at(log, moment) for moment in (first - STEP, first, second - STEP)] == [0, 1, 1]
    assert known_at(log, second) == known_at(log, datetime.now(UTC)) == 5
    # A moment of the clock that was ahead is answered by the times it gave.
    assert known_at(log, last - STEP) == 3
    assert known_at(log, last) == 5
    with pytest.raises(MomentAheadError):
        known_at(log, last + STEP)


def test_once_it_is_accepted_that_the_clock_is_right_times_begin_anew(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any], a_year_ahead: list[datetime]
) -> None:
    assert accept(database) == (3, 4)
    ((accepted_at,),) = log.execute("SELECT accepted_at FROM letopis.accepted_clock").fetchall()
    assert status(log).wrong is None
    assert accept(database) is None
    record(writer)
    record(writer)
    new = recorded(log)[4:]
    assert accepted_at <= new[0] < new[1] <= datetime.now(UTC)
    assert status(log).wrong is None
    second = a_year_ahead[1]
    asked = [second - STEP, second, accepted_at, new[0] - STEP, new[0], new[1] - STEP, new[1], datetime.now(UTC)]
    assert [known_at(log, moment) for moment in asked] == [1, 4, 4, 4, 5, 5, 6, 6]
    with pytest.raises(MomentAheadError):
        known_at(log, a_year_ahead[3])


def test_a_clock_that_was_ahead_twice_is_accepted_twice(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any], a_year_ahead: list[datetime]
) -> None:
    accept(database)
    record(writer)
    set_clock(database, 2 * YEAR)
    record(writer, by=reckoning(2 * YEAR))
    set_clock(database, NOT_AT_ALL)
    good = recorded(log)[4]
    assert [known_at(log, moment) for moment in (good - STEP, good, datetime.now(UTC))] == [4, 6, 6]
    assert accept(database) == (6, 6)
    record(writer)
    last = recorded(log)[-1]
    moments = (a_year_ahead[0], a_year_ahead[1], good - STEP, good, last - STEP, last)
    assert [known_at(log, moment) for moment in moments] == [1, 4, 4, 6, 6, 7]


def test_where_all_of_the_log_is_later_it_is_the_clock_that_is_wrong(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    assert accept(database) is None
    record(writer)
    set_clock(database, -30 * YEAR)
    with pytest.raises(ClockBehindError):
        accept(database)
    record(writer)
    moments = recorded(log)
    assert [known_at(log, moment) for moment in (moments[0] - STEP, moments[0])] == [0, 2]


def test_a_clock_an_hour_back_keeps_the_order_and_is_said(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    record(writer)
    set_clock(database, -HOUR)
    stream = uuid4()
    record(writer, stream=stream)
    record(writer)
    first, *later = recorded(log)
    assert later == [first, first]
    assert "ahead of the clock" in (status(log).wrong or "")
    assert known_at(log, datetime.now(UTC) - HOUR) == 3
    set_clock(database, NOT_AT_ALL)
    record(writer)
    assert recorded(log)[-1] > first
    assert status(log).wrong is None


def test_a_moment_is_found_where_facts_are_gone(
    database: Database, log: psycopg.Connection[Any], writer: psycopg.Connection[Any]
) -> None:
    for _ in range(9):
        append(writer, [decided(uuid4())])
    moments = recorded(log)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("DELETE FROM letopis.event WHERE position IN (1, 4, 5, 6)")
    found = [known_at(log, moments[position - 1]) for position in (2, 3, 7, 8, 9)]
    assert found[0] == 2
    assert found[1] in range(3, 7)  # nothing stands between
    assert found[2:] == [7, 8, 9]
