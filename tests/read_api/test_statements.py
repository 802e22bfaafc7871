"""The statements of the read side, all of them: each says which views it reads, and each index serves one of them."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from app.composition.due_timers import DUE
from app.files.sweeping import REMOVED
from events.values import CallStatus, Channel, ClientKind, Direction, Lifecycle
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.tables import view_of
from projections.registry import PROJECTIONS
from projections.timers.timers_due import timers_due
from read_api.reading.desk import Desk, Row
from read_api.reading.reach import EVERYTHING, Reach, Sight
from read_api.reading.statement import Seen, Statement
from tests.database import Database, copy_of
from tests.read_api import office as offices
from tests.system.asked import everything
from tests.system.chances import CLIENTS, STAGES

ROWS = 3_000
GROUPS = 50
"""So many different values has a column that others refer by."""

BY_TYPE = {
    "uuid": f"md5((n %% {GROUPS})::text)::uuid",
    "text": "'x' || n",
    "int8": "n",
    "bool": "n %% 2 = 0",
    "timestamptz": "'2026-01-01'::timestamptz + n * interval '1 minute'",
    "date": "'2026-01-01'::date + n",
    "numeric": "n",
    "json": "'{}'",
    "jsonb": "'{}'",
    "tsvector": "array_to_tsvector(ARRAY['x' || n])",
    "_text": "CASE WHEN n %% 20 = 0 THEN ARRAY['x' || n] ELSE '{}' END",
    "_uuid": f"CASE WHEN n %% 20 = 0 THEN ARRAY[md5((n %% {GROUPS})::text)::uuid] ELSE '{{}}' END",
    "_int8": "ARRAY[n]",
}
CHOICES: Mapping[str, tuple[str | None, ...]] = {
    "kind": tuple(ClientKind),
    "lifecycle": tuple(Lifecycle),
    "state": ("planned", "held", "cancelled"),
    "channel": tuple(Channel),
    "direction": tuple(Direction),
    "call_status": (None, *CallStatus),
    "status": ("open", "won", "lost"),
    "stage": tuple(stage.code for stage in STAGES),
}


LISTS = {"editions", "prices", "rates"}
"""Columns of documents that are lists."""


OF_THE_PRESENT = ("/duplicates", "/duplicates?kept_apart=true")
"""What is asked of views, and not as of a moment."""


class Asked(NamedTuple):
    """One statement as the desk was asked to run it, and by which question."""

    path: str
    statement: Statement
    values: dict[str, Any]
    about: UUID | None


def fill(database: Database) -> None:
    """Put rows into every table: keys all different, choices mixed, everything else by its type."""
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for projection in PROJECTIONS:
            table = f"{projection.name}_g1.{projection.name}"
            columns = owner.execute(
                "SELECT attname, typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
                " WHERE attrelid = %s::regclass AND attnum > 0",
                [table],
            ).fetchall()
            values = []
            for name, kind in columns:
                is_last_key = name == projection.key[-1] and kind == "uuid"
                value = "md5(n::text)::uuid" if is_last_key else BY_TYPE[kind]
                if name in LISTS:
                    value = "'[]'"
                if name in CHOICES and kind == "text":
                    listed = ", ".join("NULL" if one is None else f"'{one}'" for one in CHOICES[name])
                    # Shuffled, or one choice would follow from the other.
                    value = f"(ARRAY[{listed}])[1 + abs(hashtext('{name}' || n)) %% {len(CHOICES[name])}]"
                values.append(value)
            statement = f"INSERT INTO {table} SELECT {', '.join(values)} FROM generate_series(1, %s) AS n"
            owner.execute(statement.encode(), [ROWS])
        # What the server learns by itself when a service has run for some minutes.
        owner.execute("ANALYZE")


def statements_of_everything(database: Database, patch: pytest.MonkeyPatch) -> list[Asked]:
    """Ask all that can be asked, and return what the desk ran."""
    found: list[Asked] = []
    path = ""

    class Noting(Desk):
        async def fetch(
            self,
            statement: Statement,
            parameters: Mapping[str, Any],
            min_position: int | None = None,
            about: UUID | None = None,
            reach: Reach = EVERYTHING,
        ) -> tuple[Seen, list[Row]]:
            found.append(Asked(path, statement, dict(parameters), about))
            return await super().fetch(statement, parameters, min_position, about, reach)

    patch.setattr(offices, "Desk", Noting)
    with offices.office(database) as opened:
        opened.record(ROWS)
        fill(database)
        for path in OF_THE_PRESENT:
            assert opened.get(path).status_code == 200
        for query in everything():
            if query.name != "get_report":
                path = query.path.replace("&count=true", "")
                assert query._replace(path=path).of(opened, None).status_code in {200, 404}
        return found


def indexes_of(plan: Any) -> set[str]:
    """Return the names of the indexes in a plan."""
    if isinstance(plan, list):
        return set().union(*map(indexes_of, plan))
    if isinstance(plan, dict):
        return {str(plan["Index Name"])} if "Index Name" in plan else indexes_of(list(plan.values()))
    return set()


@pytest.fixture(scope="module")
def everything_asked(cluster: EmbeddedPostgres, template: str) -> Iterator[tuple[Database, list[Asked]]]:
    """A database with rows in every view, and the statements that were run to answer all questions."""
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        yield database, statements_of_everything(database, patch)


def test_a_statement_says_which_views_it_reads(everything_asked: tuple[Database, list[Asked]]) -> None:
    _, asked = everything_asked
    views = {view_of(one) for one in PROJECTIONS}
    for path, statement, *_ in asked:
        assert set(re.findall(r"\b\w+_v\d+\b", statement.sql)) == set(statement.all_views), path
    assert {view for one in asked for view in one.statement.looks_into} | {view_of(timers_due)} == views


def named_in(statement: str) -> Iterator[tuple[str, str]]:
    """Give the columns that a statement names, each with its view: all go by the view's alias."""
    for view, alias in re.findall(r"\b(\w+)_v\d+\"? AS (\w+)", statement):
        yield from ((view, column) for column in re.findall(rf"\b{alias}\.(\w+)", statement))


