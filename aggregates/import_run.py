"""What an import of old records must account for: every row accepted, refused or found wrong."""

from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.import_run import (
    ImportedFile,
    ImportFinished,
    ImportRevertBegun,
    ImportReverted,
    ImportStarted,
    SourceReverted,
)


class ImportIsFinishedError(RuleBrokenError):
    """The import came to its end with other numbers; facts: rows, accepted, refused, wrong (those recorded)."""

    code = "import-is-finished"


class ImportDoesNotAddUpError(RuleBrokenError):
    """Accepted, refused and wrong rows do not make up all rows; facts: rows, accepted, refused, wrong."""

    code = "import-does-not-add-up"


class ImportRun(Aggregate):
    """One reading of a file or folder of old records."""

    KIND = "import"

    source: str
    is_strict: bool
    result: tuple[int, int, int, int] | None
    is_being_reverted: bool
    reverted: tuple[int, int, int] | None

    def start(self) -> None:
        self.source = ""
        self.is_strict = False
        self.result = None
        self.is_being_reverted = False
        self.reverted = None

    def begin(
        self,
        *,
        source: str,
        is_strict: bool = False,
        asked_by: str | None = None,
        files: tuple[ImportedFile, ...] = (),
        mapping: str | None = None,
    ) -> None:
        """Record that the source began to be read."""
        self.trigger_event(
            ImportStarted, source=source, is_strict=is_strict, asked_by=asked_by, files=files, mapping=mapping
        )

    def finish(self, *, rows: int, accepted: int, refused: int, wrong: int) -> None:
        """Record what became of the rows; the same numbers again record nothing."""
        result = (rows, accepted, refused, wrong)
        if result == self.result:
            return
        if self.result is not None:
            raise ImportIsFinishedError(**dict(zip(("rows", "accepted", "refused", "wrong"), self.result, strict=True)))
        if rows != accepted + refused + wrong:
            raise ImportDoesNotAddUpError(rows=rows, accepted=accepted, refused=refused, wrong=wrong)
        self.trigger_event(ImportFinished, rows=rows, accepted=accepted, refused=refused, wrong=wrong)

    def begin_revert(self, *, reason: str, asked_by: str | None = None) -> None:
        """Record that what it made is being taken back; when that has begun before, nothing."""
        if not self.is_being_reverted:
            self.trigger_event(ImportRevertBegun, reason=reason, asked_by=asked_by)

    def end_revert(self, *, gone: int, restored: int, kept: int) -> None:
        """Record what came of it, all times it was reverted together; the same once more records nothing."""
        result = (gone, restored, kept)
        if result != self.reverted:
            self.trigger_event(ImportReverted, gone=gone, restored=restored, kept=kept)

    @applies(ImportStarted)
    def _started(self, event: ImportStarted) -> None:
        self.source, self.is_strict = event.source, event.is_strict

    @applies(ImportFinished)
    def _finished(self, event: ImportFinished) -> None:
        self.result = (event.rows, event.accepted, event.refused, event.wrong)

    @applies(ImportRevertBegun)
    def _revert_begun(self, _: ImportRevertBegun) -> None:
        self.is_being_reverted = True

    @applies(ImportReverted)
    def _reverted(self, event: ImportReverted) -> None:
        self.reverted = (event.gone, event.restored, event.kept)


class ImportSource(Aggregate):
    """Where old records come from, by its name: its rows are known by it for ever, unless they are taken back."""

    KIND = "import_source"

    reverted: list[UUID]

    def start(self) -> None:
        self.reverted = []

    def note_revert(self, import_id: UUID) -> None:
        """Record that what an import brought may be entered once more; said again it records nothing."""
        if import_id not in self.reverted:
            self.trigger_event(SourceReverted, import_id=import_id)

    @applies(SourceReverted)
    def _source_reverted(self, event: SourceReverted) -> None:
        self.reverted.append(event.import_id)
