"""How jobs end: the code and facts that are on record; the words are in app/words/operations.toml."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg.errors import DiskFull

from app.operations.merging import Merged
from infra.backup.backup import BackupRefusedError
from infra.linkage.linked import LinkingFailedError
from infra.postgres.postgres_tools import ToolFailedError
from infra.projector.folding import PoisonEventError
from infra.projector.generations import Generation
from infra.projector.tables import ShapeChangedError
from infra.told import ToldError
from replay.duplicates.finding import CardsNotBuiltError, Found
from replay.rebuilding.rebuild import MoreParkedError, NothingToRollBackToError, Rebuilt
from replay.rebuilding.report import NotEqualError, Report
from replay.rebuilding.resources import NoRoomError
from replay.rebuilding.throttle import RebuildCancelledError
from replay.rebuilding.verify import NoSuchGenerationError
from replay.rebuilding.workers import WorkerDiedError
from replay.repair.jobs import Ended, NoPlaceForBackupsError
from replay.repair.parked import NotParkedError, OtherCodeError, Tried

NAMED = 20
"""Rows that the outcome of a comparison names: the command line names more."""

Failure = tuple[type[Exception], str, Callable[[Any], Mapping[str, Any]]]
"""A kind of error, its code, and what is known of it."""


def nothing(_error: Exception) -> Mapping[str, Any]:
    """Return no facts: the code says it all."""
    return {}


def _said(error: Exception) -> Mapping[str, Any]:
    return {"said": str(error)}


FAILURES: tuple[Failure, ...] = (
    (NotEqualError, "not-equal", lambda error: facts_of(error.report)),
    (MoreParkedError, "more-parked", lambda error: {"count": error.count, "first": error.first}),
    (NothingToRollBackToError, "nothing-to-roll-back-to", nothing),
    (NoRoomError, "no-room", _said),
    (DiskFull, "no-room", nothing),
    (PoisonEventError, "fact-not-taken-in", lambda error: {"position": error.position, "why": error.reason}),
    (NoSuchGenerationError, "not-built", nothing),
    (OtherCodeError, "made-by-other-code", nothing),
    (NotParkedError, "not-parked", nothing),
    (WorkerDiedError, "worker-died", nothing),
    (ShapeChangedError, "shape-changed", nothing),
    (NoPlaceForBackupsError, "no-place-for-backups", lambda error: error.facts),
    (BackupRefusedError, "backup-refused", _said),
    (ToolFailedError, "backup-refused", _said),
    (CardsNotBuiltError, "not-built", nothing),
    (LinkingFailedError, "duplicates-not-found", _said),
    (ToldError, "operation-refused", _said),
)
"""The first line that fits counts."""


def ended_by(error: Exception, name: str, more: tuple[Failure, ...] = ()) -> Ended | None:
    """Return how a job about something ended that raised an error; `more` come before FAILURES. None: it is a bug."""
    about = {"about": name}
    if isinstance(error, RebuildCancelledError):
        return Ended("cancelled", "rebuild-cancelled", about)
    for kind, code, facts in (*more, *FAILURES):
        if isinstance(error, kind):
            return Ended("failed", code, {**about, **facts(error)})
    return None


def of_rebuild(made: Rebuilt) -> Ended:
    """Return how a rebuild ended that went through."""
    facts = {
        "generation": made.generation,
        "events": made.events,
        "seconds": round(made.seconds, 1),
        "parked": made.parked,
    }
    return Ended("done", "rebuilt", {"about": made.projection, **facts})


def of_comparison(report: Report) -> Ended:
    """Return how a comparison ended."""
    code = "verified-equal" if report.is_equal else "verified-different"
    return Ended("done", code, {"about": report.projection, **facts_of(report)})


def of_tables(name: str, position: int, differences: Sequence[Mapping[str, Any]]) -> Ended:
    """Return how a comparison of the tables of the analytics ended; `differences` are those that differ."""
    facts = {"about": name, "position": position, "tables": differences}
    code = "reports-different" if differences else "reports-equal"
    return Ended("done", code, {**facts, "named": [one["table"] for one in differences]})


def of_filling(name: str, position: int, parked: int) -> Ended:
    """Return how a rebuild of the analytics ended."""
    return Ended("done", "reports-rebuilt", {"about": name, "position": position, "parked": parked})


def of_roll_back(generation: Generation) -> Ended:
    """Return how a way back ended."""
    return Ended("done", "rolled-back", {"about": generation.name, "generation": generation.number})


def of_retry(name: str, tried: Sequence[Tried], *, goes_on: bool = False) -> Ended:
    """Return how trying again ended: everything flows, something still waits, or nothing waited."""
    waiting = [{"key": one.place, "position": one.position, "why": one.reason} for one in tried if not one.flows]
    facts = {"about": name, "tried": len(tried), "waiting": waiting}
    if waiting:
        return Ended("done", "still-waits", {**facts, "count": len(waiting), "first": waiting[0]["position"]})
    if tried:
        return Ended("done", "flows-again", facts)
    return Ended("done", "tries-again" if goes_on else "nothing-waits", facts)


def of_drop(name: str, numbers: Sequence[int] | None) -> Ended:
    """Return how dropping what is kept ended."""
    if numbers is None:
        return Ended("failed", "made-by-other-code", {"about": name})
    if not numbers:
        return Ended("done", "nothing-kept", {"about": name})
    return Ended("done", "dropped", {"about": name, "generation": numbers[0]})


def of_duplicates(found: Found) -> Ended:
    """Return how a search for clients who may be one ended."""
    return Ended("done", "duplicates-found", {"about": "duplicates", **found._asdict()})


def of_merges(merged: Merged, *, is_dry: bool) -> Ended:
    """Return how many pairs were merged, and why the others were not."""
    return Ended("done", "merges-rehearsed" if is_dry else "duplicates-merged", _told_of(merged))


def of_unmerges(merged: Merged, *, is_dry: bool) -> Ended:
    """Return how many merges were taken apart, and why the others were not."""
    return Ended("done", "unmerges-rehearsed" if is_dry else "duplicates-unmerged", _told_of(merged))


def _told_of(merged: Merged) -> dict[str, Any]:
    return {"about": "duplicates", **merged._asdict(), "left_in_all": sum(merged.left.values())}


def facts_of(report: Report) -> dict[str, Any]:
    """Return what a comparison found; which rows and columns differ, and no values."""
    return {
        "generation": report.generation,
        "position": report.position,
        "is_log_the_same": report.is_log_the_same,
        "one_in": report.one_in,
        "rows": report.rows,
        "differing": report.differing,
        "missing": report.missing,
        "extra": report.extra,
        "parked": report.parked,
        "skipped": report.skipped,
        "failing": report.failing,
        "named": report.lines()[:NAMED],
    }
