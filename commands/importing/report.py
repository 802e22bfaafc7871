"""What became of the rows of an import: counts that add up, and a file of those that were not taken as they stand."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from commands.importing.problems import Problem, Tell

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""By these a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


@dataclass
class Report:
    """The account of one import: rows = accepted + already_there + refused + wrong.

    `accepted` rows were new; `already_there` came with an earlier run (or stand twice in the file); `refused` rows
    broke a rule of the business; `wrong` ones cannot be read. `conflicts`: deals by a seller not owning the client.
    It took so many `seconds` from the first file opened to the last durable receipt, at `ended_at` (UTC).
    """

    source: str
    rows: int = 0
    accepted: int = 0
    already_there: int = 0
    refused: int = 0
    wrong: int = 0
    blank: int = 0
    warnings: int = 0
    conflicts: int = 0
    position: int = 0
    is_dry: bool = False
    seconds: float = 0.0
    ended_at: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def adds_up(self) -> bool:
        """Whether no row vanished."""
        return self.rows == self.accepted + self.already_there + self.refused + self.wrong

    def as_dict(self) -> dict[str, Any]:
        """Return the account for printing as JSON."""
        return {**asdict(self), "reasons": dict(self.reasons), "seconds": round(self.seconds, 3)}

    def add(self, other: "Report") -> None:
        """Add the account of another file of the same import."""
        for name in ("rows", "accepted", "already_there", "refused", "wrong", "blank", "warnings", "conflicts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.position = max(self.position, other.position)
        self.reasons.update(other.reasons)


class ErrorFile:
    """A CSV of the rows not taken as they stand: file, line, cell, reason, and the row as it was.

    Without a path nothing is written. UTF-8 with its mark, so that spreadsheets read it; a cell that a spreadsheet
    would take for a formula gets an apostrophe before it.
    """

    COLUMNS = ("outcome", "file", "line", "column", "value", "code", "message")

    def __init__(self, path: Path | None, tell: Tell) -> None:
        self._tell = tell
        self._file = None if path is None else path.open("w", encoding="utf-8-sig", newline="")
        self._writer = None if self._file is None else csv.writer(self._file)

    def __enter__(self) -> Self:
        if self._writer is not None:
            self._writer.writerow([*self.COLUMNS, "row as it was"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def note(self, outcome: str, file: str, line: int, cells: Sequence[str], problem: Problem) -> None:
        """Write down one row that was refused or wrong, or a warning about one that was taken."""
        if self._writer is None:
            return
        message = self._tell(problem.code, self._facts(problem))
        told = (outcome, file, str(line), problem.column, problem.value, problem.code, message)
        self._writer.writerow([harmless(cell) for cell in (*told, *cells)])

    @staticmethod
    def _facts(problem: Problem) -> Mapping[str, Any]:
        return {key: "?" if fact is None else fact for key, fact in problem.facts.items()}


def harmless(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
