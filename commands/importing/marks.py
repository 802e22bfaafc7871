"""How a file of rows to be mended is known again when it is sent back."""

import re
from collections.abc import Sequence

MARKS = (
    ("Letopis: line", "Letopis: code", "Letopis: what to mend"),
    ("Летопись: строка", "Летопись: код", "Летопись: что исправить"),
)
"""The columns we add, in English and Russian, behind those of the file; whatever stands in them is passed over."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""By these a spreadsheet takes a text for a formula (OWASP, CSV injection); behind an apostrophe it does not."""


def marked_at(cells: Sequence[str]) -> int | None:
    """Return behind how many cells our columns begin in a row of headings; None: it has none."""
    for marks in MARKS:
        for place in range(len(cells) - len(marks) + 1):
            if tuple(cells[place : place + len(marks)]) == marks:
                return place
    return None


def without_ours(cells: Sequence[str], place: int) -> list[str]:
    """Return the cells of a row that was sent back, as they were before we wrote them."""
    return [as_it_was(cell) for cell in (*cells[:place], *cells[place + len(MARKS[0]) :])]


def harmless(cell: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands before it."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_it_was(cell: str) -> str:
    """Return what `harmless` made a text of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
