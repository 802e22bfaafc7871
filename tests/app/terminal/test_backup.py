"""Backup, restore and status as operators type them: what is wrong is said before anything is changed."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.database import prepared
from app.settings import Settings
from app.terminal import backup as keep
from app.terminal.console import operator
from infra.backup.backup import STAYING, back_up, tables_of
from infra.backup.restore import RestoreRefusedError, load
from infra.log.crypto import WrongMasterKeyError
from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from tests.database import MASTER, Database
from tests.infra.backup.backups import contents, lose, note, record
from tests.system.service import environment

Configure = Callable[[Path, str | None], None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Makes one var folder, and one database or the embedded one, this process's installation."""

    def configured(var: Path, database_url: str | None) -> None:
        for name in ("LETOPIS_DATABASE_URL", "LETOPIS_MASTER_KEY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment(var, database_url).items():
            monkeypatch.setenv(name, value)

    return configured


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for an embedded server, which the user it runs as can reach."""
    folder = Path(tempfile.mkdtemp(prefix="letopis-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def test_another_machine_gets_all_of_it_with_the_key_and_nothing_without(
    database: Database, place: Path, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(place / "here", database.owner_url)
    prepared(database.owner_url, Settings(), MASTER)
    record(database.owner_url, 10)
    note(database.owner_url)
    keep.make_backup(place / "copy", as_json=True)
    assert json.loads(capsys.readouterr().out)["position"] == 10

    there = place / "there"
    configure(there, None)
    with pytest.raises(RestoreRefusedError, match="There is no master key here"):
        keep.put_back(place / "copy", is_replacing=False)
    there.mkdir()
    (there / "master.key").write_text("00" * 32)
    with pytest.raises(WrongMasterKeyError, match="made with another master key"):
        keep.put_back(place / "copy", is_replacing=False)
    assert [path.name for path in there.iterdir()] == ["master.key"]

    (there / "master.key").write_text(MASTER.secret.hex())
    keep.put_back(place / "copy", is_replacing=False)
    with EmbeddedPostgres(there / "postgres") as server:
        assert contents(server.owner_url) == contents(database.owner_url)
        with pytest.raises(RestoreRefusedError, match=rf"runs in .* as process {os.getpid()}.*Stop it \(kill"):
            keep.put_back(place / "copy", is_replacing=True)


def test_an_exception_for_facts_that_are_gone_is_typed_with_a_reason_and_is_on_record(
    database: Database, tmp_path: Path, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path / "var", database.owner_url)
    prepared(database.owner_url, Settings(), MASTER)
    record(database.owner_url, 9)
    lose(database.owner_url, 4)
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr("infra.backup.backup.require_whole", lambda _: None)
        keep.make_backup(tmp_path / "holed", as_json=True)
    keep.accept_open_gaps("a disk died")
    keep.make_backup(tmp_path / "copy", as_json=True)
    keep.accept_open_gaps("twice")
    keep.put_back(tmp_path / "holed", is_replacing=True, accept_gaps_because="there is no older one")
    said = capsys.readouterr().err
    assert said.count("on record: one goes on without the positions 4 (1 facts)") == 2
    assert "No fact is missing that was not accepted before" in said
    with psycopg.connect(database.owner_url) as owner:
        on_record = owner.execute("SELECT first, last, reason, actor FROM letopis.accepted_gap").fetchall()
    assert on_record == [(4, 4, "there is no older one", operator())]


def test_a_backup_is_refused_with_a_key_that_is_not_the_database_s(
    database: Database, tmp_path: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(database.owner_url, 1)
    configure(tmp_path / "var", database.owner_url)
    monkeypatch.setenv("LETOPIS_MASTER_KEY", "00" * 32)
    with pytest.raises(WrongMasterKeyError):
        keep.make_backup(tmp_path / "backup", as_json=False)
    assert not (tmp_path / "backup").exists()


def test_a_log_replaced_by_other_means_is_noticed_at_the_next_start_before_anybody_reads(
    database: Database, tmp_path: Path, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    made = back_up(database.owner_url, MASTER, tmp_path / "backup")
    record(database.owner_url, 5)
    for projection in PROJECTIONS:
        build(projection, _undecodable, database.projector_url)
    with psycopg.connect(database.owner_url) as owner:
        tables = [table for table in tables_of(owner) if table not in STAYING]
    load(database.owner_url, tmp_path / "backup", tables, made.position)
    # The new log is soon as long as the old one was, and longer: the length alone says nothing.
    record(database.owner_url, 10)

    configure(tmp_path / "var", database.owner_url)
    keep.show_status(as_json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {(one["state"], one["error"]) for one in told["projections"]} == {("broken", "log replaced")}
    assert len(told["projections"]) == len(PROJECTIONS)


def _undecodable(_fact: object) -> object:
    raise AssertionError("no read model folds what these tests record")


def test_status_says_what_is_kept_how_long_and_how_much_room_is_left(
    database: Database, tmp_path: Path, configure: Configure, capsys: pytest.CaptureFixture[str]
) -> None:
    record(database.owner_url, 5)
    configure(tmp_path / "var", database.owner_url)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "analytics.duckdb").write_bytes(bytes(4096))
    keep.show_status(as_json=True)
    told = json.loads(capsys.readouterr().out)
    kept = {one["name"]: one for one in told["storage"]}
    assert kept["log"]["rows"] == 5
    assert kept["log"]["kept"].startswith("Kept for ever")
    assert kept["analytics file"]["size_bytes"] == 4096
    assert told["disk"]["free_bytes"] > 0
    assert [(one["name"], one["lag_events"]) for one in told["policies"]] == [
        ("ownership-reassignment", 0),
        ("activity-reminder", 0),
    ]
    keep.show_status(as_json=False)
    assert "Kept for ever" in capsys.readouterr().out
