"""What the tests of files of clients ask of a running service."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from infra.files.folder import FilesFolder, Stored
from tests.database import Database
from tests.system.sent import BORIS, RUSSIAN
from tests.system.service import NOTHING, Service, sound_service

PDF = b"%PDF-1.7 " + bytes(range(256)) * 700
"""Two pieces and a half."""


@dataclass(frozen=True)
class Files:
    """A running service, the database behind it and the folder that it keeps files in."""

    service: Service
    database: Database
    root: Path

    @property
    def folder(self) -> FilesFolder:
        return FilesFolder(self.root)

    def do(self, command: str, who: Mapping[str, str] = BORIS, **fields: Any) -> httpx.Response:
        """Send a command."""
        return httpx.post(
            f"{self.service.address}/commands/{command}", json=fields, headers={**RUSSIAN, **who}, timeout=60
        )

    def done(self, command: str, **fields: Any) -> dict[str, Any]:
        """Send a command that is carried out, and return its receipt."""
        answer = self.do(command, **fields)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def client(self, name: str = "Ромашка") -> str:
        """Register a client, and return its id."""
        digits = str(uuid4().int)[:7]
        point = {"kind": "phone", "value": f"+7 921 {digits}"}
        told = self.done("register-client", kind="organisation", name=name, contact_points=[point], source="a visit")
        return str(told["stream_id"])

    def send(
        self,
        client_id: str,
        content: Any = PDF,
        name: str | None = "Договор.pdf",
        who: Mapping[str, str] = BORIS,
        media_type: str = "application/pdf",
    ) -> httpx.Response:
        """Send a file as it is."""
        return httpx.post(
            f"{self.service.address}/clients/{client_id}/files",
            content=content,
            params={} if name is None else {"name": name},
            headers={"Content-Type": media_type, **RUSSIAN, **who},
            timeout=120,
        )

    def sent(self, client_id: str, content: bytes = PDF, name: str = "Договор.pdf", **how: Any) -> dict[str, Any]:
        """Send a file that is taken, and return what is told of it."""
        answer = self.send(client_id, content, name, **how)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def get(self, path: str, who: Mapping[str, str] = BORIS) -> httpx.Response:
        """Ask for something."""
        return httpx.get(f"{self.service.address}{path}", headers={**RUSSIAN, **who}, timeout=60)

    def listed(self, client_id: str, position: int | None = None, as_of: str | None = None) -> list[dict[str, Any]]:
        """Return the files of a client, once the view has a position."""
        asked = {"min_position": position, "as_of": as_of}
        query = "&".join(f"{name}={value}" for name, value in asked.items() if value is not None)
        answer = self.get(f"/clients/{client_id}/files?{query}")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    def content(self, client_id: str, file_id: str, query: str = "") -> httpx.Response:
        """Ask for what is in a file."""
        return self.get(f"/clients/{client_id}/files/{file_id}{query}")

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """Ask the database."""
        with psycopg.connect(self.database.owner_url) as owner:
            cursor = owner.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def named(self) -> set[str]:
        """Return the digests that facts name."""
        return {
            stored for (stored,) in self.ask(
                "SELECT body::json ->> 'stored' FROM letopis.event WHERE topic = 'client_file.added'"
            )
        }  # fmt: skip

    def there(self) -> set[str]:
        """Return the digests of what lies there, in its place."""
        return {each.digest for each in self.folder.stored()}

    def on_disk(self) -> set[str]:
        """Return the names of all files, wherever they lie."""
        return {path.name for path in self.root.rglob("*") if path.is_file()}

    def place_of(self, client_id: str) -> list[Path]:
        """Return where the files of a client lie."""
        return [self.folder.path(each) for each in self.folder.stored() if str(each.subject_id) == client_id]


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait until something is true."""
    over = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over, condition
        time.sleep(0.05)


@contextmanager
def files_at(folder: Path, database: Database, *arguments: str, more: Mapping[str, str] = NOTHING) -> Iterator[Files]:
    """Run a service that takes files in; it must have met no bug."""
    with sound_service(folder, database.owner_url, *arguments, more=more) as running:
        yield Files(running, database, folder / "service" / "files")


__all__ = ["PDF", "Files", "Stored", "files_at", "until"]
