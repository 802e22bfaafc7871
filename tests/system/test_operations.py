"""Operators' jobs, asked for over HTTP: each goes on whoever waits, is told to its end, and says who asked and why."""

import getpass
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from app.composition.wiring import batch_runner
from app.demo.company import load_demo_company
from infra.backup.restore import checked_backup
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, Database, copy_of
from tests.system.jobs import BORIS, VERA, Operations
from tests.system.service import environment, letopis, service, token, wait_ready

AUDITOR, SELLER, ANALYST = token("olga", "auditor"), token("petr", "seller"), token("anna", "analyst")


@pytest.fixture(scope="module")
def place(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Operations, Database, Path]]:
    """A service of two processes with the demo company, the database it works on, and its folder."""
    folder = tmp_path_factory.mktemp("operations")
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as given:
        borrow = OwnConnection(database.writer_url)
        load_demo_company(batch_runner(MASTER, borrow).run, MASTER.keyed_hash, datetime.now(UTC))
        borrow.close()
        given.setenv("LETOPIS_BACKUP_TO", str(folder / "backups"))
        with service(folder, "service", "--workers", "2", database_url=database.owner_url) as running:
            wait_ready(running)
            yield Operations(running), database, folder
            assert '"bug"' not in running.log.read_text()
            assert "Traceback" not in running.log.read_text()


@pytest.fixture
def operations(place: tuple[Operations, Database, Path]) -> Operations:
    return place[0]


@pytest.fixture
def database(place: tuple[Operations, Database, Path]) -> Database:
    return place[1]


def asked(database: Database) -> int:
    """Return how many jobs were ever asked for."""
    return int(run(database, "SELECT count(*) FROM letopis.operation")[0][0])


def run(database: Database, statement: str, *values: Any) -> list[Any]:
    with psycopg.connect(database.owner_url) as owner:
        cursor = owner.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


# --- that it goes on, and who may ------------------------------------------------------------------------------------


def test_a_rebuild_goes_on_when_the_connection_is_cut_and_ends_with_a_word(
    operations: Operations, database: Database
) -> None:
    before, jobs = operations.generation("products"), asked(database)
    where = urlsplit(operations.service.address)
    body = json.dumps({"projection": "products", "throttle": 20, "reason": "after the upgrade"}).encode()
    head = (
        "POST /operations/rebuild HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {VERA['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port)) as line:
        line.sendall(head.encode() + body)
        line.recv(20)
    assert asked(database) == jobs + 1
    (job,) = operations.get("/operations/jobs?limit=1").json()["items"]
    told = operations.ended(job["id"])

    assert (told["state"], told["outcome"]["code"]) == ("done", "rebuilt")
    assert told["outcome"]["facts"]["generation"] == operations.generation("products") == before + 1
    assert (told["asked_by"], told["asked_as"], told["reason"]) == ("vera", "ops", "after the upgrade")
    assert told["parameters"] == {"processes": 2, "verify": "sample", "throttle": 20, "park": False}
    assert operations.done("verify", projection="products")["code"] == "verified-equal"
    assert operations.done("rollback", projection="products")["facts"]["generation"] == before
    assert operations.done("drop", projection="products")["code"] == "dropped"
    assert operations.done("drop", projection="products")["code"] == "nothing-kept"


def test_of_many_who_start_the_same_rebuild_one_wins_and_the_others_are_told(operations: Operations) -> None:
    people = [token(f"ops {number}", "ops") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda who: operations.post("rebuild", who, projection="pipelines", throttle=1), people)
        )
    (won,) = [answer.json() for answer in answers if answer.status_code == 202]
    lost = [answer.json() for answer in answers if answer.status_code != 202]
    assert [(each["status"], each["code"]) for each in lost] == [(409, "operation-under-way")] * 7
    assert {(each["job_id"], each["asked_by"]) for each in lost} == {(won["id"], won["asked_by"])}

    late = operations.post("rebuild", BORIS, projection="pipelines", Accept_Language="ru").json()
    assert late["title"] == "Это уже выполняется"
    assert won["asked_by"] in late["detail"]
    assert late["since"] in late["detail"]

    assert operations.done("cancel", BORIS, projection="pipelines")["code"] == "rebuild-ends"
    told = operations.ended(won["id"])
    assert (told["state"], told["outcome"]["code"]) == ("cancelled", "rebuild-cancelled")
    assert operations.generation("pipelines") == 1


