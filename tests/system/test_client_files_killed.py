"""A service dies, or its disk is full, between the bytes of a file and the fact: never a fact without its bytes.

`LETOPIS_FILE_KILLS` says how often it is killed (5).
"""

import os
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import pytest

from app.files.sweeping import ORPHANED_SECONDS, Sweep, swept_in
from infra.backup.backup import back_up
from infra.backup.manifest import DamagedBackupError
from infra.backup.restore import checked_backup, restore
from infra.files.folder import INCOMING, FilesFolder
from infra.postgres.embedded import EmbeddedPostgres
from tests.database import MASTER, ROLE_PASSWORDS, Database, copy_of
from tests.system.kept_files import PDF, Files, files_at, until
from tests.system.sent import BORIS
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
    address = f"{files.service.address}/clients/{client_id}/files"
    with suppress(httpx.HTTPError), httpx.Client(headers=BORIS, timeout=60) as line:
        for number in range(10_000):
            content = chance.randbytes(chance.randrange(1, 3_000_000))
            answer = line.post(address, content=content, params={"name": f"{number}-{chance.random()}.bin"})
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
    assert left > 0, (files.on_disk(), len(taken))
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
        for file_id in taken[-20:]:
            assert files.content(client_id, file_id).status_code == 200
        gauges = files.get("/metrics").text
        assert f'letopis_files_swept{{why="orphans"}} {orphans}' in gauges


def test_a_disk_that_fills_up_is_said_to_be_full_and_nothing_is_left(database: Database, tmp_path: Path) -> None:
    with files_at(tmp_path, database, "--role", "api") as files:
        client_id = files.client()
        files.sent(client_id)
        before = files.on_disk()
        _, hard = resource.prlimit(files.service.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(files.service.process.pid, resource.RLIMIT_FSIZE, (1_000_000, hard))
        answer = files.send(client_id, b"x" * 3_000_000, "large.bin")
        assert (answer.status_code, answer.json()["code"]) == (507, "no-room-for-file")
        assert "Ничего не сохранено" in answer.json()["detail"]
        assert (files.on_disk(), len(files.named())) == (before, 1)
        resource.prlimit(files.service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        files.sent(client_id, b"x" * 3_000_000, "large.bin")
        assert files.named() == files.there()


def test_bytes_are_in_a_backup_and_back_before_their_facts(
    cluster: EmbeddedPostgres, template: str, database: Database, tmp_path: Path
) -> None:
    with files_at(tmp_path, database) as files:
        client_id = files.client()
        told = files.sent(client_id)
        damaged = files.sent(client_id, b"to be damaged", "damaged.txt")
    [place] = [each for each in files.place_of(client_id) if each.stat().st_size < 1000]
    place.write_bytes(b"damaged")
    made = back_up(database.owner_url, MASTER, tmp_path / "backup", files.folder)
    assert len([name for name in made.files if name.startswith("files/")]) == 2
    assert checked_backup(tmp_path / "backup", MASTER) == made
    shutil.rmtree(files.root)
    with copy_of(cluster, template) as other:
        lost = restore(
            other.owner_url,
            tmp_path / "backup",
            made,
            role_passwords=ROLE_PASSWORDS,
            is_replacing=True,
            files=files.folder,
        )
        assert [each.digest for each in lost] == [place.name]
        with files_at(tmp_path, other) as again:
            again.listed(client_id, damaged["position"])
            assert again.content(client_id, told["file_id"]).content == PDF
            assert again.content(client_id, damaged["file_id"]).json()["code"] == "file-bytes-gone"
            doctor = again.get("/doctor").json()["items"]
            [finding] = [one for one in doctor if one["check"] == "files"]
            assert finding["state"] == "failed"
            assert damaged["file_id"] in finding["seen"]
            assert told["file_id"] not in finding["seen"]
            [part] = [one for one in again.get("/status").json()["kept"] if one["part"] == "files"]
            assert part["rows"] == 2
    copy = next((tmp_path / "backup" / "files").rglob(place.name))
    copy.write_bytes(b"changed")
    with pytest.raises(DamagedBackupError):
        checked_backup(tmp_path / "backup", MASTER)


def test_what_was_removed_long_ago_and_who_was_forgotten_is_swept_and_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    with files_at(tmp_path, database) as files:
        client_id, forgotten_id, stranger = files.client(), files.client(), uuid4()
        kept, removed = files.sent(client_id, b"kept", "kept.txt"), files.sent(client_id, b"removed", "removed.txt")
        files.sent(forgotten_id, b"forgotten", "forgotten.txt")
        gone = files.done("remove-client-file", client_id=client_id, file_id=removed["file_id"])
        files.listed(client_id, gone["position"])
        strange = files.folder.folder(stranger) / ("0" * 64)
        strange.parent.mkdir(parents=True)
        strange.write_bytes(b"of a client of another log")
        sweep = Sweep(files.folder, database.projector_url, 1)
        assert dict(sweep.done()) == {"orphans": 0, "forgotten": 0, "removed": 0}
        assert files.content(client_id, kept["file_id"]).content == b"kept"
        files.ask("DELETE FROM letopis.subject_key WHERE subject_id = %s", forgotten_id)
        swept = Sweep(files.folder, database.projector_url, 0).done()
        assert dict(swept) == {"orphans": 0, "forgotten": 1, "removed": 1} == swept_in(files.folder)
        assert files.content(client_id, kept["file_id"]).content == b"kept"
        assert strange.exists()
        assert len(files.place_of(client_id)) == 1
        assert files.place_of(forgotten_id) == []


def test_an_orphan_of_another_log_a_young_one_and_what_a_fact_names_are_left_alone(
    database: Database, tmp_path: Path
) -> None:
    with files_at(tmp_path, database) as files:
        client_id = files.client()
        files.sent(client_id)
    folder, place = FilesFolder(files.root), files.root / INCOMING
    [recorded] = files.place_of(client_id)
    # As if the service had died when the fact was recorded, and before it knew.
    unsettled = place / f"{client_id}.{recorded.name}"
    os.link(recorded, unsettled)
    stranger, young, old = (place / f"{whose}.{digest * 64}" for whose, digest in (
        (uuid4(), "a"), (client_id, "b"), (client_id, "c"),
    ))  # fmt: skip
    half = place / f"{uuid4()}.begun"
    for each in (stranger, young, old, half):
        each.write_bytes(b"x")
    for each in (stranger, old, half, unsettled):
        os.utime(each, (0, 0))
    swept = Sweep(folder, database.projector_url, 1).done()
    assert swept["orphans"] == 2
    assert set(place.iterdir()) == {stranger, young}
    assert recorded.exists()
