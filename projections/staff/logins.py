"""One row is one login: a name at an identity provider, and whose it is, a staff member's or a client's.

Read by GET /logins; who is let in is read from the log itself.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.login import LoginBound, LoginReleased
from events.portal_login import PortalLoginBound, PortalLoginReleased
from infra.projector.projection import Key, Projection
from projections.change import changed


class LoginRow(NamedTuple):
    """The login; `staff_id`, and `client_id` with the `role` there, are None while it is not theirs.

    A name that was bound to both, one after the other, has a row as each.
    """

    login_id: UUID
    staff_id: UUID | None = None
    client_id: UUID | None = None
    role: str | None = None
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
    shape=2,
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


@logins.on(PortalLoginBound)
def bound_to_client(row: Row, event: PortalLoginBound, _: Key) -> LoginRow:
    return changed(
        row or LoginRow(event.stream_id),
        version=event.originator_version,
        client_id=event.client_id,
        role=event.role.value,
        issuer=event.issuer,
        subject=event.subject,
        bound_at=event.occurred_at,
    )


@logins.on(PortalLoginReleased)
def released_from_client(row: Row, event: PortalLoginReleased, _: Key) -> LoginRow:
    former = row or LoginRow(event.stream_id)
    return changed(former, version=event.originator_version, client_id=None, role=None, bound_at=None)
