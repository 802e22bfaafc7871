"""What is taken away from here as a table comes in elsewhere: the columns are known by their headings."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands.importing.file_import import import_file
from commands.importing.mapping import make_mapping
from commands.importing.own_fields import own_fields
from commands.importing.preview import guess_mapping
from read_api.analytics_forms import Form
from read_api.client_file import BETWEEN, HEADINGS, table_of
from read_api.client_file import written_as as file_of
from read_api.client_file_fields import columns_of, with_titles
from tests.commands.importing.imports import desk_at
from tests.commands.importing.test_own_fields import with_fields
from tests.database import Database


def client(number: int, name: str, points: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    told = [{"kind": kind, "value": value} for kind, values in points.items() for value in values]
    return {
        "client_id": f"0190a5d2-7c1e-7c3a-9d51-{number:012d}",
        "kind": "organisation",
        "name": name,
        "external_id": None,
        "owner_name": "Анна",
        "lifecycle": "customer",
        "registered_at": "2016-03-01T09:00:00Z",
        "contact_points": told,
        "tax_id": None,
        "told": {},
        "profile": {},
        "tags": ["VIP"],
        **more,
    }


CLIENTS = [
    client(1, "ООО «Ромашка»; склад", {"phone": ["+7 495 123-45-67", "+79161234567"], "email": ["a@x.org", "b@x.org"]}),
    client(
        2, "Вектор, НПО", {"phone": ["8 (812) 325-12-93"]}, tax_id="7707083893", profile={"sector": {"value": "опт"}}
    ),
    client(3, "Ада", {"email": ["ada@x.org"]}, kind="person"),
]


KINDS = ("field:note2", "field:size", "field:until", "field:vip", "field:heat")
STANDS = {"note2": "у вокзала", "size": "1200.5", "until": "2026-11-30", "vip": "true", "heat": "hot"}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("kind", "excel"), [("csv", False), ("csv", True), ("xlsx", False)])
def test_a_file_of_our_own_comes_in_as_it_went_out(
    database: Database, tmp_path: Path, language: str, kind: str, excel: bool
) -> None:
    titles = {name: told[language] for name, told in HEADINGS.items()}
    file = tmp_path / f"clients.{kind}"
    file.write_bytes(file_of(CLIENTS, Form(kind, language, ZoneInfo("Europe/Moscow"), titles, excel)))
    content = guess_mapping(file, "client", "letopis")
    # A workbook has moments as the company's clocks show them.
    content["zone"] = "Europe/Moscow"
    for field in ("phone", "email"):
        content["fields"][field] = {"column": content["fields"][field], "split": BETWEEN.strip()}
    desk = desk_at(database)
    report = import_file(file, make_mapping(content), desk.door())
    assert (report.accepted, report.refused, report.adds_up) == (3, 0, True), report
    told = {
        body["name"]: (
            body["kind"],
            {point["key"] for point in body["contact_points"]},
            body.get("tax_id"),
            body["external_id"],
            body["_at"].isoformat(),
        )
        for body in desk.bodies("client.registered")
    }
    at = "2016-03-01T09:00:00+00:00"
    assert told == {
        "ООО «Ромашка»; склад": (
            "organisation",
            {"+74951234567", "+79161234567", "a@x.org", "b@x.org"},
            None,
            CLIENTS[0]["client_id"],
            at,
        ),
        "Вектор, НПО": ("organisation", {"+78123251293"}, "7707083893", CLIENTS[1]["client_id"], at),
        "Ада": ("person", {"ada@x.org"}, None, CLIENTS[2]["client_id"], at),
    }


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(("kind", "excel"), [("csv", False), ("csv", True), ("xlsx", False)])
def test_what_stands_beside_the_cards_comes_in_as_it_went_out(
    database: Database, tmp_path: Path, language: str, kind: str, excel: bool
) -> None:
    desk = with_fields(desk_at(database))
    own = own_fields(desk.door().borrow, desk.mapper.to_event, KINDS)
    told = [
        {
            "code": each.code,
            "type": each.type.value,
            "labels": each.labels.model_dump(),
            "retired_at": None,
            "options": [option.model_dump() for option in each.options],
        }
        for each in own.values()
    ]
    clients = [client(1, "Ада", {"email": ["ada@x.org"]}, fields=STANDS, tags=["VIP", "опт, розница"])]
    columns = columns_of(json.dumps(told), clients)
    titles = {name: each[language] for name, each in HEADINGS.items()}
    form = with_titles(Form(kind, language, ZoneInfo("Europe/Moscow"), titles, excel), columns)
    file = tmp_path / f"clients.{kind}"
    file.write_bytes(file_of(clients, form, columns))
    content = guess_mapping(file, "client", "letopis", own)
    assert set(KINDS) <= set(content["fields"])
    report = import_file(file, make_mapping({**content, "zone": "Europe/Moscow"}), desk.door())
    assert (report.accepted, report.wrong) == (1, 0), report
    assert {body["code"]: body["value"] for body in desk.bodies("client_field.set")} == STANDS
    tags = [body["tag"] for body in desk.bodies("client_tag.given")]
    assert tags == ["VIP", "опт, розница"]


def test_every_client_has_every_column() -> None:
    form = Form("csv", "en", ZoneInfo("UTC"))
    assert table_of(CLIENTS, form).column_names == list(HEADINGS)
