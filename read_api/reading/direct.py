"""The direct way to a read: a question with nothing wrong in it goes to its answer without FastAPI's machinery.

FastAPI's routers and its solving of dependencies took as long as the whole rest of a read. These routes are made from
FastAPI's own, which describe them in `/docs`, and stand before them. What is wrong with a request FastAPI tells, as it
tells of every other: a request that is not plainly right matches no route here.
"""

from typing import Any, get_type_hints

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from read_api.reading.declaring import allowed
from read_api.reading.desk import Desk
from read_api.reading.question import Question

ASKED = "letopis.asked"


class DirectRoute(Route):
    """A read that is asked with parts of its path and one question in its query."""

    def __init__(self, described: APIRoute, desk: Desk) -> None:
        """Take the route as FastAPI describes it; `can_be_direct` says which."""
        super().__init__(described.path, self._answer, methods=["GET"], name=described.name)
        self._question: type[Question] = get_type_hints(described.endpoint)["question"]
        # With its limits: a type alone would let through what FastAPI refuses.
        kinds = get_type_hints(described.endpoint, include_extras=True)
        self._parts = {name: TypeAdapter[Any](kinds[name]) for name in self.param_convertors}
        self._ask = described.endpoint
        self._desk = desk

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether the request is a plainly right one of ours, and keep what it asks with."""
        match, found = super().matches(scope)
        if match is not Match.FULL:
            return Match.NONE, {}
        given = QueryParams(scope["query_string"]).multi_items()
        query = dict(given)
        if len(query) < len(given):
            return Match.NONE, {}
        try:
            asked = {name: part.validate_python(found["path_params"][name]) for name, part in self._parts.items()}
            asked["question"] = self._question.model_validate(query)
        except ValidationError:
            return Match.NONE, {}
        return match, {**found, "route": self, ASKED: asked}

    async def _answer(self, request: Request) -> Response:
        ask = await allowed(request, self._desk, self.name)
        answer: Response = await self._ask(ask=ask, **request.scope[ASKED])
        return answer


def can_be_direct(described: APIRoute) -> bool:
    """Tell whether a route is asked with parts of its path and one question in its query, and nothing else."""
    kinds = get_type_hints(described.endpoint)
    others = set(kinds) - {"ask", "question", "return"} - set(described.param_convertors)
    question = kinds.get("question")
    return described.methods == {"GET"} and not others and isinstance(question, type) and issubclass(question, Question)
