"""Where the names of the columns stand: in one row or two, below titles that say nothing of the rows."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from infra.tables.delimited import Record

LOOKED_AT = 30
"""Rows among which the names of the columns are; titles above them take a few."""

Count = Callable[[Iterable[str]], float]
"""(names of columns) → how many of them are looked for."""

_BLANKS = re.compile(r"[\s\u200b\ufeff_]+")


@lru_cache(maxsize=10_000)
def heading_key(name: str) -> str:
    """Return by what a column is found: case, ё, blanks of every kind, and signs around it say nothing."""
    return _BLANKS.sub(" ", name.casefold().replace("ё", "е")).strip(" .,:;*?№#\"'«»()[]")


class Header(NamedTuple):
    """The names of the columns, and the lines of the first and the last row they stand in (0: none says them)."""

    names: list[str]
    line: int
    first: int = 1

    def places(self) -> dict[str, int]:
        """Return where each column is, by what it is found by; of two rows also by the lower one where that will do."""
        keys = [heading_key(name) for name in self.names]
        lower = [heading_key(name.rpartition(BETWEEN)[2]) for name in self.names]
        found = {key: place for place, key in enumerate(lower) if lower.count(key) == 1}
        return found | {key: place for place, key in reversed(list(enumerate(keys)))}


BETWEEN = " / "
"""Between the name of a group of columns and that of one of them."""


def find_header(first: Sequence[Record], count: Count, *, rows: int | None = None) -> Header:
    """Return the header among the first rows of a table: the one with most of the names that are looked for.

    Two rows are one header where together they have more of them than each alone, or if `rows` says so.
    """
    best, goodness = Header([], 0), 0.0
    for record in first[:LOOKED_AT] if rows != 2 else ():
        found = count(heading_key(cell) for cell in record.cells if cell)
        if found > goodness:
            best, goodness = Header(distinct(record.cells), record.line, record.line), found
    for record, below in pairwise(first[:LOOKED_AT]) if rows != 1 else ():
        if _is_pair(record.cells, below.cells):
            both = Header(distinct(_joined(record.cells, below.cells)), below.line, record.line)
            found = count(key for key in both.places() if key)
            if found > goodness:
                best, goodness = both, found
    return best


def _is_pair(above: Sequence[str], below: Sequence[str]) -> bool:
    """Return whether a row could be the groups, merged over several columns, of the row below it."""
    return sum(map(bool, above)) < sum(map(bool, below)) and any(above)


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return the names of columns in two rows: a group reaches as far to the right as nothing stands in its row."""
    names, group = [], ""
    for place in range(max(len(above), len(below))):
        upper = above[place] if place < len(above) else ""
        lower = below[place] if place < len(below) else ""
        group = upper or group
        names.append(f"{group}{BETWEEN}{lower}" if group and lower and group != lower else lower or upper)
    return names


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names of the columns; a name met again gets its number: "Email", "Email (2)"."""
    counted: dict[str, int] = {}
    told = []
    for name in names:
        key = heading_key(name)
        counted[key] = counted.get(key, 0) + 1
        told.append(name if counted[key] == 1 or not key else f"{name} ({counted[key]})")
    return told
