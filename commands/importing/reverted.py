"""What became of a revert: what is gone, what is as it was, and what stays, by whose deed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.importing.before import FIELD, POINT, TRAIT, Thing
from commands.importing.made_by import Deed
from commands.importing.own_fields import PREFIX
from events.base import Event

ENTRY, UPDATE = "entry", "update"
"""That a thing was entered at all; all that was said of one that was there."""
SAID_SINCE = "said-since"
"""Why something stays: somebody said otherwise later, or works on what the import said."""


@dataclass(frozen=True)
class Stays:
    """Something that the import made and that stays: of which thing, what of it, why, and whose deed stands in its way.

    `code` is that of a rule ("entry-is-used", "client-is-merged", …), or "said-since": somebody said otherwise later.
    """

    noun: str
    id: UUID
    what: str
    code: str
    deed: Deed | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it for printing as JSON."""
        deed = self.deed
        by = {} if deed is None else {**deed._asdict(), "occurred_at": deed.occurred_at.isoformat()}
        by = {name: str(value) if isinstance(value, UUID) else value for name, value in by.items()}
        return {"noun": self.noun, "id": str(self.id), "what": self.what, "code": self.code, "deed": by or None}


def called(thing: Thing) -> str:
    """Return what a thing that is said of a client is called: name, tax_id, owner, lifecycle, sector, phone."""
    kind, which = thing
    if kind == FIELD:
        return f"{PREFIX}{which}"
    return str(which.value) if kind == TRAIT else str(which[0].value) if kind == POINT else kind


def deed_of(event: Event) -> Deed:
    """Return a fact as the deed that it is."""
    told = event.envelope
    return Deed(told.stream_id, event.TOPIC, told.actor, told.occurred_at, told.position)


@dataclass
class RevertReport:
    """The account of a revert, all times this import was reverted together.

    `gone` counts, by noun, what is as if it had not been entered; `restored` clients are as they were in all that is
    not among `stays`; `remains` counts by noun what no revert takes back (staff, products, pipelines).
    """

    import_id: UUID
    source: str = ""
    is_dry: bool = False
    gone: Counter[str] = field(default_factory=Counter)
    restored: int = 0
    stays: list[Stays] = field(default_factory=list)
    remains: Counter[str] = field(default_factory=Counter)
    position: int = 0
    seconds: float = 0.0

    @property
    def kept(self) -> int:
        """How many things, each counted once, stay in whole or in part."""
        return len({each.id for each in self.stays})

    def as_dict(self) -> dict[str, Any]:
        """Return it for printing as JSON."""
        return {
            "import_id": str(self.import_id),
            "source": self.source,
            "is_dry": self.is_dry,
            "gone": dict(self.gone),
            "restored": self.restored,
            "kept": self.kept,
            "stays": [each.as_dict() for each in self.stays],
            "remains": dict(self.remains),
            "position": self.position,
            "seconds": round(self.seconds, 3),
        }
