"""Files with columns for the company's own fields, over HTTP: guessed, shown, imported, told of on the card."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from tests.system.conftest import company_of
from tests.system.sent import OLEG, Imports, importing_at

HEAT = [
    {"code": "hot", "labels": {"en": "Hot", "ru": "Горячий"}},
    {"code": "cold", "labels": {"en": "Cold", "ru": "Холодный"}},
]


@pytest.fixture(scope="module")
def imports(cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    """A service with the demo company, which has fields of its own."""
    with (
        company_of(cluster, template) as database,
        importing_at(tmp_path_factory.mktemp("imports"), database) as running,
    ):
        define(running, "heat", "choice", "Interest", "Интерес", options=HEAT)
        define(running, "size", "number", "Shop size", "Площадь")
        define(running, "old", "text", "Old one", "Старое")
        assert running.post("/commands/retire-custom-field", code="old").status_code in {200, 201}
        wait_until(lambda: len(running.get("/custom-fields?active=true").json()["items"]) == 2, running)
        yield running


def define(imports: Imports, code: str, kind: str, en: str, ru: str, **more: Any) -> None:
    answer = imports.post("/commands/define-custom-field", code=code, type=kind, labels={"en": en, "ru": ru}, **more)
    assert answer.status_code in {200, 201}, answer.text


def wait_until(condition: Any, imports: Imports) -> None:
    over = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < over, imports.service.address
        time.sleep(0.05)


ROWS = (
    "Наименование;Телефон;интерес;Shop size;Старое\n"
    "Вера Лис;+7 921 555-01-01;Горячий;1 200,5;x\n"
    "Лев Сом;+7 921 555-01-02;тёплый;;\n"
)


def test_a_heading_that_is_a_fields_label_is_proposed_shown_rehearsed_and_imported(imports: Imports) -> None:
    sent = imports.send(ROWS, who=OLEG).json()
    fields = sent["preview"]["mapping"]["fields"]
    assert {name: fields[name] for name in fields if ":" in name} == {
        "field:heat": "интерес",
        "field:size": "Shop size",
    }
    assert sent["preview"]["unused"] == ["Старое"]
    good, bad = sent["preview"]["first"]
    assert (good["fields"]["field:heat"], good["faults"]) == ("Горячий", [])
    (fault,) = bad["faults"]
    assert (fault["column"], fault["code"]) == ("интерес", "wrong-choice")
    assert "hot (Hot, Горячий)" in fault["message"]
    assert {"field:heat", "field:size", "tags"} <= set(sent["preview"]["fields"])
    assert "field:old" not in sent["preview"]["fields"]

    before = imports.facts()
    rehearsed = imports.ran(sent["id"], who=OLEG, is_dry=True)
    assert (rehearsed["report"]["accepted"], rehearsed["report"]["wrong"], imports.facts()) == (1, 1, before)
    done = imports.ran(sent["id"], who=OLEG)
    assert (done["report"]["accepted"], done["report"]["reasons"]) == (1, {"wrong-choice": 1})
    (client,) = imports.get("/clients?q=Вера Лис").json()["items"]
    told = imports.get(f"/clients/{client['client_id']}?include=fields").json()["fields"]
    assert [(each["code"], each["value"]) for each in told] == [("heat", "hot"), ("size", "1200.5")]
    assert [each["name"] for each in imports.get("/clients?field=heat:hot").json()["items"]] == ["Вера Лис"]


@pytest.mark.parametrize(("code", "fault"), [("nobody", "own-field-is-unknown"), ("old", "own-field-is-retired")])
def test_a_mapping_with_a_field_that_is_not_filled_in_is_refused_in_words(
    imports: Imports, code: str, fault: str
) -> None:
    import_id = imports.sent(ROWS, source=code)
    mapping = {"source": "s", "target": "client", "fields": {"name": "Наименование", f"field:{code}": "Старое"}}
    refused = imports.post(f"/imports/{import_id}/mapping", mapping=mapping)
    assert refused.status_code == 422, refused.text
    assert fault in refused.text
    assert f"field:{code}" in refused.json()["detail"]


def test_what_was_defined_after_the_mapping_and_retired_before_the_run_is_refused_then(imports: Imports) -> None:
    define(imports, "short", "text", "Short-lived", "Недолгое")
    wait_until(lambda: imports.get("/custom-fields/short").status_code == 200, imports)
    mapping = '{"source": "t", "target": "client", "fields": {"name": "Наименование", "field:short": "Старое"}}'
    import_id = imports.sent(ROWS, mapping=mapping)
    assert imports.post("/commands/retire-custom-field", code="short").status_code in {200, 201}
    before = imports.facts()
    ended = imports.ran(import_id)
    assert ended["job"]["outcome"]["code"] != "done"
    assert "field:short" in str(ended["job"]["outcome"])
    assert imports.facts() == before
