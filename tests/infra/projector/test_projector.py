"""The projector: in order, exactly once, one worker at a time, and never silently past a fact it cannot take in."""

import random
import string
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest

from infra.durations import SUM, Durations
from infra.log.eventlog import WAKE_UP_CHANNEL
from infra.log.log_reader import BEGINNING
from infra.projector import generations, states
from infra.projector.advance import Leased, advance, lease, reader_for
from infra.projector.generations import GenerationMovedError, connect, in_use
from infra.projector.parking import parked_key_text
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from infra.projector.tables import ShapeChangedError
from tests.database import Database
from tests.infra.poison import waiting
from tests.infra.projector.looking import eventually, in_memory, in_table, reached, state_of
from tests.toy import boxes as toy
from tests.toy.boxes import Said, box_id, boxes, breaking, coin, days, decode, drops, looking, opening, record
from tests.toy.events import BoxOpened

PROJECTIONS: tuple[Projection[Any], ...] = (boxes, days, drops)


@contextmanager
def held_by(url: str, *projections: Projection[Any]) -> Iterator[tuple[psycopg.Connection[Any], list[Leased]]]:
    for projection in projections:
        build(projection, decode, url)
    with connect(url) as connection:
        every = [in_use(connection, projection.name) for projection in projections]
        yield (
            connection,
            [lease(connection, one, found) for one, found in zip(projections, every, strict=True) if found],
        )


@pytest.fixture
def service(database: Database) -> Iterator[ProjectorService]:
    service = ProjectorService(PROJECTIONS, decode, database.projector_url, poll_seconds=0.05)
    service.start()
    yield service
    service.stop()


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_live_rows_are_what_the_log_makes_whatever_the_size_of_the_batches(database: Database, batch: int) -> None:
    with held_by(database.projector_url, *PROJECTIONS) as (connection, held):
        record(database.owner_url, toy.random_history(batch, 300))
        while advance(connection, held, reader_for(held), decode, batch):
            pass
    for projection in PROJECTIONS:
        rows = in_table(database.projector_url, projection)
        assert rows == in_memory(database.projector_url, projection)
        assert len(rows) >= 5


@pytest.mark.parametrize("batch", [7, 1000])
def test_how_long_each_fact_took_to_be_shown_is_counted_once(database: Database, batch: int) -> None:
    delays = Durations()
    with held_by(database.projector_url, *PROJECTIONS) as (connection, held):
        record(database.owner_url, toy.random_history(batch, 300))
        # Readers see this one no more.
        connection.execute("UPDATE letopis.projection SET state = 'retired' WHERE name = 'days'")
        for one in held:
            if one.projection is days:
                one.generation = replace(one.generation, state="retired")
        while advance(connection, held, reader_for(held), decode, batch, delays):
            pass
    with psycopg.connect(database.owner_url) as owner:
        counted = owner.execute("SELECT topic, count(*) FROM letopis.event GROUP BY topic").fetchall()
    told = {name: sum(row[:SUM]) for (name,), row in delays.told().items()}
    assert told == {one.name: sum(count for topic, count in counted if topic in one.topics) for one in (boxes, drops)}
    assert all(count > 0 for count in told.values())


def test_a_batch_played_twice_changes_nothing(database: Database) -> None:
    with held_by(database.projector_url, *PROJECTIONS) as (connection, held):
        record(database.owner_url, toy.random_history(5, 200))
        advance(connection, held, reader_for(held), decode, 1000)
        before = [in_table(database.projector_url, one) for one in PROJECTIONS]
        connection.execute("UPDATE letopis.projection SET position = 0, event_id = NULL")
        for one in held:
            one.checkpoint = BEGINNING
        advance(connection, held, reader_for(held), decode, 1000)
    assert [in_table(database.projector_url, one) for one in PROJECTIONS] == before


