"""The rehearsal: a backup taken beside a running service is put back later, and everything made of the log notices."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from app.terminal import backup as keep
from infra.backup.backup import back_up
from infra.backup.restore import RestoreRefusedError
from projections.registry import PROJECTIONS
from tests.database import MASTER, Database
from tests.infra.backup.backups import contents, record
from tests.system.service import Service, environment, letopis, service, token, wait_ready
from tests.system.truth import check_log, check_views

ADMIN = token("admin", "admin")
NAMES = sorted(one.name for one in PROJECTIONS)
PATIENCE = 60.0


def register(running: Service, name: str) -> str:
    """Register a client and return its id."""
    body = {"kind": "person", "name": name, "contact_points": [{"kind": "email", "value": f"{name}@example.org"}]}
    return str(running.post("register-client", body, ADMIN).raise_for_status().json()["stream_id"])


def open_and_win(running: Service, client_id: str) -> int:
    """Let a client buy something, so that the reports have something to count; return the last position."""

    def said_by(actor: dict[str, str], command: str, **body: Any) -> dict[str, Any]:
        return dict(running.post(command, body, actor).raise_for_status().json())

    seller_id = said_by(ADMIN, "hire-staff", name="Anna", role="seller", branch="North")["stream_id"]
    stages = [{"code": "lead", "name": "Lead"}]
    pipeline_id = said_by(ADMIN, "define-pipeline", name="Sales", stages=stages)["stream_id"]
    seller, amount = token(seller_id, "seller"), {"amount": "5", "currency": "RUB"}
    deal = said_by(seller, "open-deal", client_id=client_id, pipeline_id=pipeline_id, amount=amount)
    return int(said_by(seller, "win-deal", deal_id=deal["stream_id"])["position"])


def ask(running: Service, path: str, **parameters: int) -> httpx.Response:
    return httpx.get(f"{running.address}{path}", params=parameters, headers=ADMIN, timeout=60)


def all_have_reached(running: Service, position: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        models = ask(running, "/projections").json()["items"]
        if all(one["state"] == "live" and one["position"] >= position for one in models) and len(models) == len(NAMES):
            break
        assert time.monotonic() < end, models
        time.sleep(0.1)
    assert ask(running, "/analytics/monthly_sales", min_position=position).status_code == httpx.codes.OK


def registered_states(database: Database) -> dict[str, tuple[str, str | None]]:
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute("SELECT name, state, error FROM letopis.projection WHERE state <> 'retired'").fetchall()
    return {name: (state, error) for name, state, error in rows}


def said_of_analytics(running: Service) -> list[str]:
    lines = [json.loads(line) for line in running.log.read_text().splitlines() if line.startswith("{")]
    return [line["outcome"] for line in lines if line.get("event") == "analytics-broken"]


def prove_equal(running: Service, database: Database, position: int) -> None:
    """Hold every read model, the claims and the reports against a fold of the log there is now."""
    assert check_log(database.owner_url, {}) == position
    check_views(database.projector_url, database.writer_url, MASTER, position)
    found = httpx.post(f"{running.address}/projections/analytics/verify", headers=ADMIN, timeout=60).json()
    assert found == {"differences": []}


def test_after_a_restore_everything_says_that_the_log_was_replaced_and_is_made_anew(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(tmp_path / "var", database.owner_url).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "backup"
    with service(tmp_path, "var", database_url=database.owner_url) as running:
        kept = register(running, "kept")
        last_kept = open_and_win(running, kept)
        keep.make_backup(folder, as_json=False)
        lost = register(running, "lost")
        all_have_reached(running, open_and_win(running, lost))
        with pytest.raises(RestoreRefusedError, match="Stop every service"):
            keep.put_back(folder, is_replacing=True)
        assert ask(running, f"/clients/{lost}").status_code == httpx.codes.OK
        assert running.stop() == 0

    keep.put_back(folder, is_replacing=True)
    assert registered_states(database) == dict.fromkeys(NAMES, ("broken", "log replaced"))

    with service(tmp_path, "var", database_url=database.owner_url) as running:
        answers = {ask(running, f"/clients/{lost}").status_code for _ in range(3)}
        assert answers <= {httpx.codes.NOT_FOUND, httpx.codes.SERVICE_UNAVAILABLE}
        wait_ready(running)
        all_have_reached(running, last_kept)
        assert said_of_analytics(running)[0].startswith("log replaced")
        assert ask(running, f"/clients/{lost}").status_code == httpx.codes.NOT_FOUND
        assert ask(running, f"/clients/{kept}").status_code == httpx.codes.OK
        (sold,) = ask(running, "/analytics/monthly_sales").json()["rows"]
        assert sold["deals"] == 1
        again = register(running, "lost")
        assert UUID(again) != UUID(lost)
        after = open_and_win(running, again)
        all_have_reached(running, after)
        prove_equal(running, database, after)


def test_a_restore_that_is_killed_in_the_middle_leaves_what_was_there(tmp_path: Path, database: Database) -> None:
    record(database.owner_url, 8)
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    record(database.owner_url, 12)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        # The last table of all takes its time, when the log itself is loaded already.
        owner.execute(
            "CREATE FUNCTION public.slow() RETURNS boolean VOLATILE LANGUAGE sql AS 'SELECT pg_sleep(0.3) IS NOT NULL'"
        )
        owner.execute("ALTER TABLE letopis.subject_key ADD CHECK (public.slow()) NOT VALID")
    before = contents(database.owner_url)

    process = subprocess.Popen(
        letopis("restore", "backup", "--replace"),
        env=environment(tmp_path / "var", database.owner_url),
        cwd=tmp_path,
        start_new_session=True,
    )
    with psycopg.connect(database.owner_url.rpartition("/")[0] + "/postgres", autocommit=True) as looking:
        wait_for_the_load(looking, database.name, is_there=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_the_load(looking, database.name, is_there=False)

    assert contents(database.owner_url) == before


def wait_for_the_load(looking: psycopg.Connection[Any], name: str, *, is_there: bool) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE 'COPY letopis.subject_key%%'"
    end = time.monotonic() + PATIENCE
    while (looking.execute(query, [name]).fetchone() == (1,)) != is_there:
        assert time.monotonic() < end
        time.sleep(0.02)
