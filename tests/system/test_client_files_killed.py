"""A service dies, or its disk is full, between the bytes of a file and the fact: never a fact without its bytes.

`LETOPIS_FILE_KILLS` says how often it is killed (5).
"""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import httpx
import psycopg
import pytest

from app.files.sweeping import ORPHANED_SECONDS, Sweep, swept_in
from infra.backup.backup import back_up
from infra.backup.restore import checked_backup, restore
from infra.files.folder import INCOMING, FilesFolder
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import ROLE_PASSWORDS, Database, copy_of
from tests.system.kept_files import PDF, Files, files_at, until
from tests.system.service import service, wait_ready

KILLS = int(os.environ.get("LETOPIS_FILE_KILLS", "5"))
SENDERS = 4


@contextmanager
def killed(database: Database, folder: Path) -> Iterator[Files]:
    """Run a service that will be killed."""
    with service(folder, "service", database_url=database.owner_url) as running:
        wait_ready(running)
        yield Files(running, database, folder / "service" / "files")
        assert '"bug"' not in running.log.read_text()


def grown_old(files: Files) -> None:
    """Let what came in and was not settled be so old that nobody works on it any more."""
    long_ago = time.time() - ORPHANED_SECONDS - 60
    for path in (files.root / INCOMING).iterdir():
        os.utime(path, (long_ago, long_ago))


def sending(files: Files, client_id: str, begun: threading.Event, taken: list[str], chance: Random) -> None:
    """Send one file after the other until nobody answers."""
    with suppress(httpx.HTTPError):
        for number in range(10_000):
            content = chance.randbytes(chance.randrange(1, 600_000))
            answer = files.send(client_id, content, f"{number}-{chance.random()}.bin")
            assert answer.status_code == 201, answer.text
            taken.append(answer.json()["file_id"])
            begun.set()


def test_a_kill_at_any_moment_leaves_no_fact_without_bytes_and_orphans_are_swept_and_counted(
    database: Database, tmp_path: Path
) -> None:
    chance, taken, client_id = Random(66), list[str](), ""
    for _ in range(KILLS):
        with killed(database, tmp_path) as files:
            client_id = client_id or files.client()
            begun = threading.Event()
            arguments = (files, client_id, begun, taken)
            senders = [
                threading.Thread(target=sending, args=(*arguments, Random(chance.random()))) for _ in range(SENDERS)
            ]
            for each in senders:
                each.start()
            assert begun.wait(60)
            time.sleep(chance.random() * 0.5)
            files.service.kill()
            for each in senders:
                each.join()
        assert files.named() <= files.there()
    left = len(files.on_disk()) - len(files.there())
    assert left > 0, "no kill left anything"
    orphans = len({path.name for path in (files.root / INCOMING).iterdir()}) - len(
        {f"{client_id}.{each}" for each in files.named()} & files.on_disk()
    )
    grown_old(files)
    with files_at(tmp_path, database) as files:
        until(lambda: not [*(files.root / INCOMING).iterdir()])
        assert files.named() == files.there()
        until(lambda: swept_in(files.folder)["orphans"] == orphans)
        listed = files.get(f"/clients/{client_id}/files?limit=200").json()
        assert {each["file_id"] for each in listed["items"]} >= set(taken) or listed["next"]
        for each in taken[-20:]:
            assert files.content(client_id, each).status_code == 200
        gauges = files.get("/metrics").text
        assert f'letopis_files_swept{{why="orphans"}} {orphans}' in gauges


@pytest.fixture
def little(tmp_path: Path) -> Iterator[Path]:
    """Lend a disk of 258 MB, of which 256 are never taken."""
    place = tmp_path / "little"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=258m", "none", str(place)], check=False)
    if mounted.returncode:
        pytest.fail("a small disk cannot be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
