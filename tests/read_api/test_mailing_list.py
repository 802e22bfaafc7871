"""A mailing list has whoever agreed and does not object, each address once, and says who was left out and why."""

import csv
import io
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from read_api import client_file
from tests.read_api.office import DAY, Office, client, nth, staff

ANNA, BORIS = nth(1), nth(2)
NEWS = "addressed_by=email&purpose=news"


def point(kind: str, value: str, order: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "value": value, "key": value.lower(), "order": order, "confidence": "stated", **more}


def points(*some: dict[str, Any]) -> dict[str, Any]:
    return {f"{each['kind']}:{each['key']}": each for each in some}


def email(address: str, **more: Any) -> dict[str, Any]:
    return {"contact_points": points(point("email", address)), **more}


def word(whose: int, *, allows: bool = True, is_objection: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "client_id": nth(whose),
        "number": 1 + is_objection,
        "is_objection": is_objection,
        "allows": allows,
        "addressed_by": None if is_objection else "email",
        "purpose": None if is_objection else "news",
        "source": "a form",
        "said_at": DAY,
        "actor": "story",
        "position": whose,
        **more,
    }


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    desk.put("staff_directory", staff(1, "Анна"), staff(2, "Борис", branch_id=None, role="head"))
    desk.put(
        "client_card",
        client(
            5,
            "=cmd|' /C calc'!A0",
            owner_id=ANNA,
            contact_points=points(
                point("email", "B@X.org", 2),
                point("email", "a@x.org", 1),
                point("email", "no address", 3, doubt="unreadable"),
                point("phone", "+74951234567;ext=12", 4),
                point("phone", "+79161234567", 5),
            ),
        ),
        client(6, "Ада", kind="person", **email("A@x.org")),
        client(7, "Бэла", **email("bela@x.org", archived_at=DAY)),
        client(8, "Вера", **email("vera@x.org")),
        client(9, "Глеб", **email("gleb@x.org")),
        client(10, "Дина", **email("dina@x.org")),
        client(11, "Ева", contact_points=points(point("phone", "+79160000000"))),
        client(12, "Жанна", owner_id=BORIS, **email("zhanna@x.org")),
        client(13, "Зоя", survivor_id=nth(12), **email("zoya@x.org")),
    )
    desk.put(
        "canonical_map",
        {"client_id": nth(13), "survivor_id": nth(12), "merged_into": nth(12), "merged_at": DAY, "position": 1},
    )
    desk.put(
        "client_permissions",
        *(word(number) for number in (5, 6, 7, 8, 11, 12, 13)),
        word(5, number=7, addressed_by="sms"),
        word(8, allows=False, is_objection=True),
        word(9, allows=False),
    )
    return desk


def listed(company: Office, query: str = NEWS, **how: Any) -> tuple[list[dict[str, str]], str]:
    answer = company.get(f"/clients/mailing-list?headings=names&{query}", **how)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode()))), answer.headers["letopis-left-out"]


def test_each_address_of_whoever_may_be_written_to_stands_once_and_why_the_others_do_not(company: Office) -> None:
    rows, left_out = listed(company)
    assert [(row["name"], row["address"]) for row in rows] == [
        # No spreadsheet reckons it.
        ("'=cmd|' /C calc'!A0", "a@x.org"),
        ("'=cmd|' /C calc'!A0", "b@x.org"),
        ("Жанна", "zhanna@x.org"),
    ]
    assert rows[0] == {**rows[0], "client_id": str(nth(5)), "kind": "organisation", "owner_name": "Анна"}
    assert left_out == "archived=1, objection=1, withdrawn=1, no_consent=1, no_address=1, same_address=1"


def test_a_text_message_goes_to_no_extension(company: Office) -> None:
    rows, left_out = listed(company, "addressed_by=sms&purpose=news")
    assert [row["address"] for row in rows] == ["+79161234567"]
    assert left_out == "archived=1, objection=1, no_consent=5"


