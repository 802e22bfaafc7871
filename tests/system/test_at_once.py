"""Who leaves, is suspended or gets another role is treated so at once, with a token that is good for hours yet."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from app.auth.issuing import issue_token
from app.auth.people import KNOWN_SECONDS
from app.demo.company import ADMIN_ID, demo_id
from app.settings import Settings
from events.values import EditedKind
from tests.database import Database
from tests.system.providers import asks, becomes
from tests.system.service import SECRET, Service, service

ANNA = str(demo_id("anna"))
IN_FLIGHT = 200
PATIENCE = 30.0


def signed(person: object) -> str:
    """Return a token that says who somebody is, and nothing of their role."""
    return issue_token(Settings(jwt_secret=SECRET), str(person), None, timedelta(hours=1))  # type: ignore[arg-type]


class Followed:
    """What came of a stream, and when it ended."""

    def __init__(self, running: Service, token: str, path: str) -> None:
        self.lines: list[str] = []
        self.opened = threading.Event()
        self._thread = threading.Thread(target=self._follow, args=(running.address + path, token), daemon=True)
        self._thread.start()
        assert self.opened.wait(PATIENCE)

    def _follow(self, address: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        with httpx.stream("GET", address, headers=headers, timeout=60) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                self.opened.set()
                self.lines.append(line)

    def ended(self) -> list[str]:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.lines

    def positions(self) -> list[int]:
        return [
            json.loads(line[6:])["position"] for line in self.lines if line.startswith("data: {") and "kind" in line
        ]


@contextmanager
def running_company(company: Database, folder: Path) -> Iterator[Service]:
    with service(folder, "service", "--workers", "2", database_url=company.owner_url) as running:
        becomes(running, "/my-day", signed(ANNA), 200)
        yield running


def tells(running: Service, token: str, command: str, **body: Any) -> httpx.Response:
    return running.post(command, body, {"Authorization": f"Bearer {token}"})


def test_nothing_is_decided_or_told_after_a_departure(
    company: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETOPIS_COMMANDS_PER_SECOND", "0")  # she sends more at once than anybody may
    anna, admin = signed(ANNA), signed(ADMIN_ID)
    with running_company(company, tmp_path) as running:
        stream = Followed(running, anna, "/my-changes")
        plan = {"channel": "task", "topic": "x", "due_at": "2030-01-01T00:00:00Z"}
        batch = {"commands": [{"command": "plan-activity", "data": plan}] * 100}
        headers = {"Authorization": f"Bearer {anna}"}

        def asks(number: int) -> httpx.Response:
            if number % 4 == 0:
                return httpx.post(f"{running.address}/commands", json=batch, headers=headers, timeout=60)
            if number % 4 == 1:
                return httpx.post(f"{running.address}/commands/plan-activity", json=plan, headers=headers, timeout=60)
            return httpx.get(f"{running.address}/clients?limit=5", headers=headers, timeout=60)

        with ThreadPoolExecutor(16) as pool:
            asked = [pool.submit(asks, number) for number in range(IN_FLIGHT)]
            time.sleep(0.2)
            left = tells(running, admin, "depart-staff", staff_id=ANNA).json()["position"]
            answers = [each.result() for each in asked]
        assert {answer.status_code for answer in answers} <= {200, 403}
        assert becomes(running, "/clients", anna, 403).json()["code"] == "login-unknown"
        # In either process, and for good.
        told = [httpx.get(f"{running.address}/me", headers=headers, timeout=30).status_code for _ in range(20)]
        assert set(told) == {403}
        assert '"reason":"not-let-in"' in "".join(stream.ended()[-3:])
        assert all(position <= left for position in stream.positions())
    with psycopg.connect(company.owner_url) as log:
        by_her = log.execute("SELECT max(position) FROM letopis.event WHERE actor = %s", [ANNA]).fetchone()
        refused = log.execute("SELECT count(*) FROM letopis.refusal WHERE code = 'not-let-in'").fetchone()
    assert by_her is not None
    assert by_her[0] is None or by_her[0] < left
    assert refused is not None
    in_batches = sum(answer.text.count('"not-let-in"') for answer in answers)
    assert (refused[0] > 0) == (in_batches > 0)


def test_who_is_suspended_waits_outside_until_let_in_again(company: Database, tmp_path: Path) -> None:
    anna, admin = signed(ANNA), signed(ADMIN_ID)
    with running_company(company, tmp_path) as running:
        assert tells(running, admin, "suspend-staff", staff_id=ANNA, reason="her phone was stolen").status_code == 200
        told = becomes(running, "/my-day", anna, 403).json()
        assert told["code"] == "suspended"
        refused = tells(running, anna, "record-activity")
        assert (refused.status_code, refused.json()["code"]) == (403, "suspended")
        assert tells(running, admin, "reinstate-staff", staff_id=ANNA).status_code == 200
        becomes(running, "/my-day", anna, 200)
        # Another role holds whatever her token was signed for.
        assert tells(running, admin, "change-staff-role", staff_id=ANNA, role="analyst").status_code == 200
        becomes(running, "/clients", anna, 403)
        end = time.monotonic() + PATIENCE
        while becomes(running, "/me", anna, 200).json()["role"] != "analyst":
            assert time.monotonic() < end


def test_what_a_role_edits_and_sees_holds_for_its_commands_from_the_next_second(
    company: Database, tmp_path: Path
) -> None:
    admin, vera, anna = signed(ADMIN_ID), signed(demo_id("vera")), signed(ANNA)
    romashka, vector, visit = (str(demo_id(name)) for name in ("romashka", "vector", "visit"))
    wrong, right = ({"kind": "phone", "value": f"+7 812 555-01-0{digit}"} for digit in (2, 3))
    edit = {"activity_id": visit, "due_at": "2030-01-01T00:00:00Z"}

    with running_company(company, tmp_path) as running:

        def reschedules() -> set[tuple[int, bool]]:
            """Ask both processes, and which of them says that it may be asked."""
            time.sleep(KNOWN_SECONDS)
            told = set()
            for _ in range(20):
                answer = tells(running, vera, "reschedule-activity", **edit)
                told.add((answer.status_code, "reschedule-activity" in asks(running, "/me", vera).json()["commands"]))
            return told

        def grants(extent: str) -> None:
            given = {"role": "operator", "kind": "activities", "extent": extent}
            assert tells(running, admin, "grant-editing", **given).status_code == 200

        of_phone = {"client_id": vector, "from_point": wrong, "to_point": right}
        assert tells(running, vera, "correct-contact-point", **of_phone).status_code == 200
        assert reschedules() == {(403, False)}
        grants("all")
        assert reschedules() == {(200, True)}
        [operator] = (each for each in asks(running, "/rights", admin).json()["items"] if each["role"] == "operator")
        assert operator["editing"] == {**{kind.value: "usual" for kind in EditedKind}, "activities": "all"}
        # Whatever is granted, she acts on what she sees.
        narrow = {"role": "operator", "kind": "activities", "scope": "own"}
        assert tells(running, admin, "grant-scope", **narrow).status_code == 200
        assert reschedules() == {(404, True)}
        assert tells(running, admin, "grant-scope", **{**narrow, "scope": "all"}).status_code == 200
        grants("none")
        assert reschedules() == {(403, False)}
        refused = tells(running, vera, "reschedule-activity", **edit).json()
        assert (refused["code"], "operator" in refused["needed"]) == ("not-allowed", False)
        # Anna and Boris are of no team: what is his she neither reads nor changes, until sellers see everybody's.
        note, absent = {"text": "x"}, str(demo_id("nobody"))
        assert tells(running, anna, "note-client", client_id=romashka, **note).status_code == 200
        his, none = (tells(running, anna, "note-client", client_id=each, **note) for each in (vector, absent))
        assert his.content.replace(vector.encode(), b"") == none.content.replace(absent.encode(), b"")
        assert (his.status_code, his.headers.keys()) == (404, none.headers.keys())
        wide = {"role": "seller", "kind": "clients", "scope": "all"}
        assert tells(running, admin, "grant-scope", **wide).status_code == 200
        time.sleep(KNOWN_SECONDS)
        told = [tells(running, anna, "note-client", client_id=vector, **note).status_code for _ in range(10)]
        assert set(told) == {200}
