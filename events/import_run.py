"""What happens to an import: old records entering the log with their own dates and people."""

from typing import ClassVar

from events.base import Event
from events.values import ShortText


class ImportStarted(Event):
    """A file or folder of old records began to be read."""

    TOPIC: ClassVar[str] = "import.started"

    source: ShortText
    is_strict: bool = False


class ImportFinished(Event):
    """Every row of the source was accepted, refused or found wrong; none vanished."""

    TOPIC: ClassVar[str] = "import.finished"

    rows: int
    accepted: int
    refused: int
    wrong: int
