"""Real services for tests: `letopis serve` in processes of its own, spoken to over HTTP."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from psycopg import sql

from app.auth.issuing import issue_token
from app.composition.wiring import batch_runner
from app.demo.company import load_demo_company
from app.settings import Settings
from infra.postgres.connection import OwnConnection
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, administer, copy_of

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "a secret that only the tests know, of 32 bytes and more"
START_PATIENCE = 60.0
NOTHING: Mapping[str, str] = {}
LEVEL_PATIENCE = 10.0
ZONE = sql.Literal("Asia/Kathmandu")


def environment(var: Path, database_url: str | None, code: Path = ROOT, provider: str | None = None) -> dict[str, str]:
    """Return the environment of a test's installation, whose code is in a folder."""
    ours = {"LETOPIS_VAR": str(var), "PYTHONPATH": str(code)}
    ours |= {"LETOPIS_JWT_SECRET": SECRET} if provider is None else {"LETOPIS_OIDC_ISSUER": provider}
    if database_url is not None:
        ours |= {"LETOPIS_DATABASE_URL": database_url, "LETOPIS_MASTER_KEY": MASTER.secret.hex()}
    return {**os.environ, **ours}


def letopis(*arguments: str) -> list[str]:
    """Return the command line of `letopis` with these arguments."""
    return [sys.executable, "-c", "from app.terminal.cli import main; main()", *arguments]


def token(actor: object, role: str, life: timedelta = timedelta(hours=1)) -> dict[str, str]:
    """Return the header that makes a request this actor's."""
    settings = Settings(jwt_secret=SECRET)  # type: ignore[arg-type]
    return {"Authorization": f"Bearer {issue_token(settings, str(actor), role, life)}"}


@dataclass
class Service:
    """A running service: where it is and what it wrote."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def kill(self) -> None:
        """End the service with kill -9, as a crash would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End the service with Ctrl-C and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def post(self, command: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> httpx.Response:
        """Send one command."""
        return httpx.post(f"{self.address}/commands/{command}", json=body, headers=dict(headers), timeout=60)


@contextmanager
def service(
    folder: Path,
    name: str,
    *arguments: str,
    database_url: str | None = None,
    code: Path = ROOT,
    provider: str | None = None,
    more: Mapping[str, str] = NOTHING,
) -> Iterator[Service]:
    """Run `letopis serve` on a free port until the block ends; with no URL it brings its embedded server.

    With the address of an identity `provider`, its tokens are good and none of ours. `more` are variables.
    """
    log = folder / f"{name}.log"
    command = letopis("serve", "--port", "0", *arguments)
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            env={**environment(folder / name, database_url, code, provider), **more},
            stdout=file,
            stderr=file,
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield Service(process, _address(process, log), log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + START_PATIENCE
    while time.monotonic() < end:
        found = re.search(r"Letopis is at (http://\S+)", log.read_text())
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"The service did not start:\n{log.read_text()}")


@contextmanager
def demo_service(cluster: EmbeddedPostgres, template: str, folder: Path) -> Iterator[Service]:
    """Run a service that has the demo company, on a database of its own, until the block ends.

    The database has a zone of its own too, which is in no answer.
    """
    with copy_of(cluster, template) as database:
        administer(cluster, sql.SQL("ALTER DATABASE {} SET TimeZone = {}").format(sql.Identifier(database.name), ZONE))
        borrow = OwnConnection(database.writer_url)
        load_demo_company(batch_runner(MASTER, borrow).run, MASTER.keyed_hash, datetime.now(UTC))
        borrow.close()
        with service(folder, "service", database_url=database.owner_url) as running:
            wait_ready(running)
            yield running


@contextmanager
def sound_service(
    folder: Path, database_url: str, *arguments: str, more: Mapping[str, str] = NOTHING
) -> Iterator[Service]:
    """Run a service until the block ends, from when it is ready on; then it must have met no bug."""
    with service(folder, "service", *arguments, database_url=database_url, more=more) as running:
        wait_ready(running)
        yield running
    log = running.log.read_text()
    assert '"bug"' not in log
    assert "Traceback" not in log


def wait_ready(running: Service) -> None:
    """Wait until the service says that it is ready and, for some seconds at most, until its views show all there is."""
    end = time.monotonic() + START_PATIENCE
    level_by = None
    while (now := time.monotonic()) < end:
        answer = httpx.get(f"{running.address}/ready", timeout=10)
        if answer.status_code == httpx.codes.OK:
            level_by = level_by or now + LEVEL_PATIENCE
            if now >= level_by or not any(check.get("lag_events") for check in answer.json()["checks"]):
                return
        time.sleep(0.1)
    raise AssertionError(f"The service was never ready:\n{running.log.read_text()[-5000:]}")
