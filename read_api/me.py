"""The question who one is, and what one may do: what a front office draws its buttons from."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.reading.answer import Whole
from read_api.reading.asking import Ask
from read_api.reading.colleagues import staff_id_of
from read_api.reading.declaring import Asking, Questions, questions_of
from read_api.reading.desk import Caller
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.rights import Scopes
from read_api.roles import EVERYBODY, PortalRole, Role
from read_api.staff import MEMBER, StaffMember

router = Questions("staff")

VARY = {"Vary": "Accept-Language"}
VARIES = {"Vary": {"description": "What else the answer depends on.", "schema": {"type": "string"}}}


class Me(Whole):
    """Who asks, and what they may do."""

    id: str = Field(description="Under which id the log has what they do.")
    role: Role | PortalRole
    client_id: UUID | None = Field(
        description="The client for whom who signed in comes in, in the role `client` or `partner`; null of all others."
    )
    staff: StaffMember | None = Field(
        description="As the directory has them; null of a program, and of nobody it knows."
    )
    language: Literal["en", "ru"] = Field(description="In which one errors are told, by `Accept-Language`.")
    zone: str = Field(description="The time zone in which the company's days begin, such as Europe/Moscow.")
    commands: list[str] = Field(
        description="The names of those that the role, or the API key, may ask for: `POST /commands/{name}`."
    )
    questions: list[str] = Field(description="The same of reads, by their `operationId`.")
    operations: list[str] = Field(description="The same of what operators ask for: `POST /operations/{name}`.")
    scopes: Scopes
    position: int


@router.question(
    "/me", "Who I am, and what I may do", answers=Me, roles=EVERYBODY, is_for_portal=True, more_headers=VARIES
)
async def get_me(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    caller, desk = ask.caller, ask.desk
    seen, member = await _member(ask, question)
    mine = {
        "id": caller.id,
        "role": caller.role,
        "client_id": caller.on_behalf_of,
        "language": desk.language_of(ask.request.headers.get("accept-language")),
        "zone": desk.zone.key,
        "commands": _named(caller, await desk.commands_of(caller.role)),
        "questions": _named(caller, questions_of(caller.role)),
        "operations": _named(caller, desk.upkeep.operations_of(caller.role)),
        "scopes": await desk.reaches.scopes_of(caller.role),
        "position": seen.position,
    }
    body = to_json(mine)[:-1] + b',"staff":%b}' % (member or "null").encode()
    return ask.answer(body, seen, more=VARY)


async def _member(ask: Ask, question: Question) -> tuple[Seen, str | None]:
    """Return what the directory has of the caller; of whoever is none of the staff it is not asked, there or not."""
    staff_id = staff_id_of(ask.caller)
    if staff_id is None:
        await ask.desk.require_log(question.min_position)
        return Seen(await ask.desk.head()), None
    seen, rows = await ask.fetch(MEMBER, {"staff_id": staff_id}, question.min_position)
    return seen, rows[0][0]


def _named(caller: Caller, names: Iterable[str]) -> list[str]:
    """Return those of the names that the caller's key names too, if they come in with one; in order."""
    return sorted(name for name in names if caller.only is None or name in caller.only)
