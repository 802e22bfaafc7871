"""Of more rows than fit in memory a rebuild or a check goes through the log once, in as much room as it said."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.composition.decoding import decoder_factory
from infra.log.dealt_log import DealtLog
from infra.projector.folding import reader_of
from infra.projector.generations import connect
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from replay.rebuilding.dealing import STEPS_AT_ONCE, shards
from replay.rebuilding.dry_run import estimate
from replay.rebuilding.foretold import bytes_dealt
from replay.rebuilding.progress import Progress
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import NoRoomError, Resources
from replay.rebuilding.verify import verify
from tests.bench.made_log import append_made_log
from tests.bench.past import COMPANY
from tests.bench.sold import BUYERS
from tests.database import MASTER, Database
from tests.infra.projector.looking import in_table, state_of
from tests.toy.boxes import box_id, boxes, decode, decoder, random_history, record

EVENTS = 900
FEW, MANY = 10, 1
"""Rows that may be held at once: few shards, and as many as there are boxes and more."""

# Whichever way the planner reads the log.
FACTS_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'letopis.event'::regclass"

NO_ROOM = """
CREATE FUNCTION public.no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'letopis_projector' AND current_query() LIKE '%dealt%' THEN
        RAISE 'could not extend file "base/5/t9_7": No space left on device' USING ERRCODE = 'disk_full';
    END IF;
