"""A rebuild under way rests, goes on, slows down and ends as its operator asks, and everybody sees how far it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any

import psycopg
import pytest

from infra.projector.generations import connect, in_use
from infra.projector.projector import build
from replay.rebuilding.progress import Progress, last_costs
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources
from replay.rebuilding.throttle import RebuildCancelledError, ask, throttle
from replay.repair.status import UnderWay, rebuilds
from tests.database import Database
from tests.infra.projector.looking import eventually, in_memory, in_table
from tests.toy.boxes import boxes, days, decode, decoder, drops, random_history, record

EVENTS = 1_500


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.rebuilding.progress.TELL_SECONDS", 0.02)
    monkeypatch.setattr("replay.rebuilding.progress.SLICE_SECONDS", 0.01)
    monkeypatch.setattr("replay.rebuilding.throttle.SLICE_SECONDS", 0.01)


class Rebuilding:
    """A rebuild in a thread of its own."""

    def __init__(self, database: Database, resources: Resources) -> None:
        self.told: list[Progress] = []
        self.raised: BaseException | None = None
        self._database, self._resources = database, resources
        self.thread = Thread(target=self._run)

    def _run(self) -> None:
        try:
            rebuild(
                boxes,
                self._database.projector_url,
                decoder,
                throttle=300,
                progress=self.told.append,
                resources=self._resources,
            )
        except RebuildCancelledError as error:
            self.raised = error


@contextmanager
def rebuilding(database: Database, processes: int = 1, rows_at_once: int = 1_000) -> Iterator[Rebuilding]:
    """A rebuild of some seconds that has begun to fold, or to deal out what it will fold."""
    record(database.owner_url, random_history(1, EVENTS))
    build(boxes, decode, database.projector_url)
    one = Rebuilding(database, Resources(processes, rows_at_once, small_log=0))
    one.thread.start()
    try:
        eventually(lambda: any(now.eta_seconds for now in one.told))
        yield one
    finally:
        with connect(database.projector_url) as connection:
            throttle(connection, "boxes", None)
            ask(connection, "boxes", "run" if one.raised is None else "cancel")
        one.thread.join()


def under_way(database: Database) -> UnderWay:
    (found,) = rebuilds(database.projector_url)
    return found


def row(database: Database, name: str = "boxes") -> dict[str, Any]:
    with psycopg.connect(database.reader_url, row_factory=psycopg.rows.dict_row) as reader:
        found = reader.execute("SELECT * FROM read.rebuild_status WHERE name = %s", [name]).fetchone()
    assert found is not None
    return found


@pytest.mark.parametrize("processes", [1, 2])
def test_a_rebuild_rests_where_it_is_and_goes_on(database: Database, processes: int) -> None:
    with rebuilding(database, processes) as one, connect(database.projector_url) as connection:
        assert ask(connection, "boxes", "pause")
        eventually(lambda: under_way(database).is_paused)
        # A step that was under way is still told.
        eventually(lambda: stands_still(one))
        assert one.told[-1].eta_seconds is None
        assert one.told[-1].is_paused
        assert one.told[-1].done < EVENTS
        assert ask(connection, "boxes", "run")
        assert throttle(connection, "boxes", None)
        one.thread.join()
    assert one.told[-1].phase == "done"
    assert one.told[-1].done == EVENTS
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, boxes)


def stands_still(one: Rebuilding) -> bool:
    before = one.told[-1].done
    sleep(0.3)
    return one.told[-1].done == before


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("is_paused", [False, True])
def test_a_cancelled_rebuild_ends_and_leaves_what_readers_see(
    database: Database, processes: int, is_paused: bool
) -> None:
    with rebuilding(database, processes) as one, connect(database.projector_url) as connection:
        if is_paused:
            assert ask(connection, "boxes", "pause")
            eventually(lambda: under_way(database).is_paused)
        assert ask(connection, "boxes", "cancel")
        one.thread.join(10)
        assert not one.thread.is_alive()
    assert isinstance(one.raised, RebuildCancelledError)
    with connect(database.projector_url) as connection:
        found = in_use(connection, "boxes")
        assert found is not None
        assert found.number == 1
        assert connection.execute("SELECT to_regnamespace('boxes_g2')").fetchone() == (None,)
    assert row(database)["phase"] == "cancelled"
    assert rebuilds(database.projector_url) == []


def test_a_throttle_is_kept_and_lifted(database: Database) -> None:
    with rebuilding(database) as one, connect(database.projector_url) as connection:
        # 1,500 facts at 300 a second would take five seconds, and the rows and the check as long again.
        assert one.told[-1].throttle == 300
        assert one.told[-1].eta_seconds is not None
        assert one.told[-1].eta_seconds > 4
        assert throttle(connection, "boxes", None)
        eventually(lambda: one.told[-1].throttle is None, seconds=4)
        one.thread.join(4)
        assert not one.thread.is_alive()


@pytest.mark.parametrize("processes", [1, 2])
def test_dealing_is_held_to_the_throttle_and_ends_when_told_to(database: Database, processes: int) -> None:
    with rebuilding(database, processes, rows_at_once=1) as one, connect(database.projector_url) as connection:
        # 1,500 facts at 300 a second take five seconds to be dealt out, and as long again to be folded.
        assert one.told[-1].phase == "dealing"
        assert (one.told[-1].eta_seconds or 0.0) > 8
        sleep(1.5)
        assert one.told[-1].phase == "dealing"
        assert ask(connection, "boxes", "cancel")
        one.thread.join(5)
        assert not one.thread.is_alive()
        dealt = "SELECT count(*) FROM pg_class WHERE relname ~ '^dealt'"
        eventually(lambda: connection.execute(dealt).fetchone() == (0,))
    assert isinstance(one.raised, RebuildCancelledError)


def test_everybody_sees_how_far_a_rebuild_is(database: Database) -> None:
    with rebuilding(database, processes=2) as one:
        eventually(lambda: row(database)["done"] > 0)
        told = row(database)
        assert told["phase"] == "folding"
        assert (told["generation"], told["total"], told["throttle"]) == (2, EVENTS, 300)
        assert 0 < told["fraction"] < 1
        assert told["eta_seconds"] > 0
        assert told["per_second"] >= 0
        eventually(lambda: len(row(database)["workers"]) == 2)
        assert sum(worker["events"] for worker in row(database)["workers"]) >= told["done"]
        assert under_way(database).sentence.startswith("boxes is being rebuilt: folding, ")
        assert one.raised is None


def test_a_rebuild_that_ended_says_so_and_what_it_cost(database: Database) -> None:
    record(database.owner_url, random_history(1, 300))
    told: list[Progress] = []
    rebuild(drops, database.projector_url, decoder, progress=told.append)
    with connect(database.projector_url) as connection:
        costs = last_costs(connection, "drops")
    assert costs is not None
    assert costs.to_fold > 0
    assert 0 < costs.rows < 1
    assert (told[-1].fraction, told[-1].eta_seconds) == (1.0, 0.0)
    with psycopg.connect(database.reader_url) as reader:
        assert reader.execute("SELECT phase, is_running, fraction FROM read.rebuild_status").fetchall() == [
            ("done", False, 1.0)
        ]


def test_a_rebuild_that_says_nothing_any_more_is_lost(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    rebuild(boxes, database.projector_url, decoder)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE letopis.rebuild SET phase = 'folding', told_at = told_at - interval '16 seconds'")
    assert row(database)["phase"] == "lost"
    with connect(database.projector_url) as connection:
        assert not ask(connection, "boxes", "cancel")


def test_a_rebuild_that_failed_says_why_without_what_may_be_personal(database: Database) -> None:
    record(database.owner_url, [*random_history(1, 10)])
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE letopis.event DISABLE TRIGGER event_is_immutable")
        owner.execute("UPDATE letopis.event SET topic = 'box.coin_dropped', body = '5' WHERE position = 7")
    with pytest.raises(Exception, match="position 7"):
        rebuild(days, database.projector_url, decoder)
    assert row(database, days.name)["phase"] == "failed"
    assert row(database, days.name)["error"].startswith("position 7 (box.coin_dropped): ValidationError at ")