@pytest.mark.parametrize("table", ["letopis.projection", "boxes_g1.boxes"])
def test_rows_and_checkpoint_are_written_together_or_not_at_all(database: Database, table: str) -> None:
    record(database.owner_url, [opening("a")])
    with held_by(database.projector_url, boxes) as (connection, held):
        record(database.owner_url, [coin("a", "5")])
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            # Whichever of them cannot be written: the other one must go too.
            owner.execute(
                "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN new; END $$"
            )
            owner.execute("ALTER FUNCTION public.fail() SECURITY DEFINER")
            owner.execute(
                f"CREATE TRIGGER fail BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION public.fail()".encode()
            )
        with pytest.raises(psycopg.OperationalError):
            advance(connection, held, reader_for(held), decode, 100)
    (there,) = in_table(database.projector_url, boxes).values()
    assert there.row.total == Decimal(0)
    assert state_of(database.projector_url, boxes) == ("live", 1, None)


def test_the_checkpoint_is_what_was_examined_not_what_was_handled(database: Database) -> None:
    with held_by(database.projector_url, days) as (connection, held):
        last = record(database.owner_url, [coin("a", colour="red"), opening("a"), looking("a")])
        advance(connection, held, reader_for(held), decode, 100)
    assert state_of(database.projector_url, days)[1] == last == 3


def test_a_row_that_did_not_change_is_not_written(database: Database) -> None:
    with held_by(database.projector_url, boxes) as (connection, held):
        record(database.owner_url, [opening("a"), opening("b")])
        advance(connection, held, reader_for(held), decode, 100)
        places = "SELECT box_id, ctid::text FROM boxes_g1.boxes ORDER BY box_id"
        before = dict(connection.execute(places).fetchall())
        record(database.owner_url, [looking("a"), coin("b")])
        advance(connection, held, reader_for(held), decode, 100)
        after = dict(connection.execute(places).fetchall())
    assert before[toy.box_id("a")] == after[toy.box_id("a")]
    assert before[toy.box_id("b")] != after[toy.box_id("b")]
    assert in_table(database.projector_url, boxes)[toy.box_id("a"),].position == 1


def test_a_fold_that_returns_none_removes_the_row_and_a_later_event_makes_it_anew(database: Database) -> None:
    with held_by(database.projector_url, boxes) as (connection, held):
        record(database.owner_url, [opening("a"), opening("b"), coin("b"), breaking("b")])
        advance(connection, held, reader_for(held), decode, 2)
        advance(connection, held, reader_for(held), decode, 2)
        assert in_table(database.projector_url, boxes).keys() == {(toy.box_id("a"),)}
        record(database.owner_url, [coin("b", "3")])
        advance(connection, held, reader_for(held), decode, 2)
    assert in_table(database.projector_url, boxes)[toy.box_id("b"),].row.total == Decimal(3)


def test_an_event_that_cannot_be_read_and_could_touch_any_row_stops_those_that_fold_its_topic(
    database: Database,
) -> None:
    only_openings: Projection[Any] = replace(boxes, name="boxes", folds={BoxOpened: boxes.folds[BoxOpened]})
    with held_by(database.projector_url, only_openings, days) as (connection, held):
        record(database.owner_url, [coin("a", colour="red"), coin("a", unreadable=True), opening("a")])
        advance(connection, held, reader_for(held), decode, 100)
    assert state_of(database.projector_url, days)[:2] == ("broken", 1)
    assert state_of(database.projector_url, boxes)[:2] == ("live", 3)


LONG = "".join(random.Random(1).choices(string.ascii_letters, k=9_000))
"""A text that a column takes and no index does: the database calls that operational, and it will be so for ever."""


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (coin("a", note="nul \x00"), "UntranslatableCharacter (22P05) of the database"),
        (coin("a", note=LONG), "ProgramLimitExceeded (54000) of the database"),
    ],
)
def test_rows_that_the_database_refuses_are_parked_at_the_fact_and_everything_else_flows(
    database: Database, refused: Said, reason: str
) -> None:
    with held_by(database.projector_url, *PROJECTIONS) as (connection, held):
        with psycopg.connect(database.owner_url) as owner:
            owner.execute("CREATE INDEX ON boxes_g1.boxes ((notes::text))")
        record(database.owner_url, [opening("a"), coin("a"), coin("b"), refused, coin("a"), coin("b")])
        while advance(connection, held, reader_for(held), decode, 100):
            pass
    assert [(one.place, one.position, one.reason) for one in waiting(database)] == [
        (parked_key_text(boxes, (box_id("a"),)), 4, reason)
    ]
    assert state_of(database.projector_url, boxes) == ("live", 6, None)
    coins = {key: there.row.coins for key, there in in_table(database.projector_url, boxes).items()}
    assert coins == {(box_id("a"),): 1, (box_id("b"),): 2}
    assert state_of(database.projector_url, drops)[:2] == ("live", 6)


