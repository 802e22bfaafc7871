"""One row is one import of old records: who asked for it, which files it read, and what became of their rows.

Read by GET /imports.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.import_run import ImportFinished, ImportStarted
from infra.projector.projection import Key, Projection
from projections.change import changed


class ImportReportRow(NamedTuple):
    """The import; `files` as [{"name", "digest"}] in their order; the counts of rows are there once it came through."""

    import_id: UUID
    source: str | None = None
    is_strict: bool = False
    asked_by: str | None = None
    files: list[dict[str, Any]] = []  # noqa: RUF012
    started_at: datetime | None = None
    finished_at: datetime | None = None
    rows: int | None = None
    accepted: int | None = None
    refused: int | None = None
    wrong: int | None = None
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
        files=[{"name": file.name, "digest": file.digest} for file in event.files],
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
