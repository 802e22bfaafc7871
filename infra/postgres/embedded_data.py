"""Making the data folder of the database server that comes with Letopis."""

import os
import secrets
import shutil
from pathlib import Path

from infra.postgres.embedded_place import Account, EmbeddedPostgresError

OWNER = "letopis_owner"


def make_data(home: Path, password_file: Path, account: Account, binaries: Path) -> None:
    """Make `home/data` whole or not at all: it takes that name only when it is finished."""
    if not password_file.exists():
        write_secret(password_file, secrets.token_urlsafe(24))
    unfinished, password = home / "data.unfinished", home / "initial.password"
    # A start that was killed in the middle of it left these.
    shutil.rmtree(unfinished, ignore_errors=True)
    password.unlink(missing_ok=True)
    unfinished.mkdir(mode=0o700)
    account.owns(unfinished)
    write_secret(password, password_file.read_text(encoding="ascii"))
    account.owns(password)
    made = account.run(*_initdb(binaries, unfinished, password), cwd=home)
    password.unlink()
    if made.returncode != 0:
        raise EmbeddedPostgresError(
            "initialise-failed",
            f"The database could not be made in {home}; PostgreSQL says:\n{made.stdout[-2000:]}",
            folder=str(home),
        )
    unfinished.rename(home / "data")


def _initdb(binaries: Path, data: Path, password: Path) -> list[str | Path]:
    return [
        *(binaries / "bin" / "initdb", "--pgdata", data, "--no-instructions"),
        *("--username", OWNER, "--pwfile", password, "--auth=scram-sha-256"),
        # The builtin provider sorts the same on every machine. The C library's own locale is then not used,
        # and is "C" because not every machine has C.UTF-8 there.
        *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    ]


def write_secret(path: Path, secret: str) -> None:
    """Write a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secret)
