"""The ground all benchmarks run on: one durable PostgreSQL server of their own, and how long and how large."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from pydantic import SecretStr

from app.database import Urls, prepared
from app.settings import Settings
from infra.log.crypto import MasterKey
from infra.postgres.embedded import EmbeddedPostgres

FULL_ROUNDS, QUICK_ROUNDS = 5, 3
FULL_SECONDS, QUICK_SECONDS = 2.0, 1.0
FULL_EVENTS, QUICK_EVENTS = 300_000, 50_000


@dataclass(frozen=True)
class Place:
    """One migrated database: its settings, its key, and how each role connects to it."""

    name: str
    settings: Settings
    master: MasterKey
    urls: Urls


@dataclass(frozen=True)
class Ground:
    """`rounds` turns of about `seconds` each; `events` is the size of the log that is folded and loaded."""

    server: EmbeddedPostgres
    folder: Path
    rounds: int
    seconds: float
    events: int

    @property
    def many(self) -> int:
        """The size of the log of those who ask for a million events, where the others' has 300,000."""
        return self.events // 3 * 10

    @contextmanager
    def place(self, name: str) -> Iterator[Place]:
        """Lend a fresh database, migrated as the service would, with roles of its own rights; dropped afterwards."""
        with self.bare_database(name) as url:
            var = self.folder / f"var-{name}"
            var.mkdir(exist_ok=True)
            master = MasterKey(bytes(range(32)))
            settings = Settings(
                _env_file=None,
                var=var,
                database_url=SecretStr(url),
                master_key=SecretStr(master.secret.hex()),
                dev_tokens=True,
                port=0,
            )
            yield Place(name, settings, master, prepared(url, settings, master))

    @contextmanager
    def bare_database(self, name: str) -> Iterator[str]:
        """Lend an empty database on the same server, by its owner's URL."""
        self._administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield self.server.url(name)
        finally:
            self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _administer(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def ground(*, is_quick: bool, events: int | None, folder: Path | None) -> Iterator[Ground]:
    """Lend the ground; the server writes durably, with the very settings the service ships with."""
    made = Path(tempfile.mkdtemp(prefix="letopis-bench-", dir=folder))
    # As root the server runs as another user, who has to pass through.
    made.chmod(0o711)
    try:
        with EmbeddedPostgres(made / "postgres", say=lambda _: None) as server:
            _check_durable(server)
            yield Ground(
                server,
                made,
                rounds=QUICK_ROUNDS if is_quick else FULL_ROUNDS,
                seconds=QUICK_SECONDS if is_quick else FULL_SECONDS,
                events=events or (QUICK_EVENTS if is_quick else FULL_EVENTS),
            )
    finally:
        shutil.rmtree(made)


def _check_durable(server: EmbeddedPostgres) -> None:
    """Refuse to measure a server that may forget what it said it stored."""
    with psycopg.connect(server.owner_url) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
            assert row == ("on",), f"{setting} is off: figures of such a server say nothing"


def environment(place: Place) -> dict[str, str]:
    """Return the environment in which `letopis` finds this place."""
    ours = {
        "LETOPIS_DATABASE_URL": place.urls.owner,
        "LETOPIS_MASTER_KEY": place.master.secret.hex(),
        "LETOPIS_VAR": str(place.settings.var),
        "LETOPIS_DEV_TOKENS": "1",
        # One actor sends all the load of a run.
        "LETOPIS_COMMANDS_PER_SECOND": "0",
        "LETOPIS_READS_PER_SECOND": "0",
        "LETOPIS_SEARCHES_PER_MINUTE": "0",
    }
    # A Python that may not keep what it compiled would begin every process by compiling everything.
    left_out = ("LETOPIS_", "PYTHONDONTWRITEBYTECODE")
    others = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**others, **ours}
