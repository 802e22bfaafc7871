"""Very many facts for reports: DuckDB itself multiplies those that the analytics node loaded from a short, true log.

The copies get other ids, and each begins a little later than the one before, so that the facts of all mix as those of a
large company do. Rows stand in the order of the log, ids in the order of time with random ends, as in a file that
followed the log for three years.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import duckdb

from app.composition.wiring import ANALYTICS_FILE, analytics_node
from infra.analytics.fact_schema import FactTable
from projections.analytics import ANALYTICS
from tests.bench.ground import Place
from tests.bench.made_log import BEGINNING, append_made_log
from tests.bench.past import COMPANY
from tests.bench.sold import BUYERS

MONTHS = 36
CLIENTS_A_MONTH = 100
"""In the log: what happens to them is mixed, and over within the month, so that a deal takes weeks."""

MONTH = CLIENTS_A_MONTH * BUYERS.events_per_client
"""Events of the log that are mixed with one another."""

PERIOD = timedelta(days=3 * 365)

# Streams that are copied get other ids, wherever these stand; sellers, pipelines and products stay the same few.
_COPIED = ("deal_id", "activity_id", "client_id")

_STREAMS = """
CREATE TEMP TABLE stream AS
SELECT id, min(position) AS first FROM ({}) GROUP BY id"""

_MACROS = (
    # The place of a copied fact in a log that has all copies, each shifted by its part of a month.
    "CREATE TEMP MACRO place(position, n) AS (position + n * {month} // {copies}) * {copies} + n",
    # When that was.
    "CREATE TEMP MACRO moment(place) AS make_timestamptz({beginning} + place * {step})",
    # A UUIDv7 as it would have been made at its stream's first fact: milliseconds, and for the rest chance.
    "CREATE TEMP MACRO copied(first, n) AS CAST("
    "((epoch_ms(moment(place(first, n)))::UHUGEINT * 16 + 7) << 76) + (2::UHUGEINT << 62)"
    " + (hash(first, n) >> 2) AS UUID)",
)

_FILL = """
CREATE TEMP TABLE model AS FROM main.{table};
DELETE FROM main.{table};
INSERT INTO main.{table}
SELECT {values}
FROM (SELECT *, place(position, n) AS place FROM model CROSS JOIN range({copies}) AS copy (n))
ORDER BY place;
DROP TABLE temp.model;"""


@dataclass(frozen=True)
class Spread:
    """How copies of a log of so many positions lie over the years: each shifted by its part of a month."""

    copies: int
    last: int

    @property
    def step(self) -> int:
        """The microseconds between two positions."""
        return PERIOD // timedelta(microseconds=1) // ((self.last + MONTH) * self.copies)


def multiply(place: Place, facts: int) -> Spread:
    """Let the analytics file hold about so many facts, at least those of a log that is made for it."""
    last = append_made_log(place.urls.owner, place.master, COMPANY.events_per_client, COMPANY)
    for _ in range(MONTHS):
        last = append_made_log(place.urls.owner, place.master, MONTH, BUYERS)
    node = analytics_node(place.settings, place.urls, place.master)
    node.follow_once()
    node.stop()
    with duckdb.connect(place.settings.var / ANALYTICS_FILE) as file:
        file.execute("SET TimeZone = 'UTC'")
        tables = [table for table in ANALYTICS.tables if table.stream in _COPIED]
        spread = Spread(max(1, facts // sum(len(file.table(table.name)) for table in tables)), last)
        _prepare(file, tables, spread)
        for table in tables:
            file.execute(_FILL.format(table=table.name, values=_values(table), copies=spread.copies))
        file.execute("CHECKPOINT")
    return spread


def _prepare(file: duckdb.DuckDBPyConnection, tables: Sequence[FactTable], spread: Spread) -> None:
    """Note where each stream begins, and how a copy's places, moments and ids are made."""
    streams = (f"SELECT {table.stream} AS id, position FROM main.{table.name}" for table in tables)
    file.execute(_STREAMS.format(" UNION ALL ".join(streams)))
    beginning = int(BEGINNING.timestamp() * 1_000_000)
    for macro in _MACROS:
        file.execute(macro.format(month=MONTH, copies=spread.copies, beginning=beginning, step=spread.step))


def _values(table: FactTable) -> str:
    """Return what a copy has in each column of a table."""
    names = [table.stream, *(column.name for column in table.columns)]
    return ", ".join(["place", "moment(place)", "moment(place)", *map(_value, names)])


def _value(name: str) -> str:
    return f"copied((SELECT first FROM stream WHERE id = {name}), n)" if name in _COPIED else name
