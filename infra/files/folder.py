"""The folder of files: each below its subject, named by the SHA-256 of what lies there, written once and never changed.

A file comes in under another name, in `incoming`, and keeps that name too until the fact about it is recorded. So what
a crash leaves without a fact is found without a look at all the others.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from pathlib import Path
from shutil import disk_usage
from typing import BinaryIO, NamedTuple
from uuid import UUID, uuid4

from infra.files.encryption import Encrypting

KEPT_FREE = 256 << 20
"""Bytes of the disk that no file may take: the database may stand on it, and stops where there is none left."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says where there is no room."""

INCOMING = "incoming"
BEGUN = ".begun"
"""How the name of a file ends that is not whole yet."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class NoRoomError(Exception):
    """The disk is full, or nearly."""


class Stored(NamedTuple):
    """A file that lies there: whose it is, and the digest that it is named by."""

    subject_id: UUID
    digest: str


class Left(NamedTuple):
    """What lies in `incoming`: a whole file, or one that was begun, and for how many seconds nothing happened to it."""

    path: Path
    stored: Stored | None
    seconds: float


class FilesFolder:
    """Where the files are."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def path(self, stored: Stored) -> Path:
        """Return where a file lies, or would."""
        return self.folder(stored.subject_id) / stored.digest

    def folder(self, subject_id: UUID) -> Path:
        """Return where the files of a subject lie; below the last digits of its id, which are made by chance."""
        return self.root / subject_id.hex[-2:] / str(subject_id)

    def left(self) -> Iterator[Left]:
        """Yield what lies in `incoming`."""
        with suppress(FileNotFoundError):
            for path in (self.root / INCOMING).iterdir():
                with suppress(FileNotFoundError):
                    yield Left(path, _named(path.name), time.time() - path.stat().st_mtime)

    def subjects(self) -> Iterator[UUID]:
        """Yield every subject that has a folder."""
        with suppress(FileNotFoundError):
            for shard in self.root.iterdir():
                if len(shard.name) == 2:
                    yield from (UUID(each.name) for each in shard.iterdir())

    def stored(self) -> Iterator[Stored]:
        """Yield every file that lies there."""
        for subject_id in self.subjects():
            yield from (Stored(subject_id, each.name) for each in self.folder(subject_id).iterdir())

    def remove(self, stored: Stored) -> bool:
        """Remove a file, and tell whether there was one."""
        try:
            self.path(stored).unlink()
        except FileNotFoundError:
            return False
        return True

    def is_whole(self, stored: Stored) -> bool:
        """Tell whether what lies there is what was written; raises FileNotFoundError where nothing does."""
        with self.path(stored).open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == stored.digest


class Incoming:
    """A file on its way in; nothing is left of one that is dropped."""

    def __init__(self, folder: FilesFolder, subject_id: UUID, subject_key: bytes) -> None:
        """Begin it; raises NoRoomError."""
        self._folder, self._subject_id = folder, subject_id
        self._encrypting = Encrypting(subject_key)
        self._digest, self._content = sha256(), sha256()
        self.size = 0
        self.stored: Stored | None = None
        place = folder.root / INCOMING
        with room_told():
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path = place / f"{uuid4()}{BEGUN}"
            self._file: BinaryIO = os.fdopen(os.open(self._path, _NEW, 0o600), "wb")
        try:
            self._write(self._encrypting.head)
        except BaseException:
            self.drop()
            raise

    @property
    def content_digest(self) -> str:
        """SHA-256 of the content so far."""
        return self._content.hexdigest()

    def write(self, content: bytes) -> None:
        """Take the next bytes of the content; raises NoRoomError."""
        self.require_room(len(content))
        self.size += len(content)
        self._content.update(content)
        for piece in self._encrypting.take(content):
            self._write(piece)

    def require_room(self, size: int) -> None:
        """Refuse so many bytes more that there is no room for; raises NoRoomError."""
        if disk_usage(self._path.parent).free - size < KEPT_FREE:
            raise NoRoomError

    def _write(self, piece: bytes) -> None:
        self._digest.update(piece)
        with room_told():
            self._file.write(piece)

    def end(self) -> Stored:
        """Have all of it on the disk, in its place, and return which it is; raises NoRoomError."""
        self._write(self._encrypting.end())
        with room_told():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            stored = Stored(self._subject_id, self._digest.hexdigest())
            whole = self._path.with_name(f"{stored.subject_id}.{stored.digest}")
            self._path.rename(whole)
            self._path, self.stored = whole, stored
            synchronise(whole.parent)
            place = self._folder.path(stored)
            _make(place.parent, self._folder.root)
            os.link(whole, place)
            synchronise(place.parent)
        return stored

    def settle(self) -> None:
        """Let it be one of the others: the fact about it is recorded."""
        self._path.unlink(missing_ok=True)

    def drop(self) -> None:
        """Leave nothing of it."""
        # What it holds back is not written any more, where there is no room for it.
        with suppress(OSError):
            self._file.close()
        if self.stored is not None:
            self._folder.remove(self.stored)
        self._path.unlink(missing_ok=True)


def put(source: BinaryIO, place: Path, root: Path) -> None:
    """Put a copy of a file that is whole in its place; until all of it is on the disk it has another name."""
    _make(place.parent, root)
    begun = place.with_name(f".{uuid4()}{BEGUN}")
    try:
        with os.fdopen(os.open(begun, _NEW, 0o600), "wb") as file:
            while piece := source.read(1 << 20):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        begun.rename(place)
    finally:
        begun.unlink(missing_ok=True)
    synchronise(place.parent)


def _make(folder: Path, root: Path) -> None:
    """Make a folder and those above it, up to the root, with each on the disk; nobody else may look into them."""
    if folder.is_dir():
        return
    if folder != root:
        _make(folder.parent, root)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    synchronise(folder.parent)


def _named(name: str) -> Stored | None:
    subject, _, digest = name.partition(".")
    with suppress(ValueError):
        if len(digest) == sha256().digest_size * 2:
            return Stored(UUID(subject), digest)
    return None


def synchronise(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def room_told() -> Iterator[None]:
    """Say of a disk that is full that it is; raises NoRoomError."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise NoRoomError from error
        raise
