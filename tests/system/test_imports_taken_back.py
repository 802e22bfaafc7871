"""Imports that were sent are taken back over HTTP and in the console: tried first, then done; what stays is told."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from commands.importing.one_at_a_time import running
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import Database, copy_of
from tests.system.sent import BORIS, OLEG, OLGA, SELLER, VERA, Imports, importing_at, people
from tests.system.service import Service
from tests.system.test_console_imports import PAGE, over
from tests.system.test_console_imports import sent as sent_by_page
from tests.system.visitors import Visitor


@pytest.fixture(scope="module")
def imports(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    with copy_of(cluster, template) as database, importing_at(tmp_path_factory.mktemp("back"), database) as one:
        yield one


def names(imports: Imports) -> list[str]:
    return sorted(one["name"] for one in imports.get("/clients?limit=200").json()["items"])


def taken_back(imports: Imports, import_id: str, **how: Any) -> dict[str, Any]:
    """Take an import back, to the end; return the job."""
    answer = imports.post(f"/imports/{import_id}/revert", reason="the wrong file", **how)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/imports/{import_id}"
    job = answer.json()["id"]
    told = imports.until(import_id, lambda one: one["revert_job"]["id"] == job and one["revert_job"]["ended_at"])
    return dict(told["revert_job"])


def renamed(imports: Imports, name: str, to: str) -> str:
    """Rename a client by hand; return its id."""
    [client] = imports.get(f"/clients?q={name}").json()["items"]
    given = {"client_id": client["client_id"], "name": to, "source": "by phone"}
    answer = imports.post("/commands/rename-client", **given)
    assert answer.status_code == 200, answer.text
    return str(client["client_id"])


def test_it_is_tried_then_done_and_what_somebody_worked_on_stays_and_is_told(imports: Imports) -> None:
    import_id = imports.sent(people(31), source="wrong")
    imports.ran(import_id)
    kept = renamed(imports, "Ольга Ким", "Ольга Цой")
    before = imports.facts()

    tried = taken_back(imports, import_id, is_dry=True)
    assert (tried["state"], tried["outcome"]["code"]) == ("done", "revert-rehearsed")
    assert (imports.facts(), names(imports)) == (before, ["Иван Петров", "Ольга Цой"])
    assert imports.one(import_id)["state"] == "done"

    done = taken_back(imports, import_id)
    facts = done["outcome"]["facts"]
    assert done["outcome"]["title"] == "Загрузка отменена"
    assert (facts["gone"], facts["restored"], facts["kept"]) == ({"client": 1}, 0, 1)
    assert {name: facts[name] for name in ("gone", "kept")} == {
        name: tried["outcome"]["facts"][name] for name in ("gone", "kept")
    }
    [stays] = facts["stays"]
    assert (stays["id"], stays["code"], stays["deed"]["topic"]) == (kept, "entry-is-used", "client.renamed")
    told = imports.until(import_id, lambda one: one["reverted"] and one["reverted"]["ended_at"])
    assert (told["state"], told["reverted"]["gone"], told["reverted"]["kept"]) == ("reverted", 1, 1)
    imports.until(import_id, lambda _: names(imports) == ["Ольга Цой"])

    stored = imports.facts()
    assert taken_back(imports, import_id)["outcome"]["facts"]["gone"] == {"client": 1}
    assert imports.facts() == stored
    # The very same file may be imported once more, as another import.
    again = imports.ran(imports.sent(people(31), source="wrong"))
    assert again["report"]["accepted"] == 1


def test_only_who_may_import_it_takes_it_back_and_nothing_else_is_taken(imports: Imports) -> None:
    import_id = imports.sent(people(32), source="rights")
    refused = imports.post(f"/imports/{import_id}/revert", reason="x")
    assert (refused.status_code, refused.json()["code"]) == (409, "import-not-begun")
    assert "отменять нечего" in refused.json()["detail"]
    imports.ran(import_id)
    for who, status in ((SELLER, 403), (OLGA, 403), (OLEG, 404)):
        assert imports.post(f"/imports/{import_id}/revert", who, reason="x").status_code == status
    assert imports.post(f"/imports/{uuid4()}/revert", reason="x").status_code == 404
    for body in ({}, {"reason": " "}, {"reason": "x", "dry": True}, {"reason": "x" * 4_001}):
        wrong = imports.post(f"/imports/{import_id}/revert", **body)
        assert (wrong.status_code, "pointer" in wrong.text) == (422, True), wrong.text
    assert imports.one(import_id)["revert_job"] is None

    own = imports.send(people(33), who=OLEG, source="own").json()["id"]
    imports.ran(own, OLEG)
    assert imports.post(f"/imports/{own}/revert", OLEG, reason="mine").status_code == 202
    ended = imports.until(own, lambda one: one["state"] == "reverted")
    assert ended["revert_job"]["asked_by"] == "oleg"
    assert imports.get(f"/imports/{own}", OLEG).json()["revert_job"]["outcome"]["facts"]["gone"] == {"client": 2}


def test_while_an_import_runs_elsewhere_it_is_refused_and_said(imports: Imports) -> None:
    import_id = imports.sent(people(34), source="beside")
    imports.ran(import_id)
    borrow = OwnConnection(imports.database.writer_url)
    try:
        with running(borrow):
            job = taken_back(imports, import_id)
    finally:
        borrow.close()
    assert (job["state"], job["outcome"]["code"]) == ("failed", "revert-refused")
    assert job["outcome"]["facts"]["fault"] == "import-is-running"
    assert imports.one(import_id)["state"] == "done"
    assert taken_back(imports, import_id)["state"] == "done"


def test_asked_for_twice_it_is_one_and_watched_to_its_end(imports: Imports) -> None:
    import_id = imports.sent(people(35), source="watched")
    imports.ran(import_id)
    first = imports.post(f"/imports/{import_id}/revert", VERA, reason="the wrong file")
    second = imports.post(f"/imports/{import_id}/revert", BORIS, reason="the wrong file")
    assert first.status_code == 202
    assert second.status_code in {202, 409}
    if second.status_code == 409:
        assert second.json()["code"] == "operation-under-way"
    stream = imports.get(f"/imports/{import_id}", Accept="text/event-stream").text
    assert '"state":"reverted"' in stream
    assert "event: end" in stream


def test_by_the_page_it_is_tried_and_done_and_what_stays_stands_there(founded: tuple[Service, Database]) -> None:
    ops, head = Visitor(*founded, "vera", "ops", "ru"), Visitor(*founded, "boris", "admin", "ru")
    address = f"{PAGE}/{sent_by_page(ops, people(91)).json()['id']}"
    assert f"{address}/revert" not in {form.action for form in ops.get(address).forms}
    ops.does(ops.get(address).form(address, do="run"))
    done = over(ops, address)
    ops.does(done.form(f"{address}/revert", do="dry"), reason="не тот файл")
    tried = over(ops, address)
    assert "Проба: ничего не отменено" in tried.text
    assert "Файл загружен" in tried.text
    head.does(head.get(address).form(f"{address}/revert", do="revert"), reason="не тот файл")
    gone = over(head, address)
    assert "Загрузка отменена" in gone.text
    assert "Убрано: 2." in gone.text


def test_what_stays_leads_to_its_page_only_who_may_look_at_it(imports: Imports) -> None:
    import_id = imports.sent(people(36).replace("Ольга Ким", "Зоя Мун"), who=VERA, source="links")
    imports.ran(import_id)
    kept = renamed(imports, "Зоя Мун", "Зоя Пак")
    taken_back(imports, import_id)
    address, link = f"{PAGE}/{import_id}", f"/console/clients/{kept}"
    house = (imports.service, imports.database)
    ops, admin = (Visitor(*house, name, name, "ru").get(address) for name in ("ops", "admin"))
    assert f"клиент {kept[-6:]}" in ops.text
    assert "с этим уже работают" in ops.text
    assert (link in ops.links, link in admin.links) == (False, True)
