"""What an import of old records must account for: every row accepted, refused or found wrong."""

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.import_run import ImportedFile, ImportFinished, ImportStarted


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

    def start(self) -> None:
        self.source = ""
        self.is_strict = False
        self.result = None

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

    @applies(ImportStarted)
    def _started(self, event: ImportStarted) -> None:
        self.source, self.is_strict = event.source, event.is_strict

    @applies(ImportFinished)
    def _finished(self, event: ImportFinished) -> None:
        self.result = (event.rows, event.accepted, event.refused, event.wrong)
