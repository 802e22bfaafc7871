"""The rows that were not taken, under their own headings, so that they can be mended and imported again."""

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from commands.importing.marks import MARKS, harmless
from commands.importing.problems import Problem, Tell, told
from commands.importing.sheet import Sheet
from infra.tables.delimited import Record
from infra.tables.encodings import shown

DOUBTS = (
    ("outcome", "line", "column", "value", "code", "message"),
    ("исход", "строка", "столбец", "значение", "код", "сообщение"),
)


class ErrorFile:
    """Two files of CSV: the rows that were not taken, and, beside it, what is doubtful of those that were.

    `errors.csv` has the headings of the file as they are, and behind them in which line the row stands, and what is
    wrong with it, cell by cell; `errors.warnings.csv` is there if there are doubts. Without a path nothing is written.
    With `several` each file of the import has its own: `errors-accounts.csv`. UTF-8 with its mark and with the
    delimiter of the file, so that spreadsheets read it; a cell that one would take for a formula has an apostrophe
    before it, which is taken away when the file is imported again.
    """

    def __init__(self, path: Path | None, tell: Tell, *, language: str = "en", several: bool = False) -> None:
        self._path = path
        self._tell = tell
        self._is_russian = language == "ru"
        self._is_one = not several
        self._open = ExitStack()
        self._rows: Any = None
        self._doubts: Any = None
        self._doubts_path = Path()
        self._delimiter = ","
        self._width = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begin(self, sheet: Sheet, file: str) -> None:
        """Begin the file of the rows of a sheet: with its headings, or with the numbers of its columns."""
        if self._path is None:
            return
        self._open.close()
        path = self._path if self._is_one else self._path.with_stem(f"{self._path.stem}-{Path(file).stem}")
        self._doubts, self._doubts_path = None, path.with_suffix(f".warnings{path.suffix}")
        self._doubts_path.unlink(missing_ok=True)
        self._delimiter = sheet.table.delimiter or (";" if self._is_russian else ",")
        self._width = sheet.width
        self._rows = self._writer(path)
        headings = sheet.headings or [[str(number) for number in range(1, sheet.width + 1)]]
        for above in headings[:-1]:
            self._rows.writerow([harmless(cell) for cell in above])
        self._rows.writerow([*self._padded(headings[-1]), *MARKS[self._is_russian]])

    def _writer(self, path: Path) -> Any:
        file = self._open.enter_context(path.open("w", encoding="utf-8-sig", newline="", errors="replace"))
        return csv.writer(file, delimiter=self._delimiter)

    def _padded(self, cells: Sequence[str]) -> list[str]:
        own = [harmless(shown(cell)) for cell in cells[: self._width]]
        return own + [""] * (self._width - len(own))

    def not_taken(self, record: Record, problems: Sequence[Problem]) -> None:
        """Write down a row that was refused or is wrong; cells behind the last column stand behind ours, too."""
        if self._rows is None:
            return
        codes = " ".join(dict.fromkeys(problem.code for problem in problems))
        why = " | ".join(told(problem, self._tell) for problem in problems)
        surplus = [harmless(shown(cell)) for cell in record.cells[self._width :]]
        self._rows.writerow([*self._padded(record.cells), str(record.line), codes, harmless(why), *surplus])

    def doubt(self, outcome: str, record: Record, problem: Problem) -> None:
        """Write down what is doubtful of a row that was taken all the same."""
        if self._path is None:
            return
        if self._doubts is None:
            self._doubts = self._writer(self._doubts_path)
            self._doubts.writerow(DOUBTS[self._is_russian])
        cells = (outcome, str(record.line), problem.column, problem.value, problem.code, told(problem, self._tell))
        self._doubts.writerow([harmless(shown(cell)) for cell in cells])
