"""What is right, as the frozen tables of docs/rights.md say it, and who is let in at all: for the tests of both."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.system.everyone import NEARNESS, PROGRAM, Person

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "rights.md").read_text(encoding="utf-8")
SCOPES = ("nobody's", "their own", "their team's", "their branch's", "everybody's")
"""In the words of that page, from the least to the most."""

LET_IN = {"active", "moved", "key"}
KEPT_OUT = {"suspended": "suspended", "departed": "login-unknown"}
"""What whoever is let in no more is told, whatever they ask."""

KINDS = {"client": "clients", "deal": "deals", "activity": "activities"}


def table_of(corner: str) -> Mapping[str, Mapping[str, str]]:
    """Return a table of the page: of each row, by its name, the cells by the names of their columns."""
    found = re.search(rf"(?m)^\| {corner} \|(?:.*\n\|)*.*", PAGE)
    assert found is not None, f"{corner}: there is no such table"
    head, _, *rows = found[0].splitlines()
    columns = [cell.strip(" `") for cell in head.strip("|").split("|")]
    cells = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]
    return {name: dict(zip(columns[1:], row, strict=True)) for name, *row in cells}


SEEN, TOLD, DONE = table_of("role"), table_of("question"), table_of("command")


def sees(person: Person, kind: str, near: str) -> bool:
    """Tell whether somebody sees what is so near to them; a program with a key works with nobody."""
    scope = SEEN[person.role][KINDS[kind]] if person.standing in LET_IN else SCOPES[0]
    return near != "unknown" and SCOPES.index(scope) > (4 if person is PROGRAM else NEARNESS.index(near))
