"""What is measured is told to operators, and on the machine itself to whoever asks there, which no proxy does."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.auth.tokens import authenticator
from app.serving.forward import forwarding_routes
from app.serving.here import operators_or_from_here
from app.serving.http import Parts, create_app
from app.settings import Settings
from tests.strangers import STRANGERS
from tests.system.service import SECRET, token

HERE, ELSEWHERE = "127.0.0.1", "203.0.113.7"


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    who = authenticator(Settings.model_validate({"var": tmp_path, "jwt_secret": SECRET}), STRANGERS)
    return Parts(may_measure=operators_or_from_here(who.authenticate))


def ask(parts: Parts, client: str, host: str = "localhost:8000", **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}

    async def go() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(parts), client=(client, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as caller:
            return await caller.get("/metrics", headers=given)

    return asyncio.run(go())


@pytest.mark.parametrize(
    ("client", "host"),
    [(HERE, "localhost:8000"), (HERE, "127.0.0.1:8000"), ("127.8.9.1", "0.0.0.0:8000"), ("::1", "[::1]:8000"),
     ("::ffff:127.0.0.1", "127.0.0.1")],
)  # fmt: skip
def test_on_the_machine_itself_nobody_is_asked_for_a_token(parts: Parts, client: str, host: str) -> None:
    answer = ask(parts, client, host)
    assert answer.status_code == 200
    assert answer.text.startswith("# HELP letopis_")


@pytest.mark.parametrize("client", [ELSEWHERE, "10.0.0.8", "2001:db8::7", "::ffff:203.0.113.7", "", "testclient"])
def test_from_elsewhere_a_token_is_needed(parts: Parts, client: str) -> None:
    answer = ask(parts, client)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
    assert "letopis_" not in answer.text


@pytest.mark.parametrize(
    "told",
    [
        {"X_Forwarded_For": ELSEWHERE},
        # Whoever is elsewhere may say that they are here; a proxy passes it on, or adds where they are.
        {"X_Forwarded_For": HERE},
        {"X_Forwarded_For": f"{HERE}, {ELSEWHERE}"},
        {"X_Forwarded_Proto": "https"},
        {"X_Forwarded_Host": "crm.example.org"},
        {"X_Real_IP": HERE},
        {"Forwarded": "for=203.0.113.7;proto=https"},
        {"Via": "1.1 proxy"},
        {"host": "crm.example.org"},
        {"host": "localhost.evil.example:8000"},
    ],
)
def test_who_comes_through_a_proxy_on_the_machine_comes_from_elsewhere(parts: Parts, told: dict[str, str]) -> None:
    assert ask(parts, HERE, **told).status_code == 401


@pytest.mark.parametrize(
    ("role", "status"), [("ops", 200), ("admin", 200), ("seller", 403), ("auditor", 403), ("integration", 403)]
)
def test_of_those_elsewhere_operators_are_told(parts: Parts, role: str, status: int) -> None:
    answer = ask(parts, ELSEWHERE, **token("0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e", role))
    assert answer.status_code == status
    assert ("letopis_requests_total" in answer.text) == (status == 200)


def test_a_worker_looks_itself_before_it_asks_the_first_process(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the first process every worker is here, whoever asked the worker."""
    asked: list[Any] = []

    def refuse(*request: Any, **_how: Any) -> Any:
        asked.append(request)
        raise OSError

    monkeypatch.setattr("app.serving.forward.request", refuse)
    worker = Parts(first_routes=forwarding_routes("http://127.0.0.1:1", ("/metrics",), require=parts.may_measure))
    assert (ask(worker, ELSEWHERE).status_code, asked) == (401, [])
    assert (ask(worker, HERE).status_code, len(asked)) == (503, 1)


def test_a_probe_is_asked_for_nothing(parts: Parts) -> None:
    async def go() -> list[int]:
        transport = httpx.ASGITransport(create_app(parts), client=(ELSEWHERE, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://crm.example.org") as caller:
            return [(await caller.get(path)).status_code for path in ("/health", "/ready")]

    assert asyncio.run(go()) == [200, 200]
