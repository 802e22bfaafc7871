"""One question on its way: who asks, and the answer with its ETag and position, of the present or as of a moment."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import from_json, to_json

from infra.log.accesses import Access
from infra.log.past_log import AsOf
from infra.projector.row_versions import By
from read_api.reading.colleagues import staff_id_of
from read_api.reading.cursors import from_cursor, to_cursor
from read_api.reading.desk import Caller, Desk, Row
from read_api.reading.errors import NoSuchThingError, NotStaffError, ViewParkedError, WrongParameterError
from read_api.reading.feed import Follower
from read_api.reading.moments import as_of_from
from read_api.reading.paging import NOTHING, Around, Listing, as_wanted, page_statement
from read_api.reading.past import ViewsOverTime
from read_api.reading.question import PageQuestion, PastQuestion
from read_api.reading.reach import EVERYTHING, Reach, Sight
from read_api.reading.seen_today import require_seen
from read_api.reading.statement import Seen, Statement

# An operator has to look at it: soon enough to notice, seldom enough to wait.
PARKED_RETRY_AFTER = 30

JSON = "application/json"

PURPOSE = "Letopis-Purpose"
"""The header in which a caller says what they look at a client for."""

LONGEST_PURPOSE = 200
NO_HEADERS: Mapping[str, str] = {}
NO_VALUES: Mapping[str, Any] = {}


class Views(Protocol):
    """What a question is asked of: the views as they are, or as they stood."""

    async def fetch(
        self,
        statement: Statement,
        parameters: Mapping[str, Any],
        min_position: int | None = None,
        about: UUID | None = None,
        reach: Reach = EVERYTHING,
    ) -> tuple[Seen, list[Row]]:
        """Return how true a statement's answer is, and the answer."""
        ...


class PageBody(NamedTuple):
    """One page: the members `items`, `next` and, if asked for, `count`, and how true they are.

    `around` is what else was asked for in the same statement.
    """

    seen: Seen
    body: bytes
    is_empty: bool
    around: tuple[Any, ...] = ()