END $$;
CREATE EVENT TRIGGER no_room ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.no_room();
"""


@pytest.fixture
def built(database: Database) -> Database:
    record(database.owner_url, random_history(1, EVENTS))
    build(boxes, decode, database.projector_url)
    return database


def facts_read(database: Database, work: Callable[[], object]) -> int:
    """Return how many facts of the log the server looked at for some work, when its sessions have ended."""

    def read() -> int:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            ((count,),) = owner.execute(FACTS_READ).fetchall()
        return int(count)

    before = read()
    work()
    return read() - before


def test_the_log_is_gone_through_as_often_for_many_shards_as_for_few(built: Database) -> None:
    def rebuilt(rows_at_once: int) -> int:
        told = Resources(processes=1, rows_at_once=rows_at_once)
        return facts_read(built, lambda: rebuild(boxes, built.projector_url, decoder, resources=told, check="none"))

    def checked(rows_at_once: int) -> int:
        told = Resources(processes=1, rows_at_once=rows_at_once)
        return facts_read(built, lambda: verify(boxes, built.projector_url, decoder, resources=told))

    assert 0 < rebuilt(MANY) < rebuilt(FEW) + EVENTS // 2
    assert 0 < checked(MANY) < checked(FEW) + EVENTS // 2


@pytest.mark.parametrize("step", [1, 7, EVENTS])
def test_no_fact_is_lost_between_two_windows(built: Database, step: int) -> None:
    told: list[int] = []
    with connect(built.projector_url) as connection, connect(built.projector_url) as other:
        own, parts = range(1, 6, 2), 6
        for part, reader in shards(connection, boxes, decode, own, parts, EVENTS, lambda: step, told.append):
            assert reader.between(connection, 0, EVENTS) == reader_of(boxes, decode, part, parts).between(
                other, 0, EVENTS
            )
    assert sum(told) == EVENTS // 2
    assert len(told) == -(-EVENTS // (STEPS_AT_ONCE * step * 2))


def test_an_extra_row_among_many_shards_is_named(built: Database) -> None:
    stranger = box_id("no such box")
    with psycopg.connect(built.owner_url) as owner:
        owner.execute(
            f"INSERT INTO boxes_g1.boxes VALUES ('{stranger}', NULL, 1, 1, '{{}}', '[]', NULL, NULL, false, 1)"
        )
    report = verify(boxes, built.projector_url, decoder, resources=Resources(rows_at_once=MANY, small_log=0))
    assert (report.differing, report.missing, report.extra_keys) == (0, 0, [(stranger,)])


def test_progress_tells_of_the_dealing_and_then_of_every_fact_folded(built: Database) -> None:
    told: list[Progress] = []
    done = rebuild(
        boxes,
        built.projector_url,
        decoder,
        progress=told.append,
        check="full",
        resources=Resources(rows_at_once=MANY, small_log=0),
    )
    assert done is not None
    phases = list(dict.fromkeys(one.phase for one in told))
    assert phases[:3] == ["dealing", "folding", "writing"]
    dealing = [one for one in told if one.phase == "dealing"]
    assert {one.done for one in dealing} == {0}
    assert dealing[-1].eta_seconds is not None
    assert told[-1].done == told[-1].total == EVENTS
    assert sum(worker.events for worker in told[-1].workers) == EVENTS


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_is_told_and_readers_keep_what_they_had(built: Database, processes: int) -> None:
    before = in_table(built.projector_url, boxes)
    with psycopg.connect(built.owner_url) as owner:
        owner.execute(NO_ROOM)
    told = Resources(processes=processes, rows_at_once=MANY, small_log=0)
    for work in (rebuild, verify):
        with pytest.raises(NoRoomError, match=r"boxes: the database server has no room left .*t9_7.*temp_tablespaces"):
            work(boxes, built.projector_url, decoder, resources=told)
    assert state_of(built.projector_url, boxes)[0] == "live"
    assert in_table(built.projector_url, boxes) == before
    with psycopg.connect(built.reader_url) as reader:
        row = reader.execute("SELECT phase, error FROM read.rebuild_status").fetchone()
    assert row is not None
    assert (row[0], "no room left" in row[1]) == ("failed", True)


def test_too_little_room_is_told_before_anything_is_done(
    built: Database, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replay.rebuilding.resources.ROOM_TO_SPARE", 2**60)
    told = Resources(rows_at_once=MANY, disk=tmp_path)
    said = rf"boxes: about 0 MB are needed .* the disk of {tmp_path} has [\d,]+ MB\. Readers keep what they have"
    for work in (rebuild, verify):
        with pytest.raises(NoRoomError, match=said):
            work(boxes, built.projector_url, decoder, resources=told)
    with connect(built.projector_url) as connection:
        assert connection.execute("SELECT generation FROM letopis.projection").fetchall() == [(1,)]
    # What fits in memory needs no room there.
    assert verify(boxes, built.projector_url, decoder, resources=Resources(disk=tmp_path)).is_equal


def test_the_room_that_is_needed_is_foretold(database: Database) -> None:
    record(database.owner_url, random_history(1, 5_000, boxes_at_most=50))
    parts = 4
    with connect(database.projector_url) as connection:
        foretold = bytes_dealt(connection, boxes, decode, 5_000)
        log = DealtLog(connection, reader_of(boxes, decode), boxes.partition_by, range(parts), parts)
        log.spread(0, 5_000)
        sizes = connection.execute(
            "SELECT sum(pg_relation_size('pg_temp.dealt_' || n)) FROM generate_series(0, 3) AS n"
        )
        ((taken,),) = sizes.fetchall()
    # In each shard the last page is not full.
    assert int(taken) - parts * 8192 <= foretold * 1.05
    assert foretold <= int(taken) * 1.05
    told = Resources(rows_at_once=MANY)
    assert estimate(boxes, database.projector_url, decoder, resources=told).dealt_bytes == pytest.approx(
        foretold, rel=0.01
    )
    assert estimate(boxes, database.projector_url, decoder).dealt_bytes == 0


def test_dealing_is_reckoned_with_before_it_is_done(built: Database) -> None:
    def seconds(check: Any, rows_at_once: int) -> float:
        told = Resources(rows_at_once=rows_at_once)
        return estimate(boxes, built.projector_url, decoder, resources=told, check=check, throttle=100).seconds

    assert seconds("none", MANY) - seconds("none", 1_000) == pytest.approx(EVENTS / 100, abs=1)
    assert seconds("full", MANY) - seconds("full", 1_000) == pytest.approx(2 * EVENTS / 100, abs=1)


def test_every_read_model_has_the_very_rows_dealt_out_that_it_has_straight_from_the_log(database: Database) -> None:
    append_made_log(database.owner_url, MASTER, COMPANY.events_per_client, COMPANY)
    append_made_log(database.owner_url, MASTER, 20 * BUYERS.events_per_client, BUYERS)
    read = decoder_factory(database.projector_url, MASTER)
    dealt, filled = Resources(rows_at_once=MANY, small_log=0), 0
    for one in PROJECTIONS:
        rebuild(one, database.projector_url, read, check="none")
        straight = in_table(database.projector_url, one)
        rebuild(one, database.projector_url, read, resources=dealt, check="full")
        assert in_table(database.projector_url, one) == straight, one.name
        filled += len(straight) > 10
    assert filled > 5
