"""Rows out of lines of text: cells between delimiters, quoted where needed; no row is lost to a quote that is wrong."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

DELIMITERS = (",", ";", "\t", "|", "^", "~")

MOST_LINES = 1_000
"""Lines one quoted cell may span; a quote that is open longer was never closed."""

MOST_COLUMNS = 16_384
"""As many as a spreadsheet has."""

csv.field_size_limit(10_000_000)


class Record(NamedTuple):
    """One row of a table: where it begins (line 1 is the first), and its cells without surrounding blanks."""

    line: int
    cells: list[str]


class _OpenQuoteError(Exception):
    """A quoted cell spans more lines than any does."""


class _Feed:
    """Lines for the reader; those of the row under way are kept until it is whole."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES:
            raise _OpenQuoteError
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def first_alone(self) -> str:
        """Return the first line of the row under way, and give the others once more."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        return first


def records(lines: Iterable[str], delimiter: str, *, first: int = 1) -> Iterator[Record]:
    """Yield each row with the line it begins on, of lines that are counted from `first`.

    Where quotes do not pair (one is never closed, one stands inside a quoted cell) the line is cut at its delimiters,
    and what follows is read anew.
    """
    feed = _Feed(iter(lines))
    reader = _strict(feed, delimiter)
    line = first
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _OpenQuoteError):
            cells = _cut(feed.first_alone(), delimiter)
            reader = _strict(feed, delimiter)
            del feed.taken[1:]
        yield Record(line, [cell.strip() for cell in cells])
        line += len(feed.taken)
        feed.taken.clear()


def _strict(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Return a reader that takes a blank before an opening quote for what it is: carelessness."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != " ", strict=True)


@lru_cache(maxsize=100)
def _cells(delimiter: str) -> re.Pattern[str]:
    between = re.escape(delimiter)
    return re.compile(rf'[^\S{between}]*"((?:[^"]|"")*)"[^\S{between}]*(?={between}|$)|([^{between}]*)(?={between}|$)')


def _cut(line: str, delimiter: str) -> list[str]:
    """Cut one line at its delimiters; a cell that is rightly quoted, or has quotes at both ends, loses them."""
    text, cells, place = line.rstrip("\r\n"), [], 0
    while match := _cells(delimiter).match(text, place):
        quoted, plain = match.groups()
        if quoted is not None:
            cells.append(quoted.replace('""', '"'))
        else:
            bare = plain.strip()
            cells.append(bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == '"' else bare)
        place = match.end() + 1
        if match.end() == len(text):
            break
    return cells


def find_delimiter(sample: Sequence[str], fitting: Callable[[list[list[str]]], float] = lambda _: 0.0) -> str:
    """Return the delimiter whose rows are `fitting` most; of equals the one that makes most cells, most evenly."""

    def goodness(delimiter: str) -> tuple[float, float]:
        rows = [record.cells for record in records(sample, delimiter) if any(record.cells)]
        return fitting(rows), _evenness([len(cells) for cells in rows])

    return max(DELIMITERS, key=goodness)


def _evenness(widths: Sequence[int]) -> float:
    usual = max(set(widths), key=widths.count, default=0)
    return 0.0 if usual < 2 else usual * widths.count(usual) / len(widths)
