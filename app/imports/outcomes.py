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
REVERT_DIED = Ended("failed", "revert-process-died", {})
NO_ROOM = Ended("failed", "no-room", {})


def came_through(report: Mapping[str, Any], *, is_dry: bool) -> Ended:
    """Return how an import ended that came through: numbers, and codes of what is wrong; nothing of anybody."""
    facts = {name: report[name] for name in (*COUNTS, "position", "seconds", "reasons")}
    return Ended("done", "rehearsed" if is_dry else "imported", facts)


STAYS_TOLD = 1_000
"""Of so many things that stay it is on record what stays of them, and why; how many do, always."""


def reverted(report: Mapping[str, Any], *, is_dry: bool) -> Ended:
    """Return how a revert ended that came through: numbers, and of what stays the ids and whose deed is in the way."""
    names = ("gone", "restored", "kept", "remains", "position", "seconds")
    facts = {name: report[name] for name in names} | {"gone_in_all": sum(report["gone"].values())}
    facts["stays"] = report["stays"][:STAYS_TOLD]
    return Ended("done", "revert-rehearsed" if is_dry else "import-reverted", facts)


def cancelled(rows: int) -> Ended:
    """Return how an import ended that was cancelled after so many rows."""
    return Ended("cancelled", "import-cancelled", {"rows": rows})


def refused(fault: str, en: str, ru: str, *, of_revert: bool) -> Ended:
    """Return how an import ended whose file, or mapping, cannot be used; or a revert that could not be done."""
    code = "revert-refused" if of_revert else "import-refused"
    return Ended("failed", code, {"fault": fault, "said": en, "said_ru": ru})
