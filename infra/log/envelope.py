"""The envelope of a stored fact: everything the log knows beside the fact itself."""

from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, Self
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


class AnyEvent(Protocol):
    """A fact as the log has it: under its envelope, with the exact JSON text of its body."""

    @property
    def envelope(self) -> Any: ...
    @property
    def body(self) -> str: ...


class RecordedEvent(NamedTuple):
    """One row of the log: an envelope and the exact JSON text of the body."""

    envelope: Envelope
    body: str


class ReadEvent(NamedTuple):
    """One row of the log as those read it who follow it: with as much of its envelope as a read model may know.

    It is its own envelope: a reader of millions of facts makes one object of each. `parties` is None unless they were
    asked for.
    """

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
    parties: tuple[UUID, ...]
    body: str

    @property
    def envelope(self) -> Self:
        """The fact itself, which has what an envelope has."""
        return self
