"""What readers saw before is kept up to date: there is a way back at once, and two versions of the code can run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import Any

import psycopg
import pytest

from infra.projector.advance import lease
from infra.projector.generations import (
    Generation,
    begin,
    connect,
    drop_others,
    drop_retired,
    fingerprint_of,
    in_use,
    newest_retired,
)
from infra.projector.indexes import make_indexes
from infra.projector.leases import build_lock
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from infra.projector.promote import promote, promote_again
from infra.projector.states import KEPT_LONG_ENOUGH, pause, resume
from replay.rebuilding.rebuild import rebuild, roll_back
from replay.repair.status import statuses
from tests.database import Database
from tests.infra.projector.looking import eventually, in_memory, in_table, reached, state_of
from tests.toy.boxes import boxes, coin, days, decode, decoder, opening, random_history, record

newer = replace(boxes, version=2)
reshaped = replace(boxes, version=2, shape=2)


@contextmanager
def following(
    database: Database, *projections: Projection[Any], keep_retired: timedelta | None = None
) -> Iterator[ProjectorService]:
    url = database.projector_url
    service = ProjectorService(projections, decode, url, poll_seconds=0.05, keep_retired=keep_retired)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def retired(database: Database, name: str = "boxes") -> Generation | None:
    with connect(database.projector_url) as connection:
        return newest_retired(connection, name)


def retired_reached(database: Database, position: int) -> Callable[[], bool]:
    return lambda: (found := retired(database)) is not None and found.position >= position


def shown(database: Database) -> dict[str, int]:
    """Return how far each view of the boxes is."""
    with psycopg.connect(database.reader_url) as reader:
        return dict(reader.execute("SELECT view, position FROM read.shown WHERE name = 'boxes'").fetchall())


def rows_of(database: Database, schema: str) -> int:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(f"SELECT count(*) FROM {schema}.boxes").fetchone()
    return int(row[0]) if row else 0


def rebuilt(database: Database, projection: Projection[Any], before: Projection[Any]) -> None:
    """Build one and then another, which takes the first one's place."""
    build(before, decode, database.projector_url)
    build(projection, decode, database.projector_url)


def test_a_retired_generation_of_this_code_follows_the_log_until_it_is_dropped(database: Database) -> None:
    rebuilt(database, newer, boxes)
    with following(database, boxes):
        last = record(database.owner_url, random_history(1, 200))
        eventually(retired_reached(database, last))
        assert rows_of(database, "boxes_g1") == len(in_memory(database.projector_url, boxes))
        with connect(database.projector_url) as connection, build_lock(connection, "boxes"):
            assert drop_retired(connection, "boxes") == [1]
        record(database.owner_url, [opening("a")])
    assert retired(database) is None


def test_what_is_kept_says_what_it_cost_since_readers_see_another(database: Database) -> None:
    record(database.owner_url, [opening("a")])
    rebuilt(database, newer, boxes)
    with following(database, boxes):
        last = record(database.owner_url, [coin("a"), coin("a")])
        eventually(retired_reached(database, last))
    kept, present = statuses([newer], database.projector_url)
    assert (kept.state, kept.kept_events, kept.kept_since is None) == ("retired", 2, False)
    assert (present.state, present.kept_events, present.kept_since) == ("live", None, None)


def test_what_was_kept_long_enough_follows_no_more_and_a_way_back_folds_what_it_missed(database: Database) -> None:
    rebuilt(database, newer, boxes)
    hour = timedelta(hours=1)
    with following(database, boxes, days, keep_retired=hour):
        eventually(retired_reached(database, record(database.owner_url, [opening("a")])))
        with psycopg.connect(database.owner_url) as owner:
            owner.execute("UPDATE letopis.projection SET retired_at = retired_at - %s WHERE state = 'retired'", [hour])
        eventually(lambda: (found := retired(database)) is not None and found.error == KEPT_LONG_ENOUGH)
        last = record(database.owner_url, [coin("a"), coin("a")])
        eventually(reached(database.projector_url, days, last))
    kept, _ = (one for one in statuses([newer], database.projector_url) if one.name == newer.name)
    assert (kept.position, kept.lag_events, kept.kept_events) == (1, 2, 1)
    assert roll_back(boxes, database.projector_url, decode).number == 1
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)
    assert state_of(database.projector_url, boxes)[:2] == ("live", last)


