"""A backup is of one moment, whole or not there, and shows every change that was made to it since."""

import json
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from infra.backup.backup import DERIVED, DUMP, BackupRefusedError, back_up, require_readable, tables_of
from infra.backup.manifest import NAME, DamagedBackupError
from infra.backup.restore import RestoreRefusedError, checked_backup
from infra.log.crypto import MasterKey, WrongMasterKeyError
from infra.log.gaps import accept_gaps
from infra.migrations import migrate, scripts
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.postgres_tools import ToolFailedError, environment_for, tool
from tests.database import MASTER, ROLE_PASSWORDS, Database
from tests.infra.backup.backups import contents, empty_database, lose, note, record

KEPT = {
    *("event", "event_party", "receipt", "claim", "subject_key", "refusal", "checkpoint", "fact_version", "skipped"),
    *("accepted_gap", "accepted_clock"),
    *("unanswered", "access", "api_key_use"),
}


def test_every_table_is_in_the_backup_or_is_made_from_the_log(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.owner_url) as connection:
        assert set(tables_of(connection)) == KEPT | DERIVED
    assert set(back_up(database.owner_url, MASTER, tmp_path / "backup").tables) == KEPT


def test_the_manifest_says_what_is_in_it(database: Database, tmp_path: Path) -> None:
    record(database.owner_url, 7)
    made = back_up(database.owner_url, MASTER, tmp_path / "backup")
    assert checked_backup(tmp_path / "backup", MASTER) == made
    assert (made.position, list(made.migrations)) == (7, list(scripts()))
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT event_id FROM letopis.event WHERE position = 7").fetchone() == (
            made.event_id,
        )
    assert MASTER.secret.hex() not in (tmp_path / "backup" / NAME).read_text()
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


def test_nothing_is_changed_by_a_backup(database: Database, tmp_path: Path) -> None:
    record(database.owner_url, 3)
    note(database.owner_url)
    before = contents(database.owner_url)
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    assert contents(database.owner_url) == before


def test_manifest_and_dump_are_of_the_same_moment_though_facts_are_recorded_meanwhile(
    database: Database, tmp_path: Path
) -> None:
    record(database.owner_url, 50)
    is_over = threading.Event()

    def go_on_recording() -> None:
        last = 50
        while not is_over.is_set():
            last += 20
            record(database.owner_url, last)

    writer = threading.Thread(target=go_on_recording)
    writer.start()
    try:
        made = back_up(database.owner_url, MASTER, tmp_path / "backup")
    finally:
        is_over.set()
        writer.join()
    dumped = tmp_path / "dumped.sql"
    subprocess.run([str(tool("pg_restore")), "--file", str(dumped), str(tmp_path / "backup" / DUMP)], check=True)
    assert dumped.read_text().count("box.opened") == made.position
    assert len(contents(database.owner_url)["event"]) > made.position


def _change_a_byte(folder: Path) -> None:
    victim = max((folder / DUMP).glob("*.gz"), key=lambda one: one.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)


def _lose_a_file(folder: Path) -> None:
    next((folder / DUMP).glob("*.gz")).unlink()


def _add_a_file(folder: Path) -> None:
    (folder / DUMP / "more.sql").write_text("DROP DATABASE letopis")


def _change_the_manifest(folder: Path) -> None:
    told = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps(told | {"position": told["position"] - 1}))


def _lose_the_manifest(folder: Path) -> None:
    (folder / NAME).unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_change_a_byte, "is not as it was when the backup was made"),
        (_lose_a_file, "is not as it was when the backup was made"),
        (_add_a_file, "no part of the backup: letopis/more.sql"),
        (_change_the_manifest, "was changed after the backup was made"),
        (_lose_the_manifest, "There is no backup in"),
    ],
)
def test_a_backup_that_was_changed_is_found_out(
    database: Database, tmp_path: Path, damage: Callable[[Path], None], says: str
) -> None:
    record(database.owner_url, 20)
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    damage(tmp_path / "backup")
    with pytest.raises(DamagedBackupError, match=says):
        checked_backup(tmp_path / "backup", MASTER)


def test_a_backup_of_another_master_key_is_refused(database: Database, tmp_path: Path) -> None:
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    with pytest.raises(WrongMasterKeyError, match="made with another master key"):
        checked_backup(tmp_path / "backup", MasterKey(bytes(32)))


