"""The time machine's sessions: a question leaves nothing behind, whatever became of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from app.composition.reading import time_machine_at
from infra.log.past_log import AsOf
from infra.projector.folding import PoisonEventError
from read_api import views
from replay.past.as_of import TimeMachine
from tests.database import MASTER, Database

LONG_AGO, TODAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
NAMES = f"SELECT name FROM {views.PIPELINES} AS p ORDER BY 1"
WRONG = "UPDATE letopis.event SET body = '{\"what\": 1}' WHERE position = 2"


@pytest.fixture
def machine(database: Database) -> TimeMachine:
    """A machine with one session, on a log in which two roads were laid, one after the other."""
    with psycopg.connect(database.owner_url) as owner:
        for position, moment in enumerate((LONG_AGO, TODAY), start=1):
            owner.execute(
                "INSERT INTO letopis.event SELECT %s, gen_random_uuid(), %s, 1, 'pipeline.defined', 1,"
                " gen_random_uuid(), %s, %s, 'x', gen_random_uuid(), gen_random_uuid(), NULL,"
                ' \'{"name": "Road", "stages": [{"code": "a", "name": "A", "probability": 1}]}\', \'{}\'',
                [position, UUID(int=position), moment, moment],
            )
    return time_machine_at(database.projector_url, MASTER, sessions=1, seconds=60)


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection[tuple[int]]]:
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        yield connection


def roads(machine: TimeMachine, recorded: datetime) -> int:
    with machine.looking(AsOf(recorded=recorded), None) as then:
        return len(then.ask(NAMES, {}, [views.PIPELINES], []))


def test_one_question_after_the_other_sees_its_own_moment(machine: TimeMachine) -> None:
    assert [roads(machine, moment) for moment in (TODAY, LONG_AGO, TODAY)] == [2, 1, 2]


def test_a_question_that_failed_leaves_nothing_behind(machine: TimeMachine) -> None:
    with pytest.raises(ZeroDivisionError), machine.looking(AsOf(recorded=TODAY), None):
        raise ZeroDivisionError
    assert roads(machine, TODAY) == 2


def test_a_fact_that_cannot_be_read_is_named_and_spares_the_time_before_it(
    machine: TimeMachine, owner: psycopg.Connection[tuple[int]]
) -> None:
    owner.execute(WRONG)
    with pytest.raises(PoisonEventError) as refused:
        roads(machine, TODAY)
    assert refused.value.position == 2
    assert roads(machine, LONG_AGO) == 1


def test_a_fact_that_is_skipped_on_record_is_passed_over_in_the_past_as_well(
    machine: TimeMachine, owner: psycopg.Connection[tuple[int]]
) -> None:
    owner.execute(WRONG)
    owner.execute(
        "INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)"
        " SELECT 'pipelines', jsonb_build_object('stream', stream_id), position, event_id, topic, 'x', 'y', 'vera'"
        " FROM letopis.event WHERE position = 2"
    )
    assert roads(machine, TODAY) == 1


def test_a_session_that_was_cut_off_is_opened_anew(machine: TimeMachine, owner: psycopg.Connection[tuple[int]]) -> None:
    assert roads(machine, TODAY) == 2
    owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'letopis-as-of'")
    with pytest.raises(psycopg.OperationalError):
        roads(machine, TODAY)
    assert roads(machine, TODAY) == 2
