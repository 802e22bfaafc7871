"""One question on its way: who asks, whether they may, and the answer with its ETag and position."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, Protocol
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from read_api.reading.desk import Caller, Desk, Row, Seen
from read_api.reading.errors import NoSuchThingError, ReadNotAllowedError, ViewParkedError, WrongParameterError
from read_api.reading.moments import as_of_from
from read_api.reading.paging import Listing, count_statement, from_cursor, page_statement, to_cursor
from read_api.reading.past import Kind
from read_api.rights import RIGHTS

# PostgreSQL's text has every character but this one.
PlainText = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]

# Parameters that may be given several times: any of the values will do.
REPEATABLE = frozenset({"topic"})


# Somebody has to look at it: soon enough to notice, seldom enough to wait.
PARKED_RETRY_AFTER = 30


class Question(BaseModel):
    """What every read may be asked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_position: Annotated[
        int | None, Field(ge=0, lt=2**63, description="Wait until the view has reached this position of the log.")
    ] = None


class PageQuestion(Question):
    """What every list may be asked with; the other members are its filters."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    count: Annotated[bool, Field(description="Count all items; it costs time.")] = False

    def filters(self) -> dict[str, Any]:
        """Return the filters that are given."""
        given = self.model_dump(exclude_none=True)
        return {name: value for name, value in given.items() if name not in PageQuestion.model_fields}


AsOfText = Annotated[str | None, Field(max_length=100, examples=["2026-06-30"])]


class PastQuestion(Question):
    """What a read may be asked with that can also say how things stood."""

    as_of: AsOfText = None


class PastPageQuestion(PageQuestion, PastQuestion):
    """What a list may be asked with that can also say how things stood."""

    def filters(self) -> dict[str, Any]:
        """Return the filters that are given."""
        return {name: value for name, value in super().filters().items() if name != "as_of"}


class Views(Protocol):
    """What a question is asked of: the views as they are, or as they stood."""

    async def fetch(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        views: Sequence[str],
        min_position: int | None = None,
        about: UUID | None = None,
    ) -> tuple[Seen, list[Row]]:
        """Return how true a statement's answer is, and the answer."""
        ...


class PageBody(NamedTuple):
    """One page: the members `items`, `next` and, if asked for, `count`, and how true they are."""

    seen: Seen
    body: bytes
    is_empty: bool


