"""What stands in fields is told on the card, finds clients in the list, and is counted; of merged clients as of one."""

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from events.base import Event
from events.client import ClientArchived, ClientClaimed, ClientRegistered
from events.client_field import ClientFieldSet
from events.client_merge import ClientMergedInto, ClientUnmergedFrom
from events.custom_field import (
    CustomFieldDefined,
    CustomFieldRelabelled,
    CustomFieldRetired,
    CustomFieldType,
    FieldOptionRelabelled,
    FieldOptionRetired,
)
from events.examples import TEMPERATURE_FIELD
from events.ids import custom_field_of, fields_of
from events.labels import GivenLabels
from events.staff import StaffHired
from read_api.client_card import ClientCard
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, ROMASHKA, fact
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, moment, on

ALONE = {"team_id": None, "branch_id": None, "head_id": None}
TEXT, NUMBER, DATE, TRUTH = (CustomFieldType(each) for each in ("text", "number", "date", "boolean"))


def defined(code: str, kind: CustomFieldType) -> Told:
    return on(custom_field_of(code), fact(CustomFieldDefined, code=code, type=kind, options=()))


def filled(client_id: UUID, *facts: Event) -> Told:
    return on(fields_of(client_id), *(each.model_copy(update={"client_id": client_id}) for each in facts))


def value(code: str, kind: CustomFieldType, told: str) -> Event:
    return fact(ClientFieldSet, code=code, type=kind, value=told)


HOT, COLD = fact(ClientFieldSet), fact(ClientFieldSet, value="cold")
THERE = (
    on(ANNA, fact(StaffHired, **ALONE)), on(BORIS, fact(StaffHired, name="Boris", **ALONE)),
    on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed, owner_id=ANNA)),
    on(HOLDING, fact(ClientRegistered, name="Holding")), on(LUTIK, fact(ClientRegistered, name="Lutik")),
    on(LUTIK, fact(ClientArchived)),
    on(TEMPERATURE_FIELD, fact(CustomFieldDefined)),
    defined("budget", NUMBER), defined("city", TEXT), defined("warranty", DATE), defined("vip", TRUTH),
)  # fmt: skip
FILLED = (
    filled(ROMASHKA, HOT, value("budget", NUMBER, "1200.5"), value("city", TEXT, "Нижний Новгород: центр")),
    filled(HOLDING, COLD, value("budget", NUMBER, "-3"), value("warranty", DATE, "2026-11-30")),
    filled(LUTIK, HOT, value("budget", NUMBER, "900"), value("vip", TRUTH, "true")),
)
MERGED = on(HOLDING, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=ROMASHKA))
APART = on(HOLDING, fact(ClientUnmergedFrom, survivor_id=ROMASHKA))


def found(visit: Visit, query: str) -> list[str]:
    response = visit.asks(f"/clients?{query}&fields=name").response
    assert response.status_code == 200, response.text
    return [one["name"] for one in response.json()["items"]]


def fields(visit: Visit, client_id: UUID) -> dict[str, Any]:
    told = visit.asks(f"/clients/{client_id}?include=fields").response.json()
    ClientCard.model_validate(told)
    return {one["code"]: one for one in told["fields"]}


def counted(visit: Visit, code: str = "temperature", *who: Any) -> dict[str, int]:
    items = visit.asks(f"/custom-fields/{code}/values", *who).response.json()["items"]
    return {one["value"]: one["clients"] for one in items}


def test_fields_are_told_by_code_with_labels_and_options_in_order(desk: Office) -> None:
    visit = given(*THERE, on(TEMPERATURE_FIELD, fact(CustomFieldRetired))).at(desk)
    items = visit.asks("/custom-fields").response.json()["items"]
    assert [one["code"] for one in items] == ["budget", "city", "temperature", "vip", "warranty"]
    visit.asks("/custom-fields/temperature").answers(
        {
            "field_id": TEMPERATURE_FIELD,
            "type": "choice",
            "labels": {"en": "Interest", "ru": "Интерес"},
            "options": [
                {"code": "hot", "labels": {"en": "Hot", "ru": "Горячий"}, "is_retired": False},
                {"code": "cold", "labels": {"en": "Cold", "ru": "Холодный"}, "is_retired": False},
            ],
            "retired_at": moment(13),
        }
    )
    active = visit.asks("/custom-fields?active=true").response.json()["items"]
    assert [one["code"] for one in active] == ["budget", "city", "vip", "warranty"]
    assert visit.asks("/custom-fields/height").response.status_code == 404
    assert visit.asks("/custom-fields/height/values").response.status_code == 404


