"""One row is one change of a client's owning manager: the dated record that settles whose client it was, and why.

Read by GET /clients/{id}/ownership. The view adds `until`, when the next change came.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client import ClientClaimed, ClientReleased, ClientTransferred
from events.client_merge import ClientsMerged, ClientUnmerged
from events.values import OwnershipCause
from infra.projector.projection import Key, Projection


class OwnershipRow(NamedTuple):
    """One change: without `from_owner_id` it was unowned before, without `to_owner_id` it is unowned after."""

    client_id: UUID
    event_position: int
    from_owner_id: UUID | None
    to_owner_id: UUID | None
    cause: str
    reason: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str


ownership_history = Projection(
    name="ownership_history",
    row=OwnershipRow,
    key=("client_id", "event_position"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
    shape=2,
    is_append_only=True,
)


def _change(event: ClientClaimed | ClientTransferred | ClientReleased) -> tuple[Key, ...]:
    return ((event.stream_id, event.position),)


@ownership_history.on(ClientClaimed, ClientTransferred, ClientReleased, keys=_change)
def changed(
    _: OwnershipRow | None, event: ClientClaimed | ClientTransferred | ClientReleased, key: Key
) -> OwnershipRow:
    before, after, reason = _owners(event)
    return OwnershipRow(
        client_id=key[0],
        event_position=event.position,
        from_owner_id=before,
        to_owner_id=after,
        cause=event.cause.value,
        reason=reason,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
    )


def _change_by_merge(event: ClientsMerged | ClientUnmerged) -> tuple[Key, ...]:
    return () if event.from_owner_id == event.to_owner_id else ((event.stream_id, event.position),)


@ownership_history.on(ClientsMerged, ClientUnmerged, keys=_change_by_merge)
def changed_by_merge(_: OwnershipRow | None, event: ClientsMerged | ClientUnmerged, key: Key) -> OwnershipRow:
    cause = OwnershipCause.MERGE if isinstance(event, ClientsMerged) else OwnershipCause.UNMERGE
    return OwnershipRow(
        client_id=key[0],
        event_position=event.position,
        from_owner_id=event.from_owner_id,
        to_owner_id=event.to_owner_id,
        cause=cause.value,
        reason=event.reason,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        actor=event.actor,
    )


def _owners(
    event: ClientClaimed | ClientTransferred | ClientReleased,
) -> tuple[UUID | None, UUID | None, str | None]:
    """Return the owner before, the owner after and the reason given."""
    if isinstance(event, ClientClaimed):
        return None, event.owner_id, None
    if isinstance(event, ClientTransferred):
        return event.from_owner_id, event.to_owner_id, event.reason
    return event.from_owner_id, None, event.reason
