"""Questions about logins: who signs in under which name at an identity provider."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from read_api import views
from read_api.reading.answer import Answer, Page
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.roles import Roles

router = Questions("staff")

SEEING_LOGINS: Roles = frozenset({"admin", "auditor", "head"})


class Login(Answer):
    """A name at an identity provider, and whose it is."""

    login_id: UUID
    staff_id: UUID | None
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
    always="l.staff_id IS NOT NULL AND l.subject IS NOT NULL",
    filters={"staff": "l.staff_id = %(staff)s"},
    steady=frozenset({"staff"}),
)


class LoginsQuestion(PageQuestion):
    """Which logins."""

    staff: UUID | None = None


@router.question("/logins", "Who signs in under which name", answers=Page[Login], roles=SEEING_LOGINS)
async def list_logins(ask: Asking, question: Annotated[LoginsQuestion, Query()]) -> Response:
    return await ask.page(LOGINS, question)
