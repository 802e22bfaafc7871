"""A company with very many clients, for reads: the database fills the views itself, with copies of a hundred clients.

A log of a million clients would take an hour to make and fold. What reads meet is the same: rows of the usual size in
the tables behind the views, ids in the order of time, all indexes, analysed, the checkpoints at the end of the log.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from projections.registry import PROJECTIONS
from tests.bench.ground import Place
from tests.bench.made_log import EVENTS_PER_CLIENT, append_made_log
from tests.bench.samples import SELLERS
from tests.bench.views import projected_up_to

MODELS = 100
"""Clients with facts in the log; all others are copies of these, under other ids and names."""

SESSIONS = 2
"""Statements run at once, one for each core of a small machine."""

_TABLES = {"client_timeline": "party_id", "activities": "client_id", "client_card": "client_id"}
"""The tables that are filled, the longest first, each with its column of whose client a row is."""

_STAFF = """
INSERT INTO staff_directory_g1.staff_directory (staff_id, name, role, hired_at, date_unknown, version, position)
SELECT s.id, 'Белова Анна ' || s.number, 'seller', now(), false, 1, 1
FROM unnest(%s::uuid[]) WITH ORDINALITY AS s (id, number)"""

_MODEL = """
CREATE TABLE {table}_model AS
SELECT
    dense_rank() OVER (ORDER BY {whose}) AS model,
    row_number() OVER (PARTITION BY {whose} ORDER BY position) AS number,
    *
FROM {table}_g1.{table}"""

# The ids of the copy with number n, and of its activities: ids grow with n, as they do with time.
_ID = f"format('01900000-0000-7000-8000-%%s', lpad(to_hex(n * {MODELS} + r.model), 12, '0'))::uuid"
_ACTIVITY_ID = (
    f"format('01900001-0000-7000-8000-%%s', lpad(to_hex((n * {MODELS} + r.model) * 16 + r.number), 12, '0'))::uuid"
)

_OTHERWISE = {
    "client_card": {
        "client_id": _ID,
        "name": "r.name || ' ' || n",
        "name_sort": "r.name_sort || ' ' || n",
        "name_terms": "r.name_terms || array_to_tsvector(ARRAY['=' || n])",
        "identity_keys": "ARRAY(SELECT key || n FROM unnest(r.identity_keys) AS key)",
    },
    "activities": {"activity_id": _ACTIVITY_ID, "client_id": _ID},
    "client_timeline": {"party_id": _ID},
}
"""What is not in a copy as in its model; all other columns, whichever the view has, are."""

# Copy by copy and client by client, as they would have come.
_COPY = f"""
INSERT INTO {{table}}_g1.{{table}}
SELECT {{columns}}
FROM generate_series(%s::integer, %s::integer) AS n
CROSS JOIN generate_series(1, {MODELS}) AS m
JOIN {{table}}_model AS r ON r.model = m"""

_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

_KEY = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'p'"
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s"

Work = tuple[str, tuple[int, int] | None]
"""A statement and its parameters."""


def fill(place: Place, clients: int, owner: str = "r.owner_id") -> None:
    """Let the views have so many clients (a multiple of 100), ten facts each, and the forty sellers who own them.

    `owner` is other SQL for whose the copy with number `n` of a model `r` is.
    """
    position = append_made_log(place.urls.owner, place.master, MODELS * EVENTS_PER_CLIENT)
    projected_up_to(place, PROJECTIONS, position)
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        connection.execute(_STAFF, [list(SELLERS)])
        for table, whose in _TABLES.items():
            connection.execute(_MODEL.format(table=table, whose=whose).encode())
        indexes = [made for table in _TABLES for made in taken_off(connection, table)]
        last = clients // MODELS - 1
        spans = [(1, last // 2), (last // 2 + 1, last)]
        copies_of = {table: _copy(connection, table, {"owner_id": owner}) for table in _TABLES}
        side_by_side(place, [(copies_of[table], span) for table in _TABLES for span in spans])
        side_by_side(place, [(statement, None) for statement in indexes])
        side_by_side(place, [(f"ANALYZE {one}_g1.{one}", None) for one in (*_TABLES, "staff_directory")])


def _copy(connection: psycopg.Connection[tuple[str, ...]], table: str, told: Mapping[str, str]) -> str:
    """Return the statement that fills a table with the copies of two numbers and those between."""
    otherwise = {**told, **_OTHERWISE[table]}
    columns = [name for (name,) in connection.execute(_COLUMNS, [f"{table}_g1.{table}"])]
    assert otherwise.keys() - told.keys() <= set(columns), "a column of another name is to be filled"
    return _COPY.format(table=table, columns=", ".join(otherwise.get(name, f"r.{name}") for name in columns))


def taken_off(connection: psycopg.Connection[tuple[str, ...]], table: str) -> list[str]:
    """Take off a table what makes filling it slow, and return the statements that put its indexes back."""
    name = f"{table}_g1.{table}"
    ((key, primary),) = connection.execute(_KEY, [name]).fetchall()
    connection.execute(f"ALTER TABLE {name} DROP CONSTRAINT {key}".encode())
    indexes = connection.execute(_INDEXES, [f"{table}_g1"]).fetchall()
    for index, _ in indexes:
        connection.execute(f"DROP INDEX {table}_g1.{index}".encode())
    # It is read like any other, and written once instead of twice; no vacuum of it runs while reads are measured.
    connection.execute(f"ALTER TABLE {name} SET UNLOGGED".encode())
    connection.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)".encode())
    return [f"ALTER TABLE {name} ADD {primary}", *(definition for _, definition in indexes)]


def side_by_side(place: Place, work: Sequence[Work]) -> None:
    """Carry out statements, several at once."""

    def run(one: Work) -> None:
        with psycopg.connect(place.urls.owner, autocommit=True, options="-c maintenance_work_mem=512MB") as session:
            session.execute(one[0].encode(), one[1])

    with ThreadPoolExecutor(SESSIONS) as pool:
        for _ in pool.map(run, work):
            pass
