"""Signing in to the console at an identity provider that others wrote: there and back, and new tokens meanwhile."""

import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from oidc_provider_mock import run_server_in_thread  # type: ignore[import-untyped]

from app.demo.company import ADMIN_ID
from tests.database import Database
from tests.system.service import Service, environment, letopis, service, wait_ready
from tests.system.visitors import SAME_ORIGIN, Seen

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # theirs


def browser_at(running: Service) -> httpx.Client:
    return httpx.Client(base_url=running.address, headers=SAME_ORIGIN, timeout=60)


def comes_back(browser: httpx.Client, subject: str) -> str:
    """Sign in at the provider as somebody, and return where it sends the browser back to."""
    sent = browser.get("/console/sign-in?to=/console/clients")
    assert sent.status_code == 303, sent.text
    address = sent.headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    return httpx.post(address, data={"sub": subject}).headers["location"]


def test_one_signs_in_at_the_provider_and_comes_back(
    company: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETOPIS_OIDC_CLIENT_SECRET", "a secret of the console")
    with run_server_in_thread() as provider:
        issuer = f"http://localhost:{provider.server_port}"
        with service(tmp_path, "service", database_url=company.owner_url, provider=issuer) as running:
            wait_ready(running)
            there = environment(tmp_path / "service", company.owner_url, provider=issuer)
            bind = letopis("bind-login", str(ADMIN_ID), "root")
            subprocess.run(bind, env=there, cwd=tmp_path, check=True, capture_output=True)
            browser = browser_at(running)
            assert issuer in Seen(browser.get("/console/enter")).text
            back = comes_back(browser, "root")
            came = browser.get(back)
            assert came.status_code == 200, came.text
            assert Seen(came).links[-1] == "/console/clients"
            assert Seen(browser.get("/console/clients")).status == 200

            assert browser.get(back).status_code == 403, "a code is good once"
            other = browser_at(running)
            assert other.get(comes_back(browser_at(running), "root")).status_code == 403, "another browser was sent"
            nobody = browser_at(running)
            told = nobody.get(comes_back(nobody, "nobody"))
            assert (told.status_code, "letopis-" in told.headers.get("set-cookie", "")) == (403, False)

            # The session, what renews it, and what another browser did not end.
            with psycopg.connect(company.owner_url) as owner:
                assert owner.execute("SELECT count(*) FROM letopis.kept_secret").fetchone() == (3,)
        log = running.log.read_text()
        assert "a secret of the console" not in log
        assert '"bug"' not in log


def test_without_its_provider_nobody_signs_in_and_is_told_so(company: Database, tmp_path: Path) -> None:
    with run_server_in_thread() as provider:
        issuer = f"http://localhost:{provider.server_port}"
    with service(tmp_path, "service", database_url=company.owner_url, provider=issuer) as running:
        told = browser_at(running).get("/console/sign-in")
        assert told.status_code == 503
        assert "Try again a little later" in Seen(told).text
