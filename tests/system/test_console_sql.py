"""The page where one asks in SQL: its answers are the API's, its addresses say nothing, who leaves is not awaited."""

import ast
import gzip
import io
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyarrow as pa
import pytest

from app.demo.company import ADMIN_ID, demo_id
from infra.postgres.embedded import EmbeddedPostgres
from tests.system.conftest import company_of
from tests.system.service import sound_service
from tests.system.visitors import Seen, Visitor

WON = """SELECT s.name, count(*) AS deals, sum(d.amount) AS amount, max(d.ended_on) AS day, NULL AS nothing, true AS yes
FROM ended_deal AS d LEFT JOIN dim_staff AS s ON s.staff_id = d.seller_id
WHERE status = 'won' AND name <> 'O''Neil "x" \\ $HOME'
GROUP BY ALL ORDER BY ALL"""
ENDLESS = "SELECT max(hash(x)) FROM range(1000000000000000) AS t (x)"


@pytest.fixture(scope="module")
def people(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Visitor]]:
    with company_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LETOPIS_SQL_SECONDS", "50")
        patch.setenv("LETOPIS_SQL_AT_ONCE", "1")
        with sound_service(tmp_path_factory.mktemp("sql"), database.owner_url) as running:
            who = {"analyst": "olga", "auditor": "oleg", "admin": ADMIN_ID, "head": demo_id("head")}
            yield {role: Visitor(running, database, actor, role) for role, actor in who.items()}
        assert "O'Neil" not in running.log.read_text(), "what is asked stands in no log"


def asked(visitor: Visitor, sql: str, as_of: str = "") -> Seen:
    form = visitor.get("/console/sql").form("/console/sql")
    return visitor.does(form, sql=sql, as_of=as_of)


def written(value: object) -> str:
    return "null" if value is None else "true" if value is True else str(value)


def rows(page: Seen) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in page.main.findall(".//tbody/tr")]


