"""A throw-away installation: the real service in a folder of its own, asked over HTTP, gone afterwards."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from app.auth.issuing import issue_token
from app.database import Urls, database, master_key
from app.http_client import request
from app.settings import Settings
from infra.log.crypto import MasterKey

START_SECONDS = 120
STOP_SECONDS = 60
ANSWER_SECONDS = 30
ROOT = Path(__file__).resolve().parents[2]
GREETING = re.compile(r"Letopis is at (http://\S+)")


class PlaceError(Exception):
    """The throw-away service did not start; the message holds what it said last."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered: `body` is the JSON it sent, or None."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Place:
    """A running throw-away installation; `language` is what it is asked to answer in."""

    address: str
    settings: Settings
    master: MasterKey
    urls: Urls
    language: str

    def token(self, actor: UUID | str, role: str) -> str:
        """Return a token that makes its bearer this actor for an hour."""
        return issue_token(self.settings, str(actor), role, timedelta(hours=1))

    def command(self, token: str, name: str, /, **fields: Any) -> Answer:
        """Send a command and return what was answered."""
        return self.ask("POST", f"/commands/{name}", token, fields)

    def read(self, token: str, path: str, /, **parameters: Any) -> Answer:
        """Ask for something to look at."""
        query = f"?{urlencode({name: str(value) for name, value in parameters.items()})}" if parameters else ""
        return self.ask("GET", path + query, token)

    def ask(self, method: str, path: str, token: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Make one request; any thread may."""
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": self.language}
        sent = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            sent = json.dumps(body, default=str).encode()
        got = request(method, self.address + path, headers=headers, body=sent, timeout=ANSWER_SECONDS)
        is_json = "json" in got.headers.get("content-type", "")
        return Answer(got.status, got.headers, json.loads(got.body) if is_json else None)


@contextmanager
def throw_away_place(language: str) -> Iterator[Place]:
    """Lend a running installation with its own database and port; afterwards nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-demo-"))
    if os.geteuid() == 0:
        # Root's database server runs as another user, who has to pass through.
        folder.chmod(0o711)
    try:
        settings = _settings(folder / "var")
        with _service(folder) as address:
            master = master_key(settings)
            with database(settings, master, lambda _: None) as urls:
                place = Place(address, settings, master, urls, language)
                _await_views(place)
                yield place
    finally:
        _remove(folder)


def _settings(var: Path) -> Settings:
    """Return the settings of the throw-away service, whatever this installation's own are."""
    return Settings(
        _env_file=None,
        var=var,
        database_url=None,
        master_key=None,
        role_prefix="letopis",
        jwt_public_keys=None,
        jwt_secret=None,
        oidc_issuer=None,
        dev_tokens=True,
        jwt_issuer="letopis",
        jwt_audience="letopis",
    )


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    """Run the real `letopis serve` on a free port and lend its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LETOPIS_")}
    environment["LETOPIS_VAR"] = str(folder / "var")
    environment["PYTHONPATH"] = str(ROOT)
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from app.terminal.cli import main; main()",
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
            ],
            # Not the clone: its .env speaks of another installation.
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait until the service says where it is."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = GREETING.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found.group(1)
        time.sleep(0.05)
    last = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise PlaceError(f"The throw-away service did not start. The last it said:\n{last}")


def _await_views(place: Place) -> None:
    """Wait until the read models, which a first start builds beside everything else, are there."""
    end = time.monotonic() + START_SECONDS
    while (answer := place.ask("GET", "/ready", "")).status != 200:
        if time.monotonic() > end:
            raise PlaceError(f"The throw-away service did not become ready: {answer.body}")
        time.sleep(0.1)


def _remove(folder: Path) -> None:
    """Remove the folder, and the data when the database's user could not reach them there."""
    place = folder / "var" / "postgres" / "place"
    if place.exists():
        shutil.rmtree(place.read_text(encoding="utf-8").strip(), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
