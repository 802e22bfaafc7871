"""The analysts' fact tables in PostgreSQL, as a team would keep them that has no other database for reports.

The same columns, types and rows as in the analytics file, from there by COPY; indexed, vacuumed and analysed.
"""

from collections.abc import Iterator

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from projections.interactions.facts import ACTIVITY
from projections.sales.facts import DEAL

ROWS = 100_000
"""Rows sent at once."""

_INDEXES = (
    # One row is found by its place: the last fact of a kind, looked up after its place was found.
    "ALTER TABLE fact_deal ADD PRIMARY KEY (position)",
    "ALTER TABLE fact_activity ADD PRIMARY KEY (position)",
    # A deal's or an activity's facts in their order.
    "CREATE INDEX ON fact_deal (deal_id, position)",
    "CREATE INDEX ON fact_deal (deal_id, position DESC)",
    "CREATE INDEX ON fact_activity (activity_id, position)",
    # The few facts among many that some questions need.
    "CREATE INDEX ON fact_deal (kind, deal_id, position)",
    "CREATE INDEX ON fact_activity (activity_id, position) INCLUDE (staff_id, call_status)"
    " WHERE kind = 'call_classified'",
    # What a seller did, and what was so at a moment.
    "CREATE INDEX ON fact_deal (seller_id, occurred_at)",
    "CREATE INDEX ON fact_activity (staff_id, occurred_at)",
    "CREATE INDEX ON fact_deal (occurred_at)",
    "CREATE INDEX ON fact_activity (occurred_at)",
)


def copy_facts(file: duckdb.DuckDBPyConnection, url: str) -> int:
    """Fill tables in the database at the URL with the facts of an analytics file; return how many there are.

    They are ready to be asked then.
    """
    count = 0
    with psycopg.connect(url, autocommit=True) as connection:
        # What the reports are about; teams, stages and the like are not.
        for table in (DEAL, ACTIVITY):
            connection.execute(table.ddl.encode())
            statement = f"COPY {table.name} FROM STDIN (FORMAT csv)".encode()
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for lines in _lines(file, table.name):
                    copy.write(lines)
            count += len(file.table(table.name))
        for index in _INDEXES:
            connection.execute(index.encode())
        connection.execute("VACUUM (ANALYZE)")
    return count


def _lines(file: duckdb.DuckDBPyConnection, table: str) -> Iterator[bytes]:
    for batch in file.sql(f"FROM {table} ORDER BY position").to_arrow_reader(ROWS):
        sink = pa.BufferOutputStream()
        pa_csv.write_csv(batch, sink, pa_csv.WriteOptions(include_header=False))
        yield sink.getvalue().to_pybytes()
