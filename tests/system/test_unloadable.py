"""A log holds an amount that no store of figures can take: the rest flows, everybody says so, operators mend it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.database import Database
from tests.projections.analytics.history import company, won, write_log
from tests.system.service import Service, environment, letopis, service, token, wait_ready

ADMIN = token("vera", "admin")
UNLOADABLE = won(amount="0E+999999999")
"""What `open-deal` once accepted: nought, of a thousand million noughts."""


@pytest.fixture
def running(tmp_path: Path, database: Database) -> Iterator[Service]:
    history = company(4)
    history[5] = history[5]._replace(body=UNLOADABLE)
    write_log(database.owner_url, history)
    with service(tmp_path, "old", database_url=database.owner_url) as running:
        wait_ready(running)
        yield running


def ask(running: Service, path: str, **how: Any) -> httpx.Response:
    return httpx.get(f"{running.address}{path}", headers=ADMIN, timeout=60, **how)


def test_everybody_says_what_waits_until_an_operator_passes_over_it(
    running: Service, database: Database, tmp_path: Path
) -> None:
    def types(*words: str) -> "subprocess.CompletedProcess[str]":
        where = {**environment(tmp_path / "old", database.owner_url), "COLUMNS": "250"}
        return subprocess.run(
            letopis(*words), env=where, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )

    sold = ask(running, "/analytics/monthly_sales?min_position=12")
    assert (sold.status_code, sold.headers["letopis-parked"]) == (200, "6")
    position = int(sold.headers["letopis-position"])
    assert position >= 12
    assert (sold.json()["parked"], sold.json()["rows"][0]["deals"]) == (6, 3)
    assert sold.json()["rows"][0]["amount"] == "300.00"
    as_table = ask(running, "/analytics/monthly_sales?format=csv")
    assert as_table.headers["letopis-parked"] == "6"
    assert "parked" not in as_table.text
    assert '"300.00"' in as_table.text

    checks = {one["name"]: one for one in ask(running, "/ready").json()["checks"]}
    assert (checks["analytics"]["is_ready"], checks["analytics"]["parked"], checks["analytics"]["lag_events"]) == (
        True,
        1,
        0,
    )
    assert {one["parked"] for one in checks.values() if "parked" in one and one is not checks["analytics"]} == {0}
    measured = ask(running, "/metrics").text
    assert 'letopis_parked_keys{projection="analytics",generation="1",state="live"} 1' in measured

    (waiting,) = json.loads(types("projections", "parked", "analytics", "--json").stdout)["parked"]
    assert (waiting["position"], waiting["topic"]) == (6, "deal.won")
    status = json.loads(types("projections", "status", "--json").stdout)
    (ours,) = [one for one in status if one["name"] == "analytics"]
    assert (ours["state"], ours["position"], ours["parked"], ours["parked_from"]) == ("live", position, 1, 6)
    assert "1 parked" in next(line for line in types("doctor").stdout.splitlines() if "analytics file" in line)

    def said(done: "subprocess.CompletedProcess[str]") -> str:
        return done.stdout + done.stderr

    rebuilt = types("projections", "rebuild", "analytics")
    assert (rebuilt.returncode, "1 parked" in said(rebuilt)) == (0, True), said(rebuilt)
    verified = types("projections", "verify", "analytics")
    assert (verified.returncode, "1 parked" in said(verified)) == (0, True), said(verified)
    tried = types("projections", "retry", "analytics", "--key", waiting["place"])
    assert (tried.returncode, "waits for position 6" in said(tried)) == (3, True), said(tried)

    wrong = types("projections", "skip", "analytics", "--key", "x", "--reason", "typed by a cat")
    assert (wrong.returncode, "names no stream" in said(wrong)) == (1, True)
    skipped = types("projections", "skip", "analytics", "--key", waiting["place"], "--reason", "typed by a cat")
    assert (skipped.returncode, "flows again" in said(skipped)) == (0, True), said(skipped)
    sold = ask(running, "/analytics/monthly_sales")
    assert "letopis-parked" not in sold.headers
    assert "parked" not in sold.json()
    told = json.loads(types("projections", "parked", "all", "--json").stdout)
    assert (told["parked"], told["skipped"][0]["reason"]) == ([], "typed by a cat")
    again = types("projections", "retry", "analytics")
    assert (again.returncode, "nothing waits" in said(again)) == (0, True)


def test_the_routes_of_operators_refuse_what_is_nothing_of_theirs(running: Service) -> None:
    def post(path: str, headers: dict[str, str], **params: str) -> httpx.Response:
        return httpx.post(f"{running.address}/projections/analytics/{path}", headers=headers, params=params, timeout=60)

    seller = token("anna", "seller")
    assert httpx.get(f"{running.address}/projections/analytics", headers=seller).status_code == 403
    assert post("retry", seller).status_code == 403
    assert post("skip", seller, key="x", reason="x").status_code == 403
    assert post("retry", ADMIN, key="x").status_code == 422
    assert post("retry", ADMIN, key="0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e").status_code == 404
    assert post("skip", ADMIN, key="0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e", reason=" ").status_code == 422
    assert post("skip", ADMIN, reason="x").status_code == 422
