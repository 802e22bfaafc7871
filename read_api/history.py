"""The auditor's question about a client: every fact of the log that concerns them, and what others were refused."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from read_api import answers
from read_api.reading.asking import Asking, Question, described
from read_api.reading.desk import Seen
from read_api.reading.errors import NoSuchThingError
from read_api.reading.paging import Listing, from_cursor, to_cursor

router = APIRouter(tags=["clients"])

# A place in a history is one among the facts, and one among the refusals.
HISTORY = Listing(
    name="history",
    view="",
    shape=0,
    alias="",
    item={},
    order={"position": "bigint", "refused_at": "timestamptz", "refusal_id": "bigint"},
    always="",
    filters={},
)
BEGINNING: dict[str, Any] = {"after_0": 0, "after_1": datetime.min.replace(tzinfo=UTC), "after_2": 0}

REFUSALS = """
SELECT json_build_object(
    'refused_at', r.refused_at, 'actor', r.actor, 'command', r.command, 'code', r.code, 'facts', r.facts
)::text, r.refused_at, r.refusal_id
FROM read.refusal AS r
WHERE r.stream_id = %(client_id)s
    AND (r.refused_at, r.refusal_id) > (%(after_1)s, %(after_2)s)
    AND (%(upto)s::timestamptz IS NULL OR r.refused_at <= %(upto)s)
ORDER BY r.refused_at, r.refusal_id
LIMIT %(limit)s"""


class HistoryQuestion(Question):
    """Which page of the history."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str | None, Field(max_length=2000)] = None


@router.get(
    "/clients/{client_id}/history",
    summary="Everything ever recorded about a client, oldest first, read from the log itself",
    **described("get_client_history", answers.HistoryPage, has_id=True),
)
async def get_client_history(client_id: UUID, ask: Asking, question: Annotated[HistoryQuestion, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    whose = {"client_id": client_id}
    place = from_cursor(HISTORY, whose, question.cursor) if question.cursor is not None else BEGINNING
    head = await ask.desk.head()
    found = await run_in_threadpool(ask.desk.history, client_id, place["after_0"], question.limit + 1)
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