class Ask:
    """A question of somebody who may ask it."""

    def __init__(
        self, request: Request, desk: Desk, caller: Caller, views: Views | None = None, as_of: str | None = None
    ) -> None:
        self.request = request
        self.desk = desk
        self.caller = caller
        self.fetch = (views or desk).fetch
        self._as_of = {} if as_of is None else {"as_of": as_of}

    @asynccontextmanager
    async def then(self, kind: Kind, key: UUID | None, question: PastQuestion) -> AsyncIterator["Ask"]:
        """Give what answers as of the moment that the question names; if it names none, that is this.

        `kind` and `key` say what the answer will select from.
        """
        if question.as_of is None:
            yield self
            return
        as_of = as_of_from(question.as_of, self.desk.zone)
        await self.desk.require_log(question.min_position)
        async with self.desk.past.looking(kind, key, as_of) as views:
            yield Ask(self.request, self.desk, self.caller, views, question.as_of)

    def answer(self, body: bytes, seen: Seen, media_type: str = "application/json") -> Response:
        """Return the answer, or 304 when the caller has it already; one that lacks a fact says so."""
        if seen.parked is not None:
            body = body[:-1] + b',"parked":%d}' % seen.parked
        etag = f'"{sha256(body).hexdigest()[:24]}"'
        headers = {"ETag": etag, "Letopis-Position": str(seen.position), "Cache-Control": "private, no-cache"}
        if seen.parked is not None:
            headers["Letopis-Parked"] = str(seen.parked)
        known = self.request.headers.get("if-none-match")
        if known and (known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)

    async def one(
        self,
        statement: str,
        parameters: Mapping[str, Any],
        views: Sequence[str],
        question: Question,
        missing: tuple[str, UUID] | None = None,
    ) -> Response:
        """Answer with the one JSON text the statement gives; raises what `absent` returns when it gives none.

        `missing` is what is asked for: its kind and id.
        """
        kind, identity = missing or ("thing", None)
        seen, rows = await self.fetch(statement, parameters, views, question.min_position, identity)
        text = rows[0][0]
        if text is None:
            raise absent(kind, identity, seen)
        return self.answer(text.encode(), seen)

    async def page(self, listing: Listing, question: PageQuestion, fixed: Mapping[str, Any] | None = None) -> Response:
        """Answer with one page of a list; `fixed` are filters that are no parameters."""
        filters = {**question.filters(), **(fixed or {})}
        page = await self.page_body(listing, question, filters)
        return self.answer(b"{" + page.body + b"}", page.seen)

    async def page_body(
        self, listing: Listing, question: PageQuestion, filters: Mapping[str, Any], about: UUID | None = None
    ) -> PageBody:
        """Return one page of a list, of one thing's list if it is `about` one."""
        # A cursor leads on at the moment it was given for, and at no other.
        named = {**filters, **self._as_of}
        place = from_cursor(listing, named, question.cursor) if question.cursor is not None else {}
        given = frozenset(filters)
        statement = page_statement(listing, given, question.limit, has_cursor=bool(place))
        values = {**filters, **place, "limit": question.limit}
        seen, rows = await self.fetch(statement, values, listing.views, question.min_position, about)
        items, *last = rows[0]
        end = "null" if last[-1] is None else f'"{to_cursor(listing, named, last)}"'
        if question.count:
            _, counted = await self.fetch(count_statement(listing, given), filters, listing.views)
            end += f',"count":{counted[0][0]}'
        body = f'"items":{items or "[]"},"next":{end}'
        return PageBody(seen, body.encode(), is_empty=items is None)


def absent(kind: str, identity: UUID | None, seen: Seen) -> NoSuchThingError | ViewParkedError:
    """Return why there is no answer: nothing is known under the id; or something is, and waits."""
    if seen.parked is None:
        return NoSuchThingError(kind=kind, id=identity)
    return ViewParkedError(kind=kind, id=identity, parked=seen.parked, retry_after=PARKED_RETRY_AFTER)


def allowed(request: Request, desk: Desk, name: str) -> Ask:
    """Let the caller in if this route's right allows it; raises ReadNotAllowedError and what `authenticate` raises."""
    caller = desk.authenticate(request.headers.get("authorization"))
    if caller.role not in RIGHTS[name]:
        raise ReadNotAllowedError(role=caller.role, needed=sorted(RIGHTS[name]), action=name)
    return Ask(request, desk, caller)


async def _asking(request: Request) -> Ask:
    """Let the caller in, and refuse a parameter that is given twice; raises WrongParameterError too."""
    ask = allowed(request, request.state.desk, request.scope["route"].name)
    given = Counter(parameter for parameter, _value in request.query_params.multi_items())
    if twice := [parameter for parameter, times in given.items() if times > 1 and parameter not in REPEATABLE]:
        raise WrongParameterError(
            *({"pointer": f"/{parameter}", "in": "query", "code": "given-twice"} for parameter in twice)
        )
    return ask


Asking = Annotated[Ask, Depends(_asking)]

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


def described(name: str, model: type[BaseModel], *, has_id: bool = False, has_forms: bool = False) -> dict[str, Any]:
    """Return what a route declares: its name, who may ask, what it answers and with which headers."""
    responses: dict[int | str, dict[str, Any]] = {
        200: {"headers": HEADERS},
        304: {"description": "The caller has this answer already.", "headers": HEADERS},
    }
    if has_id:
        responses[404] = {}
    if has_forms:
        responses[406] = {}
    return {
        "name": name,
        "operation_id": name,
        "response_model": model,
        "responses": responses,
        "description": f"Roles: {', '.join(sorted(RIGHTS[name]))}.",
    }
