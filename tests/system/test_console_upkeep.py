"""The page "Projections": it shows what the API says, and what is done from it is on record with who did it."""

import os
import re
import signal
import time
from typing import Any

import psycopg
import pytest

from app.demo.company import demo_id
from tests.database import Database
from tests.system.jobs import Operations, projector_of
from tests.system.service import Service, token
from tests.system.visitors import Form, Seen, Visitor

PAGE = "/console/projections"
PRODUCTS = f"{PAGE}/products"


@pytest.fixture(scope="module")
def ops(founded: tuple[Service, Database]) -> Visitor:
    return Visitor(*founded, "ops", "ops")


@pytest.fixture(scope="module")
def operations(founded: tuple[Service, Database]) -> Operations:
    return Operations(founded[0])


def asked(ops: Visitor, operation: str, name: str = "products", /, **typed: str) -> dict[str, Any]:
    """Ask for an operation by its form, and return the job when it has ended."""
    before = ops.api("/operations/jobs?limit=1")["items"]
    to = f"{PAGE}/{name}"
    form = form_of(ops.get(f"/console/operate/{operation}?projection={name}&to={to}"))
    answer = ops.send(form, **{"reason": "a test", **typed})
    assert (answer.status_code, answer.headers.get("location")) == (303, to), answer.text
    [job] = ops.api("/operations/jobs?limit=1")["items"]
    assert [job["id"]] != [one["id"] for one in before]
    return Operations(ops.running).ended(job["id"])


def form_of(page: Seen) -> Form:
    """Return the form by which an operation is asked for."""
    [form] = [form for form in page.forms if form.operation is not None]
    return form


def works_on(page: Seen) -> str:
    """Return what a page says of what is under way, or of what became of it."""
    shown = [each for each in page.main.iter("section") if (each.get("class") or "").startswith(("work", "ended"))]
    assert len(shown) == 1, page.text
    return " ".join("".join(shown[0].itertext()).split())


def once(ops: Visitor, path: str, *told: str) -> Seen:
    """Return a page when it says all that of what is under way, or became of it."""
    over = time.monotonic() + 60
    while not all(each in works_on(page := ops.get(path)) for each in told):
        assert time.monotonic() < over, page.text
        time.sleep(0.2)
    return page


def test_an_operator_begins_at_the_table_which_says_what_the_api_says(ops: Visitor) -> None:
    page = ops.get("/console")
    assert page.answer.url.path == PAGE
    builds = {one["name"]: one for one in ops.api("/projections")["items"]}
    sizes = {one["name"]: one for one in ops.api("/projections/sizes")["items"]}
    rows = {each.attrib["id"].removeprefix("row-"): each for each in page.main.iter("tr") if each.get("id")}
    assert set(rows) == {*builds, "analytics"}
    for name, build in builds.items():
        told = [" ".join("".join(cell.itertext()).split()) for cell in rows[name]]
        assert told[0].endswith(name)
        assert told[0] != name
        assert (told[1], told[3], told[4]) == ("live", str(build["generation"]), str(sizes[name]["rows"])), name
        assert f"{PAGE}/{name}" in page.links


def test_a_rebuild_begins_with_what_it_would_cost_and_is_rolled_back(ops: Visitor, operations: Operations) -> None:
    before = operations.generation("products")
    dry = ops.get(f"/console/operate/rebuild?projection=products&to={PRODUCTS}")
    estimate = ops.api("/projections/products/estimate")
    assert f"Facts to fold{estimate['events']} " in dry.text
    other = ops.does(next(form for form in dry.forms if "processes" in form.values), processes="3", throttle="1")
    assert re.search(r"about \d+ (secs|mins)", other.text), "held to one a second"
    assert {"processes": "3", "verify": "sample", "throttle": "1"}.items() <= form_of(other).values.items()
    assert [job for job in ops.api("/operations/jobs")["items"] if job["operation"] == "rebuild"] == []

    job = asked(ops, "rebuild", reason="after the upgrade")
    assert (job["asked_by"], job["asked_as"], job["reason"]) == ("ops", "ops", "after the upgrade")
    assert job["parameters"] == {"processes": 2, "verify": "sample", "park": False}
    assert operations.generation("products") == before + 1
    page = ops.get(PRODUCTS)
    assert works_on(page).startswith(job["outcome"]["title"])
    assert "after the upgrade" in works_on(page)

    assert asked(ops, "verify", sample="2")["outcome"]["facts"]["one_in"] == 2
    assert "Compared lastproducts is what the log makes" in ops.get(PRODUCTS).text
    back = asked(ops, "rollback", reason="it was better before")
    assert (back["asked_by"], back["reason"]) == ("ops", "it was better before")
    assert operations.generation("products") == before
    assert works_on(ops.get(PRODUCTS)).startswith(back["outcome"]["title"])
    assert asked(ops, "drop")["outcome"]["code"] == "dropped"


