"""Lists and what all reads share: pages without gaps, positions, ETags, rights, and the index behind each list."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute

from infra.names.search import asked
from infra.rights import RIGHTS
from read_api import views
from read_api.activities import ACTIVITIES, Activity, MyDay
from read_api.clients import CLIENTS
from read_api.deals import BOARD, DEALS, Board, Deal, board_around
from read_api.door import MODULES
from read_api.events import PERSONAL_DATA
from read_api.pipelines import Pipeline
from read_api.products import Product
from read_api.projections import ProjectionStatus
from read_api.reading.answer import Items, Page
from read_api.reading.paging import NOTHING, Listing, as_wanted, page_statement
from read_api.reading.reach import Reach, Sight
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE
from read_api.staff import StaffMember
from tests.read_api.office import DAY, PERM, Office, activity, branch, client, deal, nth, staff

ANNA, ROAD, MANY = nth(1), nth(41), 3000
OTHER_ADDRESSES = {
    "get_client": f"/clients/{nth(5)}",
    "get_client_timeline": f"/clients/{nth(5)}/timeline",
    "get_client_ownership": f"/clients/{nth(5)}/ownership",
    "get_client_history": f"/clients/{nth(5)}/history",
    "get_deal": f"/deals/{nth(5)}",
    "get_my_day": f"/my-day?staff={ANNA}",
    "get_report": "/analytics/sales_cycle",
    "get_report_sql": "/analytics/sales_cycle/sql",
    "get_report_chart": "/analytics/sales_cycle/chart",
    "get_sql": "/analytics/sql?sql=SELECT+1",
    "list_tables": "/analytics/schema",
}


def addresses() -> dict[str, str]:
    """Return where each question is asked: about the first thing there is, unless another is named."""
    routes = [route for module in MODULES for route in module.router.routes if isinstance(route, APIRoute)]
    first = {route.name: re.sub(r"\{\w+\}", str(nth(1)), route.path) for route in routes}
    return {**first, **OTHER_ADDRESSES}


ADDRESSES = addresses()


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    """Three thousand of everything, then statistics, as after an import."""
    desk.put("units", branch())
    desk.put("staff_directory", staff(1, "Анна"), staff(2, "Борис", departed_at=DAY), staff(3, "Вера", role="head"))
    desk.put("client_card", *(client(1000 + n, f"Фирма {n % 50}", owner_id=nth(1 + n % 3)) for n in range(MANY)))
    stages = {
        "offer": {"name": "Offer", "probability": 20, "order": 1, "is_retired": False},
        "call": {"name": "Call", "probability": 5, "order": 2, "is_retired": True},
    }
    desk.put(
        "pipelines",
        {"pipeline_id": ROAD, "name": "Road", "stages": stages, "defined_at": DAY, "version": 1, "position": 1},
    )
    kinds: list[dict[str, Any]] = [
        {"status": "open", "stage": "offer", "amount": "10.10", "currency": "USD"},
        {"status": "won", "won_amount": "7.77", "won_currency": "USD", "amount": "9", "currency": "USD"},
        {"status": "lost", "lost_reason": "price"},
    ]
    desk.put(
        "pipeline_board",
        *(
            deal(
                10_000 + n,
                client_id=nth(1000 + n),
                seller_id=nth(1 + n % 3),
                pipeline_id=ROAD,
                # Ten deals share each moment.
                opened_at=DAY + timedelta(minutes=n // 10),
                **kinds[n % 3],
            )
            for n in range(MANY)
        ),
    )
    desk.put(
        "activities",
        *(
            activity(
                20_000 + n,
                staff_id=nth(1 + n % 3),
                client_id=nth(1000 + n),
                takes_place_at=DAY + timedelta(hours=n // 5),
            )
            for n in range(MANY)
        ),
    )
    desk.run("ANALYZE")
    return desk


@pytest.mark.parametrize(
    "path",
    [
        "/clients?limit=200",
        "/deals?limit=199",
        "/activities?limit=200",
        "/pipeline?limit=99",
        "/clients?limit=200&sort=-registered",
        "/deals?limit=199&sort=-opened",
        "/activities?limit=200&sort=takes_place",
        # A branch with more than are looked up before the list is walked.
        f"/clients?limit=200&branch_id={PERM}",
        f"/deals?limit=199&branch_id={PERM}&sort=-opened",
        f"/activities?limit=200&branch_id={PERM}",
    ],
)
def test_pages_show_every_row_once(company: Office, path: str) -> None:
    items = company.pages(path)
    ids = [next(iter(item.values())) for item in items]
    assert len(ids) == len(set(ids))
    assert len(ids) == (MANY // 3 if path.startswith("/pipeline") else MANY)


def test_rows_that_come_meanwhile_neither_repeat_nor_hide_the_others(company: Office) -> None:
    def more(page: int) -> None:
        # One before the place the reader has come to, and one after it.
        early, late = DAY - timedelta(days=1), DAY + timedelta(days=900)
        company.put("pipeline_board", deal(50_000 + page, seller_id=nth(1), opened_at=early))
        company.put("pipeline_board", deal(60_000 + page, seller_id=nth(1), opened_at=late))

    items = company.pages(f"/deals?seller={ANNA}&limit=100", between=more)
    company.run("DELETE FROM pipeline_board_g1.pipeline_board WHERE position >= 50000")
    ids = [item["deal_id"] for item in items]
    assert len(ids) == len(set(ids))
    there_all_along = {str(nth(10_000 + n)) for n in range(MANY) if n % 3 == 0}
    assert there_all_along <= set(ids)
    assert str(nth(50_000)) not in ids
    assert str(nth(60_000)) in ids


@pytest.mark.parametrize(
    ("listing", "given", "index"),
    [
        (CLIENTS, {}, "client_card_by_name"),
        (CLIENTS, {"owner": ANNA}, "client_card_by_owner"),
        (as_wanted(CLIENTS, None, None, {"q"}), {"q": asked("нетут").queries()}, "client_card_by_name_term"),
        (CLIENTS, {"identity": ["phone:+7"]}, "client_card_by_identity"),
        (DEALS, {}, "pipeline_board_by_opening"),
        (DEALS, {"seller": ANNA}, "pipeline_board_by_seller"),
        (DEALS, {"client": nth(1000)}, "pipeline_board_by_client"),
        (BOARD, {"pipeline": ROAD}, "pipeline_board_by_stage"),
        (ACTIVITIES, {}, "activities_by_time"),
        (ACTIVITIES, {"staff": ANNA}, "activities_by_staff"),
        (CLIENTS, {"ids": [nth(1000), nth(1001)]}, "client_card_pkey"),
        (CLIENTS, {"archived": True}, "client_card_archived"),
        (CLIENTS, {"data_notice": True}, "client_card_told"),
        (CLIENTS, {"doubt": "tax_id"}, "client_card_doubted"),
        (CLIENTS, {"unowned": True}, "client_card_by_owner"),
        (as_wanted(CLIENTS, "-registered", None), {"registered_from": DAY}, "client_card_by_registration"),
        (as_wanted(DEALS, "-opened", None), {"opened_from": DAY, "opened_to": DAY}, "pipeline_board_by_opening"),
        (as_wanted(DEALS, "expected", None), {"expected_from": "2026-04-30"}, "pipeline_board_by_expected"),
        (as_wanted(DEALS, "closed", None), {"closed_to": DAY}, "pipeline_board_by_closing"),
        (as_wanted(DEALS, "amount", None), {"currency": "USD", "amount_from": 5}, "pipeline_board_by_amount"),
        (DEALS, {"ids": [nth(10_000), nth(10_001)]}, "pipeline_board_pkey"),
        (ACTIVITIES, {"from": DAY, "to": DAY}, "activities_by_time"),
        (as_wanted(ACTIVITIES, "takes_place", frozenset({"topic"})), {}, "activities_by_time"),
        (ACTIVITIES, {"contact": nth(1000)}, "activities_by_contact"),
        (ACTIVITIES, {"direction": "inbound"}, "activities_inbound"),
        (ACTIVITIES, {"is_offer": True}, "activities_with_offer"),
        (ACTIVITIES, {"ids": [nth(20_000), nth(20_001)]}, "activities_pkey"),
        (ACTIVITIES, {"client": nth(1000)}, "activities_by_client"),
        (ACTIVITIES, {"client": nth(1000)}, "activities_by_contact"),
    ],
)
def test_each_list_is_read_through_its_index(
    company: Office, listing: Listing, given: dict[str, Any], index: str
) -> None:
    around = board_around(frozenset()) if listing is BOARD else NOTHING
    conditions = listing.conditions_of(given)
    statement = page_statement(listing, conditions, 50, has_cursor=False, around=around)
    plan = company.runner.run(_plan(company, statement, {"seller": None, **given, "limit": 50}))
    assert f"on {index}" in plan or f"using {index}" in plan, plan


def test_who_sees_many_peoples_clients_is_led_past_the_others_by_the_index(company: Office) -> None:
    owners = [nth(60 + number) for number in range(33)]
    reach = Reach(owners, owners, owners)
    assert CLIENTS.owners_asked(frozenset(), reach) == 0
    statement = page_statement(CLIENTS, frozenset(), 50, has_cursor=False)
    plan = company.runner.run(_plan(company, statement, dict(reach.values), reach.sight))
    assert re.search(r"using client_card_by_name.*\n.*Index Cond: .*COALESCE\(owner_id", plan), plan


@pytest.mark.parametrize(("limit", "has_next"), [(2, True), (3, False), (4, False)])
@pytest.mark.parametrize("query", ["kind=person", f"owner={nth(60)}"], ids=["planned-anew", "planned-once"])
def test_a_full_page_is_the_last_one_when_nothing_follows(
    company: Office, query: str, limit: int, *, has_next: bool
) -> None:
    three = [client(70_000 + n, f"Семёнов {n}", kind="person", owner_id=nth(60)) for n in range(3)]
    company.put("client_card", *three)
    page = company.get(f"/clients?{query}&limit={limit}").json()
    company.run("DELETE FROM client_card_g1.client_card WHERE owner_id = %s", [nth(60)])
    assert [item["client_id"] for item in page["items"]] == [str(one["client_id"]) for one in three[:limit]]
    assert (page["next"] is not None) == has_next


@pytest.mark.parametrize("given", [{}, {"owner": ANNA}])
def test_a_list_without_filters_or_with_a_steady_one_is_planned_once(company: Office, given: dict[str, Any]) -> None:
    assert company.runner.run(_anew(company, given)) <= 5


@pytest.mark.parametrize("given", [{"q"}, {"kind"}, {"owner", "stage"}])
def test_values_that_want_different_ways_leave_the_choice_to_each_question(given: set[str]) -> None:
    assert "%(limit)s" in page_statement(CLIENTS, frozenset(given), 50, has_cursor=False).sql


async def _anew(company: Office, given: dict[str, Any]) -> int:
    """Return how many times of twenty PostgreSQL made a plan of its own for a page of clients."""
    statement = page_statement(CLIENTS, frozenset(given), 50, has_cursor=False)
    values = {**given, "limit": 50}
    async with company.pool.connection() as connection:
        for _ in range(20):
            await connection.execute(statement.now(Sight.WHOLE, is_about=False), values, prepare=True)
        counted = "SELECT custom_plans FROM pg_prepared_statements ORDER BY prepare_time DESC LIMIT 1"
        row = await (await connection.execute(counted, prepare=False)).fetchone()
    assert row is not None
    return int(row[0])


async def _plan(company: Office, statement: Statement, values: dict[str, Any], sight: Sight = Sight.WHOLE) -> str:
    async with company.pool.connection() as connection:
        explained = b"EXPLAIN " + statement.now(sight, is_about=False)
        rows = await (await connection.execute(explained, values)).fetchall()
    return "\n".join(str(row[0]) for row in rows)


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", "W10", "WyJ4IiwiYSIsImIiXQ", "=" * 9])
def test_what_is_no_cursor_is_422(company: Office, cursor: str) -> None:
    answer = company.get("/deals", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "wrong-cursor")


def test_a_cursor_of_another_list_or_filter_is_refused(company: Office) -> None:
    cursor = company.get("/deals?limit=1").json()["next"]
    assert company.get(f"/deals?limit=1&cursor={cursor}").status_code == 200
    assert company.get(f"/deals?limit=1&status=won&cursor={cursor}").status_code == 422
    assert company.get(f"/activities?limit=1&cursor={cursor}").status_code == 422


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "/limit", "too-small"),
        ("limit=201", "/limit", "too-large"),
        ("limit=many", "/limit", "not-a-whole-number"),
        ("colour=red", "/colour", "unknown-parameter"),
        ("as_of=yesterday", "/as_of", "not-a-past-moment"),
        ("seller=anna", "/seller", "not-a-uuid"),
        ("status=maybe", "/status", "not-in-list"),
        ("stage=%00", "/stage", "forbidden-character"),
        ("min_position=-1", "/min_position", "too-small"),
        ("min_position=99999999999999999999", "/min_position", "too-large"),
    ],
)
def test_a_wrong_parameter_is_named(company: Office, query: str, pointer: str, code: str) -> None:
    answer = company.get(f"/deals?{query}")
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"], error["in"]) == (pointer, code, "query")


def test_the_board_counts_and_sums_by_stage(company: Office) -> None:
    board = company.get("/pipeline?limit=2").json()
    Board.model_validate(board)
    third = MANY // 3
    assert [(stage["code"], stage["count"], stage["is_retired"]) for stage in board["stages"]] == [
        ("offer", third, False),
        ("call", 0, True),
    ]
    assert board["stages"][0]["sums"] == [{"currency": "USD", "amount": "10100.00"}]
    assert board["stages"][1]["sums"] == []
    assert board["won"] == {"count": third, "sums": [{"currency": "USD", "amount": "7770.00"}]}
    assert board["lost"] == {"count": third, "sums": []}
    assert len(board["items"]) == 2
    assert company.get(f"/pipeline?pipeline={ROAD}&seller={nth(2)}").json()["won"]["count"] == third
    assert company.get(f"/pipeline?pipeline={nth(99)}").status_code == 404


def test_a_deal_names_client_and_seller(company: Office) -> None:
    answer = company.get(f"/deals/{nth(10_000)}")
    Deal.model_validate(answer.json())
    assert (answer.json()["client_name"], answer.json()["seller_name"]) == ("Фирма 0", "Анна")
    assert answer.json()["amount"] == "10.10"
    missing = company.get(f"/deals/{nth(5)}")
    assert (missing.status_code, missing.json()["kind"]) == (404, "deal")


def test_answers_have_the_shape_the_document_says(company: Office) -> None:
    Page[Deal].model_validate(company.get("/deals?limit=3").json())
    Page[Activity].model_validate(company.get("/activities?limit=3").json())
    Page[StaffMember].model_validate(company.get("/staff").json())
    Page[Product].model_validate(company.get("/products").json())
    Items[Pipeline].model_validate(company.get("/pipelines").json())
    Items[ProjectionStatus].model_validate(company.get("/projections", role="ops").json())


def test_the_staff_are_filtered_by_being_there(company: Office) -> None:
    assert [one["name"] for one in company.get("/staff").json()["items"]] == ["Анна", "Борис", "Вера"]
    assert [one["name"] for one in company.get("/staff?active=true&role=seller").json()["items"]] == ["Анна"]


def test_my_day_tells_overdue_from_due_and_waiting_calls(company: Office) -> None:
    zoe = nth(77)
    company.put(
        "activities",
        activity(90_001, staff_id=zoe),
        activity(90_002, staff_id=zoe, state="held", direction="inbound", held_at=DAY),
        activity(90_003, staff_id=zoe, state="held", direction="inbound", held_at=DAY, call_status="finished"),
        activity(90_004, staff_id=zoe, state="cancelled"),
    )
    day = company.get("/my-day", staff=zoe).json()
    MyDay.model_validate(day)
    shown = {name: [item["activity_id"] for item in day[name]] for name in ("overdue", "due", "calls_to_classify")}
    assert shown == {"overdue": [str(nth(90_001))], "due": [], "calls_to_classify": [str(nth(90_002))]}
    company.run("DELETE FROM activities_g1.activities WHERE position > 90000")


def test_somebody_else_s_day_is_for_heads(company: Office) -> None:
    assert company.get(f"/my-day?staff={ANNA}", role="seller", staff=nth(2)).status_code == 403
    assert company.get(f"/my-day?staff={ANNA}", role="head", staff=nth(2)).status_code == 200
    assert company.get("/my-day", role="seller", staff="billing").json()["code"] == "not-staff"


def test_an_answer_the_caller_has_is_not_sent_again(company: Office) -> None:
    first = company.get("/deals?limit=2")
    again = company.get("/deals?limit=2", headers={"If-None-Match": f'"x", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert company.get("/deals?limit=3", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_an_answer_is_as_true_as_its_least_view(company: Office) -> None:
    company.record(10)
    company.move(10)
    company.move(7, "client_card")
    assert company.get("/deals?limit=1").headers["letopis-position"] == "7"
    assert company.get("/products").headers["letopis-position"] == "10"


def test_an_answer_is_as_true_as_the_view_of_its_own_shape_whatever_newer_code_reads(company: Office) -> None:
    company.record(10)
    company.move(10)
    company.run("UPDATE letopis.projection SET state = 'retired', position = 6 WHERE name = 'products'")
    company.run(
        "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state, position, is_shown)"
        " VALUES ('products', 2, 3, 'of newer code', 'live', 10, true)"
    )
    try:
        assert company.get("/products").headers["letopis-position"] == "6"
        assert company.get("/products?min_position=7").json()["code"] == "view-behind"
    finally:
        company.run("DELETE FROM letopis.projection WHERE generation = 2")
        company.run("UPDATE letopis.projection SET state = 'live', position = 10 WHERE name = 'products'")


def test_a_read_waits_for_its_view_and_gives_up_in_time(company: Office) -> None:
    company.record(10)
    company.move(10)
    company.move(7, "client_card")
    late = company.get("/deals?limit=1&min_position=8")
    assert (late.status_code, late.json()["code"], late.json()["position"]) == (504, "view-behind", 7)
    beyond = company.get("/deals?limit=1&min_position=11")
    assert (beyond.status_code, beyond.json()["errors"][0]["code"]) == (422, "beyond-the-log")
    company.move(8, "client_card")
    assert company.get("/deals?limit=1&min_position=8").status_code == 200


@pytest.mark.parametrize("name", sorted(set(RIGHTS) - {"search_clients", "find_owners", "take_ticket", "ask_sql"}))
def test_every_route_lets_in_just_the_roles_it_names(company: Office, name: str) -> None:
    for role in FRONT_OFFICE | {"analyst", "ops", "integration", "client", "partner"}:
        answer = company.get(ADDRESSES[name], role=role, staff=nth(1))
        assert (answer.status_code == 403) == (role not in RIGHTS[name]), (role, answer.text)


def test_an_analyst_sees_no_personal_data() -> None:
    open_to_analysts = {name for name, roles in RIGHTS.items() if "analyst" in roles}
    # The feed is among them because it withholds what is personal from everybody but those named beside it.
    without = {
        "list_products",
        "get_product",
        "list_pipelines",
        "list_reports",
        "get_report",
        # As reports do, they name the staff, and no client.
        "get_sql",
        "ask_sql",
        "list_tables",
        "list_reported_staff",
        "get_report_sql",
        "get_report_chart",
        "list_projections",
        "list_events",
    }
    without |= {"watch_rebuilds", "list_units", "get_staff_places", "list_custom_fields", "get_custom_field"}
    without |= {
        "list_tax_rates",
        "get_tax_rate",
        "list_price_books",
        "get_price_book",
        "list_book_prices",
        "price_products",
    }
    # What is told there is the caller's own.
    without |= {"get_me"}
    # A position, of what everybody may ask about.
    without |= {"get_position"}
    assert open_to_analysts == without
    assert "analyst" not in PERSONAL_DATA


def test_without_an_analytics_node_reports_are_unavailable(company: Office) -> None:
    answer = company.get("/analytics", role="analyst")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (
        503,
        "analytics-unavailable",
        "2",
    )


def test_no_row_of_another_log_is_told(company: Office) -> None:
    company.record(10)
    company.move(10)
    company.run("UPDATE letopis.projection SET state = 'broken', error = 'log replaced' WHERE name = 'client_card'")
    for min_position in ("", "&min_position=9"):
        answer = company.get(f"/deals?limit=1{min_position}")
        assert (answer.status_code, answer.json()["code"], answer.json()["view"]) == (
            503,
            "view-building",
            "client_card",
        )
    assert company.get("/products").status_code == 200
    company.run("UPDATE letopis.projection SET state = 'live', error = NULL WHERE name = 'client_card'")
    assert company.get("/deals?limit=1").status_code == 200


def test_a_view_beyond_the_end_of_the_log_is_of_another_one(company: Office) -> None:
    company.record(10)
    company.move(10)
    company.move(11, "products")
    answer = company.get("/products")
    assert (answer.status_code, answer.json()["code"], answer.json()["view"]) == (503, "view-building", "products")
    company.move(10)
    assert company.get("/products").status_code == 200


def test_a_view_that_is_not_there_yet_is_503(company: Office) -> None:
    company.run(f"DROP VIEW read.{views.PRODUCTS}")
    answer = company.get("/products")
    assert (answer.status_code, answer.json()["code"], answer.json()["view"]) == (503, "view-building", "products")
    assert answer.headers["retry-after"] == "2"