def test_a_card_tells_what_stands_in_its_fields_by_the_labels_of_the_moment(desk: Office) -> None:
    visit = given(*THERE, *FILLED, on(TEMPERATURE_FIELD, fact(CustomFieldRelabelled))).at(desk)
    told = fields(visit, ROMASHKA)
    assert list(told) == ["budget", "city", "temperature"]
    assert told["temperature"] == {
        "code": "temperature",
        "type": "choice",
        "labels": {"en": "Temperature", "ru": "Температура"},
        "value": "hot",
        "value_labels": {"en": "Hot", "ru": "Горячий"},
        "client_id": str(ROMASHKA),
        "set_at": told["temperature"]["set_at"],
        "others": [],
    }
    assert (told["budget"]["value"], told["budget"]["value_labels"]) == ("1200.5", None)
    assert "fields" not in visit.asks(f"/clients/{ROMASHKA}").response.json()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("field=temperature:hot", ["Lutik", "Romashka"]),
        ("field=temperature:HOT&archived=false", ["Romashka"]),
        ("field=budget:1200.50", ["Romashka"]),
        ("field=budget:0900", ["Lutik"]),
        ("field=budget:-3.0", ["Holding"]),
        ("field=city:%20нижний%20НОВГОРОД:%20центр", ["Romashka"]),
        ("field=city:Нижний", []),
        ("field=vip:true", ["Lutik"]),
        ("field=warranty:2026-11-30", ["Holding"]),
        ("field=height:1", []),
        ("field_least=budget:-3", ["Holding", "Lutik", "Romashka"]),
        ("field_least=budget:900", ["Lutik", "Romashka"]),
        ("field_most=budget:900", ["Holding", "Lutik"]),
        ("field_least=budget:0&field_most=budget:1000", ["Lutik"]),
        ("field_least=warranty:2026-11-30", ["Holding"]),
        ("field_most=warranty:2026-11-29", []),
        ("field_least=budget:2026-11-30", []),
        ("field=temperature:hot&field_least=budget:1000", ["Romashka"]),
    ],
)
def test_clients_are_found_by_what_stands_in_a_field(desk: Office, query: str, names: list[str]) -> None:
    assert found(given(*THERE, *FILLED).at(desk), query) == names


@pytest.mark.parametrize(
    "query",
    ["field=hot", "field=:hot", "field=budget:", "field=Budget:1", "field_least=city:ten", "field_most=x:2026-02-31"],
)
def test_what_names_no_field_and_value_is_refused_by_its_name(desk: Office, query: str) -> None:
    response = given(*THERE).at(desk).asks(f"/clients?{query}").response
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert query.partition("=")[0] in error["pointer"] + error["message"]


def test_a_field_counts_as_many_clients_as_the_list_finds(desk: Office) -> None:
    for history in (FILLED, (*FILLED, MERGED), (*FILLED, MERGED, APART)):
        visit = given(*THERE, *history).at(desk)
        for code in ("temperature", "budget", "city", "warranty", "vip"):
            for who in ((), ("seller", ANNA), ("seller", BORIS)):
                for told, clients in counted(visit, code, *who).items():
                    query = f"/clients?field={code}:{told}&archived=false&count=true"
                    assert visit.asks(query, *who).response.json()["count"] == clients
    assert counted(given(*THERE, *FILLED).at(desk)) == {"cold": 1, "hot": 1}
    assert counted(given(*THERE, *FILLED).at(desk), "temperature", "seller", BORIS) == {"cold": 1}


def test_of_two_who_are_one_the_own_value_counts_and_the_other_one_is_told(desk: Office) -> None:
    visit = given(*THERE, *FILLED, MERGED).at(desk)
    for asked in (ROMASHKA, HOLDING):
        told = fields(visit, asked)
        assert {code: one["value"] for code, one in told.items()} == {
            "budget": "1200.5",
            "city": "Нижний Новгород: центр",
            "temperature": "hot",
            "warranty": "2026-11-30",
        }
        assert told["temperature"]["others"] == [{"client_id": str(HOLDING), "value": "cold"}]
        assert (told["warranty"]["client_id"], told["warranty"]["others"]) == (str(HOLDING), [])
    assert found(visit, "field=temperature:hot&archived=false") == ["Romashka"]
    assert found(visit, "field=temperature:cold") == []
    assert found(visit, "field=warranty:2026-11-30") == ["Romashka"]
    assert found(visit, "field_most=budget:0") == []
    assert counted(visit) == {"hot": 1}


def test_taken_apart_each_has_its_own_again(desk: Office) -> None:
    apart = given(*THERE, *FILLED, MERGED, APART).at(desk)
    assert fields(apart, HOLDING) == fields(given(*THERE, *FILLED).at(desk), HOLDING)
    assert found(apart, "field=temperature:cold") == ["Holding"]
    assert counted(apart) == {"cold": 1, "hot": 1}


def test_of_several_who_joined_what_was_set_last_counts(desk: Office) -> None:
    joined = (on(each, fact(ClientMergedInto, survivor_id=ROMASHKA, into_id=ROMASHKA)) for each in (HOLDING, LUTIK))
    visit = given(*THERE, filled(HOLDING, COLD), filled(LUTIK, HOT), *joined).at(desk)
    told = fields(visit, ROMASHKA)["temperature"]
    assert (told["value"], told["client_id"]) == ("hot", str(LUTIK))
    assert told["others"] == [{"client_id": str(HOLDING), "value": "cold"}]
    assert found(visit, "field=temperature:hot") == ["Romashka"]
    assert found(visit, "field=temperature:cold") == []


