"""What a screen has read it may decide on: the ETag of a read is what a command takes in If-Match."""

from pathlib import Path
from typing import Any

import httpx

from app.demo.company import ADMIN_ID
from tests.database import Database
from tests.system.service import Service, service, token, wait_ready

ADMIN = token(ADMIN_ID, "admin")
ROAD = {"name": "Retail", "stages": [{"code": "offer", "name": "Offer", "probability": 20}]}

ROMASHKA = {
    "kind": "organisation",
    "name": "Romashka",
    "contact_points": [{"kind": "email", "value": "office@romashka.example"}],
}


def said(running: Service, who: dict[str, str], command: str, body: dict[str, Any], etag: str = "*") -> httpx.Response:
    return running.post(command, body, {**who, "If-Match": etag})


def receipt(answer: httpx.Response) -> tuple[str, int, int]:
    """Return of which stream, at which version and which position of the log a command was carried out."""
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["stream_id"], told["version"], told["position"]


def test_the_etag_of_a_card_and_of_a_deal_is_a_condition_for_what_is_decided_on_them(
    database: Database, tmp_path: Path
) -> None:
    with service(tmp_path, "service", database_url=database.owner_url) as running:
        wait_ready(running)
        anna, _, _ = receipt(said(running, ADMIN, "hire-staff", {"name": "Anna", "role": "seller"}))
        road, _, _ = receipt(said(running, ADMIN, "define-pipeline", ROAD))
        seller = token(anna, "seller")
        client = receipt(said(running, ADMIN, "register-client", ROMASHKA))
        twin = said(running, ADMIN, "register-client", {**ROMASHKA, "name": "Romashka again"}).json()
        assert (twin["code"], twin["candidates"], twin["names"]) == ("duplicate-client", [client[0]], ["Romashka"])
        assert "the same e-mail: Romashka." in twin["detail"]
        about = {"client_id": client[0]}
        renaming = ("rename-client", {**about, "name": "Romashka Plus"})
        decided(running, seller, f"/clients/{client[0]}", client, ("claim-client", about), renaming)
        deal = receipt(said(running, seller, "open-deal", {**about, "pipeline_id": road}))
        about = {"deal_id": deal[0], "reason": "too dear"}
        decided(running, seller, f"/deals/{deal[0]}", deal, ("lose-deal", about), ("reopen-deal", about))


def decided(
    running: Service,
    who: dict[str, str],
    path: str,
    before: tuple[str, int, int],
    first: tuple[str, dict[str, Any]],
    second: tuple[str, dict[str, Any]],
) -> None:
    """Decide twice on what was read once: the second decision, an admin's, comes too late."""
    etag = read(running, path, before)
    after = receipt(said(running, who, *first, etag))
    late = said(running, ADMIN, *second, etag)
    assert (late.status_code, late.json()["code"]) == (412, "version-conflict")
    receipt(said(running, ADMIN, *second, read(running, path, after)))


def read(running: Service, path: str, done: tuple[str, int, int]) -> str:
    """Return the ETag of what is shown after something was done; it names the version that the receipt has."""
    _, version, position = done
    answer = httpx.get(f"{running.address}{path}?min_position={position}", headers=ADMIN, timeout=30)
    assert answer.status_code == 200, answer.text
    etag = str(answer.headers["etag"])
    assert etag.startswith(f'"{version}-')
    return etag
