"""What the tests of imports over HTTP ask of a running service."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.database import Database
from tests.system.service import NOTHING, Service, sound_service, token

VERA, BORIS, OLEG, OLGA = (
    token("vera", "ops"),
    token("boris", "admin"),
    token("oleg", "operator"),
    token("olga", "auditor"),
)
SELLER = token("petr", "seller")
RUSSIAN = {"Accept-Language": "ru"}


def people(number: int) -> str:
    """Return a file of two people whom no other number has, and a row that is wrong."""
    return (
        "Наименование;Телефон;Почта;Создан\n"
        f"Иван Петров;+7 921 {number:03}-45-67;ivan{number}@example.ru;01.03.2016\n"
        f"Ольга Ким;8 (812) 555-{number:02}-77;olga{number}@example.ru;25.03.2016\n"
        "Кто-то;123;;31.02.2016\n"
    )


@dataclass(frozen=True)
class Imports:
    """The door for imports of a running service, the database behind it and the folder that it keeps bytes in."""

    service: Service
    database: Database
    folder: Path

    def send(
        self, content: bytes | str, name: str = "people.csv", who: Mapping[str, str] = BORIS, **form: str
    ) -> httpx.Response:
        """Send a file as a form."""
        body = content if isinstance(content, bytes) else content.encode()
        return httpx.post(
            f"{self.service.address}/imports",
            files={"file": (name, body)},
            data=form,
            headers={**RUSSIAN, **who},
            timeout=120,
        )

    def sent(self, content: bytes | str, name: str = "people.csv", who: Mapping[str, str] = BORIS, **form: str) -> str:
        """Send a file that is taken, and return its id."""
        answer = self.send(content, name, who, **form)
        assert answer.status_code == 201, answer.text
        assert answer.headers["location"] == f"/imports/{answer.json()['id']}"
        return str(answer.json()["id"])

    def get(self, path: str, who: Mapping[str, str] = BORIS, **headers: str) -> httpx.Response:
        """Ask for something."""
        return httpx.get(f"{self.service.address}{path}", headers={**RUSSIAN, **who, **headers}, timeout=60)

    def post(self, path: str, who: Mapping[str, str] = BORIS, **body: Any) -> httpx.Response:
        """Ask for something to be done."""
        return httpx.post(f"{self.service.address}{path}", json=body, headers={**RUSSIAN, **who}, timeout=120)

    def one(self, import_id: str, who: Mapping[str, str] = BORIS) -> dict[str, Any]:
        """Return an import as it is."""
        answer = self.get(f"/imports/{import_id}", who)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def until(self, import_id: str, condition: Callable[[dict[str, Any]], Any], seconds: float = 120) -> dict[str, Any]:
        """Wait until something is true of an import, and return it."""
        over = time.monotonic() + seconds
        while True:
            try:
                told = self.one(import_id)
            except httpx.TransportError:
                told = {}
            if told and condition(told):
                return told
            assert time.monotonic() < over, told
            time.sleep(0.1)

    def ended(self, import_id: str) -> dict[str, Any]:
        """Wait until nothing is done with an import any more, and the views have what it stored."""
        told = self.until(import_id, lambda one: one["job"] and one["job"]["ended_at"])
        if told["state"] == "done":
            told = self.until(import_id, lambda one: one["finished_at"])
        return told

    def ran(self, import_id: str, who: Mapping[str, str] = BORIS, **how: Any) -> dict[str, Any]:
        """Import, or rehearse, a file that was sent, to its end."""
        answer = self.post(f"/imports/{import_id}/run", who, **how)
        assert answer.status_code == 202, answer.text
        return self.ended(import_id)

    def facts(self) -> int:
        """Return how many facts the log has."""
        return int(self.ask("SELECT count(*) FROM letopis.event")[0][0])

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """Ask the database."""
        with psycopg.connect(self.database.owner_url) as owner:
            cursor = owner.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def kept(self) -> set[str]:
        """Return the files of imports that are there, as `id/name`."""
        # A folder that is removed meanwhile is passed over.
        found = ((Path(folder), names) for folder, _, names in os.walk(self.folder))
        return {f"{folder.name}/{name}" for folder, names in found if folder != self.folder for name in names}


@contextmanager
def importing_at(
    folder: Path, database: Database, *arguments: str, more: Mapping[str, str] = NOTHING
) -> Iterator[Imports]:
    """Run a service that takes files in; it must have met no bug."""
    with sound_service(folder, database.owner_url, *arguments, more=more) as running:
        yield Imports(running, database, folder / "service" / "imports")
