"""`serve --workers N`: several processes answer on one port as one service, and end as one."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.database import Database
from tests.system.service import Service, service, token, wait_ready

WORKERS = 3
ADMIN = token("admin", "admin")


@pytest.fixture
def running(tmp_path: Path, database: Database) -> Iterator[Service]:
    with service(tmp_path, "crew", "--workers", str(WORKERS), database_url=database.owner_url) as running:
        wait_ready(running)
        until(lambda: len(listeners(running)) == WORKERS)
        yield running


def until(condition: Any, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def listeners(running: Service) -> set[int]:
    """Return the processes that can answer on the service's port, by what the kernel says of its socket."""
    port = f":{urlsplit(running.address).port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    sockets = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port) and row[3] == "0A"}
    return {int(one.name) for one in Path("/proc").glob("[0-9]*") if not sockets.isdisjoint(_open(one))}


def _open(process: Path) -> set[str]:
    try:
        return {str(each.readlink()) for each in (process / "fd").iterdir()}
    except OSError:
        return set()


def ask(running: Service, path: str) -> httpx.Response:
    """Ask by a connection of one's own: which process takes it is the kernel's choice."""
    return httpx.get(f"{running.address}{path}", headers=ADMIN, timeout=30)


def at_once(count: int, call: Any) -> list[httpx.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(call, range(count)))


def hire(running: Service, number: int) -> str:
    body = {"name": f"Seller {number}", "role": "seller", "branch": "North"}
    return str(running.post("hire-staff", body, ADMIN).raise_for_status().json()["stream_id"])


def test_all_workers_are_one_service(running: Service, database: Database) -> None:
    sellers = [hire(running, number) for number in range(20)]
    client = {"kind": "person", "name": "Anna", "contact_points": [{"kind": "email", "value": "anna@example.org"}]}
    client_id = running.post("register-client", client, ADMIN).raise_for_status().json()["stream_id"]

    claims = at_once(20, lambda n: running.post("claim-client", {"client_id": client_id}, token(sellers[n], "seller")))

    assert sorted(answer.status_code for answer in claims) == [200, *[409] * 19]
    assert {answer.headers["cache-control"] for answer in claims} == {"no-store"}
    position = max(answer.json().get("position", 0) for answer in claims)
    with psycopg.connect(database.owner_url) as connection:
        (owned,) = connection.execute(
            "SELECT count(*) FROM letopis.event WHERE topic = 'client.claimed'"
        ).fetchone() or (0,)
    assert owned == 1
    cards = at_once(30, lambda _: ask(running, f"/clients/{client_id}?min_position={position}"))
    assert {answer.status_code for answer in cards} == {200}
    assert len({answer.json()["owner"]["id"] for answer in cards}) == 1
    reports = at_once(12, lambda _: ask(running, f"/analytics/monthly_sales?min_position={position}"))
    assert {answer.status_code for answer in reports} == {200}
    # Whether a worker passed it on or not.
    assert {answer.headers["cache-control"] for answer in reports} == {"private, no-cache"}
    repairs = at_once(
        6, lambda _: httpx.post(f"{running.address}/projections/analytics/verify", headers=ADMIN, timeout=60)
    )
    assert [answer.json() for answer in repairs] == [{"differences": []}] * 6

    def counted() -> set[str]:
        told = at_once(9, lambda _: ask(running, "/metrics"))
        wanted = ('route="/clients/{client_id}",status="200"', 'route="/commands/{name}",status="409"')
        lines = [
            line for answer in told for line in answer.text.splitlines() if line.startswith("letopis_requests_total")
        ]
        return {line.rpartition("} ")[2] for line in lines if any(part in line for part in wanted)}

    until(lambda: counted() == {"30", "19"})
    counts = {
        'letopis_request_duration_seconds_count{method="GET",route="/clients/{client_id}",status="2xx"}': 30,
        'letopis_command_duration_seconds_count{command="claim-client"}': 20,
        # And the first administrator, of whom the start hears.
        'letopis_command_duration_seconds_count{command="hire-staff"}': 21,
        # The one claim: the projector tells it, whichever worker recorded it.
        'letopis_view_delay_seconds_count{projection="ownership_history"}': 1,
    }

    def told() -> dict[str, float]:
        lines = [line.rpartition(" ") for line in ask(running, "/metrics").text.splitlines() if line[0] != "#"]
        return {name: float(value) for name, _, value in lines if name in counts}

    until(lambda: told() == counts)


def test_the_streams_of_all_workers_are_counted_together(running: Service) -> None:
    accept = {"Accept": "text/event-stream", **ADMIN}
    with ExitStack() as stack:
        for _ in range(3 * WORKERS):
            stream = httpx.stream("GET", f"{running.address}/events", headers=accept, timeout=30)
            assert stack.enter_context(stream).status_code == 200
        until(lambda: f"\nletopis_event_streams {3 * WORKERS}\n" in ask(running, "/metrics").text)
    until(lambda: "\nletopis_event_streams 0\n" in ask(running, "/metrics").text)


def test_a_worker_that_dies_is_started_again_and_nobody_else_is_missed(running: Service) -> None:
    (victim, *_) = sorted(listeners(running) - {running.process.pid})
    os.kill(victim, signal.SIGKILL)

    sellers = [hire(running, number) for number in range(10)]

    assert len(set(sellers)) == 10
    until(lambda: len(listeners(running) - {victim}) == WORKERS)


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
def test_all_workers_end_with_the_service(running: Service, is_killed: bool) -> None:
    if is_killed:
        running.kill()
    else:
        assert running.stop() == 0
    until(lambda: not listeners(running))
    told = running.log.read_text()
    assert "Traceback" not in told
    assert "leaked" not in told
