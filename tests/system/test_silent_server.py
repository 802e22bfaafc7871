"""PostgreSQL hangs instead of dying: every caller has an answer all the same, an honest one, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.serving.remembered import MOMENT
from infra.postgres.embedded import EmbeddedPostgres
from tests.infra.projector.looking import eventually
from tests.system.service import Service, token, wait_ready
from tests.torture.faults import failing_site, stopped, stored

ADMIN, AUDITOR, SELLER, HEAD = (token(uuid4(), role) for role in ("admin", "auditor", "seller", "head"))
CLIENT = "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7f"

READS = (
    (SELLER, "/clients"),
    (SELLER, f"/clients/{CLIENT}"),
    (AUDITOR, f"/clients/{CLIENT}/history"),
    (AUDITOR, "/events"),
    (HEAD, "/pipeline"),
    (HEAD, "/projections"),
    (SELLER, f"/clients/{CLIENT}?as_of=2026-01-01"),
    (SELLER, "/ready"),
    (SELLER, "/metrics"),
)
EACH = 12
COMMANDS = 60

# Only so that a hanging test ends: that every request is answered while the server still hangs is what is shown.
PATIENCE = 120

HURRY = {"LETOPIS_COMMAND_SECONDS": "3", "LETOPIS_READ_SECONDS": "1", "LETOPIS_AS_OF_SECONDS": "1"}


def registering(number: int) -> dict[str, Any]:
    point = {"kind": "email", "value": f"client{number}@example.org"}
    return {"kind": "organisation", "name": f"Client {number}", "contact_points": [point]}


def get(running: Service, path: str) -> httpx.Response:
    return httpx.get(running.address + path, headers=SELLER, timeout=PATIENCE)


async def register(client: httpx.AsyncClient, number: int) -> httpx.Response:
    headers = {**ADMIN, "Idempotency-Key": f"silent-{number}"}
    return await client.post("/commands/register-client", json=registering(number), headers=headers)


async def import_batch(client: httpx.AsyncClient, *, atomic: bool) -> httpx.Response:
    item = {"command": "register-client", "data": registering(1_000 + atomic), "idempotency_key": f"batch-{atomic}"}
    return await client.post("/commands", json={"atomic": atomic, "commands": [item]}, headers=ADMIN)


def asked_while_stopped(
    running: Service, server: EmbeddedPostgres
) -> tuple[list[httpx.Response], list[httpx.Response]]:
    """Stop the server while commands are under way; return the answers to commands and to reads, got while it hangs."""

    async def go() -> tuple[list[httpx.Response], list[httpx.Response]]:
        limits = httpx.Limits(max_connections=500)
        async with httpx.AsyncClient(base_url=running.address, timeout=PATIENCE, limits=limits) as client:
            await asyncio.gather(*(register(client, number) for number in range(8)))
            for headers, path in READS:
                await client.get(path, headers=headers)
            await asyncio.sleep(2 * MOMENT)  # so that nothing is told that was asked before
            with stopped(server):
                commands: list[Awaitable[httpx.Response]] = [register(client, number) for number in range(COMMANDS)]
                commands += [import_batch(client, atomic=False), import_batch(client, atomic=True)]
                reads = [client.get(path, headers=headers) for headers, path in READS for _ in range(EACH)]
                answers = await asyncio.gather(*commands, *reads)
                assert (await client.get("/health")).status_code == 200
            return answers[: len(commands)], answers[len(commands) :]

    return asyncio.run(go())


def test_while_the_server_hangs_everybody_is_answered_and_afterwards_nothing_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in HURRY.items():
        monkeypatch.setenv(name, value)
    with failing_site() as (server, running):
        wait_ready(running)
        commands, reads = asked_while_stopped(running, server)

        codes = Counter(answer.json().get("code") for answer in commands[:COMMANDS])
        assert set(codes) <= {"outcome-unknown", "overloaded"}
        assert codes["outcome-unknown"] > 0
        assert {answer.status_code for answer in commands[:COMMANDS]} == {503}
        assert all("retry-after" in answer.headers for answer in commands[:COMMANDS])
        several, atomic = commands[COMMANDS:]
        assert {item["code"] for item in several.json()["results"]} <= {"outcome-unknown", "overloaded"}
        assert atomic.status_code == 503, atomic.text
        unknown = next(answer.json() for answer in commands if answer.json().get("code") == "outcome-unknown")
        assert "Idempotency-Key" in unknown["detail"]

        told = Counter((str(answer.url).removeprefix(running.address), answer.status_code) for answer in reads)
        # What this process has counted it can tell.
        assert told == {(path, 200 if path == "/metrics" else 503): EACH for _, path in READS}

        wait_ready(running)
        acknowledged = {}
        for number in range(COMMANDS):
            answer = running.post(
                "register-client", registering(number), {**ADMIN, "Idempotency-Key": f"silent-{number}"}
            )
            assert answer.status_code == 200, answer.text
            acknowledged[answer.json()["command_id"]] = 1
        assert acknowledged.items() <= stored(server).items()
        assert set(stored(server).values()) == {1}
        # The views have gone on too.
        last = answer.headers["letopis-position"]
        eventually(lambda: get(running, f"/clients?min_position={last}").status_code == 200, PATIENCE)
        assert '"bug"' not in running.log.read_text()
