"""What is kept is listed whole, with its size and how long it stays."""

import psycopg

from infra.backup.backup import tables_of
from infra.projector.projector import build
from replay.rebuilding.rebuild import rebuild
from replay.repair.storage import GENERATIONS, IN_USE, RETENTION, storage
from tests.database import Database
from tests.toy.boxes import boxes, decode, decoder, opening, record


def test_every_table_has_a_sentence_on_how_long_it_stays(database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        assert set(tables_of(connection)) == set(RETENTION)


def test_rows_and_sizes_are_those_of_the_tables_and_of_each_generation(database: Database) -> None:
    record(database.owner_url, [opening(f"box {number}") for number in range(500)])
    build(boxes, decode, database.projector_url)
    rebuild(boxes, database.projector_url, decoder)
    found = {one.name: one for one in storage(database.owner_url)}
    with psycopg.connect(database.owner_url) as connection:
        ((log, retired, live),) = connection.execute(
            "SELECT pg_total_relation_size('letopis.event'), pg_total_relation_size('boxes_g1.boxes'),"
            " pg_total_relation_size('boxes_g2.boxes')"
        ).fetchall()
    assert (found["log"].rows, found["log"].size_bytes) == (500, log)
    assert (found["receipts"].rows, found["register"].rows) == (0, 2)
    before, now = found["boxes, generation 1 (retired)"], found["boxes, generation 2 (live)"]
    assert (before.size_bytes, before.kept) == (retired, GENERATIONS["retired"])
    assert (now.size_bytes, now.kept) == (live, IN_USE)
    assert live > 0


def test_retired_generations_are_kept_no_longer_than_the_sentence_says(database: Database) -> None:
    record(database.owner_url, [opening("a")])
    build(boxes, decode, database.projector_url)
    for _ in range(2):
        rebuild(boxes, database.projector_url, decoder)
    assert [one.name for one in storage(database.owner_url) if one.name.startswith("boxes")] == [
        "boxes, generation 2 (retired)",
        "boxes, generation 3 (live)",
    ]
