"""Questions in SQL: what may be asked is answered exactly, and nothing else does anything but say why."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from app.words.messages import words_for_field
from infra.amounts import DUCKDB_MACRO
from infra.analytics.answer import rows
from infra.analytics.duck import AnalyticsNode
from infra.analytics.fact_schema import Report, ReportParameterError, Sight
from infra.analytics.notebook import write_copy
from infra.analytics.one_select import NotOneSelectError
from infra.analytics.one_select import tables_of as tables_read
from infra.analytics.report_question import question_of
from infra.analytics.sandbox import FACTS, Asked, opened
from infra.analytics.sql_door import Asking, SqlAnswer, SqlDoor, SqlLimits, SqlRefusedError
from infra.log.past_log import AsOf
from infra.postgres.embedded import EmbeddedPostgres
from projections.analytics import ANALYTICS, LABELS, STAFF
from tests.database import Database, copy_of
from tests.projections.analytics.history import PIPELINES, SELLERS, company, dense, write_log
from tests.projections.analytics.oracle import NAMES

ROWS = 1000
LENT = {STAFF: list(NAMES.items())}
READING = "sql-not-read"
NO_SELECT = "sql-not-a-select"
NO_TABLE = "sql-unknown-table"
NO_FUNCTION = "sql-forbidden-function"
NO_TIME = "sql-too-long"
NO_MEMORY = "sql-too-much-memory"
SEVERAL = "sql-not-one-statement"

HOSTILE: dict[str, str | set[str]] = {
    # files
    "SELECT * FROM read_csv('/etc/passwd')": NO_FUNCTION,
    "SELECT * FROM read_text('/etc/passwd')": NO_FUNCTION,
    "SELECT * FROM read_blob('/etc/hostname')": NO_FUNCTION,
    "SELECT * FROM read_parquet('/tmp/*.parquet')": NO_FUNCTION,
    "SELECT * FROM read_json_auto('/etc/passwd')": NO_FUNCTION,
    "SELECT * FROM glob('/*')": NO_FUNCTION,
    "SELECT * FROM sniff_csv('/etc/passwd')": NO_FUNCTION,
    "SELECT * FROM parquet_metadata('/tmp/x.parquet')": NO_FUNCTION,
    "SELECT * FROM '/etc/passwd'": NO_TABLE,
    "FROM 'analytics.duckdb'": NO_TABLE,
    "WITH a AS (WITH \"/etc/passwd\" AS (SELECT 1) SELECT 1) SELECT * FROM '/etc/passwd'": NO_TABLE,
    "COPY (SELECT 1) TO '/tmp/letopis-was-here.csv'": NO_SELECT,
    "COPY fact_deal FROM '/etc/passwd'": NO_SELECT,
    "EXPORT DATABASE '/tmp/letopis-was-here'": NO_SELECT,
    "IMPORT DATABASE '/tmp/letopis-was-here'": NO_SELECT,
    "ATTACH '/tmp/letopis-was-here.duckdb' AS x": NO_SELECT,
    "ATTACH ':memory:' AS x": NO_SELECT,
    "DETACH facts": NO_SELECT,
    # network and extensions
    "SELECT * FROM 'https://example.org/x.parquet'": NO_TABLE,
    "SELECT * FROM read_csv('https://example.org/x.csv')": NO_FUNCTION,
    "INSTALL httpfs": NO_SELECT,
    "LOAD httpfs": NO_SELECT,
    "FORCE INSTALL postgres FROM community": NO_SELECT,
    "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')": NO_SELECT,
    "SELECT * FROM duckdb_secrets()": NO_FUNCTION,
    "SELECT * FROM which_secret('s3://x', 's3')": NO_FUNCTION,
    # settings, and what the process knows
    "SET memory_limit = '1TB'": NO_SELECT,
    "SET enable_external_access = true": NO_SELECT,
    "RESET threads": NO_SELECT,
    "PRAGMA database_list": NO_SELECT,
    "PRAGMA enable_profiling": NO_SELECT,
    "CALL pragma_version()": NO_SELECT,
    "CALL enable_logging()": NO_SELECT,
    "SELECT * FROM pragma_database_size()": NO_FUNCTION,
    "SELECT * FROM duckdb_settings()": NO_FUNCTION,
    "SELECT * FROM duckdb_settings": NO_TABLE,
    "SELECT * FROM duckdb_temporary_files()": NO_FUNCTION,
    "SELECT * FROM information_schema.tables": NO_TABLE,
    "SELECT * FROM pg_catalog.pg_settings": NO_TABLE,
    "SELECT * FROM sqlite_master": NO_TABLE,
    "SELECT current_setting('temp_directory')": NO_FUNCTION,
    "SELECT getenv('LETOPIS_MASTER_KEY')": NO_FUNCTION,
    "SELECT getvariable('x')": NO_FUNCTION,
    "SELECT main.GETENV('HOME')": NO_FUNCTION,
    "SELECT write_log('x')": NO_FUNCTION,
    "SELECT 1 WHERE 'x' = (SELECT current_query())": NO_FUNCTION,
    "SELECT list_transform([1], lambda x: getenv('HOME'))": NO_FUNCTION,
    # what is stored, past the tables that are there to ask
    "SELECT * FROM facts.main.fact_deal": NO_TABLE,
    "SELECT * FROM main.fact_deal": NO_TABLE,
    "SELECT * FROM followed": NO_TABLE,
    "SELECT * FROM given_staff": NO_TABLE,
    "SELECT * FROM query('SELECT * FROM facts.main.parked')": NO_FUNCTION,
    "SELECT * FROM query_table('followed')": NO_FUNCTION,
    "SELECT * FROM seq_scan('followed')": NO_FUNCTION,
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))": NO_FUNCTION,
    "SHOW ALL TABLES": NO_SELECT,
    "DESCRIBE fact_deal": NO_SELECT,
    # statements that are none of reading, and several
    "CREATE TABLE x AS SELECT 1": NO_SELECT,
    "CREATE TEMP TABLE x AS SELECT 1": NO_SELECT,
    "CREATE OR REPLACE VIEW fact_deal AS SELECT 1": NO_SELECT,
    "CREATE MACRO getenv(x) AS 1": NO_SELECT,
    "INSERT INTO facts.main.fact_deal SELECT * FROM fact_deal": NO_SELECT,
    "WITH x AS (INSERT INTO followed VALUES ('', 0, '')) SELECT 1": NO_SELECT,
    "WITH x AS (DELETE FROM fact_deal RETURNING *) SELECT * FROM x": NO_SELECT,
    "DELETE FROM fact_deal": NO_SELECT,
    "UPDATE followed SET position = 0": NO_SELECT,
    "DROP VIEW fact_deal": NO_SELECT,
    "CHECKPOINT": NO_SELECT,
    "VACUUM": NO_SELECT,
    "BEGIN": NO_SELECT,
    "PREPARE q AS SELECT 1": NO_SELECT,
    "EXECUTE q": NO_SELECT,
    "EXPLAIN ANALYZE SELECT 1": NO_SELECT,
    "SELECT 1; SELECT 2": SEVERAL,
    "SELECT 1; DROP VIEW fact_deal": {NO_SELECT, SEVERAL},
    "SELECT 1) AS x; DROP VIEW fact_deal; --": READING,
    "-- nothing": SEVERAL,
    "SELEC 1": READING,
    "SELECT sleep_ms(100000)": NO_FUNCTION,
    "SELECT " + "(" * 5000 + "1" + ")" * 5000: READING,
    "SELECT " + "1+" * 20000 + "1": READING,
}
"""What is refused as it is read."""

BOMBS: dict[str, set[str]] = {
    "SELECT count(*) FROM dim_calendar a, dim_calendar b, dim_calendar c": {NO_TIME},
    "SELECT max(a.position * b.position * c.position * d.position * e.position)"
    " FROM fact_deal a, fact_deal b, fact_deal c, fact_deal d, fact_deal e": {NO_TIME},
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r": {NO_TIME, NO_MEMORY},
    "SELECT list(x) FROM range(1000000000) AS t (x)": {NO_MEMORY, NO_TIME},
    "SELECT range(1000000000)": {NO_MEMORY, NO_TIME},
    "SELECT length(repeat('x', 2000000000))": {NO_MEMORY, NO_TIME},
    # Heeds neither an interrupt nor a limit of memory: its process is ended.
    "SELECT levenshtein(repeat('a', 200000), repeat('b', 200000))": {NO_TIME},
}


@pytest.fixture(scope="module")
def log(cluster: EmbeddedPostgres, template: str) -> Iterator[Database]:
    with copy_of(cluster, template) as database:
        write_log(database.owner_url, dense(1))
        yield database


@pytest.fixture(scope="module")
def node(log: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnalyticsNode]:
    path = tmp_path_factory.mktemp("door") / "analytics.duckdb"
    words = [("loss_reason", "price", "too dear", "дорого")]
    node = AnalyticsNode(path, log.projector_url, ANALYTICS, zone="Europe/Moscow", lent={LABELS: words})
    try:
        while node.follow_once():
            pass
        yield node
    finally:
        node.stop()


@pytest.fixture(scope="module")
def door(node: AnalyticsNode) -> SqlDoor:
    return SqlDoor(node, SqlLimits(50, ROWS, megabytes=256))


def ask(door: SqlDoor, sql: str, as_of: AsOf | None = None, needed: int = 0) -> SqlAnswer:
    return door.ask(sql, as_of, LENT, needed, Asking())


EMPTY: dict[str, Any] = {"sql": "", "lent": {}, "rows": ROWS, "seconds": 1, "megabytes": 256}


def files(folder: Path) -> dict[str, int]:
    return {one.name: one.stat().st_size for one in folder.iterdir()}


def said(refused: SqlRefusedError | NotOneSelectError) -> dict[str, str]:
    """What people are told, in both languages."""
    told = {one: words_for_field(refused.code, "sql", one, refused.facts) for one in ("en", "ru")}
    assert told["en"] != told["ru"]
    assert words_for_field("invalid", "sql", "en", {}) not in told.values()
    return told


def test_what_is_no_question_is_refused_as_it_is_read_and_told_why() -> None:
    known = frozenset({table.name for table in ANALYTICS.tables} | set(ANALYTICS.derived))
    with duckdb.connect() as connection:
        for sql, codes in HOSTILE.items():
            with pytest.raises(NotOneSelectError) as refused:
                tables_read(connection, sql, known)
            assert refused.value.code in ({codes} if isinstance(codes, str) else codes), sql
            said(refused.value)
        for sql in ASKED:
            assert tables_read(connection, sql, known), sql


def test_what_is_not_refused_as_it_is_read_can_still_do_nothing(door: SqlDoor, node: AnalyticsNode) -> None:
    """The second wall: the connection itself, with the reader of questions left out."""
    before = files(node.path.parent)
    asked = cast(Asked, {**EMPTY, "path": str(door.copy(0).path), "views": ANALYTICS.views(FACTS, None, node.settings)})
    connection = opened(
        {**asked, "macro": DUCKDB_MACRO, "columns": {name: list(of) for name, of in ANALYTICS.lent.items()}}
    )
    walls = (
        "read_",
        "glob(",
        "sniff",
        "parquet_m",
        "COPY",
        "EXPORT",
        "IMPORT",
        "https:",
        "INSTALL",
        "LOAD httpfs",
        "SET ",
    )
    for sql in (one for one in HOSTILE if any(wall in one for wall in walls) or "'/" in one):
        with pytest.raises((duckdb.Error, OSError)):
            connection.execute(sql)
    for sql in ("DELETE FROM facts.main.fact_deal", "UPDATE facts.main.followed SET position = 0", "RESET threads"):
        with pytest.raises(duckdb.Error):
            connection.execute(sql)
    connection.close()
    assert {name: size for name, size in files(node.path.parent).items() if name in before} == before
    assert not list(Path("/tmp").glob("letopis-was-here*"))  # noqa: S108 - where the questions would write


@pytest.mark.parametrize("sql", BOMBS, ids=lambda sql: sql[:60])
def test_a_bomb_goes_off_in_its_own_process(node: AnalyticsNode, door: SqlDoor, sql: str) -> None:
    impatient = SqlDoor(node, SqlLimits(1.0, ROWS, megabytes=256))
    before = files(node.path.parent)
    with pytest.raises(SqlRefusedError) as refused:
        ask(impatient, sql)
    assert refused.value.code in BOMBS[sql], refused.value.facts
    limit = "1.0" if refused.value.code == NO_TIME else "256"
    assert all(limit in one for one in said(refused.value).values())
    assert set(files(node.path.parent)) <= {*before, "analytics.copy.duckdb"}


@pytest.mark.parametrize(
    ("sql", "code", "told"),
    [
        ("SELECT $1", "sql-failed", "parameters"),
        ("SELECT colour FROM fact_deal", "sql-failed", "colour"),
        ("SELECT CAST(kind AS INTEGER) FROM fact_deal", "sql-failed", "Could not convert"),
        ("SELECT repeat('x', 100000) FROM range(1000)", "sql-answer-too-large", "64"),
        ("SELECT * FROM Followed", NO_TABLE, "Followed"),
        ("DROP VIEW fact_deal", NO_SELECT, "SELECT"),
    ],
)
def test_what_is_wrong_with_a_question_is_told_in_both_languages(door: SqlDoor, sql: str, code: str, told: str) -> None:
    with pytest.raises(SqlRefusedError) as refused:
        ask(door, sql)
    assert refused.value.code == code
    assert all(told in one for one in said(refused.value).values())


ASKED = (
    "SELECT kind, count(*) AS facts, sum(amount) AS amount FROM fact_deal GROUP BY ALL ORDER BY ALL",
    "SELECT * FROM fact_deal ORDER BY position LIMIT 50",
    "FROM ended_deal ORDER BY deal_id",
    "SELECT month, status, currency, count(*) AS deals, sum(amount) FROM ended_deal GROUP BY ALL ORDER BY ALL",
    "SELECT channel, count(*) FROM touchpoint JOIN dim_calendar ON day = held_on GROUP BY ALL ORDER BY 1",
    "WITH won AS (SELECT * FROM ended_deal WHERE status = 'won')"
    " SELECT p.name, count(*) OVER (PARTITION BY w.currency) AS n FROM won AS w"
    " LEFT JOIN dim_pipeline AS p USING (pipeline_id) ORDER BY ALL",
    "SELECT * FROM (PIVOT ended_deal ON status IN ('won', 'lost') USING count(*) GROUP BY month) ORDER BY ALL",
    "SELECT quantile_cont(ended_on - opened_on, 0.5) FROM ended_deal",
    "FROM dim_team ORDER BY ALL",
    "FROM dim_branch ORDER BY ALL",
    "FROM dim_product ORDER BY ALL",
    "FROM dim_stage ORDER BY ALL",
    "SELECT amount_text(amount, currency) AS text FROM deal_now ORDER BY ALL",
)


def test_an_answer_is_that_of_a_plain_duckdb_over_a_copy(door: SqlDoor, node: AnalyticsNode, tmp_path: Path) -> None:
    copy = tmp_path / "copied.duckdb"
    assert write_copy(door.copy(0).path, copy, ANALYTICS, node.settings, node.lent) == node.position
    with duckdb.connect(str(copy), read_only=True) as plain:
        plain.execute("SET TimeZone = 'UTC'")
        for sql in ASKED:
            answer, expected = ask(door, sql), plain.sql(sql).to_arrow_table()
            assert answer.table.to_pylist() == expected.to_pylist(), sql
            assert answer.table.num_rows, sql
            assert answer.table.schema.names == expected.schema.names
            assert answer.position == node.position
        # Names of people are in no file.
        assert plain.sql("SELECT count(name) FROM dim_staff").fetchall() == [(0,)]


@pytest.mark.parametrize("report", ANALYTICS.reports, ids=lambda report: report.name)
def test_a_report_asked_in_sql_is_the_report(door: SqlDoor, node: AnalyticsNode, report: Report) -> None:
    """With names that nobody has today left out: to those who ask in SQL a name is of whom the facts know."""
    asked = {
        "from": "2026-01-10",
        "to": "2026-02-11",
        "seller_id": str(SELLERS[1]),
        "pipeline_id": str(PIPELINES[0]),
        "by_product": "true",
        "by_occurrence": "true",
    }
    known = {one.name for one in report.parameters}
    unnamed = {name for name in ("seller", "staff") if name in {one.name for one in report.columns}}
    for given in ({}, {name: value for name, value in asked.items() if name in known}):
        sight = Sight(upto=date(2026, 7, 1))
        expected = rows(node.query(report.name, given, None, sight, LENT))
        sql = question_of(ANALYTICS, report.name, given, sight, node.settings)
        answer = rows(SqlDoor(node, SqlLimits(50, 10_000)).ask(sql, None, LENT, 0, Asking()).table)
        assert expected, given
        for row in (*expected, *answer):
            for name in unnamed:
                del row[name]
        assert answer == expected, sql


def test_a_value_in_a_report_asked_in_sql_is_a_value(node: AnalyticsNode) -> None:
    with pytest.raises(ReportParameterError):
        question_of(
            ANALYTICS, "monthly_sales", {"from": "2026-01-01'; DROP VIEW fact_deal; --"}, Sight(), node.settings
        )
    with pytest.raises(ReportParameterError):
        question_of(ANALYTICS, "monthly_sales", {"colour": "red"}, Sight(), node.settings)


def test_an_answer_is_cut_at_the_limit_and_says_so(door: SqlDoor) -> None:
    cut = ask(door, "SELECT day FROM dim_calendar ORDER BY day DESC")
    assert (cut.table.num_rows, cut.has_more) == (ROWS, True)
    assert str(cut.table.to_pylist()[0]["day"]) == "2049-12-31"
    whole = ask(door, f"SELECT * FROM range({ROWS})")
    assert (whole.table.num_rows, whole.has_more, whole.types) == (ROWS, False, ["BIGINT"])
    # A thousand million rows are no more work than the first of them.
    assert ask(door, "SELECT * FROM range(1000000000)").has_more


STUMBLED: dict[str, list[tuple[Any, ...]]] = {
    "SELECT 1 AS a, 2 AS a1, 3 AS a": [(1, 2, 3)],
    "SELECT 1, 2;": [(1, 2)],
    "WITH t AS (SELECT 1 AS n UNION ALL SELECT 2) SELECT n FROM t ORDER BY n": [(1,), (2,)],
    "WITH roles AS (SELECT 'Goodbye!') SELECT 'Hello!'": [("Hello!",)],
    "WITH fact_deal AS (SELECT 7 AS own) SELECT own FROM Fact_Deal": [(7,)],
    "SELECT 'a; DROP TABLE x -- is a text' AS t -- and this is none": [("a; DROP TABLE x -- is a text",)],
    "(SELECT 1 AS n) /* ; */ EXCEPT (SELECT 2)": [(1,)],
}
"""What other doors refuse, or answer wrongly (docs/tried.md)."""


def test_what_others_stumble_over_is_answered(door: SqlDoor) -> None:
    for sql, expected in STUMBLED.items():
        table = ask(door, sql).table
        assert len(set(table.column_names)) == len(table.column_names), sql
        assert [tuple(row.values()) for row in table.to_pylist()] == expected, sql


def test_an_answer_as_of_a_past_moment_is_the_one_given_then(log: Database, tmp_path: Path) -> None:
    node = AnalyticsNode(tmp_path / "analytics.duckdb", log.projector_url, ANALYTICS, zone="Europe/Moscow")
    try:
        node.follow_once(40)
        door = SqlDoor(node, SqlLimits(50, ROWS))
        asked = (ASKED[0], ASKED[3], ASKED[4], "FROM dim_staff ORDER BY ALL")
        then, position = {sql: ask(door, sql).table for sql in asked}, node.position
        while node.follow_once():
            pass
        for sql in asked:
            assert ask(door, sql, needed=node.position).table != then[sql], sql
            assert ask(door, sql, AsOf(position=position)).table == then[sql], sql
    finally:
        node.stop()


def test_a_dimension_says_what_the_facts_leave(door: SqlDoor) -> None:
    staff = rows(ask(door, "FROM dim_staff WHERE name IS NULL AND hired_on IS NOT NULL").table)
    assert staff, "the example of a hiring has no name in the directory"
    [road] = rows(ask(door, f"FROM dim_pipeline WHERE pipeline_id = '{PIPELINES[0]}'").table)
    assert (road["name"], road["is_retired"]) == ("Розница", False)
    assert rows(ask(door, "FROM dim_reason").table) == [{"reason_code": "price", "en": "too dear", "ru": "дорого"}]


def test_two_ask_at_once_while_the_node_goes_on_and_whoever_hangs_up_ends_it(log: Database, tmp_path: Path) -> None:
    node = AnalyticsNode(tmp_path / "analytics.duckdb", log.projector_url, ANALYTICS)
    node.start(poll=0.05)
    # So long that only giving up ends it while a test runs.
    door, endless = SqlDoor(node, SqlLimits(seconds=600)), "SELECT max(hash(x)) FROM range(1000000000000000) AS t (x)"
    askings = [Asking(), Asking()]
    try:
        assert node.wait_for(len(dense(1)), 30)
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(door.ask, endless, None, LENT, 0, asking) for asking in askings]
            try:
                while not all(asking._process for asking in askings):
                    time.sleep(0.01)
                write_log(log.owner_url, company(3, first=900), after=len(dense(1)))
                assert node.wait_for(len(dense(1)) + 9, 30)
                assert node.query("monthly_sales").num_rows
                answer = ask(door, "SELECT count(*) AS n FROM fact_deal", needed=len(dense(1)) + 9)
                assert answer.position == len(dense(1)) + 9
                assert not any(one.done() for one in asked)
            finally:
                for asking in askings:
                    asking.give_up()
            for one in asked:
                assert isinstance(one.exception(30), SqlRefusedError)
    finally:
        node.stop()


def test_a_copy_is_made_anew_when_the_facts_changed_and_not_before(log: Database, tmp_path: Path) -> None:
    node = AnalyticsNode(tmp_path / "analytics.duckdb", log.projector_url, ANALYTICS)
    try:
        node.follow_once(40)
        door = SqlDoor(node, SqlLimits())
        first = door.copy(0).path.stat().st_ino
        assert door.copy(40).path.stat().st_ino == first
        while node.follow_once():
            pass
        assert door.copy(node.position).path.stat().st_ino != first
        # Whoever began to read the old one goes on with it: it is replaced, and never written into.
        second = door.copy(0).path.stat().st_ino
        node.rebuild()
        assert door.copy(0).path.stat().st_ino != second, "another file, though it is as far"
    finally:
        node.stop()


def test_nothing_of_our_surroundings_reaches_the_process_that_answers(
    door: SqlDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    real = subprocess.Popen

    def opened(command: list[str], **more: Any) -> Any:
        given.update(more)
        return real(command, **more)

    monkeypatch.setattr("infra.analytics.sql_door.subprocess.Popen", opened)
    ask(door, "SELECT 1")
    assert (given["env"], given["cwd"], given["start_new_session"]) == ({}, "/", True)
