"""What became of the rows of an import: counts that add up."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass
class Report:
    """The account of one import: rows = accepted + already_there + refused + wrong.

    `accepted` rows were new; `already_there` came with an earlier run (or stand twice in the file); `refused` rows
    broke a rule of the business; `wrong` ones cannot be read. `blank` rows of the file say nothing, `left_out` ones are
    not asked for by the mapping; `rows` counts neither. `conflicts`: deals by a seller not owning the client.
    Of the accepted rows `updated` ones said something new of a client that was there. By `import_id` it is reverted.
    It took so many `seconds` from the first file opened to the last durable receipt, at `ended_at` (UTC).
    """

    source: str
    import_id: UUID | None = None
    rows: int = 0
    accepted: int = 0
    updated: int = 0
    already_there: int = 0
    refused: int = 0
    wrong: int = 0
    blank: int = 0
    left_out: int = 0
    warnings: int = 0
    conflicts: int = 0
    position: int = 0
    is_dry: bool = False
    seconds: float = 0.0
    ended_at: datetime | None = None
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def adds_up(self) -> bool:
        """Whether no row vanished."""
        return self.rows == self.accepted + self.already_there + self.refused + self.wrong

    def as_dict(self) -> dict[str, Any]:
        """Return the account for printing as JSON."""
        told = {
            "import_id": str(self.import_id or ""),
            "reasons": dict(self.reasons),
            "seconds": round(self.seconds, 3),
        }
        return {**asdict(self), **told}

    def add(self, other: "Report") -> None:
        """Add the account of another file of the same import."""
        for name in (
            "rows",
            "accepted",
            "updated",
            "already_there",
            "refused",
            "wrong",
            "blank",
            "left_out",
            "warnings",
            "conflicts",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.position = max(self.position, other.position)
        self.reasons.update(other.reasons)
