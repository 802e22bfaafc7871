"""What all rows of one import have in common, and how a row names other things."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from commands.importing.mapping import Mapping
from commands.importing.names import imported_id
from commands.importing.row import Row

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Frame:
    """What all rows of one import have in common."""

    import_id: UUID
    mapping: Mapping
    strict: bool

    def id_of(self, kind: str, name: str) -> UUID:
        """Return the id of a thing by what it is called in the source."""
        return imported_id(self.mapping.source, kind, name)


def common(row: Row, frame: Frame, date_field: str) -> dict[str, Any]:
    """Return what every command of old records says of itself: its import, and when it happened."""
    moment: datetime | None = row.moment(date_field)
    return {
        "import_id": frame.import_id,
        "occurred_at": moment or frame.mapping.stated_moment,
        "date_unknown": moment is None,
    }


def chosen(row: Row, field: str, choices: type[E]) -> E | None:
    """Return which of the choices a field names, None when it is blank."""
    code = row.choice(field, _codes(choices)) if row.sheet.is_mapped(field) else None
    return None if code is None else choices(code)


@cache
def _codes(choices: type[StrEnum]) -> tuple[str, ...]:
    return tuple(choices)


def named(row: Row, frame: Frame, kind: str, field: str) -> UUID | None:
    """Return the id of another thing that a field names, None when it is blank."""
    name = row.text(field)
    return None if name is None else frame.id_of(kind, name)
