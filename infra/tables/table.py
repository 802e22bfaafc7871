"""A file as a table: its rows, one after another and from the beginning as often as they are asked for.

In memory is one row; of a workbook the rows are kept in a file without a name once they were read.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from infra.tables.cards import Cards, is_cards
from infra.tables.delimited import MOST_COLUMNS, Record, find_delimiter, records
from infra.tables.encodings import encoding_of, is_damaged, lines_of, shown
from infra.tables.faults import UnreadableFileError
from infra.tables.packed import WORKBOOK_OF_OLD, Source
from infra.tables.workbook import Workbook

LOOKED_AT = 200
"""Lines looked at to find the delimiter; every real file gives itself away sooner."""

_TOLD = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
"""The first line by which spreadsheets tell each other the delimiter."""

Fitting = Callable[[list[list[str]]], float]
"""(the first rows, cut at some delimiter) → how well they fit what is looked for."""


class Table(Protocol):
    """The rows of a file, and how it was read; a context that gives back what it holds.

    `form` is `text`, `vcf`, `xlsx`, `xls` or `ods`. Text has an `encoding` and a `delimiter`, a workbook the `sheet`
    that is read, of its `sheets`.
    """

    form: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    sheets: list[str]

    def records(self) -> Iterator[Record]:
        """Yield every row that says anything or nothing, from the first; raises UnreadableFileError and OSError."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Text:
    """Rows between delimiters, in a file of text."""

    form: str = "text"
    sheet: str | None = None

    def __init__(self, source: Source, encoding: str | None, delimiter: str | None, fitting: Fitting) -> None:
        """Find encoding and delimiter, those that nobody names."""
        self._source = source
        self.sheets: list[str] = []
        encoding = encoding_of(source, encoding)
        self.encoding: str | None = encoding
        with source.open() as stream:
            sample = list(islice(lines_of(stream, encoding), LOOKED_AT))
        if not any(line.strip() for line in sample):
            raise UnreadableFileError("empty")
        damaged = next((line for line in sample if line.strip()), "")
        if is_damaged(damaged):
            raise UnreadableFileError("wrong-encoding", encoding=encoding, shown=shown(damaged).strip()[:80])
        told = _TOLD.fullmatch(sample[0].rstrip("\r\n"))
        self._first = 2 if told else 1
        self.delimiter: str | None = delimiter or (told[1] if told else find_delimiter(sample, fitting))

    def records(self) -> Iterator[Record]:
        """Yield every row."""
        assert self.encoding is not None and self.delimiter is not None  # noqa: S101, PT018 - found or told
        with self._source.open() as stream:
            lines = islice(lines_of(stream, self.encoding), self._first - 1, None)
            for record in records(lines, self.delimiter, first=self._first):
                if len(record.cells) > MOST_COLUMNS:
                    raise UnreadableFileError("too-many-columns", line=record.line, most=MOST_COLUMNS)
                yield record

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held between two readings."""


def open_table(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | int | None = None,
    fitting: Fitting = lambda _: 0.0,
) -> Table:
    """Open a file as what it is, whatever it is called; raises UnreadableFileError and OSError.

    What is not named is found out; of delimiters the one whose rows are `fitting` most.
    """
    source = Source(path)
    with source.open() as stream:
        head = stream.read(200)
    if head.startswith((b"PK", WORKBOOK_OF_OLD)):
        return Workbook(source, sheet)
    if is_cards(head):
        return Cards(source, encoding)
    return Text(source, encoding, delimiter, fitting)