def test_retry_goes_on_where_a_broken_read_model_stopped(database: Database, service: ProjectorService) -> None:
    record(database.owner_url, [coin("a", colour="red"), coin("a", unreadable=True), coin("a", colour="red")])
    eventually(lambda: state_of_or_none(database, days) == "broken")
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("""UPDATE letopis.event SET body = '{"amount": "4", "colour": "red"}' WHERE position = 2""")
    with connect(database.projector_url) as connection:
        assert states.retry(connection, "days")
    eventually(reached(database.projector_url, days, 3))
    assert [there.row.coins for there in in_table(database.projector_url, days).values()] == [3]
    assert service is not None


def state_of_or_none(database: Database, projection: Projection[Any]) -> str | None:
    with connect(database.projector_url) as connection:
        found = in_use(connection, projection.name)
        return found.state if found else None


def test_the_service_builds_what_is_missing_and_follows_the_log(database: Database) -> None:
    record(database.owner_url, toy.random_history(1, 50))
    service = ProjectorService(PROJECTIONS, decode, database.projector_url)
    service.start()
    try:
        for projection in PROJECTIONS:
            eventually(reached(database.projector_url, projection, 50))
        last = record(database.owner_url, toy.random_history(2, 50))
        for projection in PROJECTIONS:
            eventually(reached(database.projector_url, projection, last))
    finally:
        service.stop()
    for projection in PROJECTIONS:
        assert in_table(database.projector_url, projection) == in_memory(database.projector_url, projection)


def test_a_notice_wakes_the_service_long_before_its_poll(database: Database) -> None:
    service = ProjectorService([boxes], decode, database.projector_url, poll_seconds=5)
    build(boxes, decode, database.projector_url)
    service.start()
    try:
        # The first step is taken at the start: the second can only come of the notice.
        record(database.owner_url, [opening("a")])
        time.sleep(0.3)
        last = record(database.owner_url, [coin("a")])
        with psycopg.connect(database.owner_url) as owner:
            owner.execute("SELECT pg_notify(%s, %s)", (WAKE_UP_CHANNEL, str(last)))
        eventually(reached(database.projector_url, boxes, last), seconds=2)
    finally:
        service.stop()


def test_two_services_never_hold_the_same_read_model(database: Database, service: ProjectorService) -> None:
    eventually(lambda: len(service._leased) == 3)
    other = ProjectorService(PROJECTIONS, decode, database.projector_url, poll_seconds=0.05)
    other.start()
    try:
        time.sleep(0.3)
        assert not other._leased
        service.stop()
        eventually(lambda: len(other._leased) == 3)
        last = record(database.owner_url, [opening("a")])
        eventually(reached(database.projector_url, boxes, last))
    finally:
        other.stop()


def test_a_session_that_is_lost_loses_its_hold_and_another_goes_on(
    database: Database, service: ProjectorService
) -> None:
    eventually(lambda: len(service._leased) == 3)
    record(database.owner_url, toy.random_history(3, 100))
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'letopis-projector'"
            " AND datname = current_database()"
        )
        last = record(database.owner_url, toy.random_history(4, 100))
    eventually(reached(database.projector_url, drops, last))
    eventually(reached(database.projector_url, boxes, last))
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)
    assert in_table(database.projector_url, drops) == in_memory(database.projector_url, drops)


def test_a_worker_whose_generation_was_replaced_writes_nothing_more(database: Database) -> None:
    with held_by(database.projector_url, boxes) as (connection, held):
        record(database.owner_url, [opening("a")])
        generation = held[0].generation
        assert generations.set_state(connection, generation, "retired", only_from=("live",))
        with pytest.raises(GenerationMovedError):
            advance(connection, held, reader_for(held), decode, 100)
        assert not held[0].store.count(connection)


