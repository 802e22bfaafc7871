"""How a question is declared beside its SQL: its path, what it answers, who may ask it."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from infra.rights import RIGHTS
from read_api.reading.asking import Ask
from read_api.reading.desk import Caller, Desk
from read_api.reading.errors import (
    ReadNotAllowedError,
    ReadNotNamedError,
    TicketNotGoodError,
    WrongMediaTypeError,
    WrongParameterError,
)
from read_api.reading.question import REPEATABLE
from read_api.roles import OF_PORTAL, Roles

_E = TypeVar("_E", bound=Callable[..., Any])

HEADERS = {
    "ETag": {"description": "What this answer is a state of.", "schema": {"type": "string"}},
    "Letopis-Position": {
        "description": "How far in the log the view behind this answer is.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Letopis-Parked": {
        "description": "Only when something waits in the view behind this answer: the first position of a fact that"
        " could not be taken in, so that it and what came after is lacking. The member `parked` says the same.",
        "schema": {"type": "integer", "minimum": 1},
    },
}


NO_HEADERS: Mapping[str, Any] = {}


class Questions(APIRouter):
    """The questions of one noun."""

    def __init__(self, tag: str) -> None:
        super().__init__(tags=[tag])

    def question(
        self,
        path: str,
        summary: str,
        *,
        answers: type[BaseModel] | UnionType | None,
        roles: Roles,
        method: str = "GET",
        may_be_absent: bool = False,
        has_forms: bool = False,
        forms: Mapping[str, Any] = NO_HEADERS,
        is_for_portal: bool = False,
        more_headers: Mapping[str, Any] = NO_HEADERS,
        note: str = "",
        **more: Any,
    ) -> Callable[[_E], _E]:
        """Declare that a function answers the question at a path; its own name is the question's.

        What is named in the path may be absent (404), and so may what `may_be_absent` says; an answer that `has_forms`
        can be wanted in one that there is not (406); `forms` says which it has besides JSON, by media type. Who
        comes in for a client may ask only what `is_for_portal`, of themselves. It carries HEADERS and `more_headers`.
        `note` is said after the roles; `more` goes to FastAPI as it is.
        """
        headers = {**HEADERS, **more_headers}
        responses: dict[int | str, dict[str, Any]] = {200: {"headers": headers}}
        if method == "GET":
            responses[304] = {"description": "The caller has this answer already.", "headers": headers}
        else:
            responses[200] = {"headers": {name: told for name, told in headers.items() if name != "ETag"}}
        if may_be_absent or "{" in path:
            responses[404] = {}
        if forms:
            responses[200]["content"] = forms
        if has_forms or forms:
            responses[406] = {}
        may_ask: frozenset[str] = roles | OF_PORTAL if is_for_portal else roles
        described = {
            "summary": summary,
            "description": f"Roles: {', '.join(sorted(may_ask))}.{note}",
            "response_model": answers,
            "methods": [method],
            **more,
            "responses": {**responses, **more.get("responses", {})},
        }

        def declare(answer: _E) -> _E:
            name = answer.__name__
            assert name not in RIGHTS, f"{name} is declared twice"  # noqa: S101
            RIGHTS[name] = may_ask
            self.add_api_route(path, answer, name=name, operation_id=name, **described)
            return answer

        return declare


@cache
def questions_of(role: str) -> list[str]:
    """Return the names of the questions that a role may ask, in order; for when all are declared."""
    return sorted(name for name, roles in RIGHTS.items() if role in roles)


async def allowed(request: Request, desk: Desk, name: str) -> Ask:
    """Let the caller in who has the right to ask this; raises ReadNotAllowedError and what `authenticate` raises."""
    caller = await desk.authenticate(request.headers.getlist("authorization"))
    return await entitled(request, desk, caller, name)


async def entitled(request: Request, desk: Desk, caller: Caller, name: str) -> Ask:
    """Let in a caller whom we know, if they, and their key, may ask this.

    Raises ReadNotAllowedError and TooManyReadsError.
    """
    if caller.role not in RIGHTS[name]:
        raise ReadNotAllowedError(role=caller.role, needed=sorted(RIGHTS[name]), action=name)
    if caller.only is not None and name not in caller.only:
        raise ReadNotNamedError(action=name, named=sorted(caller.only))
    desk.take_turn(caller.id, name)
    return Ask(request, desk, caller, await desk.reach_of(caller))


async def _asking(request: Request) -> Ask:
    """Let the caller in, and refuse a parameter that is given twice; raises WrongParameterError too."""
    ask = await allowed(request, request.state.desk, request.scope["route"].name)
    _require_each_once(request)
    return ask


async def _asking_by_ticket(request: Request) -> Ask:
    """Let in who brings a ticket instead of a header; raises as `_asking`, and TicketNotGoodError."""
    ticket = request.query_params.get("ticket")
    if ticket is None:
        return await _asking(request)
    _require_each_once(request)
    desk: Desk = request.state.desk
    holder = await desk.tickets.take(ticket)
    # It says who they were when it was handed out; meanwhile they may have left.
    if holder is None or not await desk.is_let_in(holder, (), False):
        raise TicketNotGoodError
    return await entitled(request, desk, holder, request.scope["route"].name)


def _require_each_once(request: Request) -> None:
    given = Counter(parameter for parameter, _value in request.query_params.multi_items())
    if twice := [parameter for parameter, times in given.items() if times > 1 and parameter not in REPEATABLE]:
        raise WrongParameterError(
            *({"pointer": f"/{parameter}", "in": "query", "code": "given-twice"} for parameter in twice)
        )


Asking = Annotated[Ask, Depends(_asking)]


async def json_only(ask: Asking) -> None:
    """Refuse a body that is not said to be JSON; raises WrongMediaTypeError."""
    content_type = ask.request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise WrongMediaTypeError(content_type=content_type, needed="application/json")


AskingByTicket = Annotated[Ask, Depends(_asking_by_ticket)]
