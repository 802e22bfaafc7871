"""Questions in SQL through the analysts' door, against a plain DuckDB over a copy of the same facts."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from app.composition.wiring import analytics_node
from infra.analytics.notebook import write_copy
from infra.analytics.sql_door import Asking, SqlDoor, SqlLimits
from tests.bench.ground import Ground
from tests.bench.measuring import Race, Sampler
from tests.bench.multiplied import multiply

TIMES = 10
"""As many facts as reports are asked of: ten million where the longest log of others has a million events."""

ROWS = 10_000

QUESTIONS: Mapping[str, str] = {
    "sql_count": "SELECT kind, count(*) AS facts FROM fact_deal GROUP BY ALL ORDER BY ALL",
    "sql_won": "SELECT month, seller_id, currency, count(*) AS deals, sum(amount) AS amount FROM ended_deal"
    " WHERE status = 'won' GROUP BY ALL ORDER BY ALL",
    "sql_rows": f"SELECT * FROM fact_deal ORDER BY position LIMIT {ROWS}",
    "sql_nothing": "SELECT 1 AS one",
}
"""A scan, a question over a table made of facts, a whole answer, and what the door costs by itself."""


@contextmanager
def sql_door(ground: Ground) -> Iterator[Mapping[str, Race]]:
    """Of 10,000,000 facts the door answers within 5 s, and adds less than half a second to what DuckDB takes.

    Ours is asked as the read API asks: a process of its own begins, reads the question twice, has one thread and a low
    priority, and its answer comes as Arrow through a pipe. The baseline is DuckDB in this process, over a copy of the
    same file, with one thread too. Before anything is measured both must give the same rows. Unfair would be the making
    of the copy: it is made before, and its time is told (`copy_ms`).
    """
    with ground.place("sql") as place:
        multiply(place, ground.many * TIMES)
        node = analytics_node(place.settings, place.urls, place.master)
        node.follow_once()
        try:
            door, path = SqlDoor(node, SqlLimits(seconds=120, rows=ROWS)), place.settings.var / "plain.duckdb"
            began = time.perf_counter()
            copied = door.copy(0).path
            told = {"copy_ms": round((time.perf_counter() - began) * 1000), "megabytes": copied.stat().st_size >> 20}
            write_copy(copied, path, node.facts, node.settings, node.lent)
            with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as plain:
                plain.execute("SET TimeZone = 'UTC'")
                yield {name: _race(door, plain, sql, told) for name, sql in QUESTIONS.items()}
        finally:
            node.stop()


def _race(door: SqlDoor, plain: Any, sql: str, told: Mapping[str, int]) -> Race:
    def ours() -> Any:
        return door.ask(sql, None, {}, 0, Asking()).table

    def theirs() -> Any:
        return plain.sql(sql).to_arrow_table()

    assert ours().to_pylist() == theirs().to_pylist()
    return Race(
        _timed(ours), _timed(theirs), "DuckDB in the process, one thread", "ms", extras=lambda: told, is_duration=True
    )


def _timed(answer: Any) -> Sampler:
    def sample() -> float:
        began = time.perf_counter()
        answer()
        return (time.perf_counter() - began) * 1000

    return sample