@pytest.mark.parametrize("name", ["rebuild", "pause", "skip", "backup"])
@pytest.mark.parametrize("who", [SELLER, ANALYST, AUDITOR], ids=["seller", "analyst", "auditor"])
def test_who_may_not_is_told_so_and_nothing_is_on_record(
    operations: Operations, database: Database, name: str, who: dict[str, str]
) -> None:
    jobs = asked(database)
    answer = operations.post(name, who, projection="products")
    assert (answer.status_code, answer.json()["code"], answer.json()["needed"]) == (
        403,
        "not-allowed",
        ["admin", "ops"],
    )
    assert httpx.post(f"{operations.service.address}/operations/{name}").status_code == 401
    assert asked(database) == jobs


def test_auditors_may_look_and_sellers_may_not(operations: Operations) -> None:
    job_id = operations.start("resume", projection="products")
    for path in ("/operations/jobs", f"/operations/jobs/{job_id}"):
        assert operations.get(path, AUDITOR).status_code == 200
        assert [operations.get(path, who).status_code for who in (SELLER, ANALYST)] == [403, 403]


@pytest.mark.parametrize(
    ("name", "body", "pointer", "code"),
    [
        ("rebuild", {"projection": "products", "reason": " "}, "/reason", "too-short"),
        ("rebuild", {"projection": "products", "reason": None}, "/reason", "not-text"),
        ("rebuild", {"projection": "nonsense"}, "/projection", "not-in-list"),
        ("rebuild", {}, "/projection", "missing"),
        ("rebuild", {"projection": "products", "speed": 5}, "/speed", "unknown-field"),
        ("rebuild", {"projection": "products", "throttle": "5"}, "/throttle", "not-a-whole-number"),
        ("rebuild", {"projection": "analytics", "processes": 1}, "/processes", "not-of-the-analytics"),
        ("pause", {"projection": "analytics"}, "/projection", "not-in-list"),
        ("throttle", {"projection": "products", "events": -1}, "/events", "too-small"),
        ("skip", {"projection": "products"}, "/key", "missing"),
        ("skip", {"projection": "client_card", "key": "5"}, "/key", "not-a-key"),
        ("retry", {"projection": "analytics", "key": "5"}, "/key", "not-a-key"),
        ("backup", {"folder": "/etc"}, "/folder", "unknown-field"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_cannot_be_asked_for_is_pointed_at(
    operations: Operations, database: Database, name: str, body: dict[str, Any], pointer: str, code: str, language: str
) -> None:
    jobs = asked(database)
    answer = operations.post(name, **body, Accept_Language=language)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, pointer, code), answer.text
    assert pointer[1:] in error["message"]
    assert asked(database) == jobs


# --- words to what is under way --------------------------------------------------------------------------------------


def test_a_rebuild_under_way_rests_goes_on_and_is_held_to_a_pace(operations: Operations) -> None:
    before = operations.generation("client_card")
    with operations.rebuilding("client_card") as job_id:
        assert operations.done("pause", projection="client_card")["code"] == "rebuild-rests"
        operations.until(job_id, lambda told: told["progress"]["is_paused"])
        assert operations.done("resume", BORIS, projection="client_card")["code"] == "rebuild-goes-on"
        operations.until(job_id, lambda told: not told["progress"]["is_paused"])
        assert operations.generation("client_card") == before
        held = operations.done("throttle", projection="client_card", events=0)
        assert (held["code"], held["facts"]["events"]) == ("rebuild-unheld", 0)
        assert operations.ended(job_id)["outcome"]["code"] == "rebuilt"
    assert operations.generation("client_card") == before + 1


def test_without_a_rebuild_the_read_model_itself_rests(operations: Operations) -> None:
    assert operations.done("pause", projection="products")["code"] == "paused"
    assert operations.done("pause", projection="products")["code"] == "was-not-live"
    assert operations.done("resume", projection="products")["code"] == "resumed"
    assert operations.done("throttle", projection="products", events=5)["code"] == "not-being-rebuilt"


def test_what_waits_behind_a_rebuild_waits_and_is_withdrawn_or_done(operations: Operations) -> None:
    with operations.rebuilding("staff_directory"):
        behind = operations.start("verify", projection="staff_directory")
        assert operations.job(behind)["state"] == "waiting"
    assert operations.ended(behind)["outcome"]["code"] == "verified-equal"


def test_a_word_that_comes_at_once_is_for_the_rebuild_and_not_for_what_readers_see(
    operations: Operations, database: Database
) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as builder:
        # Nobody can begin to build: the rebuild has begun as a job, and cannot be told anything yet.
        builder.execute("SELECT pg_advisory_lock(hashtextextended('letopis.build.contact_persons', 0))")
        job_id = operations.start("rebuild", projection="contact_persons", throttle=1)
        operations.until(job_id, lambda told: told["state"] == "running")
        word = operations.start("pause", projection="contact_persons")
        operations.until(word, lambda told: told["state"] != "waiting")
    assert operations.ended(word)["outcome"]["code"] == "rebuild-rests"
    assert operations.done("cancel", projection="contact_persons")["code"] == "rebuild-ends"
    assert operations.ended(job_id)["state"] == "cancelled"


def test_a_rebuild_that_waits_is_withdrawn_at_once(operations: Operations, database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as builder:
        builder.execute("SELECT pg_advisory_lock(hashtextextended('letopis.build.pipelines', 0))")
        before = operations.start("drop", projection="pipelines")
        operations.until(before, lambda told: told["state"] == "running")
        rebuild = operations.start("rebuild", projection="pipelines")
        assert operations.job(rebuild)["state"] == "waiting"
        assert operations.done("cancel", projection="pipelines")["code"] == "rebuild-withdrawn"
        told = operations.job(rebuild)
        assert (told["state"], told["outcome"]["code"]) == ("cancelled", "rebuild-withdrawn")
        assert operations.job(before)["state"] == "running"
    operations.ended(before)


def test_a_rebuild_that_is_no_job_is_told_too(operations: Operations, database: Database) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as builder:
        builder.execute("SELECT pg_advisory_lock(hashtextextended('letopis.build.pipelines', 0))")
        builder.execute(
            "INSERT INTO letopis.rebuild (name, generation, phase) VALUES ('pipelines', 99, 'folding')"
            " ON CONFLICT (name) DO UPDATE SET phase = 'folding', told_at = clock_timestamp()"
        )
        refused = operations.post("rebuild", projection="pipelines").json()
    assert (refused["status"], refused["code"], "job_id" in refused) == (409, "operation-under-way", False)
    # Its session is gone, and it with it, whatever it told last.
    assert operations.done("rebuild", projection="pipelines")["code"] == "rebuilt"


# --- watching --------------------------------------------------------------------------------------------------------


def followed(operations: Operations, job_id: str) -> Iterator[tuple[str, Any]]:
    headers = {**VERA, "Accept": "text/event-stream", "Accept-Language": "ru"}
    address = f"{operations.service.address}/operations/jobs/{job_id}"
    with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind, over = "message", time.monotonic() + 60
        for line in answer.iter_lines():
            assert time.monotonic() < over, "the stream has no end"
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)


def test_a_job_is_followed_to_its_end(operations: Operations) -> None:
    with operations.rebuilding("pipeline_board") as job_id:
        told: list[tuple[str, Any]] = []
        for kind, data in followed(operations, job_id):
            told.append((kind, data))
            if len(told) == 2:
                operations.start("throttle", projection="pipeline_board", events=0)
    *states, (kind, last) = told
    assert (kind, last) == ("end", {"reason": "job-ended"})
    assert {kind for kind, _ in states} == {"message"}
    assert [data["state"] for _, data in states][-1] == "done"
    assert states[-1][1]["outcome"]["title"] == "Представление pipeline_board построено заново"
    assert len({json.dumps(data) for _, data in states}) == len(states) >= 3


def test_a_job_that_has_ended_is_told_to_who_follows_it_late(operations: Operations) -> None:
    job_id = operations.start("resume", projection="products")
    operations.ended(job_id)
    (kind, told), last = followed(operations, job_id)
    assert (kind, told["state"], last) == ("message", "done", ("end", {"reason": "job-ended"}))


def test_a_job_has_an_etag_and_words_in_the_caller_s_language(operations: Operations) -> None:
    job_id = operations.start("drop", projection="notes")
    operations.ended(job_id)
    path = f"/operations/jobs/{job_id}"
    english, russian = operations.get(path), operations.get(path, Accept_Language="ru")
    assert english.json()["outcome"]["title"] == "Nothing of notes was kept"
    assert russian.json()["outcome"]["title"] == "Из notes ничего не хранилось"
    assert operations.get(path, If_None_Match=english.headers["etag"]).status_code == 304
    assert operations.get(path, If_None_Match=russian.headers["etag"]).status_code == 200
    missing = operations.get("/operations/jobs/00000000-0000-7000-8000-000000000000")
    assert (missing.status_code, missing.json()["title"]) == (404, "There is no such job")
    assert operations.get("/operations/jobs/x").status_code == 422
    assert operations.get(path, Accept="text/html").status_code == 406
    assert operations.get("/operations/rebuild").status_code == 405


def test_the_list_is_by_page_the_latest_first_and_filtered(operations: Operations) -> None:
    made = [operations.start("resume", projection="products") for _ in range(5)]
    for each in made:
        operations.ended(each)
    first = operations.get("/operations/jobs?operation=resume&about=products&state=done&limit=3").json()
    assert [one["id"] for one in first["items"]] == made[::-1][:3]
    second = operations.get(f"/operations/jobs?operation=resume&about=products&limit=3&cursor={first['next']}").json()
    assert [one["id"] for one in second["items"]][:2] == made[::-1][3:]
    whole = operations.get("/operations/jobs?limit=200").json()
    assert whole["next"] is None
    assert [one["asked_at"] for one in whole["items"]] == sorted(
        (one["asked_at"] for one in whole["items"]), reverse=True
    )
    assert operations.get("/operations/jobs?state=failed&operation=resume").json()["items"] == []
    assert operations.get("/operations/jobs?state=odd").status_code == 422


def test_the_same_key_is_the_same_job(operations: Operations, database: Database) -> None:
    body: dict[str, Any] = {"projection": "products", "Idempotency_Key": "weekly 17"}
    first = operations.start("verify", **body)
    operations.ended(first)
    jobs = asked(database)
    assert operations.start("verify", **body) == first
    other = operations.post("verify", **{**body, "projection": "pipelines"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert asked(database) == jobs
    another = operations.start("verify", BORIS, **body)
    assert another != first
    operations.ended(another)


# --- comparing, mending, keeping -------------------------------------------------------------------------------------


def test_a_comparison_says_where_it_differs_and_tells_no_value(operations: Operations, database: Database) -> None:
    table = f"products_g{operations.generation('products')}.products"
    run(database, f"UPDATE {table} SET name = 'planted' WHERE code = 'scales'")
    outcome = operations.done("verify", projection="products")
    assert (outcome["code"], outcome["facts"]["differing"]) == ("verified-different", 1)
    (named,) = outcome["facts"]["named"]
    assert named.endswith(": name")
    assert "planted" not in json.dumps(operations.get("/operations/jobs").json())
    assert operations.done("rebuild", projection="products", verify="full")["code"] == "rebuilt"
    assert operations.done("verify", projection="products")["code"] == "verified-equal"


def test_what_waits_is_tried_again_and_skipped_for_a_reason_that_stays(
    operations: Operations, database: Database
) -> None:
    receipt = operations.service.post("list-product", {"code": "odd", "name": "Odd"}, BORIS).json()
    key, listed = receipt["stream_id"], receipt["position"]
    park = (
        "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
        " SELECT 'products', %s, jsonb_build_array(%s::text), position, event_id, topic, 'KeyError' FROM letopis.event"
        " WHERE position = %s"
    )
    generation = operations.generation("products")
    run(database, park, generation, key, listed)
    assert operations.done("retry", projection="products", key=key)["code"] == "flows-again"
    assert operations.done("retry", projection="products")["code"] == "nothing-waits"
    nothing = operations.ended(operations.start("retry", projection="products", key=key))
    assert (nothing["state"], nothing["outcome"]["code"]) == ("failed", "not-parked")

    run(database, park, generation, key, listed)
    told = operations.ended(operations.start("skip", projection="products", key=key, reason="listed by mistake"))
    assert (told["outcome"]["code"], told["reason"]) == ("flows-again", "listed by mistake")
    kept = run(database, "SELECT position, reason, actor FROM letopis.skipped WHERE name = 'products'")
    assert kept == [(listed, "listed by mistake", "vera")]


def test_the_reports_are_filled_anew_and_compared_by_the_process_that_has_them(operations: Operations) -> None:
    rebuilt = operations.done("rebuild", projection="analytics")
    assert (rebuilt["code"], rebuilt["facts"]["parked"]) == ("reports-rebuilt", 0)
    assert operations.done("verify", projection="analytics")["code"] == "reports-equal"
    assert operations.done("retry", projection="analytics")["code"] == "nothing-waits"
    nobody: dict[str, Any] = {"projection": "analytics", "key": "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e"}
    assert operations.ended(operations.start("skip", **nobody))["outcome"]["code"] == "not-parked"


def test_a_backup_goes_where_the_server_says(operations: Operations, place: tuple[Operations, Database, Path]) -> None:
    outcome = operations.done("backup", reason="before the upgrade")
    assert outcome["code"] == "backed-up"
    manifest = checked_backup(place[2] / "backups" / outcome["facts"]["folder"], MASTER)
    assert manifest.position == outcome["facts"]["position"] > 0


# --- the terminal, and what is measured ------------------------------------------------------------------------------


def typed(place: tuple[Operations, Database, Path], *words: str) -> "subprocess.CompletedProcess[str]":
    _, database, folder = place
    return subprocess.run(
        letopis("projections", *words),
        env={**environment(folder / "service", database.owner_url), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_is_typed_is_on_record_too_and_told_of_what_is_under_way(
    operations: Operations, place: tuple[Operations, Database, Path]
) -> None:
    done = typed(place, "rebuild", "activities")
    assert done.returncode == 0, done.stderr
    (job,) = operations.get("/operations/jobs?limit=1").json()["items"]
    assert (job["operation"], job["about"], job["state"]) == ("rebuild", "activities", "done")
    assert (job["asked_by"], job["asked_as"], job["reason"]) == (getpass.getuser(), "terminal", None)
    assert job["outcome"]["facts"]["generation"] == operations.generation("activities")

    with operations.rebuilding("activities"):
        refused = typed(place, "rebuild", "activities")
        assert (refused.returncode, "asked for by vera" in refused.stderr) == (1, True), refused.stderr
        assert typed(place, "pause", "activities").stderr.endswith(
            "activities: the rebuild rests; resume lets it go on\n"
        )


def test_jobs_that_have_not_ended_are_counted(operations: Operations) -> None:
    with operations.rebuilding("activities"):
        operations.start("verify", projection="activities")

        def counted() -> set[str]:
            lines = operations.get("/metrics").text.splitlines()
            return {line for line in lines if line.startswith("letopis_operations{")}

        assert counted() == {'letopis_operations{state="waiting"} 1', 'letopis_operations{state="running"} 1'}
