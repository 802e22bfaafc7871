"""Only one Letopis runs in a folder, and a dead one never blocks the next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.postgres.folder_lock import FolderInUseError, FolderLock

HOLDER = """
import sys, time
from pathlib import Path
from infra.postgres.folder_lock import FolderLock
FolderLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    lock.acquire()
    lock.acquire()
    with pytest.raises(FolderInUseError) as refusal:
        FolderLock(tmp_path / "lock").acquire()
    assert refusal.value.pid == os.getpid()


def test_a_lock_given_back_can_be_taken(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    first.acquire()
    first.release()
    first.release()
    second.acquire()
    assert second.is_held
    assert not first.is_held


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(FolderInUseError) as refusal:
        FolderLock(path).acquire()
    assert refusal.value.pid == holder.pid
    holder.kill()
    holder.communicate()
    lock = FolderLock(path)
    lock.acquire()
    assert lock.is_held
