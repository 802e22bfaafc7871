"""Questions about API keys: which programs come in, for what, until when, and when each key was last of use."""

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from read_api import views
from read_api.reading.answer import Answer, Page, Sql
from read_api.reading.declaring import Asking, Questions
from read_api.reading.paging import Listing
from read_api.reading.question import PageQuestion
from read_api.roles import Roles

router = Questions("staff")

SEEING_KEYS: Roles = frozenset({"admin", "auditor"})


class ApiKey(Answer):
    """What one program comes in with; its secret nobody has but the program."""

    api_key_id: UUID
    name: str
    commands: list[str]
    questions: list[str]
    issued_at: datetime
    issued_by: str | None
    expires_at: datetime | None
    rotated_at: datetime | None
    old_good_until: datetime | None = Field(description="Until when the secret before the last one is good, if it is.")
    revoked_at: datetime | None
    revoked_because: str | None
    last_used_on: Annotated[date | None, Sql("u.last_used_on")] = Field(
        description="The day, in the company's zone, of its last use; known a few seconds later, and of now alone."
    )
    version: int
    position: int


API_KEYS = Listing(
    name="api_keys",
    view=views.API_KEYS,
    alias="k",
    item=ApiKey,
    order={"issued_at": "timestamptz", "api_key_id": "uuid"},
    descending=True,
    always="k.issued_at IS NOT NULL",
    filters={"revoked": "(k.revoked_at IS NOT NULL) = %(revoked)s"},
    joins="LEFT JOIN read.api_key_use AS u ON u.api_key_id = k.api_key_id",
)

# When a key was used is no fact: how it stood at a past moment nobody knows.
API_KEYS_THEN = replace(API_KEYS, joins="LEFT JOIN (SELECT NULL::date AS last_used_on) AS u ON false")


class ApiKeysQuestion(PageQuestion):
    """Which keys."""

    revoked: bool | None = None


@router.question("/api-keys", "With which keys programs come in, latest first", answers=Page[ApiKey], roles=SEEING_KEYS)
async def list_api_keys(ask: Asking, question: Annotated[ApiKeysQuestion, Query()]) -> Response:
    return await ask.page(API_KEYS if question.as_of is None else API_KEYS_THEN, question)