class Ask:
    """A question of a caller who may ask it, and is answered within their reach."""

    def __init__(
        self,
        request: Request,
        desk: Desk,
        caller: Caller,
        reach: Reach,
        views: Views | None = None,
        as_of: str | None = None,
    ) -> None:
        self.request = request
        self.desk = desk
        self.caller = caller
        self.reach = reach
        self.fetch = partial((views or desk).fetch, reach=reach)
        self._as_of = {} if as_of is None else {"as_of": as_of}

    @property
    def own_id(self) -> UUID:
        """The caller's own id as a member of the staff; raises NotStaffError where they are none."""
        staff_id = staff_id_of(self.caller)
        if staff_id is None:
            raise NotStaffError
        return staff_id

    def require_staff(self) -> None:
        """Refuse a caller who is no member of the staff; raises NotStaffError."""
        _ = self.own_id

    @property
    def follower(self) -> Follower:
        """The caller as one who follows a stream: by their token, or by a ticket as whom that named."""
        headers = self.request.headers.getlist("authorization")
        return Follower(self.caller.id, partial(self.desk.is_let_in, self.caller, headers))

    def as_of(self, named: str | None) -> AsOf:
        """Return the past moment that a question names; raises WrongParameterError."""
        return AsOf() if named is None else as_of_from(named, self.desk.zone)

    def now(self, as_of: str | None) -> datetime:
        """Return, in the company's zone, the moment that the answer is for: the present one, or the one asked for."""
        named = self.as_of(as_of)
        moment = named.occurred or named.recorded
        return (moment or self.desk.clock()).astimezone(self.desk.zone)

    @asynccontextmanager
    async def then(
        self, question: PastQuestion, views: tuple[str, ...], about: UUID | None = None, kind: str = ""
    ) -> AsyncIterator["Ask"]:
        """Give what answers as of the moment that the question names; if it names none, that is this.

        `views` are those that will be asked; `about` is the one party or stream whose facts are enough for the answer.
        If it is a thing of a `kind`, NoSuchThingError is raised of one whose past the caller does not see.
        """
        if question.as_of is None:
            yield self
            return
        as_of = self.as_of(question.as_of)
        await self.desk.require_log(question.min_position)
        async with self.desk.past.looking(as_of, views, about) as past:
            await require_seen(self.desk, self.reach, kind, about)
            yield Ask(self.request, self.desk, self.caller, self.reach, past, question.as_of)

    @asynccontextmanager
    async def over_time(self, question: PastQuestion, about: UUID, by: By) -> AsyncIterator[ViewsOverTime]:
        """Give what there was of one party or stream at every moment up to the one the question names, if it does."""
        as_of = self.as_of(question.as_of)
        await self.desk.require_log(question.min_position)
        async with self.desk.past.over_time(as_of, about, by) as past:
            yield past

    def looked_at(self, *client_ids: UUID) -> None:
        """Put on record that the caller was told of these clients; raises WrongParameterError."""
        now, purpose = self.desk.clock(), self._purpose
        for client_id in client_ids:
            self.desk.note_access(Access(now, self.caller.id, client_id, self.request.scope["route"].name, purpose))

    @property
    def _purpose(self) -> str | None:
        """What the caller says they look for, percent-encoded where it is not plain English."""
        given = self.request.headers.get(PURPOSE)
        purpose = None if given is None else unquote(given).strip() or None
        if purpose is not None and (len(purpose) > LONGEST_PURPOSE or not purpose.isprintable()):
            raise WrongParameterError(
                {"pointer": f"/{PURPOSE}", "in": "header", "code": "too-long", "max_length": LONGEST_PURPOSE}
            )
        return purpose

    def answer(
        self,
        body: bytes,
        seen: Seen,
        media_type: str = JSON,
        more: Mapping[str, str] = NO_HEADERS,
        version: int | None = None,
    ) -> Response:
        """Return the answer, or 304 when the caller has it already; one that lacks a fact says so.

        The ETag of an answer about one stream begins with its version, which is what commands want in If-Match; that
        of any other answer has none. What is asked by POST has no ETag: only a GET can be answered with 304.
        """
        if seen.parked is not None and media_type == JSON:
            body = body[:-1] + b',"parked":%d}' % seen.parked
        # What a table cannot say for itself the headers say, and another answer it is all the same.
        told = body if media_type == JSON else body + repr((seen.parked, dict(more))).encode()
        headers = {"Letopis-Position": str(seen.position), "Cache-Control": "private, no-cache", **more}
        if seen.parked is not None:
            headers["Letopis-Parked"] = str(seen.parked)
        if self.request.method != "GET":
            return Response(body, media_type=media_type, headers=headers)
        etag = f'"{"" if version is None else version}-{sha256(told).hexdigest()[:24]}"'
        headers["ETag"] = etag
        known = self.request.headers.get("if-none-match")
        if known and (known.strip() == "*" or etag in {tag.strip().removeprefix("W/") for tag in known.split(",")}):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=media_type, headers=headers)

    async def one(
        self,
        statement: Statement,
        parameters: Mapping[str, Any],
        question: PastQuestion,
        about: tuple[str, UUID | str] | None = None,
        *,
        rests_on_others: bool = False,
    ) -> Response:
        """Answer with the one JSON text the statement gives, and its version if it has one.

        Raises what `absent` returns when it gives none.

        `about` is what is asked for: its kind and its id, or whatever it goes by. If it `rests_on_others`, the facts
        that name it as a party are not all that the answer needs, and what waits in any row may be lacking in it.
        """
        kind, identity = about or ("thing", None)
        alone = identity if isinstance(identity, UUID) and not rests_on_others else None
        async with self.then(question, statement.views, alone, kind) as asked:
            seen, rows = await asked.fetch(statement, parameters, question.min_position, alone)
        text, *version = rows[0]
        if text is None:
            raise self.absent(kind, identity, seen)
        if kind == "client" and isinstance(identity, UUID):
            self.looked_at(identity)
        return self.answer(text.encode(), seen, version=version[0] if version else None)

    async def page(
        self,
        listing: Listing,
        question: PageQuestion,
        fixed: Mapping[str, Any] | None = None,
        *,
        is_about_each: bool = False,
        told: Callable[[list[dict[str, Any]]], None] | None = None,
    ) -> Response:
        """Answer with one page of a list; `fixed` are filters that are no parameters.

        If it `is_about_each`, it is put on record of each client of the page that the caller was told of them. `told`
        adds to the items what the database does not know.
        """
        filters = {**question.filters(self.desk.zone), **(fixed or {})}
        async with self.then(question, listing.views(filters), listing.party(filters)) as asked:
            page = await asked.page_body(listing, question, filters)
        body = b"{" + page.body + b"}"
        whole: Any = from_json(body) if told is not None or is_about_each else None
        if told is not None:
            told(whole["items"])
            body = to_json(whole)
        if is_about_each:
            self.looked_at(*(UUID(item["client_id"]) for item in whole["items"]))
        return self.answer(body, page.seen)

    async def page_about(
        self, listing: Listing, question: PageQuestion, about: tuple[str, UUID], exists: Statement, **fixed: Any
    ) -> Response:
        """Answer with one page of what there is of one thing, which is named by its kind and id.

        Raises what `absent` returns where the page is empty and the statement `exists` says there is no such thing.
        """
        kind, identity = about
        async with self.then(question, listing.views(fixed), identity, kind) as asked:
            page = await asked.page_body(listing, question, fixed, identity)
            if page.is_empty and question.cursor is None:
                seen, rows = await asked.fetch(exists, fixed, about=identity)
                if not rows[0][0]:
                    raise self.absent(kind, identity, seen)
        if kind == "client":
            self.looked_at(identity)
        return self.answer(b"{" + page.body + b"}", page.seen)

    async def page_body(
        self,
        listing: Listing,
        question: PageQuestion,
        filters: Mapping[str, Any],
        about: UUID | None = None,
        around: Around = NOTHING,
        more: Mapping[str, Any] = NO_VALUES,
    ) -> PageBody:
        """Return one page of a list, of one thing's list if it is `about` one.

        What there is `around` it is asked for in the same statement; `more` are the values that only that needs.
        """
        listing = as_wanted(listing, question.order, question.members, filters)
        # A cursor leads on at the moment it was given for, and at no other.
        named = {**filters, **self._as_of}
        place = from_cursor(listing, named, question.cursor) if question.cursor is not None else {}
        given, size = listing.conditions_of(filters), question.page_size
        owners = 0 if self._as_of else listing.owners_asked(given, self.reach)
        statement = page_statement(
            listing, given, size, has_cursor=bool(place), has_count=question.count, around=around, owners=owners
        )
        values = {**filters, **more, **place, "limit": size}
        if owners:
            values["owners"] = self.reach.owners
        seen, rows = await self.fetch(statement, values, question.min_position, about)
        others, (items, *last) = rows[0][: len(around.columns)], rows[0][len(around.columns) :]
        count = f',"count":{last.pop()}' if question.count else ""
        end = "null" if last[-1] is None else f'"{to_cursor(listing, named, last)}"'
        body = f'"items":{items or "[]"},"next":{end}{count}'
        return PageBody(seen, body.encode(), is_empty=items is None, around=others)

    def absent(self, kind: str, identity: UUID | str | None, seen: Seen) -> NoSuchThingError | ViewParkedError:
        """Return why there is no answer: nothing is known under the id; or something is, and waits.

        Who sees a part only hears the same of what waits, of what is not theirs to see, and of what there is not.
        """
        if seen.parked is None or self.reach.sight is not Sight.WHOLE:
            return NoSuchThingError(kind=kind, id=identity)
        return ViewParkedError(kind=kind, id=identity, parked=seen.parked, retry_after=PARKED_RETRY_AFTER)
