"""Search by name as PostgreSQL answers it: the best found first, page by page."""

import re
from typing import Any

import pytest

from infra.names.search import Found, asked, terms
from infra.words import words
from read_api.clients import CLIENTS
from read_api.reading.paging import as_wanted, page_statement
from read_api.reading.reach import Sight
from tests.infra.names.test_search import HARD_NAMES
from tests.read_api.office import Office, client

# By what "ромашка" finds each, the best first, and then by name.
ROMASHKA = [
    "ООО «Ромашка»",
    "Ромашка",
    "Ромашка Юг",
    "Ромашкаторг",
    "Юг-Ромашка",
    "Рога и Ромашкаторг",
    "Romashka & Co",
    "Суперромашка",
    "Рамашка",
    "Ромажка Юг",
    "Ромшака",
]
OTHERS = ["Лютик", "Миксер", "Микшер", "Иванов Иван", "Иванова Анна", "Хлебников", "Рома"]


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    names = [*ROMASHKA, *OTHERS]
    mixed = sorted(enumerate(names, 1), key=lambda pair: pair[0] * 7 % len(names))
    desk.put(
        "client_card",
        *(client(number, name, kind="person" if number % 2 else "organisation") for number, name in mixed),
    )
    return desk


def found(company: Office, typed: str, more: str = "") -> list[str]:
    return [item["name"] for item in company.pages(f"/clients?q={typed}&limit=2{more}")]


def test_the_best_found_come_first(company: Office) -> None:
    assert found(company, "ромашка") == ROMASHKA
    assert set(found(company, "hjvfirf")) == {*ROMASHKA[:8]}
    assert found(company, "миксер") == ["Миксер", "Микшер"]
    assert found(company, "микшер") == ["Микшер", "Миксер"]
    assert found(company, "иван") == ["Иванов Иван", "Иванова Анна"]
    assert found(company, "[kt,ybrjd") == ["Хлебников"]
    assert found(company, "нетакого") == []


def test_filters_and_other_orders_keep_to_what_is_found(company: Office) -> None:
    persons = [name for number, name in enumerate(ROMASHKA, 1) if number % 2]
    assert found(company, "ромашка", "&kind=person") == persons
    by_name = [item["name"] for item in company.pages("/clients?limit=2") if item["name"] in ROMASHKA]
    assert found(company, "ромашка", "&sort=name") == by_name
    page = company.get("/clients?q=ромашка&limit=3&count=true&fields=name").json()
    assert (page["count"], [item["name"] for item in page["items"]]) == (len(ROMASHKA), ROMASHKA[:3])


def test_what_comes_meanwhile_neither_repeats_nor_hides_anything(company: Office) -> None:
    def more(page: int) -> None:
        company.put("client_card", client(100 + page, "Ромашка"), client(200 + page, "Юг-Ромашка"))

    try:
        items = company.pages("/clients?q=ромашка&limit=2", between=more)
    finally:
        company.run("DELETE FROM client_card_g1.client_card WHERE position >= 100")
    names = [item["name"] for item in items]
    assert len({item["client_id"] for item in items}) == len(items)
    assert list(dict.fromkeys(names)) == ROMASHKA


def test_what_was_found_is_marked_in_names_that_are_told(company: Office) -> None:
    first, *_, last = company.get("/clients?q=ромашка").json()["items"]
    assert (first["name"], first["marks"]) == ("ООО «Ромашка»", [[5, 12]])
    assert (last["name"], last["marks"]) == ("Ромшака", [[0, 7]])
    for fields in ("client_id", "client_id,name"):
        assert set(company.get(f"/clients?q=ромашк&fields={fields}").json()["items"][0]) == set(fields.split(","))
    assert "marks" not in company.get("/clients").json()["items"][0]


@pytest.mark.parametrize("typed", ["ромашка", "romashka", "hjvfirf", "рамашка", "нетакого"])
def test_a_search_whose_words_stay_out_of_the_address_finds_the_same(company: Office, typed: str) -> None:
    body: dict[str, Any] = {"q": typed, "limit": 2}
    told: list[Any] = []
    while (page := company.send("POST", "/clients/search", json=body).json())["next"]:
        told += page["items"]
        body["cursor"] = page["next"]
    assert [*told, *page["items"]] == company.pages(f"/clients?q={typed}&limit=2")


def test_a_cursor_of_what_is_found_leads_on_in_no_other_order(company: Office) -> None:
    cursor = company.get("/clients?q=ромашка&limit=1").json()["next"]
    for other in ("q=ромашк", "q=ромашка&sort=name", "sort=name"):
        assert company.get(f"/clients?{other}&limit=1&cursor={cursor}").status_code == 422


def test_each_rank_is_looked_up_by_the_index_and_in_order_where_many_have_it(company: Office) -> None:
    company.put("client_card", *(client(1000 + number, f"Фирма{number} Один") for number in range(5000)))
    try:
        company.run("VACUUM ANALYZE client_card_g1.client_card")
        plan = company.runner.run(_plan(company, {"q": asked("фирма77 два").queries()}))
    finally:
        company.run("DELETE FROM client_card_g1.client_card WHERE position >= 1000")
    # All but START, which is read along the order, and INSIDE with ALIKE together.
    assert plan.count("on client_card_by_name_term") == len(Found) - 2, plan
    assert plan.count("using client_card_by_name ") == 1, plan


def test_an_identity_is_looked_up_before_anything_is_sorted(company: Office) -> None:
    """The server takes it for one that thousands have, and would rather walk along the order until it meets some."""
    plan = company.runner.run(_plan(company, {"identity": ["phone:+79161234567"]}))
    assert re.search(r"CTE found_identity\n +->  Limit", plan), plan
    assert plan.count("One-Time Filter") == 2, plan


async def _plan(company: Office, filters: dict[str, list[str]]) -> str:
    listing, given = as_wanted(CLIENTS, None, None, filters), frozenset(filters)
    statement = page_statement(listing, given, 50, has_cursor=False).now(Sight.WHOLE, is_about=False)
    values = {**filters, "limit": 50}
    async with company.pool.connection() as connection:
        rows = await (await connection.execute(b"EXPLAIN " + statement, values)).fetchall()
    return "\n".join(str(row[0]) for row in rows)


def test_postgresql_decides_of_the_hard_names_as_the_table_says(company: Office) -> None:
    """One question for the whole table: of each name and text the first way, START aside, whose query finds it."""
    asking = """
    SELECT (
        SELECT min(way) FROM unnest(%s::text[]) WITH ORDINALITY AS q (query, way)
        WHERE array_to_tsvector(%s::text[]) @@ query::tsquery
    )"""
    by_terms = [way for way in Found if way is not Found.START]
    rows = [(name, each, way) for name, typed in HARD_NAMES for each, way in typed.items()]
    for name, typed, way in rows:
        queries = [asked(typed).queries()[each] for each in by_terms]
        ((number,),) = company.run(asking, [queries, terms(words(name))])
        assert by_terms[number - 1] in ((way, Found.WORDS, Found.BEGINNINGS) if way is Found.START else (way,)), typed
