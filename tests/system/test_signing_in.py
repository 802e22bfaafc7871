"""Signing in at an identity provider: two that others wrote, a real service, and people who come and go."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_iam import iam_configuration, iam_server, iam_server_port

from app.demo.company import ADMIN_ID, demo_id
from tests.database import Database
from tests.system.providers import Provider, asks, becomes, canaille, mock
from tests.system.service import environment, letopis, service

__all__ = ["iam_configuration", "iam_server", "iam_server_port"]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # theirs


@pytest.fixture(params=["oidc-provider-mock", "canaille"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    if request.param == "canaille":
        yield canaille(request.getfixturevalue("iam_server"))
    else:
        with mock() as running:
            yield running


def test_a_provider_says_who_somebody_is_and_the_log_what_they_may_do(
    company: Database, provider: Provider, tmp_path: Path
) -> None:
    anna, at = demo_id("anna"), {"issuer": provider.issuer}
    admin_s, anna_s = provider.signs_in("root"), provider.signs_in("anna")

    def tells(command: str, token: str, **body: Any) -> httpx.Response:
        return running.post(command, body, {"Authorization": f"Bearer {token}"})

    with service(tmp_path, "service", database_url=company.owner_url, provider=provider.issuer) as running:
        nobody = asks(running, "/clients", anna_s)
        assert (nobody.status_code, nobody.json()["code"]) == (403, "login-unknown")

        done = subprocess.run(
            letopis("bind-login", str(ADMIN_ID), "root"),
            env=environment(tmp_path / "service", company.owner_url, provider=provider.issuer),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        becomes(running, "/staff", admin_s, 200)

        assert tells("bind-login", anna_s, staff_id=str(anna), subject="anna", **at).json()["code"] == "login-unknown"
        assert tells("bind-login", admin_s, staff_id=str(anna), subject="anna", **at).status_code == 200
        assert becomes(running, "/my-day", anna_s, 200).json()["staff_id"] == str(anna)
        # She sells, and may do no more than that, whatever else a token says.
        refused = tells("bind-login", anna_s, staff_id=str(anna), subject="another", **at)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        taken = tells("bind-login", admin_s, staff_id=str(demo_id("boris")), subject="anna", **at)
        assert (taken.status_code, taken.json()["code"]) == (409, "login-is-bound")
        logins = becomes(running, f"/logins?staff={anna}", admin_s, 200).json()["items"]
        assert [(each["issuer"], each["subject"]) for each in logins] == [(provider.issuer, "anna")]

        assert tells("change-staff-role", admin_s, staff_id=str(anna), role="analyst").status_code == 200
        becomes(running, "/clients", anna_s, 403)
        assert asks(running, "/products", anna_s).status_code == 200
        assert tells("depart-staff", admin_s, staff_id=str(anna)).status_code == 200
        assert becomes(running, "/products", anna_s, 403).json()["code"] == "login-unknown"
        assert tells("record-activity", anna_s).json()["code"] == "login-unknown"
    log = running.log.read_text()
    assert anna_s not in log
    assert "error" not in log


def test_a_token_of_another_provider_is_none(database: Database, tmp_path: Path) -> None:
    with (
        mock() as ours,
        mock() as other,
        service(tmp_path, "service", database_url=database.owner_url, provider=ours.issuer) as running,
    ):
        answer = asks(running, "/clients", other.signs_in("anna"))
        assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")
    # It was the first start, and of a token that nobody here can sign nothing was said.
    assert "eyJ" not in running.log.read_text()


def test_without_its_provider_a_service_starts_and_says_that_nobody_can_come_in(
    database: Database, tmp_path: Path
) -> None:
    with mock() as provider:
        token = provider.signs_in("anna")
    with service(tmp_path, "service", database_url=database.owner_url, provider=provider.issuer) as running:
        answer = asks(running, "/clients", token)
        assert (answer.status_code, answer.json()["code"]) == (503, "identity-provider-unreachable")
        assert int(answer.headers["retry-after"]) > 0
    assert "provider_unreachable" in running.log.read_text()
