"""The auditor's question about a client: every fact of the log that concerns them, and what others were refused."""

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


class HistoryPage(Page[HistoryEntry]):
    """Facts in order, and the refusals of the same time."""

    refusals: list[Refusal]


# A place in a history is one among the facts, and one among the refusals.
HISTORY = Paged("history", order={"position": "bigint", "refused_at": "timestamptz", "refusal_id": "bigint"})
BEGINNING: dict[str, Any] = {"after_0": 0, "after_1": datetime.min.replace(tzinfo=UTC), "after_2": 0}

REFUSALS = f"""
SELECT {json_of(Refusal, "r")}::text, r.refused_at, r.refusal_id
FROM read.refusal AS r
WHERE r.stream_id = %(client_id)s
    AND (r.refused_at, r.refusal_id) > (%(after_1)s, %(after_2)s)
    AND (%(upto)s::timestamptz IS NULL OR r.refused_at <= %(upto)s)
ORDER BY r.refused_at, r.refusal_id
LIMIT %(limit)s"""  # noqa: S608 - put together from constants


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
    values = {**whose, **place, "upto": upto, "limit": question.limit + 1}
    refusals = await ask.desk.rows(REFUSALS, values)
    has_more = has_more or len(refusals) > question.limit
    refusals = refusals[: question.limit]
    position = entries[-1].position if entries else place["after_0"]
    refused = refusals[-1][1:] if refusals else (place["after_1"], place["after_2"])
    following = to_cursor(HISTORY, whose, (position, *refused)) if has_more else None
    body = to_json({"items": [entry._asdict() for entry in entries], "next": following})
    told = b",".join(text.encode() for text, *_place in refusals)
    return ask.answer(body[:-1] + b',"refusals":[' + told + b"]}", Seen(max(head, position)))
