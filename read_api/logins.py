"""Questions about logins: who signs in under which name at an identity provider, of the staff or for a client."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Page, Sql
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, is_named
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.reading.seen import sees_one
from read_api.roles import PortalRole, Roles

router = Questions("staff")

SEEING_LOGINS: Roles = frozenset({"admin", "auditor", "head"})


class Login(Answer):
    """A name at an identity provider, and whose it is: a staff member's, or a client's, who comes in in this role."""

    login_id: UUID
    staff_id: UUID | None
    client_id: Annotated[UUID | None, Sql(answers("{column}"))]
    role: PortalRole | None
    issuer: str | None
    subject: str | None
    bound_at: datetime | None
    version: int
    position: int


LOGINS = Listing(
    name="logins",
    view=views.LOGINS,
    alias="l",
    item=Login,
    order={"subject": "text", "login_id": "uuid"},
    always=f"""l.subject IS NOT NULL
        AND (l.staff_id IS NOT NULL OR (l.role IS NOT NULL AND {sees_one("client", "l.client_id")}))""",
    filters={"staff": "l.staff_id = %(staff)s", "client": is_named("l.client_id", "%(client)s")},
    steady=frozenset({"staff", "client"}),
)


class LoginsQuestion(PageQuestion):
    """Which logins."""

    staff: UUID | None = None
    client: UUID | None = None


@router.question("/logins", "Who signs in under which name", answers=Page[Login], roles=SEEING_LOGINS)
async def list_logins(ask: Asking, question: Annotated[LoginsQuestion, Query()]) -> Response:
    return await ask.page(LOGINS, question)
