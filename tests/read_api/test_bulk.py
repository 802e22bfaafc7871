"""Much at once and no more than is wanted: certain items, certain members, and what is told beside a card."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from read_api import views
from read_api.client_card import CARD, ClientCard
from read_api.reading.desk import Desk, Row
from read_api.reading.reach import EVERYTHING, Reach
from read_api.reading.statement import Seen, Statement
from tests.database import copy_of
from tests.read_api import office as offices
from tests.read_api.office import DAY, Office, activity, branch, client, deal, nth, staff

ANNA, ROAD = nth(1), nth(41)
MANY = 250
CLIENTS = [nth(1000 + n) for n in range(MANY)]
OPEN = 60
"""Open deals of the first client: more than its card tells."""


class BusyDesk(Desk):
    """A desk at which something happens after each statement but the last."""

    happens: Any = None

    async def fetch(
        self,
        statement: Statement,
        parameters: Mapping[str, Any],
        min_position: int | None = None,
        about: UUID | None = None,
        reach: Reach = EVERYTHING,
    ) -> tuple[Seen, list[Row]]:
        found = await super().fetch(statement, parameters, min_position, about, reach)
        if BusyDesk.happens is not None:
            BusyDesk.happens()
        return found


@pytest.fixture(scope="module")
def company(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(offices, "Desk", BusyDesk)
        with offices.office(database) as opened:
            fill(opened)
            yield opened


def fill(office: Office) -> None:
    office.put("units", branch())
    office.put("staff_directory", staff(1, "Анна"), staff(2, "Борис"))
    office.put("client_card", *(client(1000 + n, f"Фирма {n:03}", owner_id=ANNA) for n in range(MANY)))
    stages = {"offer": {"name": "Offer", "probability": 20, "order": 1, "is_retired": False}}
    road = {"pipeline_id": ROAD, "name": "Road", "stages": stages, "defined_at": DAY, "version": 1, "position": 1}
    office.put("pipelines", road)
    whose = {"client_id": CLIENTS[0], "seller_id": ANNA, "pipeline_id": ROAD}
    office.put(
        "pipeline_board",
        *(deal(2000 + n, opened_at=DAY + timedelta(minutes=n // 3), **whose) for n in range(OPEN)),
        deal(2900, status="lost", closed_at=DAY, **whose),
        deal(2901, client_id=CLIENTS[1], pipeline_id=nth(42)),
    )
    with_first = {"client_id": CLIENTS[0], "staff_id": ANNA}
    office.put(
        "activities",
        activity(3001, due_at=DAY + timedelta(days=2), **with_first),
        activity(3002, due_at=DAY + timedelta(days=1), **with_first),
        activity(3003, due_at=DAY, state="cancelled", **with_first),
        activity(3004, due_at=DAY, contact_id=CLIENTS[2]),
    )


def ids(answer: Any) -> list[str]:
    return [next(iter(item.values())) for item in answer.json()["items"]]


def test_two_hundred_are_read_at_once_in_the_order_of_the_list_and_what_is_not_there_is_not(company: Office) -> None:
    wanted = [*CLIENTS[199:0:-1], nth(1)]
    assert len(wanted) == 200
    commas = company.get(f"/clients?ids={','.join(map(str, wanted))}")
    assert ids(commas) == [str(each) for each in CLIENTS[1:200]]
    assert commas.json()["next"] is None
    repeated = company.get(f"/clients?{'&'.join(f'ids={each}' for each in wanted)}")
    assert (repeated.content, repeated.headers["etag"]) == (commas.content, commas.headers["etag"])


def test_a_limit_holds_for_named_items_too(company: Office) -> None:
    path = f"/clients?ids={','.join(map(str, CLIENTS[:5]))}&limit=2"
    assert [item["client_id"] for item in company.pages(path)] == [str(each) for each in CLIENTS[:5]]


@pytest.mark.parametrize("path", ["/clients", "/deals", "/activities", "/staff"])
@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ("ids=", "/ids/0", "not-a-uuid"),
        (f"ids={ANNA},anna", "/ids/1", "not-a-uuid"),
        ("ids=" + ",".join([str(ANNA)] * 201), "/ids", "too-many-items"),
        ("fields=", "/fields", "not-in-list"),
        ("fields=version,colour", "/fields", "not-in-list"),
        ("fields=parked", "/fields", "not-in-list"),
    ],
)
def test_what_names_nothing_is_refused(company: Office, path: str, asked: str, pointer: str, code: str) -> None:
    for language in ("en", "ru"):
        answer = company.get(f"{path}?{asked}", headers={"Accept-Language": language})
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"], error["in"]) == (pointer, code, "query")
        assert asked.partition("=")[0] in error["message"]


def test_who_asks_for_a_member_that_there_is_not_is_told_which_there_are(company: Office) -> None:
    [error] = company.get("/staff?fields=fullname").json()["errors"]
    assert "'staff_id', 'name', 'role'" in error["message"]
    assert "or 'position'" in error["message"]


@pytest.mark.parametrize(
    ("path", "key"),
    [("/clients", "client_id"), ("/deals", "deal_id"), ("/activities", "activity_id"), ("/staff", "staff_id")],
)
def test_only_the_members_that_are_wanted_are_told_and_what_names_the_item(
    company: Office, path: str, key: str
) -> None:
    whole = company.get(f"{path}?limit=3").json()
    part = company.get(f"{path}?limit=3&fields=version,position").json()
    again = company.get(f"{path}?limit=3&fields=position&fields=version,{key}").json()
    assert part == again
    assert part["next"] == whole["next"]
    assert part["items"] == [{name: item[name] for name in (key, "version", "position")} for item in whole["items"]]


def test_a_name_from_another_view_is_told_when_it_is_wanted(company: Office) -> None:
    [item] = company.get("/clients?limit=1&fields=owner_name").json()["items"]
    assert item == {"client_id": str(CLIENTS[0]), "owner_name": "Анна"}


def test_a_card_tells_more_when_more_is_included_and_nothing_else_changes(company: Office) -> None:
    plain = company.get(f"/clients/{CLIENTS[0]}").json()
    told = company.get(f"/clients/{CLIENTS[0]}?include=deals,next_activity").json()
    ClientCard.model_validate(told)
    deals, activity_due = told.pop("deals"), told.pop("next_activity")
    assert told == plain
    assert activity_due["activity_id"] == str(nth(3002))
    assert len(deals["items"]) == 50
    rest = company.get(f"/deals?client={CLIENTS[0]}&status=open&cursor={deals['next']}").json()
    assert rest["next"] is None
    in_all = [item["deal_id"] for item in (*deals["items"], *rest["items"])]
    assert in_all == [str(nth(2000 + n)) for n in range(OPEN)]


def test_what_is_included_may_be_nothing(company: Office) -> None:
    told = company.get(f"/clients/{CLIENTS[9]}?include=next_activity&include=deals").json()
    assert (told["deals"], told["next_activity"]) == ({"items": [], "next": None}, None)
    assert company.get(f"/clients/{CLIENTS[2]}?include=next_activity").json()["next_activity"] is not None
    assert company.get(f"/clients/{nth(7)}?include=deals,next_activity").status_code == 404
    [error] = company.get(f"/clients/{CLIENTS[0]}?include=friends").json()["errors"]
    assert (error["pointer"], error["code"]) == ("/include/0", "not-in-list")
    assert (
        "include takes one of: 'dates', 'deals', 'fields', 'next_activity', 'notes', 'relations', 'tags' or 'timeline'"
        in error["message"]
    )


def test_who_includes_nothing_pays_for_nothing() -> None:
    assert "next_activity" not in CARD.sql
    assert "state = 'planned'" not in CARD.sql
    assert "page" not in CARD.sql
    assert views.NOTES not in CARD.sql
    assert views.CLIENT_TIMELINE not in CARD.sql


def test_the_version_of_a_card_is_its_etag_whatever_is_included(company: Office) -> None:
    path = f"/clients/{CLIENTS[0]}"
    for include in ("", "?include=deals", "?include=next_activity,deals", "?include=timeline,notes"):
        answer = company.get(f"{path}{include}")
        assert answer.headers["etag"].startswith('"1-')
        known = {"If-None-Match": answer.headers["etag"]}
        assert company.get(f"{path}{include}", headers=known).status_code == 304


@pytest.mark.parametrize(
    "path", ["/pipeline?limit=200", f"/clients/{CLIENTS[0]}?include=deals", "/deals?status=open&limit=200&count=true"]
)
def test_what_is_told_together_is_of_one_moment(company: Office, path: str) -> None:
    def win_one() -> None:
        company.run(
            "UPDATE pipeline_board_g1.pipeline_board SET status = 'won', closed_at = opened_at WHERE deal_id = %s",
            [nth(2000)],
        )

    BusyDesk.happens = win_one
    try:
        told = company.get(path).json()
    finally:
        BusyDesk.happens = None
        company.run("UPDATE pipeline_board_g1.pipeline_board SET status = 'open' WHERE deal_id = %s", [nth(2000)])
    if "stages" in told:
        assert told["stages"][0]["count"] == len(told["items"]) == OPEN
        assert told["won"]["count"] == 0
    elif "count" in told:
        assert told["count"] == len(told["items"])
        assert str(nth(2000)) in {each["deal_id"] for each in told["items"]}
    else:
        assert told["open_deals"]["count"] == OPEN
        assert told["deals"]["items"][0]["deal_id"] == str(nth(2000))