def test_the_answer_is_the_api_s_and_its_address_says_nothing_of_the_question(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    page = asked(analyst, WON)
    told = analyst.api(f"/analytics/sql?{urlencode({'sql': WON})}")
    assert told["rows"]
    assert rows(page) == [[written(value) for value in row.values()] for row in told["rows"]]
    numbers = ["".join(th.itertext()) for th in page.main.iter("th") if th.get("class") == "number"]
    assert {"deals", "amount"} <= {re.split("[A-Z]", each)[0] for each in numbers} <= {"deals", "amount", "nothing"}
    path = urlsplit(str(page.answer.url)).path
    assert re.fullmatch(r"/console/sql/[\w-]{22}", path)
    assert page.form("/console/sql").values["sql"].strip() == WON
    again = people["auditor"].get(path)
    assert rows(again) == rows(page), "a colleague who may ask opens the same address"
    assert people["head"].get(path).status == 403
    assert people["head"].get("/console/sql").status == 403
    assert analyst.get("/console/sql/0000000000000000000000").status == 404


def test_every_file_is_the_api_s(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    page = asked(analyst, WON)
    forms = {address.rpartition("=")[2]: address for address in page.files}
    assert set(forms) == {"csv", "excel.csv", "xlsx", "parquet", "arrow", "json"}
    body = {"sql": WON}
    for form, address in forms.items():
        more: dict[str, object] = {"headings": "words"} if form in {"csv", "excel.csv", "xlsx"} else {}
        more |= {"format": "csv", "excel": True} if form == "excel.csv" else {"format": form}
        headers = {"Authorization": f"Bearer {analyst.token}"}
        same = analyst.client.post("/analytics/sql", json={**body, **more}, headers=headers)
        given = analyst.client.get(address)
        assert (given.status_code, given.content) == (200, same.content), form
        assert given.headers["content-type"] == same.headers["content-type"]


def test_what_is_copied_from_the_page_runs_elsewhere_and_answers_the_same(
    people: dict[str, Visitor], tmp_path: Path
) -> None:
    analyst = people["analyst"]
    page = asked(analyst, WON)
    expected = analyst.api(f"/analytics/sql?{urlencode({'sql': WON})}")["rows"]
    texts = {
        "".join(one.find("summary").itertext()): "".join(one.find(".//code").itertext())  # type: ignore[union-attr]
        for one in page.main.iter("details")
        if one.get("class") == "curl"
    }
    report = analyst.get("/console/reports/staff_scorecard")
    of_report = ["".join(one.itertext()) for one in report.main.findall(".//copy-text//code")]
    surroundings = {**os.environ, "TOKEN": analyst.token}

    def shell(text: str) -> str:
        done = subprocess.run(["/bin/sh", "-c", text], env=surroundings, capture_output=True, text=True, check=True)
        return done.stdout

    assert json.loads(shell(texts["curl"]))["rows"] == expected
    assert json.loads(shell(of_report[1]))["rows"]
    for text in (texts["Python"], of_report[2]):
        script = tmp_path / "copied.py"
        script.write_text(f"{text}assert table.num_rows\n")
        subprocess.run([sys.executable, str(script)], env=surroundings, capture_output=True, check=True)
    code = shell(f"printf %s {texts['DuckDB'].partition('python -c ')[2]}")
    assert repr(WON) in repr(ast.literal_eval(code.partition("facts.sql(")[2].partition(").show()")[0]))


def test_a_report_opened_in_sql_has_the_report_s_rows(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    for one in analyst.api("/analytics")["items"]:
        form = analyst.get(f"/console/reports/{one['name']}").form("/console/sql")
        told = analyst.api(f"/analytics/{one['name']}")["rows"]
        page = analyst.does(form)
        assert page.main.find(".//*[@role='alert']") is None, page.text
        assert len(rows(page)) == min(len(told), 480 // (len(one["columns"]) + 1)), one["name"]
    assert not [form for form in people["head"].get("/console/reports/monthly_sales").forms if "sql" in form.values]


def test_what_is_wrong_is_told_in_its_place_with_its_line_and_the_question_stays(people: dict[str, Visitor]) -> None:
    for sql, line, said in (
        ("SELECT kind,\n  colour\nFROM fact_deal", "2", "colour"),
        ("SELECT kind\nFROM fact_deal\nWHER kind = 1", "3", "kind"),
        ("DROP TABLE x", None, "SELECT"),
    ):
        page = asked(people["analyst"], sql)
        alert = page.main.find(".//*[@role='alert']")
        assert alert is not None
        assert said in "".join(alert.itertext())
        assert [one.get("data-line") for one in alert.iter("button")] == ([line] if line else [])
        assert page.form("/console/sql").values["sql"].strip() == sql
    past = asked(people["analyst"], "SELECT count(*) FROM fact_deal", "2001-01-01")
    assert rows(past) == [["0"]]


def test_the_questions_of_a_session_are_there_again_and_are_nobody_else_s(people: dict[str, Visitor]) -> None:
    admin = people["admin"]
    for sql in ("SELECT 1 AS one", "SELECT 2 AS two", "SELECT 1 AS one"):
        page = asked(admin, sql)
    listed = page.main.findall(".//*[@id='asked']//a")
    assert ["".join(one.find("code").itertext()) for one in listed] == ["SELECT 1 AS one", "SELECT 2 AS two"]  # type: ignore[union-attr]
    assert rows(admin.get(listed[1].attrib["href"])) == [["2"]]
    assert "SELECT 2" not in people["auditor"].get("/console/sql").text


def test_the_page_stays_light(people: dict[str, Visitor]) -> None:
    page = asked(people["analyst"], "SELECT * FROM dim_calendar LIMIT 3000")
    assert len(rows(page)) > 20
    assert sum(1 for _ in page.root.iter()) <= 1500
    assert len(gzip.compress(page.html.encode())) <= 15_000


def test_who_leaves_while_the_answer_is_computed_is_not_waited_for(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    form = analyst.get("/console/sql").form("/console/sql")
    body = urlencode({**form.values, "sql": ENDLESS})
    place = urlsplit(analyst.running.address)
    cookies = "; ".join(f"{name}={value}" for name, value in analyst.client.cookies.items())
    head = f"POST /console/sql HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookies}\r\nSec-Fetch-Site: same-origin\r\n"
    head += (
        f"HX-Request: true\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port or 80), timeout=60) as line:
        line.sendall((head + body).encode())
        # There is room for one, as soon as it has come.
        while "Too many ask" not in asked(people["auditor"], "SELECT 1 AS one").text:
            pass
    assert rows(asked(people["auditor"], "SELECT 1 AS one")) == [["1"]]


def test_htmx_puts_the_answer_in_its_place_and_the_address_of_the_question_above_it(people: dict[str, Visitor]) -> None:
    analyst = people["analyst"]
    form = analyst.get("/console/sql").form("/console/sql")
    answer = analyst.client.post(
        "/console/sql", data={**form.values, "sql": "SELECT 7"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    assert rows(analyst.get(answer.headers["hx-replace-url"])) == [["7"]]
    arrow = analyst.client.get(f"{answer.headers['hx-replace-url']}/file?format=arrow")
    assert pa.ipc.open_stream(io.BytesIO(arrow.content)).read_all().num_rows == 1