def test_a_paused_read_model_stays_where_it_is_until_resumed(database: Database, service: ProjectorService) -> None:
    eventually(reached(database.projector_url, boxes, 0))
    eventually(lambda: len(service._leased) == 3)
    with connect(database.projector_url) as connection:
        assert states.pause(connection, "boxes")
        last = record(database.owner_url, [opening("a")])
        eventually(reached(database.projector_url, days, last))
        assert state_of(database.projector_url, boxes)[:2] == ("paused", 0)
        assert states.resume(connection, "boxes")
    eventually(reached(database.projector_url, boxes, last))


def test_readers_see_the_view_of_the_projection_and_nothing_behind_it(database: Database) -> None:
    record(database.owner_url, [opening("a"), coin("a", "150")])
    build(boxes, decode, database.projector_url)
    with psycopg.connect(database.reader_url, autocommit=True) as reader:
        assert reader.execute("SELECT is_heavy, total FROM read.boxes_v1").fetchall() == [(True, Decimal(150))]
        assert reader.execute("SELECT name, state, position, head FROM read.projection_status").fetchall() == [
            ("boxes", "live", 2, 2)
        ]
        for statement in (
            "SELECT * FROM boxes_g1.boxes",
            "SELECT * FROM letopis.projection",
            "DROP VIEW read.boxes_v1",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def test_a_changed_meaning_is_built_anew_and_the_readers_view_goes_over_to_it(database: Database) -> None:
    record(database.owner_url, [opening("a")])
    build(boxes, decode, database.projector_url)
    changed = replace(boxes, version=2)
    build(changed, decode, database.projector_url)
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
        assert found is not None
        assert (found.number, found.fingerprint) == (2, generations.fingerprint_of(changed))
        shown = connection.execute("SELECT pg_get_viewdef('read.boxes_v1'::regclass)").fetchone()
    assert shown is not None
    assert "boxes_g2" in shown[0]


def test_changed_columns_under_the_same_shape_are_refused_before_anything_is_built(
    database: Database, tmp_path: Path
) -> None:
    build(days, decode, database.projector_url)
    other = tmp_path / "days.sql"
    other.write_text(days.ddl.read_text().replace("coins ", "pennies "))
    with pytest.raises(ShapeChangedError):
        build(replace(days, ddl=other), decode, database.projector_url)
    with connect(database.projector_url) as connection:
        assert connection.execute("SELECT count(*) FROM letopis.projection").fetchone() == (1,)


def test_a_slow_append_is_neither_skipped_nor_seen_early(database: Database, service: ProjectorService) -> None:
    record(database.owner_url, [opening("a")])
    eventually(reached(database.projector_url, boxes, 1))
    writers = [Thread(target=record, args=(database.owner_url, toy.random_history(n, 40))) for n in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for projection in PROJECTIONS:
        eventually(reached(database.projector_url, projection, 241))
        assert in_table(database.projector_url, projection) == in_memory(database.projector_url, projection)
    assert service is not None


@pytest.mark.parametrize("dropped", ["SCHEMA boxes_g1 CASCADE", "TABLE boxes_g1.boxes CASCADE", "VIEW read.boxes_v1"])
def test_what_was_dropped_by_hand_is_noticed_and_built_again_and_the_others_go_on(
    database: Database, service: ProjectorService, dropped: str
) -> None:
    record(database.owner_url, [opening("a"), coin("a")])
    eventually(reached(database.projector_url, boxes, 2))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(f"DROP {dropped}".encode())
    # Without a fact that would make it fail; then the others take in what comes.
    eventually(lambda: generation_of(database, boxes) == 2)
    record(database.owner_url, [coin("a")])
    for projection in PROJECTIONS:
        eventually(reached(database.projector_url, projection, 3))
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)
    with psycopg.connect(database.reader_url) as reader:
        assert reader.execute("SELECT count(*) FROM read.boxes_v1").fetchone() == (1,)
    assert service is not None


def generation_of(database: Database, projection: Projection[Any]) -> int:
    with connect(database.projector_url) as connection:
        found = in_use(connection, projection.name)
        return found.number if found and found.state == "live" else 0
