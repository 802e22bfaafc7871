"""What happens to an import: old records entering the log with their own dates and people."""

from typing import Annotated, ClassVar

from events.base import Event
from events.examples import FIRST_IMPORT, MAVEN, example
from events.ids import ImportId
from events.marks import PERSONAL
from events.values import Digest, OpenShortText, ShortText, Text, Value, WholeText


class ImportedFile(Value):
    """A file of old records: what it was called, and the SHA-256 of its bytes."""

    name: ShortText
    digest: Digest


@example(on=FIRST_IMPORT, source="maven-crm")
class ImportStarted(Event):
    """A file or folder of old records began to be read: who asked for it, which bytes they were, and what they mean."""

    TOPIC: ClassVar[str] = "import.started"

    source: OpenShortText
    is_strict: bool = False
    asked_by: Annotated[ShortText | None, PERSONAL] = None
    files: Annotated[tuple[ImportedFile, ...], PERSONAL] = ()
    mapping: Annotated[WholeText | None, PERSONAL] = None


@example(on=FIRST_IMPORT, rows=8800, accepted=8799, refused=1, wrong=0)
class ImportFinished(Event):
    """Every row of the source was accepted, refused or found wrong; none vanished."""

    TOPIC: ClassVar[str] = "import.finished"

    rows: int
    accepted: int
    refused: int
    wrong: int


@example(on=FIRST_IMPORT, reason="the wrong file")
class ImportRevertBegun(Event):
    """Somebody began to take back what the import had made, and gave the reason."""

    TOPIC: ClassVar[str] = "import.revert_begun"

    reason: Annotated[Text, PERSONAL]
    asked_by: Annotated[ShortText | None, PERSONAL] = None


@example(on=FIRST_IMPORT, gone=8000, restored=700, kept=99)
class ImportReverted(Event):
    """What the import had made was taken back: of `gone` things nothing is there, `restored` clients are as they were.

    `kept`: so many stay as the import made them, since something was done with them later.
    """

    TOPIC: ClassVar[str] = "import.reverted"

    gone: int
    restored: int
    kept: int


@example(on=MAVEN, import_id=FIRST_IMPORT)
class SourceReverted(Event):
    """One of the imports from a source was reverted: what its rows say may be entered once more."""

    TOPIC: ClassVar[str] = "import_source.reverted"

    import_id: ImportId
