"""The company moves its midnight: what counts days by it is built anew, and only that."""

from pathlib import Path
from time import monotonic, sleep
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from app.composition.decoding import decoder_factory
from app.database import Urls
from app.serving.background import projector_at
from projections.registry import projections_in
from projections.staff.staff_counters import staff_counters
from replay.rebuilding.verify import verify
from replay.rebuilding.workers import found, reference_of
from tests.database import MASTER, Database
from tests.system.company import company
from tests.system.histories import BUSY
from tests.system.test_live_is_rebuilt import live_through

# A day and an hour apart: one moment has never the same date in both.
EAST, WEST = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")


def generations(database: Database) -> dict[str, int]:
    """The generation of each read model that readers see."""
    with psycopg.connect(database.projector_url) as connection:
        return dict(
            connection.execute("SELECT name, generation FROM letopis.projection WHERE state = 'live'").fetchall()
        )


def counted(database: Database) -> list[tuple[Any, ...]]:
    """The days readers see, with what was done on each."""
    with psycopg.connect(database.reader_url) as reader:
        return reader.execute(
            "SELECT staff_id, day, contacts, deals_opened, deals_won FROM read.staff_counters_v1 ORDER BY 1, 2"
        ).fetchall()


def served_in(database: Database, zone: ZoneInfo, until: dict[str, int]) -> list[tuple[Any, ...]]:
    """Let the service follow the log by a zone until these generations are live; return what it counted, verified."""
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    service = projector_at(urls, MASTER, zone, None)
    service.start()
    try:
        end = monotonic() + 30
        while generations(database) != until:
            assert monotonic() < end, generations(database)
            sleep(0.05)
    finally:
        service.stop()
    report = verify(staff_counters.in_zone(zone), urls.projector, decoder_factory(urls.projector, MASTER))
    assert report.is_equal, report.summary
    return counted(database)


def test_another_zone_builds_the_counted_days_anew_and_nothing_else(database: Database, tmp_path: Path) -> None:
    with company(database, tmp_path) as one:
        live_through(one, BUSY, [50])
    first = generations(database)
    in_the_east = served_in(database, EAST, {**first, "staff_counters": 2})
    in_the_west = served_in(database, WEST, {**first, "staff_counters": 3})
    assert [row[2:] for row in in_the_west] == [row[2:] for row in in_the_east]
    assert all(west[1] < east[1] for west, east in zip(in_the_west, in_the_east, strict=True))


def test_another_process_finds_each_read_model_by_the_same_calendar() -> None:
    for one in projections_in(EAST):
        there = found(reference_of(one))
        assert (there.name, there.zone) == (one.name, one.zone)
    assert found(reference_of(staff_counters.in_zone(EAST))).zone == EAST
    assert found(reference_of(staff_counters)) is staff_counters
