"""How an installation stands: its log and its pace, what it keeps, and which of its backups are whole."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.composition import installation
from app.composition.installation import doctor_at, installation_at
from app.settings import Settings
from infra.backup.backup import back_up
from infra.log.crypto import MasterKey
from read_api.reading.errors import DoctorAwayError
from read_api.status import Installation
from tests.database import MASTER, Database


def told(database: Database, **more: object) -> Installation:
    settings = Settings(_env_file=None, **more)  # type: ignore[arg-type]
    known = asyncio.run(installation_at(settings, database.projector_url, MASTER)())
    return Installation.model_validate(known)


def test_what_is_kept_is_told_by_its_part(database: Database, tmp_path: Path) -> None:
    (tmp_path / "analytics.duckdb").write_bytes(b"x" * 700)
    found = told(database, var=tmp_path)
    parts = {one.name: (one.part, one.size_bytes > 0) for one in found.kept}
    assert (parts["event"], parts["receipt"]) == (("log", True), ("beside", True))
    assert next(one.size_bytes for one in found.kept if one.part == "analytics") == 700
    assert (found.log.position, found.log.in_day) == (0, 0)
    assert 0 < found.disk.free_bytes <= found.disk.total_bytes
    assert (found.backups.is_configured, found.backups.items) == (False, [])


def test_backups_are_whole_damaged_or_of_another_key(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    assert told(database, var=tmp_path, backup_to=folder).backups.items == [], "the first backup makes the folder"
    folder.mkdir()
    made = back_up(database.owner_url, MASTER, folder / "3")
    back_up(database.owner_url, MASTER, folder / "2")
    back_up(database.owner_url, MasterKey(b"o" * 32), folder / "1")
    for name in ("0", "4.partial"):
        (folder / name).mkdir()
    file = next(folder / "2" / name for name in made.files)
    file.write_bytes(file.read_bytes()[:-1])
    found = told(database, var=tmp_path, backup_to=folder).backups
    assert [(one.name, one.state) for one in found.items] == [
        ("3", "whole"),
        ("2", "damaged"),
        ("1", "of_another_key"),
        ("0", "damaged"),
    ]
    assert (found.is_readable, told(database, var=tmp_path, backup_to=file).backups.is_readable) == (True, False)
    assert (found.items[0].position, found.items[0].size_bytes) == (made.position, made.size_bytes)


def test_a_doctor_who_says_nothing_is_told_as_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for begin, seconds in (("raise SystemExit(3)", 30.0), ("import time; time.sleep(30)", 0.1)):
        monkeypatch.setattr(installation, "BEGIN", begin)
        with pytest.raises(DoctorAwayError):
            asyncio.run(doctor_at(tmp_path, seconds)("en"))


def test_what_the_doctor_found_is_told_again_for_a_while(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(installation, "BEGIN", "import os, sys; print([os.getpid(), '--ru' in sys.argv and 1 or 0])")

    async def go() -> list[Any]:
        findings = doctor_at(tmp_path)
        return [await findings(language) for language in ("en", "en", "ru")]

    first, second, russian = asyncio.run(go())
    assert first == second
    assert (first[1], russian[1]) == (0, 1)
