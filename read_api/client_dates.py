"""Questions about the days on which clients are remembered: whose come next, and those of one client."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import from_json, to_json

from read_api import views
from read_api.lists import ClientDateKind
from read_api.reading.answer import Answer, Page, Sql, json_of, list_of
from read_api.reading.cursors import Paged, cut, from_cursor
from read_api.reading.declaring import Asking, Questions
from read_api.reading.joined import answers, is_client
from read_api.reading.question import AT_ONCE, PastQuestion
from read_api.reading.seen import sees
from read_api.reading.statement import Statement
from read_api.roles import FRONT_OFFICE

router = Questions("clients")

FURTHEST = 366
"""Within so many days every day of the year comes, 29 February too: in other years it is the 28th."""


class ClientDate(Answer):
    """A day of the year on which a client is remembered; `client_id` is of whom it was noted, of merged clients."""

    client_id: UUID
    kind: ClientDateKind
    label: str | None
    month: Annotated[int, Sql("split_part({row}.month_day, '-', 1)::integer")]
    day: Annotated[int, Sql("split_part({row}.month_day, '-', 2)::integer")]
    year: int | None
    source: str
    noted_at: datetime


class ComingDate(Answer):
    """A client's day that comes: `on` is when it is remembered, `years` how many it will be then, if that is known."""

    client_id: UUID
    name: str
    owner_id: UUID | None
    owner_name: str | None
    kind: ClientDateKind
    label: str | None
    on: date
    years: int | None


DATES = list_of(
    json_of(ClientDate, "w"),
    f"""{views.CLIENT_DATES} AS w
            WHERE {is_client("w.client_id", "c.client_id")}""",
    order="w.month_day, w.date_key, w.client_id",
)
"""The days of the client of a card `c`, in the order of the year."""


class ComingQuestion(PastQuestion):
    """Whose days, and how far ahead."""

    limit: Annotated[int, Field(ge=1, le=AT_ONCE, description="How many items a page has at most.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next` of the page before.")] = None
    ahead: Annotated[int, Field(ge=1, le=FURTHEST, description="So many days, today being the first.")] = 7
    owner: UUID | None = None
    occasion: Annotated[ClientDateKind | None, Field(description="Only this kind of day.")] = None


FILTERS: Mapping[str, str] = {"owner": "c.owner_id = %(owner)s", "occasion": "w.kind = %(occasion)s"}
COMING = Paged("days that come", {"on": "text", "client_id": "uuid", "date_key": "text"})
_KEYS = ", ".join(f"d.{name}" for name in COMING.order)
_PLACE = ", ".join(f"%(after_{number})s::{kind}" for number, kind in enumerate(COMING.order.values()))


@lru_cache(maxsize=16)
def _statement(given: frozenset[str], *, has_cursor: bool) -> Statement:
    """Return what gives a page and one item more, each with its keys; `month_days` are the days, in order, as MM-DD.

    `on_days` are the days that they are remembered on: of 29 February in other years the 28th.
    """
    item = json_of(ComingDate, "d")
    only = "".join(f" AND {FILTERS[name]}" for name in sorted(given))
    return Statement(
        f"""
SELECT seen.*, (
    SELECT coalesce(json_agg(json_build_array({item}, json_build_array({_KEYS})) ORDER BY {_KEYS}), '[]')
    FROM (
        SELECT * FROM (
            SELECT DISTINCT ON (ahead.on_day, c.client_id, w.date_key)
                ahead.on_day AS on, c.client_id, w.date_key, c.name, c.owner_id, o.name AS owner_name, w.kind, w.label,
                left(ahead.on_day, 4)::integer - w.year AS years
            FROM unnest(%(month_days)s::text[], %(on_days)s::text[]) AS ahead (month_day, on_day)
            JOIN {views.CLIENT_DATES} AS w ON w.month_day = ahead.month_day
            JOIN {views.CLIENT_CARD} AS c ON c.client_id = {answers("w.client_id")}
            LEFT JOIN {views.STAFF_DIRECTORY} AS o ON o.staff_id = c.owner_id
            WHERE c.registered_at IS NOT NULL AND c.archived_at IS NULL AND {sees("client", "c")}{only}
            ORDER BY ahead.on_day, c.client_id, w.date_key, w.client_id
        ) AS d
        WHERE {f"({_KEYS}) > ({_PLACE})" if has_cursor else "true"}
        ORDER BY {_KEYS}
        LIMIT %(limit)s
    ) AS d
)::text
FROM seen""",  # noqa: S608 - put together from constants
        (views.CLIENT_DATES, views.CLIENT_CARD),
        (views.STAFF_DIRECTORY,),
    )


@router.question(
    "/clients/dates",
    "Whose birthday, anniversary or other day comes next, by the company's calendar",
    answers=Page[ComingDate],
    roles=FRONT_OFFICE,
    note=" Of clients in use. What falls on 29 February comes on the 28th in a year without it.",
)
async def list_client_dates(ask: Asking, question: Annotated[ComingQuestion, Query()]) -> Response:
    today = ask.now(question.as_of).date()
    given: dict[str, Any] = question.model_dump(include=set(FILTERS), exclude_none=True)
    # A page of tomorrow does not go on from one of today.
    named = {**given, "today": today, "ahead": question.ahead, "as_of": question.as_of}
    place = {} if question.cursor is None else from_cursor(COMING, named, question.cursor)
    month_days, on_days = zip(*ahead(today, question.ahead), strict=True)
    statement = _statement(frozenset(given), has_cursor=bool(place))
    values = {**given, **place, "limit": question.limit + 1, "month_days": list(month_days), "on_days": list(on_days)}
    async with ask.then(question, statement.views) as asked:
        seen, [(items,)] = await asked.fetch(statement, values, question.min_position)
    page, following = cut(COMING, named, from_json(items), question.limit)
    ask.looked_at(*dict.fromkeys(UUID(one["client_id"]) for one in page))
    return ask.answer(to_json({"items": page, "next": following}), seen)


def ahead(today: date, days: int) -> list[tuple[str, str]]:
    """Return each day of the year that comes, as MM-DD, and the day on which it is remembered."""
    found = []
    first = today.toordinal()
    # There is no day after the last that a calendar has.
    for number in range(first, min(first + days, date.max.toordinal() + 1)):
        on = date.fromordinal(number)
        found.append((f"{on:%m-%d}", on.isoformat()))
        if (on.month, on.day) == (2, 28) and (on + timedelta(days=1)).month == 3:
            found.append(("02-29", on.isoformat()))
    return found
