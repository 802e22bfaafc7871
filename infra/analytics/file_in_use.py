"""The file of facts that answers: opened, looked at, let go of and swapped, each while nobody reads it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from infra.analytics.fact_file import FactFile, may_be_damage, remove
from infra.analytics.fact_schema import FactSchema
from infra.analytics.gate import Gate
from infra.analytics.parked_facts import ParkedFact
from infra.log.log_reader import BEGINNING, Checkpoint


class NoFileError(Exception):
    """There is no file to answer from, or it could not be read just now."""


class DamagedFileError(Exception):
    """The file cannot be opened or read; it was let go of."""


class FileInUse:
    """At most one open file of facts at a path. Any thread reads; whoever writes holds `writing`."""

    def __init__(self, path: Path, facts: FactSchema) -> None:
        self.path = path
        self.writing = threading.RLock()
        self._facts = facts
        self._file: FactFile | None = None
        self._gate = Gate()
        self._is_checked = False

    @property
    def checkpoint(self) -> Checkpoint:
        """Up to where in the log the file has come; the start when there is none."""
        return self._file.checkpoint if self._file else BEGINNING

    @property
    def parked(self) -> list[ParkedFact]:
        """What waits in the file that answers, by position."""
        return self._file.waiting.in_order() if self._file else []

    @property
    def is_open(self) -> bool:
        """True while there is a file that answers."""
        return self._file is not None

    @property
    def is_in_place(self) -> bool:
        """True while the file that answers is the one at the path."""
        return self._file is not None and self._file.is_in_place

    def open(self) -> None:
        """Open the file at the path; raises infra.analytics.fact_file.StaleFactFileError and DamagedFileError."""
        try:
            self._file = FactFile(self.path, self._facts)
        except (duckdb.Error, OSError) as damage:
            raise DamagedFileError(f"damaged file: {damage}") from damage

    def file(self) -> FactFile:
        """Return the file for its writer; raises NoFileError."""
        if self._file is None:
            raise NoFileError
        return self._file

    @contextmanager
    def reading(self) -> Iterator[FactFile]:
        """Lend the file to a reader, not swapped meanwhile; raises NoFileError, also when it turns out unreadable."""
        try:
            with self._gate.shared():
                yield self.file()
        except duckdb.Error as error:
            if not may_be_damage(error):
                raise
            self._is_checked = False
            raise NoFileError(f"the file could not be read, and is being looked at: {error}") from error

    def check(self, *, is_doubtful: bool = False) -> None:
        """Read the whole file once after it was opened, and after every doubt.

        Raises DamagedFileError when it cannot be read; then there is none any more.
        """
        if self._file is None or (self._is_checked and not is_doubtful):
            return
        try:
            with self._gate.shared():
                self._file.read_all()
        except duckdb.Error:
            # After a severe error DuckDB refuses everything, whatever the file is like: opened anew it tells.
            with self._alone():
                self._let_go()
                self.open()
                self._read_or_let_go()
        self._is_checked = True

    def _read_or_let_go(self) -> None:
        try:
            self.file().read_all()
        except duckdb.Error as damage:
            self._let_go()
            raise DamagedFileError(f"damaged file: {damage}") from damage

    def close(self) -> None:
        """Let go of the file, when whoever reads it is done."""
        with self._alone():
            self._let_go()

    def swap_in(self, fresh: Path) -> None:
        """Put a new, closed file in the place of the old one."""
        with self._alone():
            self._let_go()
            # The old file's write-ahead log goes with it: beside the new file it would be played into that.
            remove(self.path)
            fresh.replace(self.path)
            self.open()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.writing, self._gate.alone():
            yield

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._is_checked = False