def test_every_column_is_shown_or_decides_what_is(everything_asked: tuple[Database, list[Asked]]) -> None:
    """One that is in no answer, no filter and no order was forgotten on its way out, or can go."""
    database, asked = everything_asked
    statements = [*(each.statement.sql for each in asked), DUE.as_string(), REMOVED]
    named = {found for statement in statements for found in named_in(statement)}
    views = [view_of(one) for one in PROJECTIONS]
    with psycopg.connect(database.owner_url) as owner:
        there = owner.execute(
            "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE attnum > 0 AND relnamespace = 'read'::regnamespace AND relname = ANY(%s)",
            [views],
        ).fetchall()
    # By its position a row of the view is known to be new or old, whether or not an answer tells it.
    columns = {(view.rpartition("_v")[0], column) for view, column in there if column != "position"}
    assert {view for view, _ in columns} == {one.name for one in PROJECTIONS}
    assert columns - named == set(), "show these in an answer of read_api, or take them out of the view"


def test_every_index_is_used_by_a_question(everything_asked: tuple[Database, list[Asked]]) -> None:
    database, asked = everything_asked
    serves: dict[str, set[str]] = defaultdict(set)
    options = "-c enable_seqscan=off -c search_path=read"
    with psycopg.connect(database.reader_url, options=options) as reader:
        for path, statement, values, _about in asked:
            row = reader.execute(
                b"EXPLAIN (FORMAT JSON) " + statement.now(Sight.WHOLE, is_about=False), values
            ).fetchone()
            assert row is not None
            for index in indexes_of(row[0]):
                serves[index].add(path)
        # What no caller asks: the worker of the timers reads a view as well.
        timers = [f"x{number}" for number in range(1, ROWS + 1)]
        row = reader.execute(sql.SQL("EXPLAIN (FORMAT JSON) ") + DUE, [datetime.now(UTC), timers, 10]).fetchone()
        assert row is not None
        for index in indexes_of(row[0]):
            serves[index].add("the worker of the timers")
    # And the sweep of the bytes of files.
    with psycopg.connect(database.projector_url, options="-c enable_seqscan=off") as projector:
        row = projector.execute(b"EXPLAIN (FORMAT JSON) " + REMOVED.encode(), [30]).fetchone()
        assert row is not None
        for index in indexes_of(row[0]):
            serves[index].add("the sweep of files")
    with psycopg.connect(database.owner_url) as owner:
        made = owner.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisprimary AND indrelid = ANY(%s::regclass[])",
            [[f"{one.name}_g1.{one.name}" for one in PROJECTIONS]],
        ).fetchall()
    assert made
    serving_nothing = {name for (name,) in made if name.partition(".")[2] not in serves}
    assert serving_nothing == set()


def test_what_every_screen_asks_is_planned_once(everything_asked: tuple[Database, list[Asked]]) -> None:
    """To plan one of these takes longer than to answer it."""
    database, asked = everything_asked
    card = f"/clients/{CLIENTS[0]}"
    paths = {"/clients?limit=200", card, f"{card}/timeline?limit=200"}
    screens = {each.path: each for each in asked if each.path in paths}
    assert len(screens) == 3
    with psycopg.connect(database.reader_url, autocommit=True, options="-c search_path=read") as reader:
        for path, screen in screens.items():
            statement, values = screen.statement.asked(screen.values, screen.about, EVERYTHING)
            for _ in range(20):
                reader.execute(statement, values, prepare=True)
            counted = b"SELECT custom_plans FROM pg_prepared_statements ORDER BY prepare_time DESC LIMIT 1"
            row = reader.execute(counted, prepare=False).fetchone()
            assert row is not None
            assert row[0] <= 5, path
