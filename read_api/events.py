"""The feed: every fact of the log as a CloudEvent, page by page or as a stream, from any position whenever asked."""

from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from read_api.reading.asking import Ask
from read_api.reading.declaring import HEADERS, Asking, Questions
from read_api.reading.errors import WrongParameterError
from read_api.reading.feed import Ended, Feed, Follower, Page, Wanted
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.reading.streams import ALIVE, STREAM, LastEventId, begun, is_stream, opening, starts_after
from read_api.roles import FRONT_OFFICE, Roles

router = Questions("events")

FOLLOWING: Roles = frozenset({"auditor", "ops", "integration", "analyst", "admin"})

PERSONAL_DATA = FRONT_OFFICE
"""Of those who may read the events: to the others personal data are not told."""

BATCH = "application/cloudevents-batch+json"
SOURCE = "urn:letopis:log"


class EventsQuestion(Question):
    """Which events."""

    after: Annotated[
        int, Field(ge=0, lt=2**63, description="The last position examined so far; 0: from the first.")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=1_000, description="How many events a page has at most.")] = 100
    topic: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None,
        Field(max_length=100, description="Only these types; may be given several times."),
    ] = None


class CloudEvent(BaseModel):
    """One fact of the log in the form of CloudEvents 1.0; `data` are its fields as they were recorded."""

    specversion: str
    id: UUID
    source: str
    type: str = Field(description="The topic, such as deal.won.")
    subject: UUID = Field(description="The person or organisation it is about.")
    time: datetime = Field(description="When it happened.")
    datacontenttype: str
    position: int = Field(description="Its place in the log: 1, 2, 3 and so on, without gaps.")
    streamid: UUID
    streamversion: int
    schemaversion: int
    recordedtime: datetime = Field(description="When it was recorded.")
    actor: str
    personaldata: Literal["open", "withheld", "forgotten"] | None = Field(
        default=None, description="What became of the personal part, where the fact has one."
    )
    data: dict[str, Any]


_FEED_HEADERS = {
    "Letopis-Position": {
        "description": "The last position examined for this page: the next `after`.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Letopis-Head": {"description": "Where the log ends.", "schema": {"type": "integer", "minimum": 0}},
    "Link": {
        "description": 'The next page (rel="next"); at the end, where to ask later.',
        "schema": {"type": "string"},
    },
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page of events, or a stream: `id` is the position, `data` an event.",
        "headers": {"ETag": HEADERS["ETag"], **_FEED_HEADERS},
        "content": {
            BATCH: {"schema": {"type": "array", "items": CloudEvent.model_json_schema()}},
            STREAM: {"schema": {"type": "string"}},
        },
    },
    304: {"description": "The caller has this answer already.", "headers": {"ETag": HEADERS["ETag"], **_FEED_HEADERS}},
    406: {},
}


@router.question(
    "/events",
    "Every fact of the log in order, as CloudEvents: pages, or a stream with Accept: text/event-stream",
    answers=None,
    roles=FOLLOWING,
    note=f" Personal data are told to: {', '.join(sorted(FOLLOWING & PERSONAL_DATA))}.",
    response_class=Response,
    responses=_RESPONSES,
)
async def list_events(
    ask: Asking, question: Annotated[EventsQuestion, Query()], last_event_id: LastEventId = None
) -> Response:
    feed = ask.desk.feed
    is_open = is_stream(ask.request.headers.get("accept"), BATCH)
    wanted = _wanted(ask, feed, question)
    room = partial(feed.require_room, ask.caller.id) if is_open else None
    after = await starts_after(ask.desk, question, last_event_id if is_open else None, room)
    if is_open:
        return begun(_stream(feed, wanted, after, ask.follower), after)
    return _page(ask, wanted, question, await feed.page(wanted, after, question.limit))


def _page(ask: Ask, wanted: Wanted, question: EventsQuestion, page: Page) -> Response:
    answer = ask.answer(b"[" + b",".join(cloud_event(fact) for fact in page.facts) + b"]", Seen(page.examined), BATCH)
    following = [("after", page.examined), ("limit", question.limit), *(("topic", one) for one in wanted.topics or ())]
    answer.headers["Link"] = f'</events?{urlencode(following)}>; rel="next"'
    answer.headers["Letopis-Head"] = str(page.head)
    return answer


def cloud_event(fact: Any) -> bytes:
    """Return a fact as a CloudEvent 1.0 in JSON; its data are put in as the text they are."""
    attributes = {
        "specversion": "1.0",
        "id": fact.event_id,
        "source": SOURCE,
        "type": fact.topic,
        "subject": fact.subject_id,
        "time": fact.occurred_at,
        "datacontenttype": "application/json",
        "position": fact.position,
        "streamid": fact.stream_id,
        "streamversion": fact.version,
        "schemaversion": fact.schema_version,
        "recordedtime": fact.recorded_at,
        "actor": fact.actor,
    }
    if fact.personal is not None:
        attributes["personaldata"] = fact.personal
    text: str = fact.data
    return to_json(attributes)[:-1] + b',"data":' + text.encode() + b"}"


async def _stream(feed: Feed, wanted: Wanted, after: int, follower: Follower) -> AsyncIterator[bytes]:
    yield opening()
    async for told in feed.follow(wanted, after, follower, _as_messages):
        if told is None:
            yield ALIVE
        elif not isinstance(told, Ended):
            yield told.text


def _as_messages(page: Page) -> bytes:
    """Return a page as server-sent events; an id without data tells how far was examined where nothing was wanted."""
    parts = []
    told = 0
    for fact in page.facts:
        told = fact.position
        # A line break inside an event would end it; in JSON it can only stand between values.
        data = cloud_event(fact).replace(b"\n", b" ").replace(b"\r", b" ")
        parts.append(b"id: %d\ndata: %b\n\n" % (told, data))
    if told < page.examined:
        parts.append(b":\nid: %d\n\n" % page.examined)
    return b"".join(parts)


def _wanted(ask: Ask, feed: Feed, question: EventsQuestion) -> Wanted:
    if question.topic and (unknown := sorted(set(question.topic) - feed.topics)):
        expected = ", ".join(sorted(feed.topics))
        raise WrongParameterError(
            *({"pointer": "/topic", "in": "query", "code": "not-in-list", "expected": expected} for _ in unknown)
        )
    topics = tuple(dict.fromkeys(question.topic)) if question.topic else None
    return Wanted(topics, with_personal=ask.caller.role in PERSONAL_DATA)
