"""How an import is told: its state and the account of its rows, from what is on record of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from read_api.operations import Job, Words, job_told
from read_api.reading.answer import Answer, Whole

ImportState = Literal[
    "ready",
    "waiting",
    "rehearsing",
    "rehearsed",
    "running",
    "done",
    "failed",
    "cancelled",
    "discarded",
    "begun",
    "reverting",
    "reverted",
]
"""`rehearsed`: by a dry run; `discarded`: its bytes were removed unused; `begun`: at a terminal, and not through.

`reverting`: it is being taken back, or waits to be, or that is tried; `reverted`: it was taken back.
"""


class ImportFile(Answer):
    """A file as it was called where it came from, and the SHA-256 of its bytes."""

    name: str
    digest: str


class ImportCounts(Answer):
    """What became of the rows: rows = accepted + already_there + refused + wrong; `reasons`: how many by each code.

    What only the process knew that did it is null of an import that was typed at a terminal; there `accepted` counts
    what was there already as well. Of a dry run (`is_dry`) nothing was stored.
    """

    is_dry: bool
    rows: int
    accepted: int
    already_there: int | None = None
    refused: int
    wrong: int
    blank: int | None = None
    left_out: int | None = None
    warnings: int | None = None
    conflicts: int | None = None
    reasons: dict[str, int] | None = None


class ImportRevert(Answer):
    """How an import was taken back: by whom and why; of `gone` things nothing is there, `restored` are as they were.

    `kept`: so many stay as the import made them, since something was done with them later. While it is under way, and
    when it was broken off, the numbers and `ended_at` are null.
    """

    began_at: datetime
    asked_by: str | None
    reason: str | None
    ended_at: datetime | None = None
    gone: int | None = None
    restored: int | None = None
    kept: int | None = None


class Import(Whole):
    """One import: its file, who sent it, how far it is, and what became of its rows.

    Of an import typed at a terminal `size_bytes`, `target` and `job` are null. `has_file`: its bytes are here, so it
    can be looked at and run. `has_errors` and `has_warnings`: the rows not taken, and doubts, can be downloaded, until
    `errors_until`. `sent_before` is an earlier import of the very same bytes. `revert_job` is the last that took it
    back, or tried to; its outcome tells what stays.
    """

    id: UUID
    state: ImportState
    files: list[ImportFile]
    source: str | None
    target: str | None
    size_bytes: int | None
    is_strict: bool | None
    asked_by: str | None
    asked_as: str | None
    sent_at: datetime
    finished_at: datetime | None
    version: int | None
    has_file: bool
    has_errors: bool
    has_warnings: bool
    errors_until: datetime | None
    sent_before: UUID | None
    report: ImportCounts | None
    reverted: ImportRevert | None
    job: Job | None
    revert_job: Job | None


def import_told(row: Mapping[str, Any], words: Words) -> Import:
    """Return an import as it is told, from its row."""
    job, revert = row.get("job"), row.get("revert_job")
    return Import(
        id=row["id"],
        state=_state_after(revert, row) or _state(row, job),
        files=row["files"],
        source=row["source"],
        target=row.get("target"),
        size_bytes=row.get("size_bytes"),
        is_strict=job["parameters"]["is_strict"] if job else row["is_strict"],
        asked_by=row["asked_by"],
        asked_as=row.get("asked_as"),
        sent_at=row["sent_at"],
        finished_at=row["finished_at"],
        version=row["version"],
        has_file=bool(row.get("has_bytes")),
        has_errors=bool(row.get("has_errors")),
        has_warnings=bool(row.get("has_warnings")),
        errors_until=row.get("errors_until"),
        sent_before=row.get("sent_before"),
        report=_report(row, job),
        reverted=row["reverted"] or None,
        job=None if job is None else job_told(job, words),
        revert_job=None if revert is None else job_told(revert, words),
    )


def _state_after(revert: Mapping[str, Any] | None, row: Mapping[str, Any]) -> ImportState | None:
    """Return the state of an import that was taken back, or is being; None of any other."""
    if revert is not None and revert["ended_at"] is None:
        return "reverting"
    # The read model may be a moment behind the job.
    has_come_through = revert is not None and revert["state"] == "done" and not revert["parameters"]["is_dry"]
    return "reverted" if has_come_through or (row["reverted"] or {}).get("ended_at") is not None else None


def _state(row: Mapping[str, Any], job: Mapping[str, Any] | None) -> ImportState:
    is_dry = job is not None and job["parameters"]["is_dry"]
    if job is not None and job["ended_at"] is None:
        return "waiting" if job["state"] == "waiting" else "rehearsing" if is_dry else "running"
    if row["finished_at"] is not None or (job is not None and job["state"] == "done" and not is_dry):
        return "done"
    if job is not None and not is_dry:
        return "cancelled" if job["state"] == "cancelled" else "failed"
    if row.get("is_discarded"):
        return "discarded"
    if row.get("has_bytes"):
        return "rehearsed" if job is not None and job["state"] == "done" else "ready"
    return "begun"


def _report(row: Mapping[str, Any], job: Mapping[str, Any] | None) -> ImportCounts | None:
    facts = ((job or {}).get("outcome") or {}).get("facts") or {}
    if job is not None and job["state"] == "done":
        counts = {name: facts[name] for name in ImportCounts.model_fields if name in facts}
        return ImportCounts(is_dry=job["parameters"]["is_dry"], **counts)
    if row["rows"] is None:
        return None
    return ImportCounts(is_dry=False, **{name: row[name] for name in ("rows", "accepted", "refused", "wrong")})
