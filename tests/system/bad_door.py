"""A door at which anything may be asked, and what it leaves behind is counted."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from app.demo.company import ADMIN_ID
from tests.database import Database
from tests.system.service import Service, token

ADMIN = token(ADMIN_ID, "admin")
JSON = {"Content-Type": "application/json"}
REGISTER = "/commands/register-client"
NOBODY = "0190a5d2-7c1e-7c3a-9d51-0f3a4b5c6d7e"
GOOD: dict[str, Any] = {
    "kind": "organisation",
    "name": "Romashka",
    "contact_points": [{"kind": "email", "value": "office@romashka.example"}],
}
# Everything a request could leave behind.
STORED = ("event", "receipt", "claim", "subject_key", "event_party")


@dataclass(frozen=True)
class Door:
    """A running service, and a look at what its database holds."""

    service: Service
    database: Database

    def send(self, method: str, path: str, content: Any = None, **headers: str | bytes) -> httpx.Response:
        """Send a request as the administrator, unless the headers say otherwise; `_` in their names is `-`."""
        given: dict[str, str | bytes] = {**ADMIN, **(JSON if content is not None else {})}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in given.items() if value != ""}
        return httpx.request(method, self.service.address + path, content=content, headers=given, timeout=60)  # type: ignore[arg-type]

    def post(self, body: Any, path: str = REGISTER, **headers: str | bytes) -> httpx.Response:
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.send("POST", path, content, **headers)

    def stored(self) -> dict[str, int]:
        with psycopg.connect(self.database.owner_url) as connection:
            counted = {}
            for table in STORED:
                row = connection.execute(f"SELECT count(*) FROM letopis.{table}".encode()).fetchone()
                assert row is not None
                counted[table] = int(row[0])
            return counted


def told(answer: httpx.Response, status: int, code: str, language: str = "en") -> Any:
    """Check that the answer is a problem of this status and code in this language, and return it."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), answer.text
    assert answer.headers["content-language"] == language
    assert body["title"]
    assert body["detail"]
    assert body["type"] == f"urn:letopis:problem:{code}"
    assert "—" not in body["title"], "a fact that the sentence names is missing"
    return body


def field(body: Any) -> tuple[str, str]:
    """Return where the first wrong field is and what is wrong with it."""
    return body["errors"][0]["pointer"], body["errors"][0]["code"]
