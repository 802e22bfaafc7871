"""Commands decided by hand, for tests of the log that need no business."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from infra.log.envelope import NEVER, Envelope, RecordedEvent
from infra.log.eventlog import ClaimChange, Decided, Head
from infra.log.ids import new_id

SOME_DAY = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


def fact(stream_id: UUID, version: int, body: str = '{"a": 1}', parties: Sequence[UUID] = ()) -> RecordedEvent:
    """Return a fact that is not stored yet."""
    envelope = Envelope(
        position=0,
        event_id=new_id(),
        stream_id=stream_id,
        version=version,
        topic="thing.happened",
        schema_version=1,
        subject_id=stream_id,
        occurred_at=SOME_DAY,
        recorded_at=NEVER,
        actor="somebody",
        command_id=new_id(),
        correlation_id=new_id(),
        causation_id=None,
        parties=tuple(parties) or (stream_id,),
    )
    return RecordedEvent(envelope, body)


def decided(
    stream_id: UUID,
    head: Head = Head(),  # noqa: B008 - an immutable tuple
    *,
    count: int = 1,
    claims: Sequence[ClaimChange] = (),
    keys: Mapping[UUID, bytes] | None = None,
    also_read: Mapping[UUID, Head] | None = None,
    command_id: UUID | None = None,
) -> Decided:
    """Return a command that records some facts on one stream."""
    facts = [fact(stream_id, head.version + number) for number in range(1, count + 1)]
    return Decided(
        command_id=command_id or new_id(),
        content_hash=b"what it says",
        stream_id=stream_id,
        version=head.version + count,
        expectations=[(stream_id, head), *(also_read or {}).items()],
        facts=facts,
        claims=claims,
        keys=keys or {},
    )


def head_after(command: Decided) -> Head:
    """Return the head of the command's stream once it is stored."""
    last = command.facts[-1].envelope
    return Head(last.version, last.event_id)


def takes(holder_id: UUID, key: bytes, share_with: tuple[UUID, ...] | None = ()) -> ClaimChange:
    """Return the wish to be the one who has this identity."""
    return ClaimChange("phone", key, holder_id, share_with, True)


def gives_back(holder_id: UUID, key: bytes) -> ClaimChange:
    """Return the wish to be known by this identity no more."""
    return ClaimChange("phone", key, holder_id, (), False)
