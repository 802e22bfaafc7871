"""The tables of the read models, on the real server: they hold the rows, and the indexes serve the reads they name."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from infra.names.search import asked, indexed
from infra.projector.folding import RowAt, Rows
from infra.projector.indexes import analyse
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore
from infra.words import words
from projections.parties.card_row import ClientCardRow
from projections.parties.client_card import client_card
from projections.parties.ownership_history import ownership_history
from projections.registry import PROJECTIONS
from tests.database import Database
from tests.examples import ANNA, BORIS, LUTIK, ROMASHKA
from tests.played import play_events
from tests.projections.facts import EVERY_KIND, history
from tests.story import as_recorded, moment, on

COLUMN_TYPES = {
    UUID: "uuid",
    str: "text",
    int: "bigint",
    bool: "boolean",
    datetime: "timestamp with time zone",
    date: "date",
    Decimal: "numeric",
    list[str]: "text[]",
    list[UUID]: "uuid[]",
    list[int]: "bigint[]",
    dict[str, Any]: "jsonb",
    list[dict[str, Any]]: "jsonb",
}
AS_WRITTEN = {("client_timeline", "details"): "json", ("client_card", "name_terms"): "tsvector"}
"""Columns whose values the rows have as PostgreSQL writes them: documents that nobody looks into, terms of a search."""

every_read_model = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The test's own database with the tables of every read model in the schema `made`."""
    with psycopg.connect(database.owner_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA made")
        for projection in PROJECTIONS:
            connection.execute(projection.ddl.read_text(encoding="utf-8").replace("{schema}", "made").encode())
        connection.execute("SET timezone = 'UTC'")
        yield connection


def column_of(hint: Any) -> tuple[str, bool]:
    """Return the column type a field's type asks for, and whether it may be NULL."""
    plain = [one for one in get_args(hint) if one is not NoneType] if NoneType in get_args(hint) else [hint]
    return COLUMN_TYPES[plain[0]], NoneType in get_args(hint)


def test_every_field_is_a_column_of_its_type_and_position_is_beside_them(
    connection: psycopg.Connection[Any],
) -> None:
    for projection in PROJECTIONS:
        found = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
            (f"made.{projection.name}",),
        ).fetchall()
        hints = get_type_hints(projection.row)
        expected = [
            (name, AS_WRITTEN[projection.name, name], False)
            if (projection.name, name) in AS_WRITTEN
            else (name, *column_of(hints[name]))
            for name in projection.columns
        ]
        assert found == [*expected, ("position", "bigint", False)], projection.name


def test_the_primary_key_is_the_read_model_s_key(connection: psycopg.Connection[Any]) -> None:
    for projection in PROJECTIONS:
        (definition,) = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'",
            (f"made.{projection.name}",),
        ).fetchall()
        assert definition == (f"PRIMARY KEY ({', '.join(projection.key)})",)


def test_what_is_written_is_read_back_the_same(connection: psycopg.Connection[Any]) -> None:
    everything = history(range(len(EVERY_KIND)))
    for projection in PROJECTIONS:
        rows: Rows = {}
        play_events(projection, rows, [event for event in everything if event.TOPIC in projection.topics])
        store = RowStore(connection, projection, "made")
        store.write(connection, rows)

        assert rows, projection.name
        assert store.load(connection, rows) == {key: at for key, at in rows.items() if at.row is not None}


def test_the_planner_learns_what_is_searched_by_and_nothing_of_documents(connection: psycopg.Connection[Any]) -> None:
    rows: Rows = {}
    everything = history(range(len(EVERY_KIND)))
    play_events(client_card, rows, [event for event in everything if event.TOPIC in client_card.topics])
    RowStore(connection, client_card, "made").write(connection, rows)
    analyse(connection, sql.Identifier("made", "client_card"))
    known = connection.execute("SELECT tablename, attname FROM pg_stats WHERE schemaname = 'made'").fetchall()

    assert {"name_sort", "name_terms", "identity_keys"} <= {column for _, column in known}
    assert not {"contact_points", "profile"} & {column for _, column in known}


