"""The bytes that people send to be imported, in the data folder: personal data, for this service alone to read."""

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from commands.importing.refused import FileTooLargeError, NoRoomForFileError
from infra.files.folder import KEPT_FREE, NoRoomError, room_told

UPLOAD, ERRORS, WARNINGS = "upload", "errors.csv", "errors.warnings.csv"

ORPHANED_SECONDS = 3600.0
"""After so long a folder that nobody knows of was left by a process that is gone: no upload says nothing that long."""


class ImportFiles:
    """Where the bytes are: `imports` in the data folder, with a folder for each that nobody else may look into."""

    def __init__(self, var: Path) -> None:
        self.root = var.resolve() / "imports"

    @property
    def place(self) -> UUID:
        """What this data folder is called: imports are done where their bytes are. It is made when first asked for."""
        path = self.root / "place"
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            new = self.root / f".place-{uuid4()}"
            new.write_text(str(uuid4()))
            # Of two who make it at once one is first.
            with suppress(FileExistsError):
                os.link(new, path)
            new.unlink()
        return UUID(path.read_text().strip())

    def folder(self, import_id: UUID) -> Path:
        """Return the folder of an import."""
        return self.root / str(import_id)

    def upload(self, import_id: UUID) -> Path:
        """Return where the bytes of an import are, or were."""
        return self.folder(import_id) / UPLOAD

    def remove(self, import_id: UUID) -> None:
        """Remove all there is of an import."""
        shutil.rmtree(self.folder(import_id), ignore_errors=True)

    def left(self) -> Iterator[tuple[UUID, bool]]:
        """Yield every import that has a folder, and whether nothing has happened in it for long."""
        if not self.root.exists():
            return
        for folder in self.root.iterdir():
            with suppress(ValueError, OSError):
                age = time.time() - max(each.stat().st_mtime for each in (folder, *folder.iterdir()))
                yield UUID(folder.name), age > ORPHANED_SECONDS


class Incoming:
    """A file on its way in: nothing is left of one that does not come to its end."""

    def __init__(self, files: ImportFiles, import_id: UUID, most: int) -> None:
        """Begin it; raises NoRoomForFileError."""
        self._files, self.import_id, self._most = files, import_id, most
        self._digest = sha256()
        self.size = 0
        with _room_told():
            files.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.folder(import_id).mkdir(mode=0o700)
            self._file: BinaryIO = os.fdopen(os.open(files.upload(import_id), _NEW, 0o600), "wb", buffering=0)

    def require_room(self, size: int) -> None:
        """Refuse a file of so many bytes that there may not be, or is no room for.

        Raises FileTooLargeError and NoRoomForFileError.
        """
        if size > self._most:
            raise FileTooLargeError(limit=self._most, setting="LETOPIS_IMPORT_MB")
        if shutil.disk_usage(self._files.root).free - size < KEPT_FREE:
            raise NoRoomForFileError

    def write(self, piece: bytes) -> None:
        """Take the next bytes; raises as `require_room`."""
        self.size += len(piece)
        if self.size > self._most:
            self.require_room(self.size)
        self.require_room(len(piece))
        self._digest.update(piece)
        with _room_told():
            # A raw file takes as much as it likes.
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]

    async def end(self) -> str:
        """Have all of it on the disk, and return its SHA-256; raises NoRoomForFileError."""
        with _room_told():
            await asyncio.to_thread(os.fsync, self._file.fileno())
        self._file.close()
        return self._digest.hexdigest()

    def drop(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self._files.remove(self.import_id)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


@contextmanager
def _room_told() -> Iterator[None]:
    """Say of a disk that is full that it is."""
    try:
        with room_told():
            yield
    except NoRoomError as error:
        raise NoRoomForFileError from error
