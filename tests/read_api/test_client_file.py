"""Clients as a file: those of the list, with all that is known of them, safe in a spreadsheet, and on record."""

import csv
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from commands.importing.guess import field_of
from events.values import ContactKind, ProfileField
from read_api import client_file
from read_api.client_file import HEADINGS
from tests.read_api.office import DAY, Office, client, nth, staff

ANNA, BORIS = nth(1), nth(2)


def point(kind: str, value: str, order: int) -> dict[str, Any]:
    return {"kind": kind, "value": value, "key": value, "order": order, "confidence": "stated"}


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    desk.put("staff_directory", staff(1, "Анна"), staff(2, "Борис", branch_id=None, role="head"))
    desk.put(
        "client_card",
        client(
            5,
            "=cmd|' /C calc'!A0",
            owner_id=ANNA,
            contact_points={
                "phone:+74951234567": point("phone", "+7 495 123-45-67", 2),
                "phone:+74957654321": point("phone", "8 (495) 765-43-21", 1),
                "email:a@x.org": point("email", "a@x.org", 3),
            },
            tax_id="7707083893",
            told={"tax_id": {"country": "RU"}, "kpp": {"value": "770701001"}, "ogrn": {"value": "1027700132195"}},
            profile={"sector": {"value": "Торговля; опт"}, "birthday": {"value": "1990-03-02"}},
            external_id="000123",
        ),
        client(6, "Ада Лавлейс", kind="person", owner_id=BORIS),
        client(7, "Старая", archived_at=DAY),
        *(client(100 + number, f"Фирма {number:03}") for number in range(30)),
    )
    return desk


def rows_of(company: Office, query: str = "", **how: Any) -> list[dict[str, str]]:
    answer = company.get(f"/clients/file?headings=names{query}", **how)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_a_table_has_whoever_the_list_has_with_all_that_is_known(company: Office) -> None:
    told = {row["id"]: row for row in rows_of(company, "&archived=false")}
    listed = company.pages("/clients?archived=false&limit=20")
    assert list(told) == [one["client_id"] for one in listed]
    firm = {name: value for name, value in told[str(nth(5))].items() if value}
    assert firm == {
        "id": str(nth(5)),
        "external_id": "000123",
        "kind": "organisation",
        # No spreadsheet reckons it; and a number in international form is text that none takes for a sum.
        "name": "'=cmd|' /C calc'!A0",
        "phone": "8 (495) 765-43-21; +7 495 123-45-67",
        "email": "a@x.org",
        "tax_id": "7707083893",
        "kpp": "770701001",
        "ogrn": "1027700132195",
        "sector": "Торговля; опт",
        "birthday": "1990-03-02",
        "owner_name": "Анна",
        "lifecycle": "prospect",
        "registered_at": "2026-03-02T09:00:00Z",
    }


def test_page_after_page_each_client_is_there_once(company: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows_of(company)
    monkeypatch.setattr(client_file, "STEP", 7)
    assert rows_of(company) == whole
    assert len({row["id"] for row in whole}) == len(whole) == 33


def test_the_filters_are_those_of_the_list(company: Office) -> None:
    for query in (f"&owner={ANNA}", "&kind=person", "&q=фирма%20011", "&archived=true", "&unowned=true&stage=lost"):
        assert [row["id"] for row in rows_of(company, query)] == [
            one["client_id"] for one in company.pages(f"/clients?limit=200{query}")
        ]


def test_a_workbook_has_texts_as_texts_and_moments_as_moments(company: Office) -> None:
    answer = company.get("/clients/file?format=xlsx&kind=organisation&q=cmd", headers={"Accept-Language": "ru"})
    assert answer.headers["content-disposition"] == 'attachment; filename="clients.xlsx"'
    heads, row = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    told = dict(zip(heads, row, strict=True))
    assert told["Наименование"] == "=cmd|' /C calc'!A0"
    assert told["ИНН"] == "7707083893"
    assert told["Внешний код"] == "000123"
    assert str(told["Дата создания"])[:10] == "2026-03-02"


def test_as_excel_opens_it(company: Office) -> None:
    content = company.get("/clients/file?excel=true", headers={"Accept-Language": "ru"}).content
    assert content.startswith(b'\xef\xbb\xbf"' + "Код клиента".encode())
    assert content.splitlines()[0].count(b";") == len(HEADINGS) - 1


def test_cards_for_an_address_book(company: Office) -> None:
    answer = company.get("/clients/file?format=vcf&kind=person")
    assert answer.headers["content-type"] == "text/vcard; charset=utf-8"
    told = answer.content.decode().split("\r\n")
    assert told[:2] == ["BEGIN:VCARD", "VERSION:3.0"]
    assert f"UID:urn:uuid:{nth(6)}" in told
    assert "FN:Ада Лавлейс" in told


def test_of_too_many_none_is_told_and_the_way_out_is(company: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_file, "MOST", 10)
    company.accesses.clear()
    refused = company.get("/clients/file", headers={"Accept-Language": "ru"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "too-many-for-a-file")
    assert "10" in refused.json()["errors"][0]["message"]
    assert not company.accesses


def test_whoever_is_in_a_file_was_told_of_on_record(company: Office) -> None:
    company.accesses.clear()
    rows_of(company, "&kind=person", staff="olga")
    assert [(one.actor, one.subject_id, one.question) for one in company.accesses] == [
        ("olga", nth(6), "get_client_file")
    ]


def test_who_sells_takes_no_list_away_and_a_head_only_what_they_see(company: Office) -> None:
    assert company.get("/clients/file", role="seller", staff=ANNA).status_code == 403
    seen = {row["id"] for row in rows_of(company, "&kind=person", role="head", staff=BORIS)}
    assert seen == {str(nth(6))}
    assert str(nth(5)) not in {row["id"] for row in rows_of(company, role="head", staff=BORIS)}


def test_what_is_no_filter_is_told_and_no_card_is_looked_for(company: Office) -> None:
    refused = company.get("/clients/file?limit=5")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown-parameter")
    assert company.get("/clients/file?format=pdf").status_code == 422


def test_the_headings_are_those_that_an_import_knows() -> None:
    assert set(HEADINGS) >= {kind.value for kind in ContactKind} | {field.value for field in ProfileField}
    # What only we know, or what has no place in an import.
    ours = {"owner_name", "lifecycle", "family", "preferences", "potential", "kpp", "ogrn", "external_id", "tags"}
    named = {"id": "external_id", "registered_at": "date"}
    for language in ("en", "ru"):
        told = {name: field_of(heads[language], "client") for name, heads in HEADINGS.items() if name not in ours}
        assert told == {name: named.get(name, name) for name in told}


def test_both_languages_name_every_column_otherwise() -> None:
    assert all(set(heads) == {"en", "ru"} for heads in HEADINGS.values())
    for language in ("en", "ru"):
        heads = [told[language] for told in HEADINGS.values()]
        assert len(set(heads)) == len(heads)