def test_the_longest_text_finds_its_client(desk: Office) -> None:
    # One letter becomes eighteen when it is compared: no index would have place for all of it.
    long, other = "\ufdfa" * 200, "\ufdfa" * 199 + "x"
    visit = given(*THERE, filled(ROMASHKA, value("city", TEXT, long)), filled(HOLDING, value("city", TEXT, other)))
    at_desk = visit.at(desk)
    assert found(at_desk, f"field=city:{long}") == ["Romashka"]
    assert found(at_desk, f"field=city:{other}") == ["Holding"]


def test_no_is_not_the_same_as_not_filled_in(desk: Office) -> None:
    visit = given(*THERE, *FILLED, filled(HOLDING, value("vip", TRUTH, "false"))).at(desk)
    assert found(visit, "field=vip:true") == ["Lutik"]
    assert found(visit, "field=vip:false") == found(visit, "field=vip:FALSE") == ["Holding"]


def test_nothing_is_not_the_same_as_zero(desk: Office) -> None:
    visit = given(*THERE, filled(HOLDING, value("budget", NUMBER, "0"), value("city", TEXT, "0"))).at(desk)
    assert found(visit, "field=budget:0") == found(visit, "field=budget:-0.0") == ["Holding"]
    assert found(visit, "field=city:0") == ["Holding"]
    assert found(visit, "field=city:0.0") == []
    assert found(visit, "field_most=budget:0") == ["Holding"]


def test_an_option_that_was_relabelled_or_retired_is_still_told_and_found(desk: Office) -> None:
    later = on(TEMPERATURE_FIELD, fact(FieldOptionRelabelled), fact(FieldOptionRetired, option="hot"))
    visit = given(*THERE, *FILLED, later).at(desk)
    told = fields(visit, ROMASHKA)["temperature"]
    assert (told["value"], told["value_labels"]) == ("hot", {"en": "Very hot", "ru": "Очень горячий"})
    assert found(visit, "field=temperature:hot&archived=false") == ["Romashka"]
    assert counted(visit) == {"cold": 1, "hot": 1}


def file_of(visit: Visit, query: str = "", *who: Any) -> list[dict[str, str]]:
    response = visit.asks(f"/clients/file?{query}", *who).response
    assert response.status_code == 200, response.text
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_a_file_of_clients_has_a_column_for_each_field(desk: Office) -> None:
    visit = given(*THERE, *FILLED).at(desk)
    told = {row["name"]: row for row in file_of(visit, "headings=names")}
    own = ("field:budget", "field:city", "field:temperature", "field:vip", "field:warranty")
    assert tuple(next(iter(told.values())))[-5:] == own
    assert {name: [row[each] for each in own] for name, row in told.items()} == {
        "Romashka": ["1200.5", "Нижний Новгород: центр", "hot", "", ""],
        "Holding": ["-3.0", "", "cold", "", "2026-11-30"],
        "Lutik": ["900.0", "", "hot", "true", ""],
    }
    # It is known by its label when it comes in again; where another column is called so, its code stands beside.
    called = on(
        custom_field_of("budget"), fact(CustomFieldRelabelled, to_labels=GivenLabels(en="E-mail", ru="=Деньги"))
    )
    retired = on(custom_field_of("warranty"), fact(CustomFieldRetired))
    visit = given(*THERE, *FILLED[::2], called, retired).at(desk)
    row = next(row for row in file_of(visit) if row["Name"] == "Lutik")
    assert (row["Interest (temperature)"], row["E-mail (budget)"]) == ("Hot", "900.0")
    # Nobody has a value in what is not filled in any more.
    assert not any("warranty" in heading for heading in row)
    russian = visit.asks("/clients/file", headers={"Accept-Language": "ru"}).response.content.decode()
    assert "'=Деньги" in russian
    assert "Горячий" in russian
    assert '"да"' in russian


def test_of_two_who_are_one_the_file_has_what_counts(desk: Office) -> None:
    visit = given(*THERE, *FILLED, MERGED).at(desk)
    told = {row["name"]: row for row in file_of(visit, "headings=names&archived=false")}
    assert list(told) == ["Romashka"]
    assert [told["Romashka"][f"field:{each}"] for each in ("temperature", "budget", "warranty")] == [
        "hot", "1200.5", "2026-11-30",
    ]  # fmt: skip


def test_whoever_may_not_take_clients_away_is_told_of_no_field(desk: Office) -> None:
    visit = given(*THERE, *FILLED).at(desk)
    response = visit.asks("/clients/file", "seller", ANNA).response
    assert response.status_code == 403
    assert "hot" not in response.text
