"""Looking at a file before it is imported: a mapping guessed from its headings, and its first rows as they would be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from commands.importing.guess import field_of, toml_of
from commands.importing.mapping import Target, make_mapping, read_mapping
from commands.importing.preview import guess_mapping, preview
from commands.importing.problems import teller
from tests.commands.importing.imports import written


@pytest.mark.parametrize(
    ("heading", "target", "field"),
    [
        ("ИНН", "client", "tax_id"), ("E-mail", "client", "email"), ("phone_number", "client", "phone"),
        ("Телефон агента", "client", "phone"), ("НаименованиеКлиента", "client", "name"), ("Ф.И.О.", "client", "name"),
        ("Электронная почта агента", "client", "email"), ("Юр. адрес:", "client", "legal_address"),
        ("Логотип", "client", None), ("Менеджер", "deal", "seller"), ("Deal Stage", "deal", "stage"),
        ("Артикул", "product", "external_id"),
    ],
)  # fmt: skip
def test_headings_are_known_in_both_languages(heading: str, target: Target, field: str | None) -> None:
    assert field_of(heading, target) == field


NAME = "Наименование агента"
GUESSED: dict[str, dict[str, Any]] = {
    "ru-agents/agents_k_import.csv": {"name": NAME, "phone": "Телефон агента", "tax_id": "ИНН", "director": "Директор"},
    "ru-agents/agents_s_noheader_bom.csv": {"name": 2, "email": 3},
    "ru-agents/agents_k_cleaned_reference.xlsx": {"name": "NameAgent", "legal_address": "LegalAddress"},
    "importer-edge-cases/08-broken-headers-typos.csv": {"name": "Nmae", "email": "Emial"},
    "importer-edge-cases/09-duplicate-headers.csv": {"name": "Name", "email": ["Email", "Email (2)"]},
    "importer-edge-cases/25-hubspot-export.csv": {"name": ["First Name", "Last Name"], "phone": "Phone Number"},
    "importer-edge-cases/leads-messy.csv": {"phone": ["Mob No.", "WhatsApp", "Primary Mobile"], "note": "Remarks"},
}


@pytest.mark.parametrize("name", GUESSED)
def test_a_mapping_is_guessed_and_can_be_read_back(real_data: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    content = guess_mapping(real_data(name), "client", 'old "base"')
    assert {**content["fields"], **GUESSED[name]} == content["fields"]
    path = written(tmp_path, toml_of(content), name="mapping.toml")
    assert read_mapping(path) == make_mapping(content)
    assert preview(real_data(name), make_mapping(content), teller("en")).rows > 0


def test_a_preview_shows_the_first_rows_with_what_is_wrong_with_their_cells(tmp_path: Path) -> None:
    text = "Список\n\nФИО;Телефон;Город\nАда;8 495 123-45-67;Омск\n;девять;Тверь\n;;\n" + "Боб;;\n" * 20
    content = {"source": "s", "target": "client", "fields": {"name": "ФИО", "phone": "Телефон"}}
    seen = preview(written(tmp_path, text), make_mapping(content), teller("ru", lambda code, _: code), rows=2)
    assert (seen.delimiter, seen.rows, seen.blank, seen.columns) == (";", 22, 1, ["ФИО", "Телефон", "Город"])
    assert seen.unused == ["Город"]
    good, bad = seen.first
    assert (good.line, good.fields, good.problems) == (4, {"name": "Ада", "phone": "8 495 123-45-67"}, [])
    assert bad.problems[0].startswith("ФИО: Поле name обязательно")
    assert bad.problems[1] == "Телефон «девять»: wrong-phone"