def test_the_view_of_ownership_says_until_when_each_change_held(connection: psycopg.Connection[Any]) -> None:
    changes = [event for event in history(range(len(EVERY_KIND))) if event.TOPIC in ownership_history.topics]
    rows: Rows = {}
    play_events(ownership_history, rows, as_recorded([on(ROMASHKA, *changes), on(LUTIK, changes[0])]))
    RowStore(connection, ownership_history, "made").write(connection, rows)

    found = connection.execute(
        "SELECT client_id, to_owner_id, until FROM made.ownership_history_view ORDER BY event_position"
    ).fetchall()

    assert found == [
        (ROMASHKA, ANNA, moment(2)),
        (ROMASHKA, BORIS, moment(3)),
        (ROMASHKA, None, None),
        (LUTIK, ANNA, None),
    ]


def card(number: int, name: str) -> ClientCardRow:
    return ClientCardRow(
        client_id=UUID(int=number),
        name=name,
        name_sort=name.casefold(),
        name_terms=indexed(words(name)),
        identity_keys=[f"phone:+7916{number:07}"],
        owner_id=UUID(int=number % 50),
    )


def search(connection: psycopg.Connection[Any], words: str) -> list[str]:
    found = connection.execute(
        "SELECT name FROM made.client_card WHERE name_terms @@ %s::tsquery ORDER BY name_sort",
        (asked(words).queries()[-2],),
    )
    return [name for (name,) in found]


def test_names_are_found_by_beginnings_and_by_what_is_inside_a_word(connection: psycopg.Connection[Any]) -> None:
    names = ["ООО «Ромашка»", "Мария Ёлкина-Петрова", "Acme Corporation"]
    cards = {(UUID(int=number),): RowAt(card(number, name), 1) for number, name in enumerate(names, 1)}
    RowStore(connection, client_card, "made").write(connection, cards)

    assert search(connection, "рома") == ["ООО «Ромашка»"]
    assert search(connection, "машк") == ["ООО «Ромашка»"]
    assert search(connection, "петр мар") == ["Мария Ёлкина-Петрова"]
    assert search(connection, "елк") == ["Мария Ёлкина-Петрова"]
    assert search(connection, "corp") == ["Acme Corporation"]
    assert search(connection, "мар рома") == []


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("name_terms @@ '''irma77'':*'::tsquery", "client_card_by_name_term"),
        ("identity_keys && ARRAY['phone:+79160000077']", "client_card_by_identity"),
        (
            "owner_id = '00000000-0000-0000-0000-000000000007' AND (name_sort, client_id) > ('фирма1', uuid_nil)"
            " ORDER BY name_sort, client_id LIMIT 20",
            "client_card_by_owner",
        ),
    ],
)
def test_the_index_named_for_a_read_of_clients_serves_it(
    connection: psycopg.Connection[Any], query: str, index: str
) -> None:
    cards = [RowAt(card(number, f"Фирма{number}"), 1) for number in range(1, 3001)]
    RowStore(connection, client_card, "made").fill(connection, cards)
    connection.execute("VACUUM ANALYZE made.client_card")
    query = query.replace("uuid_nil", "'00000000-0000-0000-0000-000000000000'")

    plan = connection.execute(f"EXPLAIN SELECT name FROM made.client_card WHERE {query}".encode()).fetchall()

    assert index in "\n".join(line for (line,) in plan)


@every_read_model
def test_every_index_says_which_read_it_serves(projection: Projection[Any]) -> None:
    lines = projection.ddl.read_text(encoding="utf-8").splitlines()
    silent = [
        line
        for number, line in enumerate(lines)
        if line.startswith("CREATE INDEX") and not lines[number - 1].startswith(("-- ", "CREATE INDEX"))
    ]

    assert lines[0].startswith("-- One row is ")
    assert silent == []