def test_a_backup_of_a_newer_version_is_refused(database: Database, tmp_path: Path) -> None:
    made = back_up(database.owner_url, MASTER, tmp_path / "backup")
    newer = made.model_copy(update={"migrations": (*made.migrations, "9999_later.sql")})
    newer.signed(MASTER).write(tmp_path / "backup")
    with pytest.raises(RestoreRefusedError, match=r"made by a newer Letopis: its migrations 9999_later.sql"):
        checked_backup(tmp_path / "backup", MASTER)


def test_a_backup_never_takes_the_place_of_another(database: Database, tmp_path: Path) -> None:
    back_up(database.owner_url, MASTER, tmp_path / "backup")
    with pytest.raises(BackupRefusedError, match="is there already"):
        back_up(database.owner_url, MASTER, tmp_path / "backup")
    (tmp_path / "other.partial").mkdir()
    with pytest.raises(BackupRefusedError, match="another backup is being made, or one was killed"):
        back_up(database.owner_url, MASTER, tmp_path / "other")


def test_a_backup_that_fails_leaves_nothing(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("GRANT SELECT ON letopis.accepted_gap TO letopis_writer")
    with pytest.raises(ToolFailedError, match=r"pg_dump failed\. It said:\n.*permission denied"):
        back_up(database.writer_url, MASTER, tmp_path / "backup")
    with pytest.raises(BackupRefusedError, match=r"letopis_reader may not read the log.*Name the database's owner"):
        back_up(database.reader_url, MASTER, tmp_path / "backup")
    assert not list(tmp_path.iterdir())


def test_a_log_from_which_facts_are_gone_is_not_backed_up_until_somebody_goes_on_without_them(
    database: Database, tmp_path: Path
) -> None:
    record(database.owner_url, 12)
    lose(database.owner_url, 1, 5, 6, 7)
    with pytest.raises(BackupRefusedError, match=r"at the positions 1, 5-7 \(4 facts\).*letopis database accept-gaps"):
        back_up(database.owner_url, MASTER, tmp_path / "backup")
    assert not list(tmp_path.iterdir())
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        assert accept_gaps(owner, reason="a disk died", actor="ivan") == [(1, 1), (5, 7)]
        assert accept_gaps(owner, reason="again", actor="ivan") == []
    assert back_up(database.owner_url, MASTER, tmp_path / "backup").position == 12
    # What was accepted is that gap and no larger one.
    lose(database.owner_url, 8)
    with pytest.raises(BackupRefusedError, match=r"at the positions 5-8 "):
        back_up(database.owner_url, MASTER, tmp_path / "other")


def test_a_gap_in_a_database_of_before_is_found_too(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    with empty_database(cluster) as url:
        migrate(url, role_passwords=ROLE_PASSWORDS, upto="0025_timers.sql")
        record(url, 4)
        lose(url, 2)
        with pytest.raises(BackupRefusedError, match=r"at the positions 2 \(1 facts\)"):
            back_up(url, MASTER, tmp_path / "backup")


def test_there_is_no_backup_of_an_empty_database(cluster: EmbeddedPostgres, tmp_path: Path) -> None:
    with empty_database(cluster) as url, pytest.raises(BackupRefusedError, match="nothing to back up"):
        back_up(url, MASTER, tmp_path / "backup")


def test_a_server_newer_than_the_tools_is_refused_and_an_older_one_is_not() -> None:
    require_readable(180_001)
    require_readable(170_004)
    with pytest.raises(BackupRefusedError, match=r"The server is PostgreSQL 19.*of version 18"):
        require_readable(190_000)


def test_the_tools_get_the_password_by_their_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETOPIS_MASTER_KEY", "secret")
    told = environment_for("postgresql://owner:p%40ss%2Fword@%2Fvar%2Fplace:5433/letopis?sslmode=require")
    wanted = {
        "PGUSER": "owner",
        "PGPASSWORD": "p@ss/word",
        "PGHOST": "/var/place",
        "PGPORT": "5433",
        "PGDATABASE": "letopis",
        "PGSSLMODE": "require",
        "PATH": os.environ["PATH"],
    }
    assert wanted.items() <= told.items()
    assert "LETOPIS_MASTER_KEY" not in told