def test_a_rebuild_at_work_is_seen_and_heeds_what_is_said_to_it(ops: Visitor, operations: Operations) -> None:
    with operations.rebuilding("client_card") as job:
        page = once(ops, f"{PAGE}/client_card", "Rebuild folding the facts", "Process 1")
        assert "held to 1 a second" in works_on(page)
        assert "vera" in works_on(page)
        assert [each.get("hx-trigger") for each in page.root.iter("div") if each.get("hx-trigger")] == ["every 1s"]
        assert asked(ops, "pause", "client_card")["outcome"]["code"] == "rebuild-rests"
        operations.until(job, lambda told: told["progress"]["is_paused"])
        assert "Resume" in ops.get(f"{PAGE}/client_card").text
        told = ops.does(form_of(ops.get("/console/operate/rebuild?projection=client_card")), reason="once more")
        assert (told.status, form_of(told).values["reason"]) == (409, "once more")
        assert "This is under way already" in told.text
        assert asked(ops, "resume", "client_card")["outcome"]["code"] == "rebuild-goes-on"
        assert asked(ops, "throttle", "client_card", events="2")["outcome"]["code"] == "rebuild-held"
        assert asked(ops, "cancel", "client_card")["outcome"]["code"] == "rebuild-ends"
    assert "The rebuild of client_card was cancelled" in ops.get(f"{PAGE}/client_card").text


def test_keys_that_wait_are_shown_tried_again_and_skipped(
    ops: Visitor, operations: Operations, founded: tuple[Service, Database]
) -> None:
    admin = token("boris", "admin")
    for code in ("odd", "even"):
        receipt = founded[0].post("list-product", {"code": code, "name": code}, admin).json()
        with psycopg.connect(founded[1].owner_url) as owner:
            owner.execute(
                "INSERT INTO letopis.parked (name, generation, place, position, event_id, topic, reason)"
                " SELECT 'products', %s, jsonb_build_array(%s::text), position, event_id, topic, 'KeyError'"
                " FROM letopis.event WHERE position = %s",
                [operations.generation("products"), receipt["stream_id"], receipt["position"]],
            )
    page = ops.get(PRODUCTS)
    waiting = [one["key"] for one in ops.api("/projections/products/parked")["parked"]]
    assert "2 keys" in ops.get(PAGE).text
    for key in waiting:
        assert key in page.text
    links = [each for each in page.links if each.startswith(("/console/operate/retry", "/console/operate/skip"))]
    assert len(links) == 5, "try all, and of each key: try again, skip"
    retried = ops.get(next(each for each in links if "retry" in each and "place=" in each)).form(
        "/console/operate/retry"
    )
    ended = operations_of(ops, ops.does(retried, reason="mended"))
    assert operations_of(ops, ops.does(retried, reason="mended")) == ended, "sent twice, it is done once"
    assert (ended["outcome"]["code"], ended["parameters"]) == ("flows-again", {"key": waiting[0]})
    skip = next(each for each in ops.get(PRODUCTS).links if each.startswith("/console/operate/skip"))
    wordless = ops.does(form_of(ops.get(skip)), reason=" ")
    assert wordless.status == 422
    ended = operations_of(ops, ops.does(form_of(wordless), reason="listed by mistake"))
    assert ended["outcome"]["code"] == "flows-again"
    [skipped] = ops.api("/projections/products/parked")["skipped"]
    assert (skipped["key"], skipped["reason"], skipped["actor"]) == (waiting[1], "listed by mistake", "ops")
    assert "listed by mistake" in ops.get(PRODUCTS).text


def operations_of(ops: Visitor, page: Seen) -> dict[str, Any]:
    """Return the job that a page that one was sent to shows first, when it has ended."""
    assert page.status == 200, page.text
    [job] = ops.api("/operations/jobs?limit=1")["items"]
    return Operations(ops.running).ended(job["id"])


def test_the_reports_are_looked_after_as_well(ops: Visitor) -> None:
    assert asked(ops, "rebuild", "analytics")["outcome"]["code"] == "reports-rebuilt"
    assert asked(ops, "verify", "analytics")["outcome"]["code"] == "reports-equal"
    assert "Every table of the reports is what the log makes" in works_on(ops.get(f"{PAGE}/analytics"))


def test_auditors_look_and_are_offered_nothing_and_others_have_no_such_page(founded: tuple[Service, Database]) -> None:
    auditor = Visitor(*founded, "auditor", "auditor")
    page = auditor.get(PRODUCTS)
    assert page.status == 200
    assert not [each for each in page.links if "/operate/" in each]
    assert auditor.get("/console/operate/rebuild?projection=products").status == 404
    form = auditor.get(PRODUCTS).form("/console/leave")
    sent = auditor.client.post(
        "/console/operate/rebuild", data={**form.values, "projection": "products", "reason": "x"}
    )
    assert sent.status_code == 404
    for who, role in ((demo_id("anna"), "seller"), (demo_id("head"), "head"), ("analyst", "analyst")):
        visitor = Visitor(*founded, who, role)
        assert PAGE not in visitor.get("/console").links
        assert visitor.get(PAGE).status == 403


def test_that_the_process_which_rebuilt_was_killed_is_told(ops: Visitor, operations: Operations) -> None:
    job = operations.folding("client_card")
    before = operations.generation("client_card")
    os.kill(projector_of(ops.running), signal.SIGKILL)
    page = once(ops, f"{PAGE}/client_card", "The rebuild of client_card ended with its process")
    assert operations.job(job)["state"] == "abandoned"
    assert f"Readers keep generation {before}" in works_on(page)
    assert asked(ops, "rebuild", "client_card")["outcome"]["code"] == "rebuilt"
