"""One row is one login: a name at an identity provider, and whose it is.

Read by GET /logins; who is let in is read from the log itself.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.login import LoginBound, LoginReleased
from infra.projector.projection import Key, Projection
from projections.change import changed


class LoginRow(NamedTuple):
    """The login; `staff_id` is None while it is nobody's."""

    login_id: UUID
    staff_id: UUID | None = None
    issuer: str | None = None
    subject: str | None = None
    bound_at: datetime | None = None
    version: int = 0


logins = Projection(
    name="logins",
    row=LoginRow,
    key=("login_id",),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)

Row = LoginRow | None


@logins.on(LoginBound)
def bound(row: Row, event: LoginBound, _: Key) -> LoginRow:
    return changed(
        row or LoginRow(event.stream_id),
        version=event.originator_version,
        staff_id=event.staff_id,
        issuer=event.issuer,
        subject=event.subject,
        bound_at=event.occurred_at,
    )


@logins.on(LoginReleased)
def released(row: Row, event: LoginReleased, _: Key) -> LoginRow:
    return changed(row or LoginRow(event.stream_id), version=event.originator_version, staff_id=None, bound_at=None)
