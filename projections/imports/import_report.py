"""One row is one import of old records: who asked for it, which files it read, and what became of their rows.

Read by GET /imports.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.import_run import ImportFinished, ImportRevertBegun, ImportReverted, ImportStarted
from infra.projector.projection import Key, Projection
from projections.change import changed


class ImportReportRow(NamedTuple):
    """The import, the names and the SHA-256 of its files in one order; the rows are counted once it came through.

    `reverted` as {"began_at", "asked_by", "reason", "ended_at", "gone", "restored", "kept"} when it was taken back; the
    counts are there once that came through.
    """

    import_id: UUID
    source: str | None = None
    is_strict: bool = False
    asked_by: str | None = None
    file_names: list[str] = []  # noqa: RUF012
    digests: list[str] = []  # noqa: RUF012
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rows: int | None = None
    accepted: int | None = None
    refused: int | None = None
    wrong: int | None = None
    reverted: dict[str, Any] | None = None
    version: int = 0


import_report = Projection(
    name="import_report",
    row=ImportReportRow,
    key=("import_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = ImportReportRow | None


@import_report.on(ImportStarted)
def started(row: Row, event: ImportStarted, _: Key) -> ImportReportRow:
    return changed(
        row or ImportReportRow(event.stream_id),
        version=event.originator_version,
        source=event.source,
        is_strict=event.is_strict,
        asked_by=event.asked_by,
        file_names=[file.name for file in event.files],
        digests=[file.digest for file in event.files],
        started_at=event.occurred_at,
    )


@import_report.on(ImportFinished)
def finished(row: Row, event: ImportFinished, _: Key) -> ImportReportRow:
    counts: dict[str, Any] = {name: getattr(event, name) for name in ("rows", "accepted", "refused", "wrong")}
    return changed(
        row or ImportReportRow(event.stream_id),
        version=event.originator_version,
        finished_at=event.occurred_at,
        **counts,
    )


@import_report.on(ImportRevertBegun)
def revert_began(row: Row, event: ImportRevertBegun, _: Key) -> ImportReportRow:
    reverted = {"began_at": event.occurred_at.isoformat(), "asked_by": event.asked_by, "reason": event.reason}
    return changed(row or ImportReportRow(event.stream_id), version=event.originator_version, reverted=reverted)


@import_report.on(ImportReverted)
def was_reverted(row: Row, event: ImportReverted, _: Key) -> ImportReportRow:
    row = row or ImportReportRow(event.stream_id)
    counts: dict[str, Any] = {name: getattr(event, name) for name in ("gone", "restored", "kept")}
    reverted = {**(row.reverted or {}), "ended_at": event.occurred_at.isoformat(), **counts}
    return changed(row, version=event.originator_version, reverted=reverted)