def test_of_another_purpose_nobody_may_be_written_to(company: Office) -> None:
    assert listed(company, "addressed_by=email&purpose=events") == ([], "archived=1, objection=1, no_consent=6")


def test_the_filters_are_those_of_the_list_and_count_for_those_left_out_too(company: Office) -> None:
    assert listed(company, f"{NEWS}&owner={ANNA}")[1] == ""
    rows, left_out = listed(company, f"{NEWS}&kind=person")
    assert ([row["name"] for row in rows], left_out) == (["Ада"], "")
    assert listed(company, f"{NEWS}&archived=true") == ([], "archived=1")


def test_the_list_itself_takes_the_same_filter_and_the_file_with_it(company: Office) -> None:
    found = [one["name"] for one in company.pages(f"/clients?limit=2&{NEWS}")]
    assert found == ["=cmd|' /C calc'!A0", "Ада", "Бэла", "Ева", "Жанна"]
    told = company.get(f"/clients/file?headings=names&{NEWS}").content.decode()
    assert len(list(csv.DictReader(io.StringIO(told)))) == len(found)
    by_name = company.get(f"/clients?{NEWS}&q=ада").json()["items"]
    assert [one["name"] for one in by_name] == ["Ада"]


@pytest.mark.parametrize("path", ["/clients", "/clients/file"])
@pytest.mark.parametrize(("given", "lacking"), [("purpose=news", "addressed_by"), ("addressed_by=email", "purpose")])
def test_a_channel_without_a_purpose_is_no_question(company: Office, path: str, given: str, lacking: str) -> None:
    refused = company.get(f"{path}?{given}", headers={"Accept-Language": "ru"})
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/{lacking}", "needs-the-other")
    assert "укажите и канал, и цель" in error["message"]


def test_without_either_there_is_no_mailing_list(company: Office) -> None:
    refused = company.get("/clients/mailing-list")
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/addressed_by", "/purpose"}


def test_a_workbook_says_on_its_second_sheet_who_was_left_out(company: Office) -> None:
    answer = company.get(f"/clients/mailing-list?format=xlsx&{NEWS}", headers={"Accept-Language": "ru"})
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    heads, first, *_ = book.get_sheet_by_index(0).to_python()
    assert heads == ["Код клиента", "Вид клиента", "Наименование", "Куда", "Менеджер"]
    assert first[2:4] == ["=cmd|' /C calc'!A0", "a@x.org"]
    assert book.sheet_names[1] == "Не включены"
    assert book.get_sheet_by_index(1).to_python() == [
        ["Почему", "Клиентов"], ["в архиве", 1], ["возражает", 1], ["согласие отозвано", 1], ["согласия нет", 1],
        ["нет адреса для этого канала", 1], ["тот же адрес, что у другого клиента", 1],
    ]  # fmt: skip


def test_as_excel_opens_it(company: Office) -> None:
    content = company.get(f"/clients/mailing-list?excel=true&{NEWS}").content
    assert content.startswith(b'\xef\xbb\xbf"ID";"Client type";')


def test_it_is_for_whoever_writes_to_many_and_on_record(company: Office) -> None:
    for role in ("marketer", "head", "operator", "admin"):
        assert company.get(f"/clients/mailing-list?{NEWS}", role=role, staff=BORIS).status_code == 200
    for role in ("seller", "service_agent", "auditor", "analyst", "ops"):
        assert company.get(f"/clients/mailing-list?{NEWS}", role=role, staff=ANNA).status_code == 403
    company.accesses.clear()
    listed(company, role="operator", staff="olga")
    noted = [(one.actor, one.subject_id, one.question) for one in company.accesses]
    assert noted == [("olga", nth(number), "get_mailing_list") for number in (5, 12)]


def test_page_after_page_it_is_the_same(company: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = listed(company)
    monkeypatch.setattr("read_api.mailing_list.STEP", 1)
    assert listed(company) == whole
    monkeypatch.setattr(client_file, "MOST", 1)
    refused = company.get(f"/clients/mailing-list?{NEWS}")
    assert refused.json()["errors"][0]["code"] == "too-many-for-a-file"
