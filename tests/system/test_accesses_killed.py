"""Who looked at whom is on record a second later, also when the service is killed in the middle of very many looks."""

import os
import signal
import threading
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from app.demo.company import ADMIN_ID
from infra.postgres.aside import PAUSE_SECONDS
from tests.database import Database
from tests.system.service import Service, service, token, wait_ready

ADMIN = token(ADMIN_ID, "admin")
READERS, SECONDS, KILLS = 6, 2.5, 5
LOST_SECONDS = 1.0
"""What docs/operations.md says that a kill takes with it at most."""

SLACK = 1.0
"""How much longer a machine may be about a commit on which others work as well."""


class Reader:
    """Looks at clients without a pause, each time for a purpose of its own, until the line breaks."""

    def __init__(self, running: Service, name: str, clients: list[str]) -> None:
        self.answered: dict[str, float] = {}
        self._address, self._name, self._clients = running.address, name, clients
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with httpx.Client(base_url=self._address, headers=ADMIN, timeout=10) as client:
            for turn in range(1_000_000):
                purpose, client_id = f"{self._name}-{turn}", self._clients[turn % len(self._clients)]
                try:
                    answer = client.get(f"/clients/{client_id}", headers={"Letopis-Purpose": purpose})
                except httpx.TransportError:
                    return
                assert answer.status_code == 200
                self.answered[purpose] = time.monotonic()

    def until_the_line_breaks(self) -> dict[str, float]:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.answered


def _lost(company: Database, folder: Path, turn: int) -> list[float]:
    """Kill a service in the middle of looks; return how many seconds before the kill those were that it took along."""
    with service(folder, f"service-{turn}", "--workers", "2", database_url=company.owner_url) as running:
        wait_ready(running)
        told = httpx.get(f"{running.address}/clients?limit=200", headers=ADMIN, timeout=30).json()["items"]
        clients = [each["client_id"] for each in told]
        readers = [Reader(running, f"{turn}-{number}", clients) for number in range(READERS)]
        time.sleep(SECONDS)
        killed_at = time.monotonic()
        # All of its processes: one that sees the first one die would write what waits.
        os.killpg(running.process.pid, signal.SIGKILL)
        answered = {purpose: at for each in readers for purpose, at in each.until_the_line_breaks().items()}
    with psycopg.connect(company.owner_url) as owner:
        rows = owner.execute(
            "SELECT purpose FROM letopis.access WHERE starts_with(purpose, %s)", [f"{turn}-"]
        ).fetchall()
    kept = [purpose for (purpose,) in rows]
    assert len(kept) == len(set(kept))
    assert len(kept) > 100
    return [killed_at - at for purpose, at in answered.items() if purpose not in set(kept)]


def test_a_kill_takes_the_looks_of_the_last_second_with_it_and_no_others(
    company: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETOPIS_READS_PER_SECOND", "0")
    # A kill right after a commit takes nothing along, and shows nothing: then once more.
    lost = next(filter(None, (_lost(company, tmp_path, turn) for turn in range(KILLS))))
    assert max(lost) <= LOST_SECONDS + SLACK, f"{len(lost)} lost"


def test_half_of_that_second_is_left_for_the_commit() -> None:
    assert PAUSE_SECONDS <= LOST_SECONDS / 2
