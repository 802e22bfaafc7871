"""The envelope of a stored fact: everything the log knows beside the fact itself."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Envelope(NamedTuple):
    """When, where and by whom a fact was recorded; position 0 and recorded_at NEVER while it is not stored."""

    position: int
    event_id: UUID
    stream_id: UUID
    version: int
    topic: str
    schema_version: int
    subject_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    parties: tuple[UUID, ...] = ()


class StoredFact(NamedTuple):
    """One row of the log: an envelope and the exact JSON text of the body."""

    envelope: Envelope
    body: str
