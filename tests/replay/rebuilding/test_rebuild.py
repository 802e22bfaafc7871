"""A rebuild equals the live rows, is seen in one moment or not at all, and can be killed anywhere."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.projector.folding import PoisonEventError
from infra.projector.generations import connect, fingerprint_of, in_use
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from replay.rebuilding.progress import Progress
from replay.rebuilding.rebuild import NothingToRollBackToError, rebuild, roll_back
from replay.rebuilding.report import NotEqualError
from replay.rebuilding.resources import Resources
from replay.rebuilding.verify import verify
from tests.database import Database
from tests.infra.projector.looking import eventually, in_memory, in_table, reached, state_of
from tests.toy.boxes import boxes, coin, days, decode, decoder, drops, opening, random_history, record

ROOT = Path(__file__).resolve().parents[3]
EVERY: tuple[Projection[Any], ...] = (boxes, days, drops)


@pytest.mark.parametrize("projection", EVERY, ids=lambda one: one.name)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_rebuild_equals_what_was_live(database: Database, projection: Projection[Any], processes: int) -> None:
    build(projection, decode, database.projector_url)
    record(database.owner_url, random_history(processes, 900))
    service = ProjectorService([projection], decode, database.projector_url, batch=50)
    service.start()
    eventually(reached(database.projector_url, projection, 900))
    service.stop()
    live = in_table(database.projector_url, projection)
    done = rebuild(
        projection,
        database.projector_url,
        decoder,
        resources=Resources(processes=processes, rows_at_once=3, small_log=0),
    )
    assert done is not None
    assert done.generation == 2
    assert in_table(database.projector_url, projection) == live == in_memory(database.projector_url, projection)
    assert verify(projection, database.projector_url, decoder, resources=Resources(rows_at_once=3)).is_equal
    with connect(database.projector_url) as connection:
        key = "SELECT count(*) FROM pg_index WHERE indisprimary AND indrelid = to_regclass(%s)"
        assert connection.execute(key, (f"{projection.name}_g2.{projection.name}",)).fetchone() == (1,)


def test_a_first_rebuild_in_many_shards_equals_the_log(database: Database) -> None:
    record(database.owner_url, random_history(1, 900))
    rebuild(boxes, database.projector_url, decoder, resources=Resources(rows_at_once=3, small_log=0))
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)


def test_a_rebuild_under_a_running_service_is_taken_over_by_it(database: Database) -> None:
    service = ProjectorService(EVERY, decode, database.projector_url, poll_seconds=0.05)
    record(database.owner_url, random_history(1, 300))
    service.start()
    try:
        eventually(reached(database.projector_url, boxes, 300))
        rebuild(boxes, database.projector_url, decoder, check="full")
        last = record(database.owner_url, random_history(2, 300))
        eventually(reached(database.projector_url, boxes, last))
    finally:
        service.stop()
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
        assert found is not None
        assert (found.number, found.state) == (2, "live")
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)


def test_a_rebuild_that_differs_from_the_log_is_not_swapped_in(database: Database) -> None:
    record(database.owner_url, random_history(3, 200))
    build(boxes, decode, database.projector_url)

    def spoil(now: Progress) -> None:
        if now.phase == "catching up":
            with psycopg.connect(database.owner_url) as owner:
                owner.execute("UPDATE boxes_g2.boxes SET total = total + 1 WHERE ctid = '(0,1)'")

    with pytest.raises(NotEqualError, match=r"boxes was not swapped: .* 1 differ \(columns: total\)"):
        rebuild(boxes, database.projector_url, decoder, progress=spoil)
    assert generations(database) == [(1, "live")]
    assert rebuild(boxes, database.projector_url, decoder, progress=spoil, check="none") is not None


def test_progress_counts_every_event_and_ends(database: Database) -> None:
    record(database.owner_url, random_history(4, 400))
    told: list[Progress] = []
    done = rebuild(boxes, database.projector_url, decoder, progress=told.append)
    assert done is not None
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert told[-1].phase == "done"
    assert told[-1].done == told[-1].total == done.events == 400
    assert {one.phase for one in told} >= {"folding", "indexing", "catching up", "swapping"}


def test_a_rebuild_of_what_is_there_already_does_nothing_when_only_the_missing_is_wanted(database: Database) -> None:
    assert rebuild(boxes, database.projector_url, decoder, only_if_missing=True) is not None
    assert rebuild(boxes, database.projector_url, decoder, only_if_missing=True) is None
    assert rebuild(replace(boxes, version=2), database.projector_url, decoder, only_if_missing=True) is not None


def test_a_rebuild_that_meets_a_fact_that_could_touch_any_row_leaves_what_readers_see(database: Database) -> None:
    record(database.owner_url, [coin("a", colour="red")])
    build(days, decode, database.projector_url)
    record(database.owner_url, [coin("a", unreadable=True)])
    with pytest.raises(PoisonEventError, match=r"position 2 \(box.coin_dropped\): ValueError"):
        rebuild(days, database.projector_url, decoder, may_park=True)
    assert state_of(database.projector_url, days) == ("live", 1, None)
    with connect(database.projector_url) as connection:
        assert connection.execute("SELECT generation FROM letopis.projection").fetchall() == [(1,)]
        assert connection.execute("SELECT to_regnamespace('days_g2')").fetchone() == (None,)


KILLED = """
import os, signal, sys
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from tests.toy.boxes import boxes, decoder

