"""When the log under a read model is replaced, it is built anew by itself, and nothing of the old log goes on."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from infra.projector import generations, states
from infra.projector.advance import advance, lease, reader_for
from infra.projector.generations import GenerationMovedError, connect, in_use
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from infra.projector.states import break_replaced
from replay.rebuilding.rebuild import NothingToRollBackToError, rebuild, roll_back
from tests.database import Database
from tests.infra.projector.looking import eventually, in_memory, in_table, reached, state_of
from tests.toy.boxes import Said, boxes, coin, days, decode, decoder, opening, record

OLD = [opening("a"), coin("a", "5"), coin("a", "7")]
SHORTER = [opening("b")]
LONGER = [opening("b"), coin("b", "1"), coin("b", "1"), coin("b", "1"), coin("a", "2")]


def replace_log(database: Database, facts: Sequence[Said]) -> int:
    """Put other facts in the place of all there are, as whoever restores a backup by other means does."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER USER")
        owner.execute("TRUNCATE letopis.event")
        owner.execute("ALTER TABLE letopis.event ENABLE TRIGGER USER")
    return record(database.owner_url, facts, salt="another log ")


def number_of(database: Database) -> int:
    with connect(database.projector_url) as connection:
        found = in_use(connection, boxes.name)
        assert found is not None
        return found.number


def all_in_use_are(database: Database, names: set[str]) -> bool:
    with connect(database.projector_url) as connection:
        return {one.name for one in generations.kept_up(connection)} == names


def is_built_anew(database: Database, position: int) -> bool:
    return number_of(database) > 1 and state_of(database.projector_url, boxes) == ("live", position, None)


@pytest.fixture
def folded(database: Database) -> Database:
    """A database whose boxes were folded from the old log."""
    record(database.owner_url, OLD)
    build(boxes, decode, database.projector_url)
    return database


@pytest.mark.parametrize("facts", [SHORTER, LONGER], ids=["shorter", "longer"])
@pytest.mark.parametrize("state", ["live", "paused", "broken"])
def test_a_service_that_starts_builds_what_is_of_another_log_anew(
    folded: Database, facts: list[Said], state: generations.State
) -> None:
    with psycopg.connect(folded.owner_url) as owner:
        owner.execute("UPDATE letopis.projection SET state = %s", [state])
    last = replace_log(folded, facts)
    service = ProjectorService([boxes], decode, folded.projector_url, poll_seconds=0.05)
    service.start()
    try:
        eventually(lambda: is_built_anew(folded, last))
        last = record(folded.owner_url, [coin("b")])
        eventually(reached(folded.projector_url, boxes, last))
    finally:
        service.stop()
    assert in_table(folded.projector_url, boxes) == in_memory(folded.projector_url, boxes)


@pytest.mark.parametrize("facts", [SHORTER, LONGER], ids=["shorter", "longer"])
def test_a_service_that_runs_builds_it_anew_too(folded: Database, facts: list[Said]) -> None:
    service = ProjectorService([boxes], decode, folded.projector_url, poll_seconds=0.05)
    service.start()
    try:
        eventually(lambda: "boxes_g1" in service._leased)
        last = replace_log(folded, facts)
        eventually(lambda: is_built_anew(folded, last))
    finally:
        service.stop()
    assert in_table(folded.projector_url, boxes) == in_memory(folded.projector_url, boxes)


def test_no_batch_goes_on_from_one_log_into_another(folded: Database) -> None:
    before = in_table(folded.projector_url, boxes)
    with connect(folded.projector_url) as connection:
        generation = in_use(connection, boxes.name)
        assert generation is not None
        held = lease(connection, boxes, generation)
        replace_log(folded, LONGER)
        with pytest.raises(GenerationMovedError):
            advance(connection, [held], reader_for([held]), decode, 100)
    assert in_table(folded.projector_url, boxes) == before
    assert state_of(folded.projector_url, boxes) == ("live", 3, None)


def test_what_is_of_this_log_is_left_as_it_is(folded: Database) -> None:
    record(folded.owner_url, [coin("a")])
    with connect(folded.projector_url) as connection:
        assert break_replaced(connection) == []
    assert state_of(folded.projector_url, boxes) == ("live", 3, None)


def test_who_takes_over_from_one_that_could_not_build_anew_does_it(folded: Database) -> None:
    tried: list[str] = []

    def fail(projection: Projection[Any]) -> None:
        tried.append(projection.name)
        raise psycopg.ProgrammingError

    first = ProjectorService([boxes], decode, folded.projector_url, build=fail, poll_seconds=0.05)
    second = ProjectorService([boxes, days], decode, folded.projector_url, poll_seconds=0.05)
    first.start()
    eventually(lambda: "boxes_g1" in first._locked)
    second.start()
    try:
        # It looks at its read models in order: the boxes were not missing, the days were.
        eventually(lambda: all_in_use_are(folded, {"boxes", "days"}))
        with psycopg.connect(folded.owner_url) as owner:
            owner.execute("UPDATE letopis.projection SET state = 'broken', error = 'log replaced' WHERE name = 'boxes'")
        first.stop()
        eventually(lambda: is_built_anew(folded, 3))
    finally:
        second.stop()


def test_what_is_of_another_log_is_not_shown_again_for_the_asking(folded: Database) -> None:
    replace_log(folded, LONGER)
    with connect(folded.projector_url) as connection:
        assert break_replaced(connection) == [boxes.name]
        assert not states.retry(connection, boxes.name)
    assert state_of(folded.projector_url, boxes) == ("broken", 3, "log replaced")


def test_there_is_no_way_back_into_another_log(folded: Database) -> None:
    rebuild(boxes, folded.projector_url, decoder)
    replace_log(folded, LONGER)
    with pytest.raises(NothingToRollBackToError, match="from this log"):
        roll_back(boxes, folded.projector_url, decode)
    with connect(folded.projector_url) as connection:
        break_replaced(connection)
        assert rebuild(boxes, folded.projector_url, decoder, only_if_missing=True) is not None
        kept = connection.execute("SELECT generation, state FROM letopis.projection").fetchall()
    assert kept == [(3, "live")]
