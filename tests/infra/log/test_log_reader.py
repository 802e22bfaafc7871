"""The log is read in the order of its positions, wherever its rows lie in the table."""

from uuid import uuid4

import psycopg
import pytest

from infra.log.append import append
from infra.log.log_reader import LogReader, read_in_blocks
from tests.database import Database
from tests.infra.backup.backups import lose
from tests.infra.log.decided import decided

COUNT = 50

# What a restored or rewritten table may look like: the newest fact lies first.
TURN_ROUND = """
CREATE TEMP TABLE turned AS TABLE letopis.event;
ALTER TABLE letopis.event DISABLE TRIGGER USER;
DELETE FROM letopis.event;
INSERT INTO letopis.event SELECT * FROM turned ORDER BY position DESC;
ALTER TABLE letopis.event ENABLE TRIGGER USER;
"""


@pytest.mark.parametrize("in_blocks", [False, True])
def test_facts_come_in_order_wherever_they_lie(database: Database, *, in_blocks: bool) -> None:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        append(connection, [decided(uuid4(), count=COUNT)])
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(TURN_ROUND)
        lying = connection.execute("SELECT position FROM letopis.event ORDER BY ctid").fetchall()
    assert lying == [(position,) for position in range(COUNT, 0, -1)]
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        if in_blocks:
            read_in_blocks(connection)
        facts = LogReader(["thing.happened"]).between(connection, 10, 40)
    assert [fact.position for fact in facts] == list(range(11, 41))


def test_who_follows_the_log_comes_past_a_gap_however_long(database: Database) -> None:
    with psycopg.connect(database.writer_url, autocommit=True) as connection:
        append(connection, [decided(uuid4(), count=COUNT)])
    lose(database.owner_url, *range(8, 31))
    reader, seen, after = LogReader(["thing.happened"]), [], 0
    with psycopg.connect(database.projector_url, autocommit=True) as connection:
        while (window := reader.window(connection, after, 5)).end.position > after:
            seen += [fact.position for fact in window.facts]
            after = window.end.position
    assert seen == [*range(1, 8), *range(31, COUNT + 1)]
