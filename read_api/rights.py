"""The question what each role may do, and what it sees."""

from typing import Annotated, get_args

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.lists import Extent, Scope
from read_api.reading.answer import Answer, Items
from read_api.reading.declaring import Asking, Questions, questions_of
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.roles import PortalRole, Role, Roles

router = Questions("staff")

SEEING_RIGHTS: Roles = frozenset({"admin", "auditor"})


class Scopes(Answer):
    """Whose clients, deals and activities somebody sees; of `texts`, whether they read what people wrote."""

    clients: Scope
    deals: Scope
    activities: Scope
    texts: Scope


class Editing(Answer):
    """Which commands of each kind a role may ask for: none, all, or, if nothing else was granted, those as usual."""

    clients: Extent
    personal: Extent
    ownership: Extent
    deals: Extent
    activities: Extent
    notes: Extent


class RoleRights(Answer):
    """What the people of a role, or who comes in for a client in one, may ask for, by name, and see."""

    role: Role | PortalRole
    is_fixed: bool = Field(description="Nothing can be granted to it, or taken from it.")
    scopes: Scopes
    editing: Editing
    commands: list[str]
    questions: list[str]
    operations: list[str]


@router.question("/rights", "What each role may do and see", answers=Items[RoleRights], roles=SEEING_RIGHTS)
async def list_rights(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    desk = ask.desk
    await desk.require_log(question.min_position)
    seen = Seen(await desk.head())
    items = [
        {
            "role": role,
            "is_fixed": desk.house.is_fixed(role),
            "scopes": await desk.reaches.scopes_of(role),
            "editing": await desk.editing_of(role),
            "commands": await desk.commands_of(role),
            "questions": questions_of(role),
            "operations": desk.upkeep.operations_of(role),
        }
        for role in (*get_args(Role), *get_args(PortalRole))
    ]
    return ask.answer(to_json({"items": items}), seen)