def test_what_readers_of_another_shape_see_follows_however_long_it_is_kept(database: Database) -> None:
    rebuilt(database, reshaped, boxes)
    with following(database, boxes, keep_retired=timedelta(0)):
        last = record(database.owner_url, [opening("a")])
        eventually(lambda: shown(database)["boxes_v1"] == last)


def test_a_way_back_while_the_service_follows_loses_no_fact(database: Database) -> None:
    rebuilt(database, newer, boxes)
    with following(database, boxes, days), following(database, newer):
        writer = Thread(target=lambda: [record(database.owner_url, random_history(n, 20)) for n in range(30)])
        writer.start()
        for projection in (boxes, newer, boxes):
            with connect(database.projector_url) as connection, build_lock(connection, "boxes"):
                generation = newest_retired(connection, "boxes", fingerprint_of(projection))
                assert generation is not None
                promote_again(connection, projection, generation, decode)
        writer.join()
        eventually(reached(database.projector_url, boxes, 600))
        eventually(retired_reached(database, 600))
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)
    assert rows_of(database, "boxes_g2") == rows_of(database, "boxes_g1")


def test_during_an_upgrade_each_code_drives_what_its_own_readers_see(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    with following(database, boxes):
        with following(database, reshaped):
            eventually(lambda: shown(database).keys() == {"boxes_v1", "boxes_v2"})
            last = record(database.owner_url, random_history(2, 100))
            eventually(lambda: shown(database) == {"boxes_v1": last, "boxes_v2": last})
        last = record(database.owner_url, random_history(3, 100))
        eventually(lambda: shown(database)["boxes_v1"] == last)
        assert shown(database)["boxes_v2"] < last
    assert state_of(database.projector_url, boxes)[:2] == ("live", 100)


def test_code_that_is_started_again_beside_newer_code_builds_nothing(database: Database) -> None:
    rebuilt(database, newer, boxes)
    with following(database, newer):
        begun: list[str] = []
        old = ProjectorService([boxes], decode, database.projector_url, build=lambda one: begun.append(one.name))
        old.start()
        last = record(database.owner_url, [opening("a")])
        eventually(retired_reached(database, last))
        old.stop()
    assert begun == []


def test_code_whose_successor_is_gone_for_good_shows_its_own_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.projector.builder.WATCH_SECONDS", 0.05)
    monkeypatch.setattr("infra.projector.builder.LEFT_SECONDS", 0.2)
    rebuilt(database, newer, boxes)
    with following(database, boxes):
        last = record(database.owner_url, [opening("a")])
        eventually(reached(database.projector_url, boxes, last))
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
    assert found is not None
    assert (found.number, found.fingerprint, found.state) == (1, fingerprint_of(boxes), "live")


def test_code_that_rebuilds_beside_newer_code_drops_nothing_that_its_own_readers_see(database: Database) -> None:
    rebuilt(database, reshaped, boxes)
    last = record(database.owner_url, [opening("a")])
    with connect(database.projector_url) as connection, build_lock(connection, "boxes"):
        assert drop_others(connection, "boxes", keep_retired=0, own=fingerprint_of(boxes)) == []
    rebuild(boxes, database.projector_url, decoder)
    assert shown(database) == {"boxes_v1": last, "boxes_v2": 0}
    rebuild(reshaped, database.projector_url, decoder)
    assert shown(database) == {"boxes_v1": last, "boxes_v2": last}
    # The next one drops what readers of the version before see: not silently, their view is gone.
    rebuild(reshaped, database.projector_url, decoder)
    assert shown(database) == {"boxes_v2": last}


def test_code_leaves_its_successor_alone_while_that_runs(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.projector.builder.WATCH_SECONDS", 0.02)
    monkeypatch.setattr("infra.projector.builder.LEFT_SECONDS", 0.1)
    rebuilt(database, newer, boxes)
    with following(database, newer) as successor:
        eventually(lambda: "boxes_g2" in successor._leased)
        with following(database, boxes) as old:
            eventually(lambda: "boxes_g1" in old._leased)
            for _ in range(20):
                last = record(database.owner_url, [opening("a"), coin("a")])
                eventually(retired_reached(database, last))
    assert state_of(database.projector_url, boxes)[0] == "live"
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
    assert found is not None
    assert found.number == 2


def test_a_fact_that_a_retired_generation_cannot_take_in_stops_nothing_else(database: Database) -> None:
    rebuilt(database, newer, boxes)
    with following(database, boxes, days):
        last = record(database.owner_url, [opening("a"), coin("a", poison=True), coin("a", colour="red")])
        eventually(reached(database.projector_url, days, last))
        eventually(retired_reached(database, last))
    with psycopg.connect(database.owner_url) as owner:
        waiting = owner.execute("SELECT generation, position, reason FROM letopis.parked").fetchall()
    [(generation, position, reason)] = [row for row in waiting if row[0] == 1]
    assert (generation, position) == (1, 2)
    assert "ZeroDivisionError" in reason


def test_a_retired_generation_whose_table_is_gone_stops_nothing_else(database: Database) -> None:
    rebuilt(database, newer, boxes)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("DROP TABLE boxes_g1.boxes CASCADE")
    with following(database, newer) as successor:
        eventually(lambda: "boxes_g2" in successor._leased)
        with following(database, boxes, days):
            last = record(database.owner_url, [coin("a", colour="red")])
            eventually(reached(database.projector_url, days, last))
            eventually(lambda: (found := retired(database)) is not None and found.error is not None)
    found = retired(database)
    assert found is not None
    assert found.error == "its table is gone"


def test_a_read_model_far_behind_holds_up_no_other(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.projector.projector.BREATH_SECONDS", 0.0)
    for projection in (boxes, days):
        build(projection, decode, database.projector_url)
    with connect(database.projector_url) as connection:
        assert pause(connection, "boxes")
    service = ProjectorService([boxes, days], decode, database.projector_url, batch=5, poll_seconds=0.05)
    service.start()
    try:
        last = record(database.owner_url, random_history(5, 600))
        eventually(reached(database.projector_url, days, last))
        with connect(database.projector_url) as connection:
            assert resume(connection, "boxes")
            eventually(reached(database.projector_url, boxes, 10))
            last = record(database.owner_url, [coin("a", colour="red")])
            eventually(reached(database.projector_url, days, last))
            assert state_of(database.projector_url, boxes)[1] < last
    finally:
        service.stop()


def test_a_swap_gives_way_to_a_long_reader_instead_of_holding_up_all_who_come_after(database: Database) -> None:
    record(database.owner_url, [opening("a")])
    build(boxes, decode, database.projector_url)
    with connect(database.projector_url) as connection:
        held = lease(connection, boxes, begun_again(connection))
        swapping = Thread(target=promote, args=(connection, held, decode))
        with psycopg.connect(database.reader_url) as long, psycopg.connect(database.reader_url) as other:
            long.execute("SELECT count(*) FROM read.boxes_v1")
            other.execute("SET lock_timeout = '3s'")
            other.commit()
            swapping.start()
            for _ in range(40):
                assert other.execute("SELECT count(*) FROM read.boxes_v1").fetchone() == (1,)
                other.commit()
            assert swapping.is_alive()
        swapping.join(10)
    assert rows_of(database, "boxes_g2") == 1
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
    assert found is not None
    assert found.number == 2


def begun_again(connection: psycopg.Connection[Any]) -> Generation:
    generation = begin(connection, boxes)
    make_indexes(connection, boxes, generation)
    return generation
