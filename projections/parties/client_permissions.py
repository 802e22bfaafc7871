"""One row is one word of a client's on being addressed: a consent, its withdrawal, an objection, or its end.

Read by GET /clients/{id}/permissions, and wherever it counts whether a client may be addressed (docs/figures.md).
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_permission import (
    ConsentGiven,
    ConsentWithdrawn,
    ObjectionLifted,
    ObjectionRaised,
    PermissionEntryRetracted,
)
from events.ids import staff_id_of
from infra.projector.projection import Key, Projection
from projections.change import changed


class PermissionRow(NamedTuple):
    """The word: of consent or of objection, and whether it allows; without a channel it is of every one, and so on.

    `actor` recorded it, a member of the staff (`staff_id`) or a program; `retracted_at`: the client never said so.
    """

    client_id: UUID
    number: int
    is_objection: bool
    allows: bool
    addressed_by: str | None
    purpose: str | None
    text_version: str | None
    source: str
    evidence: str | None
    said_at: datetime
    actor: str
    staff_id: UUID | None
    retracted_at: datetime | None = None
    retracted_by: str | None = None
    retract_staff_id: UUID | None = None
    retract_reason: str | None = None


client_permissions = Projection(
    name="client_permissions",
    row=PermissionRow,
    key=("client_id", "number"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = PermissionRow | None
Word = ConsentGiven | ConsentWithdrawn | ObjectionRaised | ObjectionLifted


def _of_word(event: Word) -> tuple[Key, ...]:
    return ((event.client_id, event.originator_version),)


def _of_retracted(event: PermissionEntryRetracted) -> tuple[Key, ...]:
    return ((event.client_id, event.number),)


@client_permissions.on(ConsentGiven, ConsentWithdrawn, ObjectionRaised, ObjectionLifted, keys=_of_word)
def said(_: Row, event: Word, key: Key) -> PermissionRow:
    client_id, number = key
    return PermissionRow(
        client_id=client_id,
        number=number,
        is_objection=isinstance(event, ObjectionRaised | ObjectionLifted),
        allows=isinstance(event, ConsentGiven | ObjectionLifted),
        addressed_by=event.addressed_by,
        purpose=event.purpose,
        text_version=event.text_version if isinstance(event, ConsentGiven) else None,
        source=event.source,
        evidence=event.evidence,
        said_at=event.occurred_at,
        actor=event.actor,
        staff_id=staff_id_of(event.actor),
    )


@client_permissions.on(PermissionEntryRetracted, keys=_of_retracted)
def retracted(row: Row, event: PermissionEntryRetracted, _: Key) -> Row:
    if row is None:
        return None
    return changed(
        row,
        retracted_at=event.occurred_at,
        retracted_by=event.actor,
        retract_staff_id=staff_id_of(event.actor),
        retract_reason=event.reason,
    )
