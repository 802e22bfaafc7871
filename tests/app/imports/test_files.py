"""Bytes that come in are kept whole or not at all, and a full disk is said to be full."""

import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest

from app.imports.files import ImportFiles, Incoming
from commands.importing.refused import FileTooLargeError, NoRoomForFileError
from infra.files.folder import KEPT_FREE


@pytest.fixture
def incoming(tmp_path: Path) -> Iterator[Incoming]:
    coming = Incoming(ImportFiles(tmp_path), uuid4(), 1 << 20)
    yield coming
    coming.drop()
    assert list((tmp_path / "imports").iterdir()) == []


class Usage(NamedTuple):
    """What a disk has."""

    free: int


def test_a_disk_that_is_nearly_full_takes_no_file(incoming: Incoming, monkeypatch: pytest.MonkeyPatch) -> None:
    incoming.write(b"x")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(KEPT_FREE + 5))
    incoming.write(b"12345")
    with pytest.raises(NoRoomForFileError):
        incoming.write(b"123456")


def test_a_disk_that_fills_up_meanwhile_is_said_to_be_full(incoming: Incoming) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(NoRoomForFileError):
            incoming.write(b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_has_as_many_bytes_as_are_let_in_and_no_more(incoming: Incoming) -> None:
    incoming.write(b"x" * (1 << 20))
    with pytest.raises(FileTooLargeError) as refused:
        incoming.write(b"x")
    assert refused.value.facts == {"limit": 1 << 20, "setting": "LETOPIS_IMPORT_MB"}


def test_a_data_folder_keeps_its_name(tmp_path: Path) -> None:
    assert ImportFiles(tmp_path).place == ImportFiles(tmp_path).place
    assert ImportFiles(tmp_path).place != ImportFiles(tmp_path / "other").place
