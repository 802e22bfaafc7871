"""One row is one API key: what a program may ask for with it, and until when.

Read by GET /api-keys; who is let in is read from the log itself.
"""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from events.api_key import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated
from infra.projector.projection import Key, Projection
from projections.change import changed


class ApiKeyRow(NamedTuple):
    """The key; `expires_at` is the end of its newest secret, `old_good_until` that of the one before."""

    api_key_id: UUID
    name: str | None = None
    commands: list[str] = []  # noqa: RUF012
    questions: list[str] = []  # noqa: RUF012
    issued_at: datetime | None = None
    issued_by: str | None = None
    expires_at: datetime | None = None
    rotated_at: datetime | None = None
    old_good_until: datetime | None = None
    revoked_at: datetime | None = None
    revoked_because: str | None = None
    version: int = 0


api_keys = Projection(
    name="api_keys",
    row=ApiKeyRow,
    key=("api_key_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = ApiKeyRow | None


def _key(row: Row, event: Any) -> ApiKeyRow:
    """Return the key the event changes, as it was before."""
    return row or ApiKeyRow(event.stream_id)


@api_keys.on(ApiKeyIssued)
def issued(row: Row, event: ApiKeyIssued, _: Key) -> ApiKeyRow:
    return changed(
        _key(row, event),
        version=event.originator_version,
        name=event.name,
        commands=list(event.commands),
        questions=list(event.questions),
        issued_at=event.occurred_at,
        issued_by=event.actor,
        expires_at=event.expires_at,
    )


@api_keys.on(ApiKeyRotated)
def rotated(row: Row, event: ApiKeyRotated, _: Key) -> ApiKeyRow:
    key = _key(row, event)
    return changed(
        key,
        version=event.originator_version,
        rotated_at=event.occurred_at,
        old_good_until=min(key.expires_at or event.old_good_until, event.old_good_until),
        expires_at=event.expires_at,
    )


@api_keys.on(ApiKeyRevoked)
def revoked(row: Row, event: ApiKeyRevoked, _: Key) -> ApiKeyRow:
    return changed(
        _key(row, event),
        version=event.originator_version,
        revoked_at=event.occurred_at,
        revoked_because=event.reason,
    )