def told(progress):
    if progress.phase == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

resources = Resources(rows_at_once=3, small_log=0)
rebuild(boxes, sys.argv[1], decoder, progress=told, check="full", resources=resources)
"""


@pytest.mark.parametrize("phase", ["dealing", "folding", "indexing", "catching up", "verifying", "swapping"])
def test_a_killed_rebuild_leaves_readers_what_they_had_and_the_next_start_cleans_up(
    database: Database, phase: str
) -> None:
    record(database.owner_url, random_history(6, 500))
    build(boxes, decode, database.projector_url)
    before = in_table(database.projector_url, boxes)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database.projector_url, phase],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert in_table(database.projector_url, boxes) == before
    with psycopg.connect(database.reader_url) as reader:
        assert len(reader.execute("SELECT * FROM read.boxes_v1").fetchall()) == len(before)
    service = ProjectorService([boxes], decode, database.projector_url)
    service.start()
    eventually(lambda: generations(database) == [(1, "live")])
    service.stop()
    with connect(database.projector_url) as connection:
        assert connection.execute("SELECT to_regnamespace('boxes_g2')").fetchone() == (None,)
    eventually(lambda: dealt_tables(database) == 0)


def dealt_tables(database: Database) -> int:
    with connect(database.projector_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_class WHERE relname ~ '^dealt'").fetchone()
    assert row is not None
    return int(row[0])


def generations(database: Database) -> list[tuple[int, str]]:
    with connect(database.projector_url) as connection:
        return connection.execute(
            "SELECT generation, state FROM letopis.projection WHERE name = 'boxes' ORDER BY generation"
        ).fetchall()


def test_readers_never_see_the_view_torn_while_it_is_rebuilt(database: Database) -> None:
    record(database.owner_url, [opening(f"box {number}") for number in range(300)])
    build(boxes, decode, database.projector_url)
    seen: set[int] = set()

    def look(_: Progress) -> None:
        with psycopg.connect(database.reader_url) as reader:
            seen.add(len(reader.execute("SELECT * FROM read.boxes_v1").fetchall()))

    for _ in range(3):
        rebuild(boxes, database.projector_url, decoder, progress=look)
    assert seen == {300}


def test_a_rollback_shows_the_earlier_generation_brought_up_to_date(database: Database) -> None:
    record(database.owner_url, random_history(7, 100))
    build(boxes, decode, database.projector_url)
    with pytest.raises(NothingToRollBackToError):
        roll_back(boxes, database.projector_url, decode)
    rebuild(boxes, database.projector_url, decoder)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE boxes_g2.boxes SET total = -1")
    record(database.owner_url, random_history(8, 100))
    roll_back(boxes, database.projector_url, decode)
    assert generations(database) == [(1, "live"), (2, "retired")]
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)


def test_a_rollback_to_what_other_code_made_is_refused(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    changed = replace(boxes, version=2)
    build(changed, decode, database.projector_url)
    with pytest.raises(NothingToRollBackToError):
        roll_back(changed, database.projector_url, decode)
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
        assert found is not None
        assert found.fingerprint == fingerprint_of(changed)
