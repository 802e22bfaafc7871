"""What lists are filtered and sorted by: each filter lets through what it says, each order shows every row once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from infra.postgres.embedded import EmbeddedPostgres
from read_api.deals import DealsQuestion
from read_api.reading.desk import Desk
from tests.database import copy_of
from tests.read_api import office as offices
from tests.read_api.office import DAY, PERM, Office, activity, branch, client, deal, nth, staff

EAST, WEST = nth(81), nth(82)
ANNA, BORIS, VERA = nth(1), nth(2), nth(3)
MOSCOW = ZoneInfo("Europe/Moscow")
TOLD = Jsonb([{"actor": "shop"}])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def company(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    """A small company in Moscow, whose days begin three hours before those of UTC."""
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(offices, "Desk", partial(Desk, zone=MOSCOW))
        with offices.office(database) as opened:
            fill(opened)
            yield opened


def fill(office: Office) -> None:
    office.put("units", branch())
    office.put(
        "staff_directory",
        staff(1, "Анна", team_id=EAST),
        staff(2, "Борис", team_id=WEST),
        staff(3, "Вера", team_id=EAST, branch_id=None),
    )
    office.put(
        "client_card",
        client(11, "Аист", owner_id=ANNA, data_notices=TOLD, registered_at=at("2026-03-01T20:59")),
        client(12, "Берёза", owner_id=BORIS, registered_at=at("2026-03-01T21:00"), archived_at=DAY),
        client(13, "Весна", owner_id=VERA, doubts=["phone", "tax_id"], registered_at=at("2026-03-02T20:59")),
        client(14, "Гроза", registered_at=at("2026-03-02T21:00")),
    )
    office.put(
        "pipeline_board",
        deal(
            21,
            seller_id=ANNA,
            amount="100",
            currency="RUB",
            opened_at=at("2026-03-01T20:59"),
            pipeline_id=nth(91),
            **EXPECTED,
        ),
        deal(22, seller_id=BORIS, amount="100", currency="USD", opened_at=at("2026-03-01T21:00"), pipeline_id=nth(91)),
        deal(23, seller_id=VERA, amount="99.99", currency="RUB", **_ended("won", "2026-03-02T20:59")),
        deal(24, amount="1000", currency="RUB", product_code="scales", **_ended("lost", "2026-03-02T21:00")),
        deal(25, opened_at=at("2026-03-05T12:00"), expected_on="2026-05-01"),
    )
    road = {"offer": {"name": "Offer", "order": 1, "probability": 20}}
    office.put(
        "pipelines", {"pipeline_id": nth(91), "name": "Sales", "stages": Jsonb(road), "version": 1, "position": 1}
    )
    planned = {"staff_id": ANNA, "client_id": nth(11), "deal_id": nth(21)}
    held = {"state": "held", "due_at": None, "direction": "inbound", "client_id": nth(14), "deal_id": nth(22)}
    office.put(
        "activities",
        activity(31, takes_place_at=at("2026-03-01T20:59"), contact_id=nth(13), **planned),
        activity(32, takes_place_at=at("2026-03-01T21:00"), staff_id=BORIS, is_offer=True, **held),
        activity(33, takes_place_at=at("2026-03-02T20:59"), staff_id=VERA),
        activity(34, takes_place_at=at("2026-03-02T21:00"), state="cancelled"),
    )


EXPECTED = {"expected_on": "2026-04-30", "category": "commit"}


def _ended(status: str, closed_at: str) -> dict[str, Any]:
    return {"status": status, "closed_at": at(closed_at), "opened_at": at("2026-03-01T22:00")}


def listed(office: Office, path: str) -> list[int]:
    """Return the numbers of what a list has, in its order, page by page; its count is what there is."""
    short = f"{path}{'&' if '?' in path else '?'}limit=2"
    items = office.pages(short)
    counted = office.get(f"{short}&count=true").json()["count"]
    assert counted == len(items)
    return [int(str(next(iter(item.values())))[-12:]) for item in items]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [11, 12, 13, 14]),
        (f"team_id={EAST}", [11, 13]),
        (f"branch_id={PERM}", [11, 12]),
        ("archived=true", [12]),
        ("archived=false", [11, 13, 14]),
        ("doubt=tax_id", [13]),
        ("doubt=name", []),
        ("data_notice=true", [11]),
        ("data_notice=false", [12, 13, 14]),
        ("unowned=true", [14]),
        ("unowned=false", [11, 12, 13]),
        # The days of Moscow, both included.
        ("registered_from=2026-03-02", [12, 13, 14]),
        ("registered_to=2026-03-02", [11, 12, 13]),
        ("registered_from=2026-03-02&registered_to=2026-03-02", [12, 13]),
        # What is planned with a contact person is that person's next step too; what was held is none.
        ("without_next_step=true", [12, 14]),
        ("without_next_step=false", [11, 13]),
        (f"without_next_step=true&owner={BORIS}&archived=true", [12]),
        (f"ids={nth(13)},{nth(11)},{nth(99)}", [11, 13]),
        (f"ids={nth(13)}&ids={nth(11)}&owner={ANNA}", [11]),
        ("sort=name", [11, 12, 13, 14]),
        ("sort=-name", [14, 13, 12, 11]),
        ("sort=registered", [11, 12, 13, 14]),
        ("sort=-registered&archived=false", [14, 13, 11]),
        ("sort=-registered&q=роза", [14]),
    ],
)
def test_clients(company: Office, query: str, found: list[int]) -> None:
    assert listed(company, f"/clients?{query}") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [21, 22, 23, 24, 25]),
        (f"team_id={EAST}", [21, 23]),
        (f"branch_id={PERM}&status=open", [21, 22]),
        ("product=scales", [24]),
        ("currency=RUB", [21, 23, 24]),
        ("amount_from=100&currency=RUB", [21, 24]),
        ("amount_to=100&currency=RUB", [21, 23]),
        ("amount_from=100&amount_to=100.00&currency=USD", [22]),
        ("opened_from=2026-03-02&opened_to=2026-03-02", [22, 23, 24]),
        ("closed_to=2026-03-02", [23]),
        ("closed_from=2026-03-03", [24]),
        # A day that is one whatever the zone, both included.
        ("expected_from=2026-04-30", [21, 25]),
        ("expected_to=2026-04-30", [21]),
        ("expected_from=2026-05-01&expected_to=2026-05-01", [25]),
        ("category=commit", [21]),
        ("category=pipeline&status=open", [22, 25]),
        ("sort=expected", [21, 25]),
        ("sort=-expected", [25, 21]),
        ("without_next_step=true&status=open", [22, 25]),
        ("without_next_step=false", [21]),
        (f"ids={nth(24)},{nth(21)}", [21, 24]),
        ("sort=-opened", [25, 24, 23, 22, 21]),
        ("sort=opened&status=open", [21, 22, 25]),
        # What never ended has no place among what did.
        ("sort=closed", [23, 24]),
        ("sort=-closed&status=lost", [24]),
        ("sort=amount&currency=RUB", [23, 21, 24]),
        ("sort=-amount&currency=RUB", [24, 21, 23]),
    ],
)
def test_deals(company: Office, query: str, found: list[int]) -> None:
    assert listed(company, f"/deals?{query}") == found


@pytest.mark.parametrize(
    ("query", "found", "worth"),
    [
        ("", [21, 22], {"RUB": "100.00", "USD": "100.00"}),
        (f"&team_id={EAST}", [21], {"RUB": "100.00"}),
        (f"&branch_id={PERM}", [21, 22], {"RUB": "100.00", "USD": "100.00"}),
        (f"&team_id={WEST}&seller={BORIS}", [22], {"USD": "100.00"}),
        (f"&team_id={WEST}&seller={ANNA}", [], {}),
    ],
)
def test_the_board_and_what_its_stages_hold(
    company: Office, query: str, found: list[int], worth: dict[str, str]
) -> None:
    path = f"/pipeline?pipeline={nth(91)}{query}"
    assert listed(company, path) == found
    (stage,) = company.get(path).json()["stages"]
    assert (stage["count"], {one["currency"]: one["amount"] for one in stage["sums"]}) == (len(found), worth)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [34, 33, 32, 31]),
        (f"team_id={EAST}", [33, 31]),
        (f"branch_id={PERM}", [32, 31]),
        (f"contact={nth(13)}", [31]),
        ("direction=inbound", [32]),
        ("direction=outbound", [34, 33, 31]),
        ("is_offer=true", [32]),
        ("is_offer=false", [34, 33, 31]),
        ("from=2026-03-02", [34, 33, 32]),
        ("to=2026-03-02", [33, 32, 31]),
        ("from=2026-03-02&to=2026-03-02&sort=takes_place", [32, 33]),
        (f"ids={nth(31)},{nth(34)}", [34, 31]),
        ("sort=takes_place", [31, 32, 33, 34]),
        ("sort=-takes_place", [34, 33, 32, 31]),
    ],
)
def test_activities(company: Office, query: str, found: list[int]) -> None:
    assert listed(company, f"/activities?{query}") == found


@pytest.mark.parametrize(("query", "found"), [(f"ids={VERA},{ANNA}", [1, 3]), ("sort=-name", [3, 2, 1])])
def test_staff(company: Office, query: str, found: list[int]) -> None:
    assert listed(company, f"/staff?{query}") == found


def test_an_order_with_equal_keys_shows_every_row_once_both_ways(company: Office) -> None:
    same = [deal(200 + n, amount="7", currency="EUR", opened_at=at("2026-03-01T22:00")) for n in range(5)]
    company.put("pipeline_board", *same)
    try:
        forwards = listed(company, "/deals?sort=amount&currency=EUR")
        assert forwards == [200, 201, 202, 203, 204]
        assert listed(company, "/deals?sort=-amount&currency=EUR") == forwards[::-1]
        # The order hangs on what is not even told.
        assert listed(company, "/deals?sort=amount&currency=EUR&fields=title") == forwards
    finally:
        company.run("DELETE FROM pipeline_board_g1.pipeline_board WHERE currency = 'EUR'")


def test_a_day_on_which_the_clocks_change_is_one_day_all_the_same() -> None:
    asked = DealsQuestion.model_validate({"opened_from": "2026-03-29", "opened_to": "2026-03-29"})
    filters = asked.filters(ZoneInfo("Europe/Berlin"))
    begin, end = (filters[name].astimezone(UTC) for name in ("opened_from", "opened_to"))
    assert end - begin == timedelta(hours=23)


def test_a_client_without_a_next_step_is_one_whose_card_tells_none(company: Office) -> None:
    for query, has_none in (("true", True), ("false", False)):
        for number in listed(company, f"/clients?without_next_step={query}"):
            card = company.get(f"/clients/{nth(number)}?include=next_activity").json()
            assert (card["next_activity"] is None) == has_none, number


def test_a_cursor_leads_on_in_its_own_order_alone(company: Office) -> None:
    cursor = company.get("/deals?limit=1&sort=-opened").json()["next"]
    assert company.get(f"/deals?limit=1&sort=-opened&cursor={cursor}").status_code == 200
    assert company.get(f"/deals?limit=1&sort=-opened&fields=title&cursor={cursor}").status_code == 200
    for other in ("", "&sort=opened", "&sort=-closed"):
        refused = company.get(f"/deals?limit=1{other}&cursor={cursor}").json()
        assert refused["errors"][0]["code"] == "wrong-cursor"


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/deals?amount_from=5", "/currency", "needs-a-currency"),
        ("/deals?amount_to=5", "/currency", "needs-a-currency"),
        ("/deals?sort=-amount", "/currency", "needs-a-currency"),
        ("/deals?amount_from=9&amount_to=8.99&currency=RUB", "/amount_to", "less-than-the-least"),
        ("/deals?amount_from=1e3&currency=RUB", "/amount_from", "not-an-amount"),
        ("/deals?amount_from=-1&currency=RUB", "/amount_from", "not-an-amount"),
        ("/deals?currency=rub", "/currency", "not-a-currency"),
        ("/deals?opened_from=2026-03-02&opened_to=2026-03-01", "/opened_to", "ends-before-it-begins"),
        ("/deals?closed_from=yesterday", "/closed_from", "not-a-date"),
        ("/deals?closed_from=0", "/closed_from", "not-a-date"),
        ("/deals?expected_from=2026-03-02&expected_to=2026-03-01", "/expected_to", "ends-before-it-begins"),
        ("/deals?expected_to=2026-02-30", "/expected_to", "not-a-date"),
        ("/deals?expected_to=0", "/expected_to", "not-a-date"),
        ("/deals?category=sure", "/category", "not-in-list"),
        ("/deals?sort=stage", "/sort", "not-in-list"),
        ("/deals?team=East", "/team", "unknown-parameter"),
        ("/clients?archived=maybe", "/archived", "not-yes-or-no"),
        ("/clients?registered_from=2026-03-02T00:00:00Z", "/registered_from", "not-a-date"),
        ("/clients?sort=-amount", "/sort", "not-in-list"),
        ("/activities?from=2026-03-02&to=2026-03-01", "/to", "ends-before-it-begins"),
        ("/activities?direction=sideways", "/direction", "not-in-list"),
        (f"/staff/{ANNA}/counters?from=2026-03-02&to=2026-03-01", "/to", "ends-before-it-begins"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ru"])
def test_what_cannot_be_asked_is_named_with_the_remedy(
    company: Office, path: str, pointer: str, code: str, language: str
) -> None:
    answer = company.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"], error["in"]) == (pointer, code, "query")
    assert pointer[1:] in error["message"]
    assert ("а" in error["message"]) == (language == "ru")
