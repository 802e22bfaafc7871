"""Keys of programs on real services: two processes on one log, and all that they say or keep searched for a secret."""

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import psycopg
import pyarrow.parquet
import pytest
from psycopg import sql

from app.auth.api_keys import key_of, new_secret
from app.auth.people import KNOWN_SECONDS
from infra.log.ids import new_id
from tests.database import Database
from tests.system.service import Service, environment, letopis, service, token, wait_ready

ADMIN = token("admin", "admin")
CLIENT = {"kind": "person", "name": "Anna", "contact_points": [{"kind": "email", "value": "anna@example.org"}]}
PATIENCE = 30.0


class Pair(NamedTuple):
    """Two services on one log; what a worker is to its service, the second is to the first."""

    first: Service
    second: Service


@pytest.fixture
def pair(database: Database, tmp_path: Path) -> Iterator[Pair]:
    with (
        service(tmp_path, "first", database_url=database.owner_url) as first,
        service(tmp_path, "second", "--role", "api", database_url=database.owner_url) as second,
    ):
        wait_ready(first)
        yield Pair(first, second)


def tells(running: Service, command: str, **body: Any) -> None:
    running.post(command, body, ADMIN).raise_for_status()


def issued(running: Service, *named: str) -> tuple[UUID, str]:
    """Issue a key over HTTP, as a front office does that makes the secret itself."""
    key_id, (secret, digest) = new_id(), new_secret()
    given = {"commands": [each for each in named if "-" in each], "questions": [each for each in named if "_" in each]}
    tells(running, "issue-api-key", api_key_id=str(key_id), name="Web shop", secret_sha256=digest, **given)
    return key_id, key_of(key_id, secret)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def asks(running: Service, key: str, path: str = "/me") -> httpx.Response:
    return httpx.get(running.address + path, headers=bearer(key), timeout=30)


class Program:
    """A program that asks one of the services without a pause, with the key that it has at the moment."""

    def __init__(self, running: Service, key: str) -> None:
        self.key = key
        self.refused: list[str] = []
        self.asked = 0
        self._running = running
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        with httpx.Client(base_url=self._running.address, timeout=30) as client:
            while not self._is_over.is_set():
                answer = client.get("/me", headers=bearer(self.key))
                self.asked += 1
                if answer.status_code != 200:
                    self.refused.append(answer.text)

    def __enter__(self) -> "Program":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()


def test_a_key_is_rotated_under_traffic_without_one_refusal(pair: Pair) -> None:
    key_id, key = issued(pair.first, "get_me")
    secret, digest = new_secret()
    with Program(pair.first, key) as prompt, Program(pair.second, key) as tardy:
        all_ask_more(prompt, tardy)
        tells(pair.second, "rotate-api-key", api_key_id=str(key_id), secret_sha256=digest, old_good_for_hours=1)
        for program in (prompt, tardy):
            # The new one is good at once, wherever it is tried, and the old one goes on.
            program.key = key_of(key_id, secret)
            all_ask_more(prompt, tardy)
    assert (prompt.refused, tardy.refused) == ([], [])


def all_ask_more(*programs: Program) -> None:
    goals = [program.asked + 50 for program in programs]
    while any(program.asked < goal for program, goal in zip(programs, goals, strict=True)):
        time.sleep(0.01)


def test_a_revoked_key_lets_nobody_in_after_a_second_in_any_process(pair: Pair, database: Database) -> None:
    key_id, key = issued(pair.first, "get_me", "list_events")
    last_good = {}
    with followed(pair.second, key) as heard:
        for running in pair:
            assert asks(running, key).status_code == 200
        tells(pair.first, "revoke-api-key", api_key_id=str(key_id), reason="it was in a screenshot")
        known = time.monotonic()
        for running in pair:
            begun = time.monotonic()
            while (answer := asks(running, key)).status_code == 200:
                last_good[running.address] = begun
                begun = time.monotonic()
            assert (answer.status_code, answer.json()["code"]) == (401, "api-key-ended")
        tells(pair.first, "open-team", name="East")
        told = heard("team.opened")
    # What was asked a second after the receipt came was refused, whatever the process knew before.
    assert all(begun - known < KNOWN_SECONDS for begun in last_good.values())
    # Whoever followed the log hears that it is over, and nothing that came afterwards.
    assert "api_key.issued" in told
    assert "team.opened" not in told


