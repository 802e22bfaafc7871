"""A company with very many clients, for reads: the database fills the views itself, with copies of a hundred clients.

A log of a million clients would take an hour to make and fold. What reads meet is the same: rows of the usual size in
the tables behind the views, ids in the order of time, all indexes, analysed, the checkpoints at the end of the log.
"""

from collections.abc import Sequence
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

_FILL = {
    "client_card": f"""
INSERT INTO client_card_g1.client_card
SELECT {_ID}, r.kind, r.name || ' ' || n, r.name_sort || ' ' || n, r.name_terms || array_to_tsvector(ARRAY['=' || n]),
    ARRAY(SELECT key || n FROM unnest(r.identity_keys) AS key), r.contact_points, r.tax_id, r.told, r.doubts,
    r.profile, r.parent_id, r.owner_id, r.owned_since, r.lifecycle, r.archived_at, r.registered_at, r.date_unknown,
    r.source, r.external_id, r.data_notices, r.version, r.position
FROM generate_series(%s::integer, %s::integer) AS n
CROSS JOIN client_card_model AS r""",
    "activities": f"""
INSERT INTO activities_g1.activities
SELECT {_ACTIVITY_ID}, r.state, r.channel, r.direction, r.staff_id, {_ID}, r.contact_id, r.deal_id, r.topic, r.due_at,
    r.held_at, r.cancelled_at, r.takes_place_at, r.result, r.cancel_reason, r.call_status, r.contact_name,
    r.contact_data, r.is_offer, r.was_planned, r.date_unknown, r.notes, r.duration_minutes, r.place,
    r.participant_staff_ids, r.participant_client_ids, r.remind_at, r.reminded_at,
    r.before_client, r.before_contact, r.version, r.position
FROM generate_series(%s::integer, %s::integer) AS n
CROSS JOIN activities_model AS r""",
    "client_timeline": f"""
INSERT INTO client_timeline_g1.client_timeline
SELECT r.event_position, c.client_id, r.occurred_at, r.recorded_at, r.topic, r.stream_id, r.actor, r.staff_id,
    r.channel, r.direction, r.details, r.position
FROM (
    SELECT r.model, {_ID} AS client_id
    FROM generate_series(%s::integer, %s::integer) AS n
    CROSS JOIN client_card_model AS r
) AS c
JOIN client_timeline_model AS r USING (model)""",
}

_KEY = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass(%s) AND contype = 'p'"
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = %s"

Work = tuple[str, tuple[int, int] | None]
"""A statement and its parameters."""


def fill(place: Place, clients: int, owner: str = "r.owner_id") -> None:
    """Let the views have so many clients (a multiple of 100), ten facts each, and the forty sellers who own them.

    `owner` is other SQL for whose the copy with number `n` of a model `r` is.
    """
    last = append_made_log(place.urls.owner, place.master, MODELS * EVENTS_PER_CLIENT)
    projected_up_to(place, PROJECTIONS, last)
    with psycopg.connect(place.urls.owner, autocommit=True) as connection:
        connection.execute(_STAFF, [list(SELLERS)])
        for table, whose in _TABLES.items():
            connection.execute(_MODEL.format(table=table, whose=whose).encode())
        indexes = [made for table in _TABLES for made in taken_off(connection, table)]
        copies = clients // MODELS - 1
        spans = [(1, copies // 2), (copies // 2 + 1, copies)]
        copied = {**_FILL, "client_card": _FILL["client_card"].replace("r.owner_id", owner)}
        side_by_side(place, [(copied[table], span) for table in _TABLES for span in spans])
        side_by_side(place, [(statement, None) for statement in indexes])
        side_by_side(place, [(f"ANALYZE {one}_g1.{one}", None) for one in (*_TABLES, "staff_directory")])


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
