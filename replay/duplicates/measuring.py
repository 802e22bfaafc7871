"""How good the suggestions are on a file of which it is known which rows are of one thing: precision and recall."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infra.linkage.linked import Limits, linked
from infra.linkage.linking import BATCH_ROWS
from infra.linkage.model import SUGGESTED
from infra.tables.table import open_table
from infra.told import ToldError
from replay.duplicates.guessing import guessed

_BETWEEN_DASHES = re.compile(r"[^-]+-(\d+)-.+")
"""In FEBRL's rec-223-dup-0 the number is the truth."""

ALSO = (0.5, 0.9, 0.95, 0.99, 0.999)
"""Thresholds of which it is told as well what they would come to."""


class NoTruthError(ToldError):
    """The file does not say which of its rows are of one thing."""


class Share(NamedTuple):
    """What is suggested from a score on: so many pairs, how many of them are right, and how many are found so."""

    score: float
    suggested: int
    right: int
    precision: float
    recall: float


def measured(path: Path, truth: str, *, threshold: float = SUGGESTED, limits: Limits | None = None) -> dict[str, Any]:
    """Return how the suggestions of a file compare with the truth in a column of it.

    Raises UnreadableFileError, NoTruthError and LinkingFailedError.
    """
    began = time.monotonic()
    headings, rows = _read(path)
    if truth not in headings:
        raise NoTruthError(f"The file has no column {truth!r}. It has: {', '.join(headings)}.")
    place = headings.index(truth)
    things = _things([row[place].strip() for row in rows])
    pairs = sum(held * (held - 1) // 2 for held in Counter(things).values())
    if not pairs:
        raise NoTruthError(f"No two rows have the same in {truth!r}, so there is nothing to find.")
    reads = guessed(headings, rows, place)
    if not reads:
        raise NoTruthError(f"Beside {truth!r} there is no column that could be compared.")

    def records() -> Iterator[Sequence[Sequence[Any]]]:
        for first in range(0, len(rows), BATCH_ROWS):
            chunk = enumerate(rows[first : first + BATCH_ROWS], start=first)
            yield [(str(number), *(read.value(row) for read in reads)) for number, row in chunk]

    scores: list[tuple[float, bool]] = []
    with linked(
        [read.column for read in reads], records(), limits=limits or Limits(), least=min(threshold, *ALSO)
    ) as found:
        for batch in found.pairs:
            told = zip(*(batch[name].to_pylist() for name in ("score", "id_l", "id_r")), strict=True)
            scores += [(score, things[int(one)] == things[int(other)]) for score, one, other in told]
    return {
        "file": path.name,
        "rows": len(rows),
        "columns": {read.column.name: read.column.kind.value for read in reads},
        "true_pairs": pairs,
        "compared": found.told["compared"],
        "threshold": threshold,
        **_share(scores, threshold, pairs)._asdict(),
        "at": [_share(scores, score, pairs)._asdict() for score in ALSO],
        "seconds": round(time.monotonic() - began, 1),
    }


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    with open_table(path) as table:
        cells = [record.cells for record in table.records() if any(map(str.strip, record.cells))]
    if not cells:
        raise NoTruthError("There is nothing in the file.")
    headings = [heading.strip() for heading in cells[0]]
    width = len(headings)
    return headings, [(row + [""] * width)[:width] for row in cells[1:]]


def _things(values: Sequence[str]) -> list[str]:
    """Return of which thing each row is; one that does not say is of its own."""
    numbers = [_BETWEEN_DASHES.fullmatch(value) for value in values]
    if all(numbers):
        return [number[1] for number in numbers if number is not None]
    return [value or f"\n{number}" for number, value in enumerate(values)]


def _share(scores: Sequence[tuple[float, bool]], threshold: float, pairs: int) -> Share:
    suggested = [is_right for score, is_right in scores if score >= threshold]
    right = sum(suggested)
    return Share(
        threshold,
        len(suggested),
        right,
        round(right / len(suggested), 4) if suggested else 1.0,
        round(right / pairs, 4),
    )
