"""The analysts' door of a real service: who may ask, in which forms the answers come, and who hangs up."""

import io
import json
import socket
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import httpx
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pytest

from app.demo.company import demo_id
from read_api.analytics_sql import SqlAnswered, SqlSchema
from tests.database import Database
from tests.system.service import Service, environment, letopis, service, token, wait_ready

ANALYST, AUDITOR = token("olga", "analyst"), token("oleg", "auditor")
ENDLESS = "SELECT max(hash(x)) FROM range(1000000000000000) AS t (x)"
DEALS = "SELECT seller_id, s.name, count(*) AS deals, sum(amount) AS amount FROM deal_now LEFT JOIN dim_staff AS s"
DEALS += " ON s.staff_id = seller_id GROUP BY ALL ORDER BY s.name"


@pytest.fixture(scope="module")
def running(shared_company: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("sql")
    with pytest.MonkeyPatch.context() as patch:
        # Two processes that answer: both pass on what the first one has, and do not have it themselves.
        patch.setenv("LETOPIS_WORKERS", "2")
        patch.setenv("LETOPIS_SQL_SECONDS", "50")
        with service(folder, "service", database_url=shared_company.owner_url) as started:
            wait_ready(started)
            yield started
    log = (folder / "service.log").read_text()
    assert '"bug"' not in log
    assert "Traceback" not in log


def get(running: Service, path: str, who: dict[str, str] = ANALYST, **more: str) -> httpx.Response:
    headers = {**who, **{name.replace("_", "-"): value for name, value in more.items()}}
    return httpx.get(running.address + path, headers=headers, timeout=60)


def post(running: Service, body: dict[str, Any], who: dict[str, str] = ANALYST, **more: str) -> httpx.Response:
    headers = {**who, **{name.replace("_", "-"): value for name, value in more.items()}}
    return httpx.post(f"{running.address}/analytics/sql", json=body, headers=headers, timeout=60)


def asked(sql: str, **more: str) -> str:
    return f"/analytics/sql?{httpx.QueryParams({'sql': sql, **more})}"


def test_a_question_has_an_address_and_names_the_staff(running: Service) -> None:
    answer = post(running, {"sql": DEALS})
    assert answer.status_code == httpx.codes.OK, answer.text
    body = answer.json()
    SqlAnswered.model_validate(body)
    assert (body["has_more"], body["limits"]) == (False, {"seconds": 50, "rows": 10_000, "megabytes": 512})
    assert [column["type"] for column in body["columns"]] == ["UUID", "VARCHAR", "BIGINT", "DECIMAL(38,4)"]
    assert body["columns"][0]["title"] == {"en": "Seller, id", "ru": "Продавец, id"}
    names = {row["seller_id"]: row["name"] for row in body["rows"]}
    assert names[str(demo_id("boris"))] == "Борис Громов"
    again = get(running, body["address"])
    assert (again.status_code, again.json()) == (200, body)
    known = get(running, body["address"], if_none_match=again.headers["etag"])
    assert known.status_code == httpx.codes.NOT_MODIFIED


def test_reports_say_names_beside_ids_today_and_in_the_past(running: Service) -> None:
    for path in ("/analytics/stage_history", f"/analytics/stage_history?as_of={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"):
        rows = get(running, path).json()["rows"]
        assert {(row["seller_id"], row["seller"]) for row in rows} >= {(str(demo_id("boris")), "Борис Громов")}
        assert {row["pipeline"] for row in rows} == {"Продажи"}


def test_the_answer_as_of_a_moment_is_the_one_given_then(running: Service) -> None:
    sql = "SELECT count(*) AS staff, count(name) AS named FROM dim_staff"
    before, moment = get(running, asked(sql)).json(), datetime.now(UTC).isoformat()
    hire = {"staff_id": "01940000-0000-7000-8000-00000000aaaa", "name": "Новый", "role": "seller"}
    receipt = running.post("hire-staff", hire, token("admin", "admin"))
    assert receipt.status_code == httpx.codes.OK, receipt.text
    after = get(running, asked(sql, min_position=str(receipt.json()["position"]))).json()
    assert after["rows"] == [{name: number + 1 for name, number in before["rows"][0].items()}]
    then = get(running, asked(sql, as_of=moment)).json()
    assert then["rows"] == before["rows"]
    assert get(running, then["address"]).json()["rows"] == before["rows"]


def test_every_form_has_the_same_rows(running: Service) -> None:
    sql = "SELECT '=1+1' AS \"=cmd\", 'Ель' AS name, CAST(-1.5 AS DECIMAL(9, 2)) AS amount, '-7,5' AS text"
    sql += ", [1, 2] AS list"
    csv = get(running, asked(sql, format="csv"))
    assert csv.text == '"\'=cmd","name","amount","text","list"\n"\'=1+1","Ель",-1.50,"-7,5","[1, 2]"\n'
    assert (csv.headers["letopis-row-limit"], csv.headers["letopis-has-more"]) == ("10000", "false")
    excel = get(running, asked(sql, format="csv", excel="true", headings="words"), accept_language="ru")
    assert excel.content.startswith(b"\xef\xbb\xbf")
    assert excel.content.decode("utf-8-sig").splitlines() == [
        '"\'=cmd";"Название";"Сумма";"text";"Список слов"',
        '"\'=1+1";"Ель";"-1,50";"-7,5";"[1, 2]"',
    ]
    arrow = post(running, {"sql": sql, "format": "arrow"})
    rows = pa.ipc.open_stream(io.BytesIO(arrow.content)).read_all().to_pylist()
    parquet = post(running, {"sql": sql}, accept="application/vnd.apache.parquet")
    assert parquet.headers["content-disposition"] == 'attachment; filename="sql.parquet"'
    assert pa_parquet.read_table(io.BytesIO(parquet.content)).to_pylist() == rows
    book = zipfile.ZipFile(io.BytesIO(get(running, asked(sql, format="xlsx", headings="words")).content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet, "no formula"
    assert all(text in sheet for text in ("=1+1", "Ель", "Amount", "<v>-1.5</v>"))


def test_a_question_too_long_for_an_address_goes_by_post(running: Service) -> None:
    sql = "SELECT " + " + ".join(["position"] * 900) + " AS sum, '" + "x" * 5_000 + "' AS text FROM fact_deal LIMIT 1"
    answer = post(running, {"sql": sql, "format": "csv"})
    assert answer.status_code == httpx.codes.OK, answer.text
    assert len(answer.text) > 5_000


def test_a_report_says_how_it_is_asked_in_sql_and_how_it_is_drawn(running: Service) -> None:
    for report in get(running, "/analytics").json()["items"]:
        name = report["name"]
        told = get(running, f"/analytics/{name}").json()["rows"]
        question = get(running, f"/analytics/{name}/sql").json()
        assert get(running, question["address"]).json()["rows"] == told, name
        chart = get(running, f"/analytics/{name}/chart", accept_language="ru")
        assert chart.status_code == (200 if report["chart"] else 404), chart.text
        if report["chart"]:
            assert chart.json()["data"]["values"] == told
            assert report["chart"]["formats"] == ["json", "svg", "png"]
    address = "/analytics/monthly_sales?seller_id=" + str(demo_id("boris"))
    linked = get(running, address.replace("?", "/chart?data=url&")).json()
    assert linked["data"]["url"] == address
    assert get(running, linked["data"]["url"]).status_code == httpx.codes.OK
    picture = get(running, "/analytics/pipeline_totals/chart?format=svg", accept_language="ru")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert all(text in picture.text for text in ("Итоги воронки", "Сумма, RUB", "выиграна"))
    for wrong in ("monthly_sales/sql?from=yesterday", "monthly_sales/chart?from=yesterday", "monthly_sales/sql?x=1"):
        assert get(running, f"/analytics/{wrong}").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    head = token(demo_id("head"), "head")
    assert get(running, "/analytics/monthly_sales/sql", head).status_code == httpx.codes.FORBIDDEN
    assert get(running, "/analytics/monthly_sales/chart", head).status_code == httpx.codes.OK
    people = {one["name"] for one in get(running, "/analytics/staff").json()["items"]}
    assert {"Борис Громов", "Анна Белова"} <= people


def test_what_is_refused_says_why_in_the_callers_language(running: Service) -> None:
    for language, told in (("en", "cannot be asked"), ("ru", "нельзя")):
        answer = get(running, asked("SELECT * FROM parked"), accept_language=language)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["pointer"], error["code"]) == (422, "/sql", "sql-unknown-table")
        assert told in error["message"]
    assert post(running, {"sql": "SELECT 1", "colour": "red"}).status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert get(running, "/analytics/sql").json()["errors"][0]["code"] == "missing"
    late = get(running, asked("SELECT DATE '290000-01-01' AS day"))
    assert [error["code"] for error in late.json()["errors"]] == ["sql-not-written"]


@pytest.mark.parametrize("role", ["seller", "head", "operator", "marketer", "service_agent", "ops", "integration"])
def test_who_does_not_see_all_work_asks_no_sql(running: Service, role: str) -> None:
    who = token(demo_id("boris"), role)
    for answer in (get(running, asked("SELECT 1"), who), post(running, {"sql": "SELECT 1"}, who)):
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert get(running, "/analytics/schema", who).status_code == httpx.codes.FORBIDDEN


def test_the_schema_says_what_there_is_to_ask(running: Service) -> None:
    body = get(running, "/analytics/schema", AUDITOR).json()
    SqlSchema.model_validate(body)
    tables = {table["name"]: table for table in body["items"]}
    for table in (tables["fact_pipeline"], tables["ended_deal"], tables["dim_staff"], tables["dim_calendar"]):
        columns = get(running, asked(f"SELECT * FROM {table['name']} LIMIT 1")).json()["columns"]
        assert [(one["name"], one["type"]) for one in columns] == [
            (one["name"], one["type"]) for one in table["columns"]
        ]


def test_a_copy_is_taken_while_the_service_runs_and_opens_elsewhere(
    running: Service, shared_company: Database, tmp_path: Path
) -> None:
    path = tmp_path / "facts of today.duckdb"
    for _ in range(2):
        done = subprocess.run(
            letopis("analytics", "copy", str(path), "--json"),
            env=environment(running.log.parent / "service", shared_company.owner_url),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bytes"] == path.stat().st_size
    sql = (
        "SELECT status, count(*) AS deals, CAST(sum(amount) AS VARCHAR) AS sum FROM deal_now GROUP BY ALL ORDER BY ALL"
    )
    with duckdb.connect(str(path), read_only=True) as plain:
        assert plain.sql(sql).to_arrow_table().to_pylist() == get(running, asked(sql)).json()["rows"]
        assert plain.sql("SELECT count(*), count(name) FROM dim_staff").fetchall()[0][1] == 0
        assert plain.sql("SELECT ru FROM dim_reason WHERE reason_code = 'price'").fetchall() == [("дорого",)]
    assert "Громов".encode() not in path.read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_who_hangs_up_makes_room_and_all_else_goes_on_meanwhile(running: Service) -> None:
    place = urlsplit(running.address)
    body = json.dumps({"sql": ENDLESS}).encode()
    head = f"POST /analytics/sql HTTP/1.1\r\nHost: x\r\nAuthorization: {ANALYST['Authorization']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    lines = [socket.create_connection((place.hostname, place.port), timeout=60) for _ in range(2)]
    for line in lines:
        line.sendall(head.encode() + body)
    third = get(running, asked("SELECT 1 AS one"))
    assert (third.status_code, third.json()["code"]) == (503, "too-many-questions")
    assert get(running, "/analytics/monthly_sales").status_code == httpx.codes.OK
    for line in lines:
        line.close()
    assert get(running, asked("SELECT 1 AS one")).json()["rows"] == [{"one": 1}]
