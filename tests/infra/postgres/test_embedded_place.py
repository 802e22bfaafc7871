"""What the database server's user cannot reach is brought where it can, and what others could touch is not used."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres.embedded_place import (
    SOCKET_NAME,
    account_for,
    private_socket_folder,
    reachable_binaries,
    remove_socket_folder,
    shipped_binaries,
)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can pass through, which is not so in pytest's own."""
    place = Path(tempfile.mkdtemp(prefix="letopis tests "))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place)


def test_a_socket_folder_that_others_can_enter_is_not_used(place: Path) -> None:
    account = account_for(place / "data")
    first = private_socket_folder(account, place)
    assert private_socket_folder(account, place) == first
    first.chmod(0o777)
    second = private_socket_folder(account, place)
    assert second != first
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    first.rmdir()
    first.symlink_to(second)
    third = private_socket_folder(account, place)
    assert third not in {first, second}
    first.unlink()
    second.rmdir()
    third.rmdir()


def test_a_socket_folder_is_removed_unless_something_else_lies_in_it(place: Path) -> None:
    folder = private_socket_folder(account_for(place / "data"), place)
    (folder / SOCKET_NAME).touch()
    (folder / "not ours").touch()
    remove_socket_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["not ours"]
    (folder / "not ours").unlink()
    remove_socket_folder(folder)
    assert not folder.exists()


def test_binaries_in_a_closed_folder_are_copied_once_to_where_they_can_be_run(place: Path) -> None:
    account = account_for(place / "data")
    closed, elsewhere = place / "closed", place / "elsewhere"
    closed.mkdir(mode=0o700)
    package = shipped_binaries().parent
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.with_name(name))
    shipped = closed / package.name / "pginstall18"

    binaries, copied = reachable_binaries(account, shipped, elsewhere)
    # Only root's server is a stranger in root's folders.
    assert copied == (os.geteuid() == 0)
    assert binaries.is_relative_to(elsewhere if copied else closed)
    assert account.run(binaries / "bin" / "initdb", "--version").stdout.startswith("initdb (PostgreSQL) 18.")
    assert reachable_binaries(account, shipped, elsewhere) == (binaries, False)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
