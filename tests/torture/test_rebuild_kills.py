"""kill -9 of rebuilds and of live folding, at seeded moments: every view is exact afterwards, each time."""

from tests.database import Database
from tests.torture.rebuild_kills import run

KILLS = 6


def test_views_are_exact_after_every_kill(database: Database) -> None:
    outcome = run(database, KILLS, seed=4)
    assert outcome.wrong == []
    assert outcome.killed.total() == KILLS
    assert outcome.compared >= KILLS * 3
    assert outcome.reads > 0
