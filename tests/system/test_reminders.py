"""A real service reminds: what was planned with a notice shows, when its moment has come, that it was reminded of."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.database import Database
from tests.system.service import Service, service, token, wait_ready

ADMIN = token("admin", "admin")


@pytest.fixture
def running(tmp_path: Path, database: Database) -> Iterator[Service]:
    with service(tmp_path, "all", database_url=database.owner_url) as started:
        wait_ready(started)
        yield started


def plan(running: Service, staff_id: str, due_in: timedelta, remind_before: Any, **headers: str) -> httpx.Response:
    due_at = (datetime.now(UTC) + due_in).isoformat()
    body = {"channel": "call", "staff_id": staff_id, "topic": "Prices", "due_at": due_at}
    return running.post("plan-activity", body | {"remind_before": remind_before}, ADMIN | headers)


def test_a_reminder_falls_by_itself_and_a_wrong_notice_is_told_in_both_languages(running: Service) -> None:
    seller = running.post("hire-staff", {"name": "Anna", "role": "seller"}, ADMIN).json()["stream_id"]
    due = plan(running, seller, timedelta(hours=1), "P1D").json()["stream_id"]
    later = plan(running, seller, timedelta(days=2), "P1D").json()["stream_id"]
    end = time.monotonic() + 20
    shown: dict[str, Any] = {}
    while time.monotonic() < end and not (shown.get(due) or {}).get("reminded_at"):
        items = httpx.get(f"{running.address}/activities", headers=ADMIN).json()["items"]
        shown = {item["activity_id"]: item for item in items}
        time.sleep(0.1)
    assert shown[due]["reminded_at"] is not None
    assert (shown[later]["reminded_at"], shown[later]["remind_at"] is None) == (None, False)
    for language, words in (("en", "is not a length of time"), ("ru", "не промежуток времени")):
        answer = plan(running, seller, timedelta(hours=1), "P1M", **{"Accept-Language": language})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["pointer"], error["code"]) == (422, "/remind_before", "not-a-length-of-time")
        assert words in error["message"]
