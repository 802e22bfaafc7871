"""The auditor's questions: what is recorded of a client, with refusals and looks; and of what is the house's own."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.reading.answer import Answer, Page, json_of
from read_api.reading.cursors import Paged, from_cursor, to_cursor
from read_api.reading.declaring import Asking, Questions
from read_api.reading.errors import NoSuchThingError
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.roles import Roles

router = Questions("clients")

AUDITING: Roles = frozenset({"auditor", "admin"})


class HistoryEntry(Answer):
    """One fact as an auditor reads it; `facts` is null once the person was forgotten."""

    position: int
    event_id: UUID
    stream_id: UUID
    version: int
    topic: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    parties: list[UUID]
    facts: dict[str, Any] | None


class Refusal(Answer):
    """Something somebody tried with the client and was not allowed to; ids only, no names."""

    refused_at: datetime
    actor: str
    command: str
    code: str
    facts: dict[str, Any]


class LookedAt(Answer):
    """Somebody who was told of the client: the question by its name, and what for, if they said so."""

    accessed_at: datetime
    actor: str
    question: str
    purpose: str | None


class HistoryPage(Page[HistoryEntry]):
    """Facts in order, the refusals of the same time, and who looked at the client then."""

    refusals: list[Refusal]
    accesses: list[LookedAt]


# A place in a history is one among the facts, one among the refusals, and one among the accesses.
HISTORY = Paged(
    "history",
    order={
        "position": "bigint",
        "refused_at": "timestamptz",
        "refusal_id": "bigint",
        "accessed_at": "timestamptz",
        "access_id": "bigint",
    },
)
_NEVER = datetime.min.replace(tzinfo=UTC)
BEGINNING: dict[str, Any] = {"after_0": 0, "after_1": _NEVER, "after_2": 0, "after_3": _NEVER, "after_4": 0}


def _beside(item: type[Answer], view: str, whose: str, at: str, key: str) -> str:
    return f"""
SELECT {json_of(item, "r")}::text, r.{at}, r.{key}
FROM read.{view} AS r
WHERE r.{whose} = %(client_id)s
    AND (r.{at}, r.{key}) > (%(since)s, %(after)s)
    AND (%(upto)s::timestamptz IS NULL OR r.{at} <= %(upto)s)
ORDER BY r.{at}, r.{key}
LIMIT %(limit)s"""  # noqa: S608 - put together from constants


BESIDE = {
    "refusals": _beside(Refusal, "refusal", "stream_id", "refused_at", "refusal_id"),
    "accesses": _beside(LookedAt, "access", "subject_id", "accessed_at", "access_id"),
}
"""What is told beside the facts of the same time, in the order in which a place has it."""


class HistoryQuestion(Question):
    """Which page of the history."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=2000)] = None


@router.question(
    "/clients/{client_id}/history",
    "Everything ever recorded about a client, oldest first, read from the log itself",
    answers=HistoryPage,
    roles=AUDITING,
)
async def get_client_history(client_id: UUID, ask: Asking, question: Annotated[HistoryQuestion, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    whose = {"client_id": client_id}
    place = from_cursor(HISTORY, whose, question.cursor) if question.cursor is not None else BEGINNING
    head = await ask.desk.head()
    found = await ask.desk.history(client_id, place["after_0"], question.limit + 1)
    if not found and question.cursor is None:
        raise NoSuchThingError(kind="client", id=client_id)
    entries, has_more = found[: question.limit], len(found) > question.limit
    upto = entries[-1].recorded_at if has_more else None
    places: list[Any] = [entries[-1].position if entries else place["after_0"]]
    told = b""
    for name, statement in BESIDE.items():
        since, after = place[f"after_{len(places)}"], place[f"after_{len(places) + 1}"]
        values = {**whose, "since": since, "after": after, "upto": upto, "limit": question.limit + 1}
        rows = await ask.desk.rows(statement, values)
        has_more = has_more or len(rows) > question.limit
        rows = rows[: question.limit]
        places += rows[-1][1:] if rows else (since, after)
        told += b',"%b":[%b]' % (name.encode(), b",".join(text.encode() for text, *_place in rows))
    following = to_cursor(HISTORY, whose, places) if has_more else None
    ask.looked_at(client_id)
    body = to_json({"items": [entry._asdict() for entry in entries], "next": following})
    return ask.answer(body[:-1] + told + b"}", Seen(max(head, places[0])))


OF_STREAM = Paged("history of a stream", order={"position": "bigint"})


@router.question(
    "/streams/{stream}/history",
    "Everything ever recorded of what is the house's own, oldest first: a staff member, a team, a branch, a pipeline, a"
    " product, a tax, a price book, a custom field, the rights of a role, an API key, a login",
    answers=Page[HistoryEntry],
    roles=AUDITING,
)
async def get_stream_history(stream: UUID, ask: Asking, question: Annotated[HistoryQuestion, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    whose = {"stream": stream}
    after = 0 if question.cursor is None else from_cursor(OF_STREAM, whose, question.cursor)["after_0"]
    head = await ask.desk.head()
    found = await ask.desk.house.history(stream, after, question.limit + 1)
    if not found and question.cursor is None:
        raise NoSuchThingError(kind="stream", id=stream)
    entries = found[: question.limit]
    following = to_cursor(OF_STREAM, whose, [entries[-1].position]) if len(found) > question.limit else None
    body = to_json({"items": [entry._asdict() for entry in entries], "next": following})
    return ask.answer(body, Seen(max([head, *(entry.position for entry in entries[-1:])])))
