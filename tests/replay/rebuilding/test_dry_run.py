"""How long a rebuild will take and how much disk it needs is told before, and nothing is changed."""

import psycopg

from infra.projector.generations import connect
from infra.projector.projector import build
from replay.rebuilding.dry_run import estimate
from replay.rebuilding.rebuild import rebuild
from tests.database import Database
from tests.toy.boxes import boxes, days, decode, decoder, random_history, record


def register(database: Database) -> list[tuple[object, ...]]:
    with psycopg.connect(database.owner_url) as owner:
        return [
            *owner.execute("SELECT * FROM letopis.projection ORDER BY name, generation"),
            *owner.execute("SELECT * FROM letopis.rebuild ORDER BY name"),
            *owner.execute("SELECT nspname FROM pg_namespace ORDER BY nspname"),
        ]


def test_a_first_rebuild_is_estimated_by_a_sample(database: Database) -> None:
    record(database.owner_url, random_history(1, 500))
    before = register(database)
    found = estimate(boxes, database.projector_url, decoder)
    assert register(database) == before
    assert (found.events, found.checked_events, found.workers, found.measured_by) == (500, 500, 1, "a sample")
    assert found.seconds > 0
    assert found.needed_bytes > 0
    assert found.freed_bytes == 0


def test_a_later_one_by_the_last_and_by_the_size_of_what_is_there(database: Database) -> None:
    record(database.owner_url, random_history(1, 500, boxes_at_most=400))
    build(boxes, decode, database.projector_url)
    rebuild(boxes, database.projector_url, decoder)
    size = "SELECT pg_total_relation_size('boxes_g2.boxes'), pg_total_relation_size('boxes_g1.boxes')"
    with connect(database.projector_url) as connection:
        live, retired = connection.execute(size).fetchone() or (0, 0)
    found = estimate(boxes, database.projector_url, decoder)
    assert found.measured_by == "the last rebuild"
    assert (found.needed_bytes, found.freed_bytes) == (live, retired)
    record(database.owner_url, random_history(2, 500))
    assert estimate(boxes, database.projector_url, decoder).needed_bytes == 2 * live


def test_throttle_and_check_are_reckoned_with(database: Database) -> None:
    record(database.owner_url, random_history(1, 500))
    unchecked = estimate(days, database.projector_url, decoder, check="none", throttle=100)
    assert unchecked.checked_events == 0
    assert unchecked.seconds >= 5
    assert estimate(days, database.projector_url, decoder, check="full", throttle=100).seconds >= 10
