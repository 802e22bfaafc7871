"""What the status page makes of what the API says: nothing is green that somebody should look at."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from read_api.console.page import Visit
from read_api.console.pages.status import _backups, _disk, _lines_of_checks
from tests.read_api.console.test_words import NOW, words

VISIT = cast("Visit", SimpleNamespace(words=words("en")))
READY = {"is_ready": True, "reason": None, "lag_events": 0, "lag_seconds": 0.0}
VIEW = {**READY, "state": "live", "parked": 0}
POLICY = {**READY, "still_seconds": 0.0, "unanswered": 0}
CLOCK = {"is_ready": True, "reason": None, "ahead_seconds": 0.0}
WELL: dict[str, dict[str, Any]] = {
    "log": {"is_ready": True},
    "client_card": VIEW,
    "analytics": VIEW,
    "policy ownership-reassignment": POLICY,
    "clock": CLOCK,
}


def states(**changed: dict[str, Any]) -> dict[str, str]:
    known = {name: changed.get(name.replace(" ", "_").replace("-", "_"), {}) for name in WELL}
    checks = {name: {"name": name, **told, **known[name]} for name, told in WELL.items()}
    return {line.name: line.state for line in _lines_of_checks(VISIT, checks)}


def test_what_is_well_is_in_order() -> None:
    assert set(states().values()) == {"ok"}


@pytest.mark.parametrize(
    ("changed", "line", "state"),
    [
        ({"log": {"is_ready": False}}, "log", "broken"),
        ({"client_card": {"is_ready": False, "lag_events": 900, "lag_seconds": 31.0}}, "views", "broken"),
        ({"client_card": {"parked": 1}}, "views", "look"),
        ({"analytics": {"reason": "live, 9 events behind", "lag_events": 9}}, "reports", "look"),
        ({"policy_ownership_reassignment": {"reason": "x", "unanswered": 2}}, "policies", "look"),
        ({"policy_ownership_reassignment": {"reason": "x", "still_seconds": 99.0}}, "policies", "look"),
        ({"clock": {"reason": "x", "ahead_seconds": 3600.0}}, "clock", "broken"),
    ],
)
def test_what_is_not_is_told_in_its_line_and_in_no_other(changed: dict[str, Any], line: str, state: str) -> None:
    found = states(**changed)
    assert found.pop(line) == state
    assert set(found.values()) == {"ok"}


def test_of_a_service_that_cannot_reach_its_database_nothing_is_said_to_be_well() -> None:
    lines = list(_lines_of_checks(VISIT, {"log": {"is_ready": False, "reason": "The database cannot be reached."}}))
    assert [(line.name, line.state) for line in lines if line.state != "ok"] == [("log", "broken")]
    assert {line.name for line in lines} == {"log"}


@pytest.mark.parametrize(
    ("backups", "state", "said"),
    [
        ({"is_configured": False, "items": []}, "look", "name a folder"),
        ({"is_readable": False, "items": []}, "broken", "cannot be read"),
        ({"items": []}, "look", "none yet"),
        ({"items": [("whole", 1)]}, "ok", "the last one"),
        ({"items": [("whole", 27)]}, "look", "the last one"),
        ({"items": [("damaged", 1), ("whole", 2)]}, "broken", "is damaged"),
        ({"items": [("of_another_key", 1)]}, "broken", "another master key"),
    ],
)
def test_a_backup_that_is_old_or_no_good_is_not_green(backups: dict[str, Any], state: str, said: str) -> None:
    made = [
        {"name": "b", "state": each, "made_at": (NOW - timedelta(hours=hours)).isoformat()}
        for each, hours in backups["items"]
    ]
    line = _backups(VISIT, {"is_configured": True, "is_readable": True, **backups, "items": made})
    assert line.state == state
    assert said in line.said


@pytest.mark.parametrize(("free", "state"), [(2**29, "broken"), (5 * 2**30, "look"), (90 * 2**30, "ok")])
def test_a_disk_that_fills_is_told(free: int, state: str) -> None:
    assert _disk(VISIT, {"free_bytes": free, "total_bytes": 100 * 2**30}).state == state
