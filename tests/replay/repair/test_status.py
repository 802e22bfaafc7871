"""The list of read models says which build each is, how far, how large and why it stopped."""

from dataclasses import replace
from threading import Timer

import pytest

from infra.projector.generations import connect, fingerprint_of
from infra.projector.projector import ProjectorService, build
from replay.repair import status as status_module
from replay.repair.status import statuses, wait_until
from tests.database import Database
from tests.toy.boxes import boxes, coin, days, decode, opening, record


def test_a_read_model_that_is_behind_says_by_how_much(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    record(database.owner_url, [opening("a"), coin("a")])
    build(days, decode, database.projector_url)
    behind, level = statuses([days, boxes], database.projector_url)
    assert (behind.name, behind.state, behind.position, behind.head, behind.lag_events) == ("boxes", "live", 0, 2, 2)
    assert behind.lag_seconds > 0
    assert (level.name, level.position, level.lag_events, level.lag_seconds) == ("days", 2, 0, 0.0)
    assert level.is_current
    assert level.fingerprint == fingerprint_of(days)


def test_rows_and_size_are_told(database: Database) -> None:
    record(database.owner_url, [opening("a"), opening("b")])
    build(boxes, decode, database.projector_url)
    (status,) = statuses([boxes], database.projector_url)
    assert (status.rows, status.is_counted) == (2, True)
    assert status.size_bytes > 8000


def test_rows_of_a_large_table_are_what_the_server_last_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(database.owner_url, [opening("a"), opening("b")])
    build(boxes, decode, database.projector_url)
    monkeypatch.setattr(status_module, "COUNTED_BYTES", 0)
    with connect(database.projector_url) as connection:
        connection.execute("ANALYZE boxes_g1.boxes")
        connection.execute("DELETE FROM boxes_g1.boxes")
    (known,) = statuses([boxes], database.projector_url)
    assert (known.rows, known.is_counted) == (2, False)


def test_a_broken_read_model_says_where_and_why(database: Database) -> None:
    record(database.owner_url, [opening("a"), coin("a", unreadable=True)])
    build(days, decode, database.projector_url)
    (status,) = statuses([days], database.projector_url)
    assert (status.state, status.position) == ("broken", 1)
    assert status.error is not None
    assert "position 2 (box.coin_dropped): ValueError at decode:" in status.error


def test_a_read_model_in_which_something_waits_says_how_much_and_from_where(database: Database) -> None:
    record(database.owner_url, [opening("a"), coin("a", poison=True), coin("b"), coin("c", poison=True)])
    build(boxes, decode, database.projector_url)
    (status,) = statuses([boxes], database.projector_url)
    assert (status.state, status.position, status.parked, status.parked_from) == ("live", 4, 2, 2)


def test_a_read_model_of_other_code_and_one_not_built_yet_say_so(database: Database) -> None:
    build(boxes, decode, database.projector_url)
    old, absent = statuses([replace(boxes, version=2), days], database.projector_url)
    assert not old.is_current
    assert (absent.name, absent.generation, absent.state) == ("days", 0, "building")


def test_waiting_ends_when_every_view_is_there_or_the_time_is_up(database: Database) -> None:
    service = ProjectorService([boxes, days], decode, database.projector_url, poll_seconds=0.05)
    assert not wait_until(database.projector_url, ["boxes"], 0, 0.05)
    service.start()
    try:
        Timer(0.2, record, (database.owner_url, [opening("a")])).start()
        assert wait_until(database.projector_url, ["boxes", "days"], 1, 10)
        assert not wait_until(database.projector_url, ["boxes"], 2, 0.1)
    finally:
        service.stop()
