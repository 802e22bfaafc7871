"""The auditor finds every position that a read model cannot have from the log, and every fact it went past."""

import psycopg
import pytest

from infra.projector.projector import build
from replay.rebuilding.verify import NoSuchGenerationError
from replay.repair.checkpoint_check import check_checkpoint
from tests.database import Database
from tests.toy.boxes import box_id, boxes, breaking, coin, days, decode, drops, looking, opening, random_history, record


@pytest.fixture
def built(database: Database) -> Database:
    record(database.owner_url, [opening("a"), looking("a"), *[coin("a")] * 8])
    for projection in (boxes, days, drops):
        build(projection, decode, database.projector_url)
    return database


def change(database: Database, statement: str) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("SET LOCAL session_replication_role = replica")
        assert owner.execute(statement.encode()).rowcount == 1


def test_a_sound_read_model_has_taken_in_what_the_log_has_up_to_its_checkpoint(built: Database) -> None:
    record(built.owner_url, [coin("a"), opening("b")])
    found = check_checkpoint(drops, built.projector_url, decode)
    assert found.is_sound
    assert (found.position, found.head) == (10, 12)
    assert (found.facts, found.waiting, found.rows) == (8, 1, 8)
    assert "8 facts taken in up to position 10, 1 waiting; 8 rows" in found.summary


def test_any_history_is_sound(database: Database) -> None:
    record(database.owner_url, random_history(3, 400))
    for projection in (boxes, days, drops):
        build(projection, decode, database.projector_url)
        assert check_checkpoint(projection, database.projector_url, decode).is_sound


def test_a_fact_that_was_skipped_is_found_and_named(built: Database) -> None:
    change(built, "DELETE FROM drops_g1.drops WHERE position = 7")
    found = check_checkpoint(drops, built.projector_url, decode)
    assert (found.skipped, found.stray, found.beyond) == ([7], [], 0)
    assert not found.is_sound
    assert "1 (7) missing" in found.summary


def test_a_row_that_is_missing_is_found_by_the_fact_that_changed_it_last(database: Database) -> None:
    told = [opening("a"), coin("a"), looking("a"), coin("b", colour="red"), coin("c", colour="blue"), breaking("c")]
    record(database.owner_url, told)
    for projection in (boxes, days):
        build(projection, decode, database.projector_url)
        # A row that a fact took away is not missed.
        assert check_checkpoint(projection, database.projector_url, decode).is_sound
    change(database, f"DELETE FROM boxes_g1.boxes WHERE box_id = '{box_id('a')}'")
    found = check_checkpoint(boxes, database.projector_url, decode)
    assert (found.skipped, found.stray, found.beyond) == ([2], [], 0)
    assert not found.is_sound
    assert "1 (2) missing" in found.summary
    change(database, "DELETE FROM days_g1.days WHERE colour = 'red'")
    assert check_checkpoint(days, database.projector_url, decode).skipped == [4]


def test_a_row_of_a_fact_that_is_no_fact_of_its_topics_is_found_and_named(built: Database) -> None:
    change(built, "UPDATE boxes_g1.boxes SET position = 0 WHERE position = 10")
    assert check_checkpoint(boxes, built.projector_url, decode).stray == [0]
    change(built, "UPDATE drops_g1.drops SET position = 1 WHERE position = 10")
    found = check_checkpoint(drops, built.projector_url, decode)
    assert (found.stray, found.skipped) == ([1], [10])
    assert not found.is_sound


def test_a_row_beyond_the_checkpoint_is_found(built: Database) -> None:
    record(built.owner_url, [coin("a")])
    change(built, "UPDATE boxes_g1.boxes SET position = 11 WHERE position = 10")
    found = check_checkpoint(boxes, built.projector_url, decode)
    assert (found.beyond, found.stray) == (1, [])
    assert not found.is_sound


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE letopis.event SET event_id = gen_random_uuid() WHERE position = 10",
        "DELETE FROM letopis.event WHERE position = 10",
    ],
)
def test_a_checkpoint_that_is_not_in_the_log_is_found(built: Database, harm: str) -> None:
    change(built, harm)
    found = check_checkpoint(boxes, built.projector_url, decode)
    assert not found.is_log_the_same
    assert not found.is_sound
    assert found.summary.startswith("log replaced: position 10")


def test_a_read_model_that_was_never_built_says_so(database: Database) -> None:
    with pytest.raises(NoSuchGenerationError):
        check_checkpoint(boxes, database.projector_url, decode)
