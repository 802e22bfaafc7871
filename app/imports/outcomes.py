"""How jobs of imports end: the code and facts that are on record; the words are in app/words/operations.toml."""

from collections.abc import Mapping
from typing import Any

from replay.repair.jobs import Ended

COUNTS = (
    "rows", "accepted", "already_there", "refused", "wrong", "blank", "left_out", "warnings", "conflicts",
)  # fmt: skip

WITHDRAWN = Ended("cancelled", "import-withdrawn", {})
WITHOUT_FILE = Ended("failed", "import-without-file", {})
DIED = Ended("failed", "import-process-died", {})
NO_ROOM = Ended("failed", "no-room", {})


def came_through(report: Mapping[str, Any], *, is_dry: bool) -> Ended:
    """Return how an import ended that came through: numbers, and codes of what is wrong; nothing of anybody."""
    facts = {name: report[name] for name in (*COUNTS, "position", "seconds", "reasons")}
    return Ended("done", "rehearsed" if is_dry else "imported", facts)


def cancelled(rows: int) -> Ended:
    """Return how an import ended that was cancelled after so many rows."""
    return Ended("cancelled", "import-cancelled", {"rows": rows})


def refused(fault: str, en: str, ru: str) -> Ended:
    """Return how an import ended whose file, or mapping, cannot be used."""
    return Ended("failed", "import-refused", {"fault": fault, "said": en, "said_ru": ru})