@contextmanager
def followed(running: Service, key: str) -> Iterator[Any]:
    """Follow the log from its beginning until the stream ends, or tells what it should not."""
    headers = {**bearer(key), "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{running.address}/events", headers=headers, timeout=60) as stream:
        assert stream.status_code == 200
        parts = stream.iter_text()
        text = ""

        def heard(last: str) -> str:
            nonlocal text
            while last not in text and (part := next(parts, "")):
                text += part
            return text

        heard("api_key.issued")
        yield heard


def typed(folder: Path, database: Database, *words: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        letopis(*words),
        env=environment(folder / "first", database.owner_url),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_a_key_of_the_terminal_is_in_nothing_that_anybody_keeps(pair: Pair, database: Database, tmp_path: Path) -> None:
    named = ("--command", "register-client", "--question", "list_products", "--question", "get_me")
    shown = typed(tmp_path, database, "api-key", "issue", "Web shop", *named, "--days", "30")
    key = shown.stdout.strip()
    form = re.fullmatch(r"lk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})", key)
    assert form
    key_id = UUID(form[1])
    rotated = typed(tmp_path, database, "api-key", "rotate", str(key_id), "--keep-hours", "1").stdout.strip()
    stranger = key_of(key_id, new_secret()[0])
    said = shown.stderr
    for running in pair:
        for each in (key, rotated):
            assert asks(running, each).json()["commands"] == ["register-client"]
            answers = [asks(running, each, path) for path in ("/products", "/clients", f"/products?api_key={each}")]
            answers.append(running.post("register-client", CLIENT, {**bearer(each), "Idempotency-Key": "once"}))
            answers.append(running.post("record-activity", {}, bearer(each)))
            assert [answer.status_code for answer in answers[1:2] + answers[4:]] == [403, 403]
            said += "".join(f"{answer.headers} {answer.text}" for answer in answers)
        said += asks(running, stranger).text
    wait_until_used(pair.first, key_id)
    said += typed(tmp_path, database, "api-key", "revoke", str(key_id), "--reason", "the contract ended").stderr
    typed(tmp_path, database, "export", "log", "--to", str(tmp_path / "exported"))
    for running in pair:
        assert running.stop() == 0
        said += running.log.read_text()
    kept = {"said": said, "tables": everything_in(database), "exported": exported(tmp_path / "exported")}
    for place, text in kept.items():
        assert str(key_id) in text, place
        for secret in (key, rotated, stranger):
            assert secret.split("_", 2)[2] not in text, place


def wait_until_used(running: Service, key_id: UUID) -> None:
    end = time.monotonic() + PATIENCE
    listed: list[dict[str, Any]] = []
    while time.monotonic() < end:
        listed = httpx.get(f"{running.address}/api-keys", headers=ADMIN, timeout=30).json().get("items", [])
        if any(each["api_key_id"] == str(key_id) and each["last_used_on"] for each in listed):
            return
        time.sleep(0.1)
    raise AssertionError(listed)


def everything_in(database: Database) -> str:
    """Return every row of every table of ours, as text."""
    rows = []
    with psycopg.connect(database.owner_url) as owner:
        tables = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert ("letopis", "receipt") in tables
        assert any(name == "api_keys" for _, name in tables)
        for table in tables:
            rows += owner.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(*table))).fetchall()
    return "\n".join(row for (row,) in rows)


def exported(folder: Path) -> str:
    files = [*folder.rglob("*.parquet")]
    assert files
    return "".join(json.dumps(pyarrow.parquet.read_table(file).to_pylist(), default=repr) for file in files)
