"""A check finds every row that is not what the log makes, and names what is wrong with it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from threading import Thread
from typing import Any

import psycopg
import pytest

from infra.projector.generations import Generation, in_use
from infra.projector.projection import Projection
from infra.projector.projector import build
from replay.rebuilding.report import Report
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import NoSuchGenerationError, verify
from replay.rebuilding.watch import Looked, Watch
from tests.database import Database
from tests.infra.poison import follow
from tests.infra.projector.looking import eventually, in_table
from tests.toy import boxes as toy
from tests.toy.boxes import boxes, days, decode, decoder, drops, random_history, record
from tests.toy.events import CoinDropped


@pytest.fixture
def built(database: Database) -> Database:
    record(database.owner_url, random_history(1, 400))
    for projection in (boxes, days, drops):
        build(projection, decode, database.projector_url)
    return database


def change(database: Database, statement: str) -> None:
    with psycopg.connect(database.owner_url) as owner:
        assert owner.execute(statement.encode()).rowcount == 1


def check(database: Database, projection: Projection[Any], rows_at_once: int = 1000, processes: int = 1) -> Report:
    url = database.projector_url
    return verify(
        projection, url, decoder, resources=Resources(processes=processes, rows_at_once=rows_at_once, small_log=0)
    )


@pytest.mark.parametrize(("rows_at_once", "processes"), [(3, 1), (1000, 1), (3, 2), (1000, 3)])
def test_a_sound_read_model_is_equal(built: Database, rows_at_once: int, processes: int) -> None:
    for projection in (boxes, days, drops):
        report = check(built, projection, rows_at_once, processes)
        assert report.is_equal
        assert report.rows == len(in_table(built.projector_url, projection)) > 5
        assert report.position == 400


@pytest.mark.parametrize("rows_at_once", [3, 1000])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("total", "total + 0.01"),
        ("colour", "CASE colour WHEN 'red' THEN 'blue' ELSE 'red' END"),
        ("labels", "array_append(labels, 'x')"),
        ("notes", """'[{"text": "x"}]'"""),
        ("last_at", "last_at - interval '1 microsecond'"),
        ("position", "position + 1"),
    ],
)
def test_one_changed_cell_is_found_and_named(built: Database, column: str, value: str, rows_at_once: int) -> None:
    change(
        built,
        f"UPDATE boxes_g1.boxes SET {column} = {value} WHERE box_id ="
        " (SELECT min(box_id::text)::uuid FROM boxes_g1.boxes WHERE last_at IS NOT NULL)",
    )
    report = check(built, boxes, rows_at_once)
    assert (report.differing, report.missing, report.extra) == (1, 0, 0)
    assert not report.is_equal
    assert list(report.differences[0].columns) == [column]
    assert f"1 differ (columns: {column})" in report.summary


def test_a_sample_looks_at_its_share_of_the_rows_and_all_samples_at_every_row(
    built: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        built,
        "UPDATE boxes_g1.boxes SET total = -1 WHERE box_id = (SELECT min(box_id::text)::uuid FROM boxes_g1.boxes)",
    )
    first, second, *_ = sorted(in_table(built.projector_url, boxes), key=str)
    change(built, f"DELETE FROM boxes_g1.boxes WHERE box_id = '{second[0]}'")
    stranger = toy.box_id("no such box")
    change(built, f"INSERT INTO boxes_g1.boxes VALUES ('{stranger}', NULL, 1, 1, '{{}}', '[]', NULL, NULL, false, 7)")
    rows = len(in_table(built.projector_url, boxes))
    found = []
    for part in range(4):
        monkeypatch.setattr("replay.rebuilding.verify.secrets.randbelow", lambda _, part=part: part)
        found.append(verify(boxes, built.projector_url, decoder, one_in=4, resources=Resources(rows_at_once=3)))
    assert sum(one.rows for one in found) == rows
    assert all(0 < one.rows < rows for one in found)
    assert [key for one in found for key in one.missing_keys] == [second]
    assert [key for one in found for key in one.extra_keys] == [(stranger,)]
    assert [one.differences[0].key for one in found if one.differing] == [first]
    assert "a sample: one in 4" in found[0].summary


def test_a_row_of_no_fact_is_found_by_every_sample(built: Database) -> None:
    stranger = toy.box_id("no such box")
    change(built, f"INSERT INTO boxes_g1.boxes VALUES ('{stranger}', NULL, 1, 1, '{{}}', '[]', NULL, NULL, false, 999)")
    for processes in (1, 2, 3):
        url = built.projector_url
        report = verify(boxes, url, decoder, one_in=4, resources=Resources(processes=processes, small_log=0))
        assert (report.extra, report.extra_keys) == (1, [(stranger,)])


def test_what_one_worker_folds_is_small_enough_to_be_compared_whole(built: Database) -> None:
    report = verify(days, built.projector_url, decoder, one_in=4)
    assert (report.one_in, report.rows) == (1, len(in_table(built.projector_url, days)))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_missing_and_an_extra_row_are_found_and_named(built: Database, processes: int) -> None:
    first = min(in_table(built.projector_url, boxes))
    change(built, f"DELETE FROM boxes_g1.boxes WHERE box_id = '{first[0]}'")
    stranger = toy.box_id("no such box")
    change(built, f"INSERT INTO boxes_g1.boxes VALUES ('{stranger}', NULL, 1, 1, '{{}}', '[]', NULL, NULL, false, 1)")
    report = check(built, boxes, processes=processes)
    assert (report.differing, report.missing_keys, report.extra_keys) == (0, [first], [(stranger,)])
    assert not report.is_equal


def test_a_row_that_differs_in_every_worker_s_share_is_named(built: Database) -> None:
    with psycopg.connect(built.owner_url) as owner:
        rows = owner.execute("UPDATE boxes_g1.boxes SET total = total + 1").rowcount
    report = check(built, boxes, rows_at_once=3, processes=2)
    assert (report.differing, report.rows, len(report.differences)) == (rows, rows, rows)
    assert {tuple(one.columns) for one in report.differences} == {("total",)}


def test_an_extra_row_of_what_is_only_added_to_is_named(built: Database) -> None:
    stranger = toy.box_id("no such box")
    change(built, f"INSERT INTO drops_g1.drops VALUES ('{stranger}', 7, '[]', 7)")
    report = check(built, drops, processes=2)
    assert (report.differing, report.missing, report.extra_keys) == (0, 0, [(stranger, 7)])
    assert report.rows == len(in_table(built.projector_url, drops))


def test_a_fold_changed_without_a_rebuild_is_found(built: Database) -> None:
    keys, fold = boxes.folds[CoinDropped]

    def generous(row: Any, event: Any, key: Any) -> Any:
        folded = fold(row, event, key)
        return folded._replace(total=folded.total + Decimal("0.01"))

    mutated = replace(boxes, folds={**boxes.folds, CoinDropped: (keys, generous)})
    report = verify(mutated, built.projector_url, decoder)
    assert report.differing > 5
    assert not report.is_equal


def test_a_log_put_in_the_place_of_another_is_found(built: Database) -> None:
    with psycopg.connect(built.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("UPDATE letopis.event SET event_id = gen_random_uuid() WHERE position = 400")
    report = check(built, boxes)
    assert not report.is_equal
    assert not report.is_log_the_same
    assert report.summary.startswith("log replaced")


def test_what_was_recorded_after_the_checkpoint_is_left_out(built: Database) -> None:
    record(built.owner_url, random_history(2, 50))
    report = check(built, boxes)
    assert report.is_equal
    assert report.position == 400


@pytest.mark.parametrize("processes", [1, 2])
def test_workers_see_what_was_there_when_the_check_began(built: Database, processes: int) -> None:
    def found_before_it_went_on(connection: psycopg.Connection[Any], name: str) -> Generation | None:
        generation = in_use(connection, name)
        record(built.owner_url, random_history(2, 50))
        follow(built.projector_url, [boxes], 100)
        return generation

    report = verify(
        boxes,
        built.projector_url,
        decoder,
        find=found_before_it_went_on,
        resources=Resources(processes=processes, small_log=0),
    )
    assert (report.is_equal, report.position) == (True, 400)
    after = check(built, boxes)
    assert (after.is_equal, after.position) == (True, 450)
    assert after.rows > report.rows


def test_whoever_waits_to_drop_the_table_waits_for_the_check_and_holds_up_nobody(built: Database) -> None:
    waiting: list[Thread] = []
    refused = []

    def take() -> None:
        with psycopg.connect(built.owner_url) as owner:
            owner.execute("SET lock_timeout = '10s'")
            try:
                owner.execute("LOCK TABLE boxes_g1.boxes IN ACCESS EXCLUSIVE MODE")
            except psycopg.errors.LockNotAvailable as error:
                refused.append(error)

    def is_waited_for() -> bool:
        with psycopg.connect(built.owner_url) as owner:
            row = owner.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)").fetchone()
        return row == (True,)

    def somebody_wants_it(_: Looked) -> None:
        if not waiting:
            waiting.append(Thread(target=take))
            waiting[0].start()
            eventually(is_waited_for)

    watch = Watch(looked=somebody_wants_it)
    report = verify(boxes, built.projector_url, decoder, watch=watch, resources=Resources(rows_at_once=3))
    waiting[0].join()
    assert report.is_equal
    assert not refused


def test_a_build_that_was_dropped_before_it_could_be_looked_at_is_said_to_be_so(built: Database) -> None:
    def dropped_meanwhile(connection: psycopg.Connection[Any], name: str) -> Generation | None:
        generation = in_use(connection, name)
        with psycopg.connect(built.owner_url, autocommit=True) as owner:
            owner.execute("DROP SCHEMA boxes_g1 CASCADE")
        return generation

    with pytest.raises(NoSuchGenerationError, match="generation 1 was dropped"):
        verify(boxes, built.projector_url, decoder, find=dropped_meanwhile)


def test_a_read_model_that_was_never_built_is_said_to_be_so(database: Database) -> None:
    say: Callable[[], Report] = lambda: check(database, boxes)  # noqa: E731 - what is expected to be refused
    with pytest.raises(NoSuchGenerationError):
        say()
