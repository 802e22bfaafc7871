"""A fact that cannot be taken in parks its row: that row waits, in order, and everything else flows."""

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from infra.projector.advance import advance, reader_for
from infra.projector.generations import GenerationMovedError, connect
from infra.projector.parking import WrongParkedKeyError, parked_key_from, parked_key_text
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService, build
from infra.projector.promote import catch_up
from replay.repair.parked import retry_parked
from tests.database import Database
from tests.infra.poison import SICK, follow, poisoned, take, waiting
from tests.infra.projector.looking import eventually, in_memory, in_table, reached, state_of
from tests.toy.boxes import box_id, boxes, coin, days, decode, drops, mended, opening, record

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_fold_that_fails_parks_its_row_and_lets_everything_else_flow(database: Database, batch: int) -> None:
    for projection in (boxes, days, drops):
        build(projection, decode, database.projector_url)
    history = poisoned(batch, 300)
    record(database.owner_url, history)
    follow(database.projector_url, (boxes, days, drops), batch)
    there, whole = in_table(database.projector_url, boxes), in_memory(database.projector_url, mended)
    sick = {(box_id(box),) for box in SICK}
    assert {key: row for key, row in there.items() if key not in sick} == {
        key: row for key, row in whole.items() if key not in sick
    }
    assert len(whole) > 10
    assert in_table(database.projector_url, days) == in_memory(database.projector_url, days)
    assert in_table(database.projector_url, drops) == in_memory(database.projector_url, drops)
    assert state_of(database.projector_url, boxes) == ("live", 302, None)
    assert [(one.place, one.position) for one in waiting(database)] == [
        (parked_key_text(boxes, (box_id(box),)), 101 + n) for n, box in enumerate(SICK)
    ]
    assert {one.topic for one in waiting(database)} == {"box.coin_dropped"}
    assert all(one.reason.startswith("ZeroDivisionError at dropped:") for one in waiting(database))


