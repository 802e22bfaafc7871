"""The day's work: today as ever, another day, several days, and a team's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.postgres.embedded import EmbeddedPostgres
from read_api.activities import MyDay
from read_api.reading.desk import Desk
from tests.database import copy_of
from tests.read_api import office as offices
from tests.read_api.office import Office, activity, branch, nth, staff

EAST = nth(81)
ANNA, BORIS = nth(1), nth(2)
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
"""The day before the clocks are put forward."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of March in Berlin."""
    return datetime(2026, 3, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


@pytest.fixture(scope="module")
def company(cluster: EmbeddedPostgres, template: str) -> Iterator[Office]:
    with copy_of(cluster, template) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(offices, "Desk", partial(Desk, zone=BERLIN))
        with offices.office(database) as opened:
            opened.clock.stop_at(NOW)
            fill(opened)
            yield opened


def fill(office: Office) -> None:
    office.put("units", branch())
    office.put("staff_directory", staff(1, "Анна", team_id=EAST), staff(2, "Борис", team_id=EAST), staff(3, "Вера"))
    office.put(
        "activities",
        activity(11, staff_id=ANNA, due_at=at(26, 10)),
        activity(12, staff_id=ANNA, due_at=at(27, 0)),
        activity(13, staff_id=ANNA, due_at=at(27, 23, 59), state="cancelled"),
        activity(14, staff_id=ANNA, due_at=at(28, 9)),
        activity(15, staff_id=ANNA, due_at=at(28, 23, 59)),
        activity(16, staff_id=ANNA, due_at=at(29, 23, 59)),
        activity(17, staff_id=ANNA, due_at=at(29, 0)),
        activity(18, staff_id=ANNA, due_at=at(30, 0)),
        activity(21, staff_id=BORIS, due_at=at(28, 13)),
        activity(22, staff_id=BORIS, due_at=None, held_at=at(28, 8), **_CALL),
        activity(23, staff_id=ANNA, due_at=None, held_at=at(27, 8), **_CALL),
        activity(31, staff_id=nth(3), due_at=at(28, 13)),
    )


_CALL: dict[str, Any] = {"state": "held", "direction": "inbound"}


def numbers(items: list[dict[str, Any]]) -> list[int]:
    return [int(item["activity_id"][-12:]) for item in items]


def asked(company: Office, query: str, role: str = "head") -> dict[str, Any]:
    answer = company.get(f"/my-day{query}", role=role, staff=ANNA)
    assert answer.status_code == 200, answer.text
    MyDay.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


def shown(day: dict[str, Any]) -> tuple[list[int], list[int], list[int]]:
    """Return what is overdue, due, and waits for a click; each is counted."""
    names = ("overdue", "due", "calls_to_classify")
    lists = [numbers(day[name]) for name in names]
    assert [day[f"{name}_count"] for name in names] == list(map(len, lists))
    return lists[0], lists[1], lists[2]


def test_today_is_told_as_ever_when_nothing_is_asked(company: Office) -> None:
    day = asked(company, "", role="seller")
    assert (day["staff_id"], day["day"]) == (str(ANNA), "2026-03-28")
    assert shown(day) == ([11, 12, 14], [15], [23])
    assert not {"days", "team_id"} & set(day)
    assert asked(company, "?day=2026-03-28", role="seller") == day


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # What was due then and is not done; the call of that day still waits.
        ("2026-03-27", ([11], [12], [23])),
        ("2026-03-26", ([], [11], [])),
        # What will be due: a day of 23 hours is whole, and no longer.
        ("2026-03-29", ([11, 12, 14], [17, 16], [23])),
        ("2026-03-30", ([11, 12, 14], [18], [23])),
        ("0001-01-01", ([], [], [])),
        ("9999-12-31", ([11, 12, 14], [], [23])),
    ],
)
def test_another_day(company: Office, day: str, expected: tuple[list[int], list[int], list[int]]) -> None:
    told = asked(company, f"?day={day}", role="seller")
    assert told["day"] == day
    assert shown(told) == expected


def test_several_days_are_told_each_by_itself_whole_and_sorted(company: Office) -> None:
    told = asked(company, "?days=3", role="seller")
    days = [(each["day"], numbers(each["due"]), each["due_count"]) for each in told["days"]]
    assert days == [("2026-03-28", [14, 15], 2), ("2026-03-29", [17, 16], 2), ("2026-03-30", [18], 1)]
    assert shown(told) == shown(asked(company, "", role="seller"))
    assert [each["day"] for each in asked(company, "?day=2026-02-27&days=31")["days"]][-1] == "2026-03-29"
    # Where the calendar ends.
    assert len(asked(company, "?day=9999-12-31&days=2")["days"]) == 1


def test_a_day_with_more_than_is_told_says_how_many_there_are(company: Office) -> None:
    company.put("activities", *(activity(1000 + n, staff_id=nth(9), due_at=at(29, 10)) for n in range(60)))
    [day] = asked(company, f"?staff={nth(9)}&day=2026-03-29&days=1", role="admin")["days"]
    assert (numbers(day["due"]), day["due_count"]) == ([1000 + n for n in range(50)], 60)
    rest = company.pages(f"/activities?staff={nth(9)}&state=planned&limit=50")
    assert len(rest) == 60


def test_the_day_of_a_team_is_for_heads(company: Office) -> None:
    told = asked(company, f"?team_id={EAST}&days=2")
    assert (told["staff_id"], told["team_id"]) == (None, str(EAST))
    assert shown(told) == ([11, 12, 14], [21, 15], [23, 22])
    assert [each["due_count"] for each in told["days"]] == [3, 2]
    refused = company.get(f"/my-day?team_id={EAST}", role="seller", staff=ANNA)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("days=0", "/days", "too-small"),
        ("days=32", "/days", "too-large"),
        ("day=tomorrow", "/day", "not-a-date"),
        (f"staff={ANNA}&team_id={EAST}", "/team_id", "one-of-two"),
    ],
)
def test_what_is_no_day_is_refused(company: Office, query: str, pointer: str, code: str) -> None:
    answer = company.get(f"/my-day?{query}", role="head", staff=ANNA)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
