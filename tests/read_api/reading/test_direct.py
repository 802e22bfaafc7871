"""The direct way to a read: it answers as FastAPI's own routes do, and leaves to them what is not plainly right."""

from typing import Any

import pytest

from infra.rights import RIGHTS
from read_api.reading.direct import DirectRoute
from tests.read_api.office import Office, client, nth, staff
from tests.read_api.test_lists import ADDRESSES

# These are asked with more than a path and one question.
LONG_WAY = {"search_clients", "find_owners", "list_events", "list_my_changes", "get_position", "take_ticket"}
LONG_WAY |= {"get_report", "get_report_chart", "get_report_sql", "get_sql", "ask_sql"}

SHOWN = ("etag", "letopis-position", "cache-control", "content-type", "retry-after", "www-authenticate", "allow")


@pytest.fixture(scope="module")
def company(desk: Office) -> Office:
    desk.put("staff_directory", staff(1, "Анна"))
    desk.put("client_card", *(client(n, f"Фирма {n}", owner_id=nth(1)) for n in range(5, 9)))
    return desk


def _told(company: Office, path: str, **how: Any) -> tuple[int, str, dict[str, str | None]]:
    answer = company.get(path, **how)
    return answer.status_code, answer.text, {name: answer.headers.get(name) for name in SHOWN}


def test_all_reads_but_those_asked_with_more_go_the_direct_way(company: Office) -> None:
    direct = [route.name for route in company.app.router.routes if isinstance(route, DirectRoute)]
    assert sorted(direct) == sorted(set(RIGHTS) - LONG_WAY)


@pytest.mark.parametrize(
    "path",
    [
        # How much is free on the disk is another with each look.
        *(each for each in ADDRESSES.values() if each != "/projections/sizes"),
        "/clients?limit=2&count=true",
        f"/clients?owner={nth(1)}&limit=3",
        f"/clients/{str(nth(6)).upper()}",
        "/clients?q=фирма%205",
        "/clients?stage=&limit=2",
        "/clients?limit=2&limit=3",
        "/clients?limit=0",
        "/clients?colour=red",
        "/clients/5",
        "/clients/5?limit=2",
        f"/clients/{nth(6)}?limit=2",
        f"/clients/{nth(6)}?as_of=soon",
        f"/clients/{nth(6)}/timeline?as_of=2999-01-01",
        f"/clients/{nth(6)}/",
        f"/staff/{nth(1)}/counters?from=2026-03-01&to=2026-03-31",
        f"/staff/{nth(1)}/counters?from=soon",
        "/my-day?staff=x",
    ],
)
@pytest.mark.parametrize("role", ["admin", "integration"])
def test_both_ways_give_one_answer(company: Office, monkeypatch: pytest.MonkeyPatch, path: str, role: str) -> None:
    direct = _told(company, path, role=role)
    routes = [route for route in company.app.router.routes if not isinstance(route, DirectRoute)]
    monkeypatch.setattr(company.app.router, "routes", routes)
    assert direct == _told(company, path, role=role)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405), ("DELETE", 405)])
def test_other_methods_are_answered_as_before(company: Office, method: str, status: int) -> None:
    answer = company.send(method, f"/clients/{nth(6)}")
    assert answer.status_code == status
    assert not answer.content or method != "HEAD"
