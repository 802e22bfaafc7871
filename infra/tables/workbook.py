"""Rows of a workbook (XLSX, XLS, ODS), read by a process of its own.

What reads workbooks takes all the memory that a hostile one asks for, and ends its process when there is none.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from infra.own_process import started
from infra.tables.delimited import Record
from infra.tables.faults import UnreadableFileError
from infra.tables.packed import Source

MOST_MEMORY = 1 << 30
"""Bytes the process that reads may take."""


class Number(str):
    """A cell that is a number in its workbook: digits, with a point before its decimals."""

    __slots__ = ()


class Workbook:
    """The rows of one sheet; those of the first that says anything, if none is named."""

    encoding: str | None = None
    delimiter: str | None = None

    def __init__(self, source: Source, sheet: str | int | None) -> None:
        """Open the workbook, and read as far as the name of its sheet; a packed one is unpacked beside."""
        self._unpacked = None if source.packing == "none" else _unpacked(source)
        self._path = source.path.resolve() if self._unpacked is None else Path(self._unpacked.name)
        self._sheet = sheet
        self._by_rows = False
        self._kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the table
        self._is_kept = False
        begins = self._begins()
        self.form: str = begins["form"]
        self.sheet: str | None = begins["sheet"]
        self.sheets: list[str] = begins["sheets"]

    def _begins(self) -> dict[str, Any]:
        """Return how the workbook is read; one that is too large to be read whole is read row by row."""
        try:
            return dict(next(self._told()))
        except UnreadableFileError as error:
            if error.code != "workbook-too-large":
                raise
        self._by_rows = True
        return dict(next(self._told()))

    def records(self) -> Iterator[Record]:
        """Yield every row that says anything, by its number in the sheet."""
        if self._is_kept:
            self._kept.seek(0)
            told: Iterator[Any] = map(json.loads, self._kept)
        else:
            told = self._keeping()
        for number, cells in told:
            yield Record(number, [cell.strip() if type(cell) is str else _number(cell) for cell in cells])

    def _keeping(self) -> Iterator[Any]:
        """Yield the rows, and keep them for the next time once all were read."""
        self._kept.seek(0)
        self._kept.truncate()
        told = self._told(self._kept)
        next(told)
        yield from told
        self._is_kept = True

    def _told(self, kept: IO[bytes] | None = None) -> Iterator[Any]:
        """Yield what the process tells: first how it reads the workbook, then row by row."""
        with started("infra.tables.workbook_process") as process:
            assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - they are pipes
            try:
                asked = {"path": str(self._path), "sheet": self._sheet, "by_rows": self._by_rows}
                process.stdin.write(json.dumps({**asked, "memory": MOST_MEMORY}).encode())
                process.stdin.close()
                has_begun = False
                for line in process.stdout:
                    told = json.loads(line)
                    if isinstance(told, dict) and "fault" in told:
                        raise UnreadableFileError(told["fault"], **told["facts"])
                    if has_begun and kept is not None:
                        kept.write(line)
                    has_begun = True
                    yield told
                _check_ended(process)
            finally:
                process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.close()
        if self._unpacked is not None:
            self._unpacked.close()


def _number(cell: float) -> Number:
    """Return a number as people see it: a spreadsheet shows 15 digits of it."""
    return Number(cell if isinstance(cell, int) else format(Decimal(f"{cell:.15g}"), "f"))


def _unpacked(source: Source) -> "tempfile._TemporaryFileWrapper[bytes]":
    file = tempfile.NamedTemporaryFile(prefix="letopis-book-")  # noqa: SIM115 - closed with the table
    with source.open() as stream:
        while chunk := stream.read(1 << 20):
            file.write(chunk)
    file.flush()
    return file


def _check_ended(process: "subprocess.Popen[bytes]") -> None:
    """Raise what kept the process from reading to the end."""
    status = process.wait()
    if status < 0:  # by a signal: no memory, or no time
        raise UnreadableFileError("workbook-too-large")
    if status:
        raise UnreadableFileError("broken-workbook", reason=process.stderr.read()[-200:].decode(errors="replace"))  # type: ignore[union-attr]
