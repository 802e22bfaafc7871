"""A mapping is changed column by column, and what the form does not ask for stays as it was."""

from typing import Any

import pytest

from read_api.console.mapping_form import headings_of, mapped

COLUMNS = ["Имя", "Фамилия", "Тел", "Моб", "Почта", "Код"]
MAPPING: dict[str, Any] = {
    "source": "old",
    "target": "client",
    "external_id": "Код",
    "fields": {
        "name": {"columns": ["Имя", "Фамилия"], "join": " "},
        "phone": ["Тел", "Моб"],
        "email": {"column": "почта", "split": ";"},
        "kind": {"value": "person"},
    },
    "values": {"kind": {"ч": "person"}},
}
SAID = ["name", "name", "phone", "phone", "email", "external_id"]


def changed(chosen: list[str], **settings: str) -> dict[str, Any]:
    headings = headings_of(COLUMNS, MAPPING, has_header=True)
    return mapped(MAPPING, headings, chosen, settings)


def test_what_is_not_changed_is_the_mapping_as_it_was() -> None:
    assert [heading.field for heading in headings_of(COLUMNS, MAPPING, has_header=True)] == SAID
    assert changed(SAID) == MAPPING


@pytest.mark.parametrize(
    ("place", "field", "fields"),
    [
        (1, "", {"name": {"columns": ["Имя"], "join": " "}}),
        (3, "", {"phone": ["Тел"]}),
        (3, "note", {"phone": ["Тел"], "note": "Моб"}),
        (3, "email", {"phone": ["Тел"], "email": {"columns": ["почта", "Моб"], "split": ";"}}),
        (4, "", {"email": None}),
        (4, "kind", {"email": None, "kind": "Почта"}),
    ],
)
def test_a_column_says_something_else(place: int, field: str, fields: dict[str, Any]) -> None:
    chosen = [*SAID[:place], field, *SAID[place + 1 :]]
    expected = {name: rule for name, rule in {**MAPPING["fields"], **fields}.items() if rule is not None}
    assert changed(chosen)["fields"] == expected
    assert {**changed(chosen), "fields": {}} == {**MAPPING, "fields": {}}


def test_the_number_of_a_row_and_the_country_of_its_phones_stand_beside_the_fields() -> None:
    assert "external_id" not in changed([*SAID[:5], ""])
    assert changed([*SAID[:5], "phone_country"])["phone_country"] == "Код"
    assert changed([*SAID[:4], "external_id", "external_id"])["external_id"] == ["Код", "Почта"]


def test_what_is_asked_beside_the_columns_is_said_or_taken_back() -> None:
    said = changed(SAID, source="new", date_order="dmy", decimal="")
    assert (said["source"], said["date_order"], "decimal" in said) == ("new", "dmy", False)
    headings = headings_of(COLUMNS, said, has_header=True)
    assert "date_order" not in mapped(said, headings, SAID, {"date_order": ""})


def test_columns_without_a_header_go_by_their_numbers() -> None:
    mapping = {"source": "s", "target": "client", "header": False, "fields": {"name": 1}}
    headings = headings_of(["1", "2"], mapping, has_header=False)
    assert [(heading.key, heading.field) for heading in headings] == [(1, "name"), (2, "")]
    assert mapped(mapping, headings, ["", "name"], {})["fields"] == {"name": 2}
