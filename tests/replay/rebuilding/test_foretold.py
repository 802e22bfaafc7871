"""How many rows a log will make is foretold, and with it into how many shards they are divided to fit in memory."""

import pytest

from infra.projector.generations import connect, in_use
from infra.projector.projector import build
from replay.rebuilding.foretold import rows_expected, rows_of_a_sample
from replay.rebuilding.resources import Resources
from tests.database import Database
from tests.infra.projector.looking import in_table
from tests.toy.boxes import boxes, days, decode, drops, random_history, record


@pytest.mark.parametrize(
    ("rows", "expected"), [(0, 1), (2, 1), (10, 1), (10.5, 6), (100, 50), (2_000, 500), (10_000, 1_000)]
)
def test_there_are_as_many_shards_as_hold_all_rows(rows: float, expected: int) -> None:
    assert Resources(rows_at_once=10).shards_of_each(boxes, lambda: rows) == expected


def test_what_is_only_added_to_is_written_as_it_is_folded_in_one_shard() -> None:
    assert Resources().shards_of_each(drops, lambda: 10_000_000) == 1


def test_what_one_worker_folds_is_folded_in_one_shard() -> None:
    assert Resources().shards_of_each(days, lambda: 10_000_000) == 1


def test_rows_are_foretold_from_those_there_are_or_those_of_the_newest_facts(database: Database) -> None:
    record(database.owner_url, random_history(1, 400))
    with connect(database.projector_url) as connection:
        build(boxes, decode, database.projector_url)
        rows = len(in_table(database.projector_url, boxes))
        assert 0 < rows < 200
        assert len(rows_of_a_sample(connection, boxes, decode, 400)) == rows
        assert len(rows_of_a_sample(connection, boxes, decode, 10)) < rows
        present = in_use(connection, boxes.name)
        assert present is not None
        assert rows_expected(connection, present, 400) == rows
        assert rows_expected(connection, present, 1_200) == 3 * rows
