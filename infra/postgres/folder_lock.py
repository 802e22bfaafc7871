"""One process per folder, or per file: the second is told who the first is."""

import fcntl
import os
from pathlib import Path


class FolderInUseError(Exception):
    """Another process that is alive holds the folder; `pid` names it, or is 0 while it has not yet said its number."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} holds the folder")
        self.pid = pid


class FolderLock:
    """A lock that the system itself gives back when its holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock and write our process id into its file, or raise FolderInUseError at once."""
        if self.is_held:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise FolderInUseError(int(holder) if holder.isdecimal() else 0) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two processes lock two files."""
        if self._descriptor is None:
            return
        os.ftruncate(self._descriptor, 0)
        # Said aloud, since a process forked from us may still hold the descriptor open.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)
        self._descriptor = None