def test_the_row_that_waits_stays_as_it_was_before_the_fact(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    record(database.owner_url, [opening("a"), coin("a"), coin("a", poison=True), coin("a"), opening("a")])
    follow(database.projector_url, [boxes], 2)
    there = in_table(database.projector_url, boxes)[box_id("a"),]
    assert (there.row.coins, there.position) == (1, 2)


def test_a_fact_that_cannot_be_read_lets_its_own_stream_wait_and_no_other(database: Database) -> None:
    build(drops, decode, database.projector_url)
    record(database.owner_url, [coin("a"), coin("b", unreadable=True), coin("a"), coin("b"), coin("c")])
    follow(database.projector_url, [drops], 2)
    assert sorted(position for _, position in in_table(database.projector_url, drops)) == [1, 3, 5]
    (one,) = waiting(database, "drops")
    assert (one.place, one.position) == (f'{{"stream": "{box_id("b")}"}}', 2)
    assert state_of(database.projector_url, drops) == ("live", 5, None)


def test_a_fact_that_touches_several_rows_parks_only_those_that_cannot_take_it(database: Database) -> None:
    twice: Projection[Any] = Projection("boxes", boxes.row, boxes.key, boxes.ddl)

    @twice.on(*boxes.folds, keys=lambda event: ((event.stream_id,), (box_id("every box"),)))
    def folded(row: Any, event: Any, key: Any) -> Any:
        if key[0] == event.stream_id and event.poison:
            raise ZeroDivisionError
        return boxes.row(key[0], None, Decimal(0), (row.coins if row else 0) + 1, [], (), None, None)

    build(twice, decode, database.projector_url)
    record(database.owner_url, [coin("a"), coin("a", poison=True), coin("a")])
    follow(database.projector_url, [twice], 100)
    rows = in_table(database.projector_url, twice)
    assert (rows[box_id("a"),].row.coins, rows[box_id("every box"),].row.coins) == (1, 3)


def test_where_too_many_wait_the_fold_is_to_blame_and_the_read_model_stops(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.projector.parking.PARKED_AT_MOST", 2)
    build(boxes, decode, database.projector_url)
    record(database.owner_url, [coin(box, poison=True) for box in "abcd"])
    with connect(database.projector_url) as connection:
        held = take(connection, boxes)
        advance(connection, [held], reader_for([held]), decode, 100)
    state, position, error = state_of(database.projector_url, boxes)
    assert (state, position) == ("broken", 2)
    assert error is not None
    assert "position 3 (box.coin_dropped): ZeroDivisionError" in error
    assert len(waiting(database)) == 2


KILLED = """
import os, signal, sys
from infra.projector.parking import Parking
from tests.infra.poison import follow
from tests.toy.boxes import boxes

write = Parking.write

def write_and_die(parking, connection, generation):
    write(parking, connection, generation)
    if parking.new:
        os.kill(os.getpid(), signal.SIGKILL)

Parking.write = write_and_die
follow(sys.argv[1], [boxes], 100)
"""


def test_killed_while_it_parks_it_has_parked_nothing_and_goes_on_as_if_nothing_was(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    record(database.owner_url, poisoned(2, 200))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database.projector_url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert waiting(database) == []
    assert state_of(database.projector_url, boxes) == ("live", 0, None)
    follow(database.projector_url, [boxes], 100)
    assert [one.position for one in waiting(database)] == [67, 68]
    retry_parked(mended, database.projector_url, decode)
    assert in_table(database.projector_url, boxes) == in_memory(database.projector_url, mended)


def test_a_worker_that_has_not_heard_of_a_retry_writes_nothing_and_looks_again(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    with connect(database.projector_url) as connection:
        held = take(connection, boxes)
        record(database.owner_url, [opening("a"), coin("a", poison=True)])
        catch_up(connection, held, decode)
        retry_parked(mended, database.projector_url, decode)
        record(database.owner_url, [coin("a")])
        with pytest.raises(GenerationMovedError):
            advance(connection, [held], reader_for([held]), decode, 100)
        catch_up(connection, take(connection, boxes), decode)
    assert in_table(database.projector_url, boxes)[box_id("a"),].row.coins == 2


def test_a_running_service_goes_on_with_what_was_tried_again_beside_it(database: Database) -> None:
    service = ProjectorService([boxes], decode, database.projector_url, poll_seconds=0.05)
    service.start()
    try:
        record(database.owner_url, [opening("a"), coin("a", poison=True)])
        eventually(reached(database.projector_url, boxes, 2))
        retry_parked(mended, database.projector_url, decode)
        record(database.owner_url, [coin("a"), coin("a", poison=True), coin("a")])
        eventually(reached(database.projector_url, boxes, 5))
    finally:
        service.stop()
    there = in_table(database.projector_url, boxes)[box_id("a"),]
    assert (there.row.coins, there.position) == (2, 3)
    assert [one.position for one in waiting(database)] == [4]


def test_what_waits_is_kept_without_anything_that_was_said(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    record(database.owner_url, [coin("a", amount="Olga, +7 922 325-12-93")])
    follow(database.projector_url, [boxes], 100)
    with psycopg.connect(database.owner_url) as owner:
        (text,) = owner.execute("SELECT p::text FROM letopis.parked p").fetchall()[0]
    assert "ValidationError at " in text
    assert "Olga" not in text


@pytest.mark.parametrize(
    ("projection", "place", "text"),
    [
        (boxes, (UUID(int=7),), f'["{UUID(int=7)}"]'),
        (drops, (UUID(int=7), 12), f'["{UUID(int=7)}",12]'),
        (drops, UUID(int=7), f'{{"stream":"{UUID(int=7)}"}}'),
    ],
)
def test_a_place_is_read_as_it_was_written(projection: Projection[Any], place: Any, text: str) -> None:
    assert parked_key_text(projection, place) == text
    assert parked_key_from(projection, text) == place


def test_a_key_of_one_column_may_be_written_plainly_and_what_is_no_key_is_refused() -> None:
    assert parked_key_from(boxes, str(UUID(int=7))) == (UUID(int=7),)
    for text in ("box", "[]", "[1, 2]", "{}", '{"stream": 7}', '{"stream": "x"}', "[", "null"):
        with pytest.raises(WrongParkedKeyError, match=r"is no key of boxes, whose rows have \(box_id\)"):
            parked_key_from(boxes, text)
