"""Whose days come next, by the company's calendar; 29 February in every year; of merged clients as of one."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from events.client import ClientArchived, ClientClaimed, ClientRegistered
from events.client_date import ClientDateKind, ClientDateNoted, YearlyDay
from events.client_merge import ClientMergedInto
from events.ids import dates_of
from events.staff import StaffHired
from infra.postgres.embedded import EmbeddedPostgres
from read_api.client_card import ClientCard
from read_api.client_dates import FURTHEST, ahead
from read_api.reading.desk import Desk
from tests.database import copy_of
from tests.examples import ANNA, BORIS, HOLDING, LUTIK, OLGA, ROMASHKA, fact
from tests.read_api import office as offices
from tests.read_api.office import Office
from tests.read_api.visit import Visit
from tests.story import Told, given, on

ALONE = {"team_id": None, "branch_id": None, "head_id": None}
THERE = (
    on(ANNA, fact(StaffHired, **ALONE)), on(BORIS, fact(StaffHired, name="Boris", **ALONE)),
    on(ROMASHKA, fact(ClientRegistered), fact(ClientClaimed, owner_id=ANNA)),
    on(HOLDING, fact(ClientRegistered, name="Holding")), on(LUTIK, fact(ClientRegistered, name="Lutik")),
    on(OLGA, fact(ClientRegistered, name="Olga"), fact(ClientArchived)),
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    """A company in Moscow, whose days begin three hours before those of UTC."""
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(offices, "Desk", partial(Desk, zone=ZoneInfo("Europe/Moscow")))
        with offices.office(database) as opened:
            yield opened


def noted(client_id: UUID, month: int, day: int, year: int | None = None, kind: str = "birthday") -> Told:
    on_day = YearlyDay(month=month, day=day, year=year)
    event = fact(ClientDateNoted, client_id=client_id, kind=ClientDateKind(kind), on_day=on_day)
    return on(dates_of(client_id), event)


DATES = (
    noted(ROMASHKA, 2, 29, 1996, "founded"), noted(HOLDING, 3, 1, 1990), noted(LUTIK, 2, 28), noted(OLGA, 3, 1),
    noted(HOLDING, 1, 5, kind="contract"),
)  # fmt: skip


def coming(desk: Office, day: str, query: str = "", *more: Any, told: tuple[Told, ...] = ()) -> list[tuple[Any, ...]]:
    visit = given(*THERE, *DATES, *told).at(desk)
    return asked(visit, desk, day, query, *more)


def asked(visit: Visit, desk: Office, day: str, query: str, *more: Any) -> list[tuple[Any, ...]]:
    desk.clock.stop_at(
        datetime.fromisoformat(day).astimezone(UTC) if "T" in day else datetime.fromisoformat(f"{day}T09:00Z")
    )
    answer = visit.asks(f"/clients/dates{query}", *more).response
    assert answer.status_code == 200, answer.text
    return [(one["on"], one["name"], one["years"]) for one in answer.json()["items"]]


def test_who_comes_next_is_told_in_order_with_how_many_years_it_will_be(desk: Office) -> None:
    assert coming(desk, "2028-02-27") == [
        ("2028-02-28", "Lutik", None),
        ("2028-02-29", "Romashka", 32),
        ("2028-03-01", "Holding", 38),
    ]


def test_in_a_year_without_it_29_february_comes_on_the_28th(desk: Office) -> None:
    assert coming(desk, "2027-02-28", "?ahead=1") == [("2027-02-28", "Romashka", 31), ("2027-02-28", "Lutik", None)]
    assert coming(desk, "2027-03-01", "?ahead=1") == [("2027-03-01", "Holding", 37)]
    assert coming(desk, "2028-02-28", "?ahead=1") == [("2028-02-28", "Lutik", None)]


def test_the_turn_of_the_year_is_no_end(desk: Office) -> None:
    assert coming(desk, "2026-12-31", "?ahead=6") == [("2027-01-05", "Holding", None)]


def test_today_is_the_company_s_today(desk: Office) -> None:
    """At 22:30 UTC of the last day of February it is March already in Moscow."""
    assert coming(desk, "2027-02-28T22:30:00+00:00", "?ahead=1") == [("2027-03-01", "Holding", 37)]


def test_the_filters_and_pages(desk: Office) -> None:
    assert coming(desk, "2028-02-27", f"?owner={ANNA}") == [("2028-02-29", "Romashka", 32)]
    assert coming(desk, "2028-02-27", "?occasion=birthday") == [
        ("2028-02-28", "Lutik", None),
        ("2028-03-01", "Holding", 38),
    ]
    visit = given(*THERE, *DATES).at(desk)
    pages, cursor = [], ""
    for _ in range(3):
        desk.clock.stop_at(datetime(2028, 2, 27, 9, tzinfo=UTC))
        told = visit.asks(f"/clients/dates?limit=1{cursor}").response.json()
        pages += [one["name"] for one in told["items"]]
        cursor = f"&cursor={told['next']}"
    assert (pages, told["next"]) == (["Lutik", "Romashka", "Holding"], None)


def test_of_another_s_client_nothing_is_told(desk: Office) -> None:
    assert [name for _, name, _ in coming(desk, "2028-02-27", "", "seller", BORIS)] == ["Lutik", "Holding"]


def test_of_merged_clients_a_day_of_both_comes_once(desk: Office) -> None:
    merged = on(LUTIK, fact(ClientMergedInto, survivor_id=HOLDING, into_id=HOLDING))
    found = coming(desk, "2028-02-27", told=(merged, noted(LUTIK, 3, 1, 1990)))
    assert found == [("2028-02-29", "Romashka", 32), ("2028-03-01", "Holding", 38)]


def test_a_card_tells_its_days_when_they_are_asked_for(desk: Office) -> None:
    visit = given(*THERE, *DATES).at(desk)
    card = visit.asks(f"/clients/{HOLDING}?include=dates").answers(
        {
            "dates": [
                {"kind": "contract", "month": 1, "day": 5, "year": None, "client_id": HOLDING},
                {"kind": "birthday", "month": 3, "day": 1, "year": 1990, "source": "their website"},
            ]
        }
    )
    ClientCard.model_validate(card.response.json())


@pytest.mark.parametrize(
    "first", [date(2027, 1, 1), date(2027, 3, 1), date(2028, 1, 1), date(2028, 3, 1), date(1899, 6, 1)]
)
def test_in_so_many_days_every_day_of_the_year_comes_and_29_february_once_a_year(first: date) -> None:
    found = ahead(first, FURTHEST)
    every = {f"{date(2000, 1, 1) + timedelta(days=number):%m-%d}" for number in range(366)}
    assert {month_day for month_day, _ in found} == every
    leap = [on for month_day, on in found if month_day == "02-29"]
    assert len({on[:4] for on in leap}) == len(leap)
