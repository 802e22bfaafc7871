"""Starting a PostgreSQL server, and finding, judging and ending one by the file it keeps in its data folder."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from infra.postgres.embedded_place import Account, server_environment

# The lines of postmaster.pid, counted from 0 (PostgreSQL's own pidfile.h).
PID_LINE, SOCKET_FOLDER_LINE, STATUS_LINE = 0, 4, 7

# For a machine of 2 cores and some gigabytes that also runs the service; each can be overridden.
_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "max_connections": "100",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        # An import or a rebuild writes gigabytes; at the default 1 GB it would checkpoint all the time.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_checkpoints": "off",
        # The details of an error and its statement can hold personal data, and nobody erases a log file.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
)

# An append to an old stream looks into pages chosen by chance among all of the log: with 5,000,000 events it takes
# 66 µs of a server that has 512 MB of them at hand, and 44 with 3 GB. The service and DuckDB need their memory too.
BUFFERS_SHARE, LEAST_BUFFERS, MOST_BUFFERS = 8, 128 * 2**20, 8 * 2**30


def default_settings(memory: int) -> dict[str, str]:
    """Return the settings of a server on a machine with so many bytes of memory."""
    buffers = min(MOST_BUFFERS, max(LEAST_BUFFERS, memory // BUFFERS_SHARE))
    return {
        **_SETTINGS,
        "shared_buffers": f"{buffers // 2**20}MB",
        "effective_cache_size": f"{memory // 2 // 2**20}MB",
    }


LARGEST_LOG_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Postmaster:
    """A server process that is alive and works on the data folder."""

    pid: int
    data: Path
    socket_folder: Path
    is_ready: bool

    @property
    def is_alive(self) -> bool:
        """Whether the process still is that server; a number that another process got since does not count."""
        return _works_on(self.pid, self.data)

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal, unless it has ended meanwhile."""
        try:
            os.kill(self.pid, signal_number)
        except ProcessLookupError:
            return

    def await_end(self, seconds: float) -> bool:
        """Wait until the server is gone; False if it was still there after the time."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


class ServerLog:
    """What the server says, and what of it was said since a start was begun."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._start = 0

    def begin(self) -> None:
        """Count from here on."""
        self._start = self.path.stat().st_size if self.path.exists() else 0

    def last(self) -> str:
        """Return what was said since then."""
        # Shorter than where we began: the log was begun anew.
        start = self._start if self.path.stat().st_size >= self._start else 0
        with self.path.open("rb") as log:
            log.seek(start)
            return log.read().decode("utf-8", "replace")


def launch(
    binaries: Path, data: Path, settings: Mapping[str, str], account: Account, log: Path
) -> "subprocess.Popen[bytes]":
    """Start the server on the data folder as the account; its words are added to the log."""
    _forget_stranger(data)
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    options = account.process_options()
    with log.open("ab") as output:
        return subprocess.Popen(
            [
                *(str(binaries / "bin" / "postgres"), "-D", str(data)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            cwd=data.parent,
            user=options.user,
            group=options.group,
            extra_groups=options.extra_groups,
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to the whole group of the terminal: the server must outlive the service it serves.
            start_new_session=True,
        )


def find_postmaster(data: Path) -> Postmaster | None:
    """The server that works on this data folder now, whoever started it, or None."""
    lines = _lines_of_pid_file(data)
    if len(lines) <= SOCKET_FOLDER_LINE:
        return None
    pid = int(lines[PID_LINE])
    if not _works_on(pid, data):
        return None
    status = lines[STATUS_LINE].strip() if len(lines) > STATUS_LINE else ""
    return Postmaster(pid, data, Path(lines[SOCKET_FOLDER_LINE]), is_ready=status == "ready")


def _forget_stranger(data: Path) -> None:
    """Remove a pid file whose number now belongs to some other program, for which the server would refuse to start.

    A file whose process is dead stays: the server judges that itself, and needs what else is written there.
    """
    lines = _lines_of_pid_file(data)
    if not lines or not lines[PID_LINE].strip().isdecimal():
        return
    pid = int(lines[PID_LINE])
    if _is_some_process(pid) and not _works_on(pid, data):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _lines_of_pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []


def _is_some_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _works_on(pid: int, data: Path) -> bool:
    """Whether the process is a server on this data folder, which it makes its working directory; a zombie has none."""
    if not Path("/proc/self/cwd").exists():
        # No /proc (macOS): the number has to do.
        return _is_some_process(pid)
    try:
        return Path(f"/proc/{pid}/cwd").samefile(data)
    except OSError:
        return False
