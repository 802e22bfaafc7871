"""How far the log has something new that the caller may see: positions alone, for a screen that shows what there is."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, NamedTuple

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.reading.answer import Answer
from read_api.reading.asking import JSON, Ask
from read_api.reading.declaring import HEADERS, Asking, Questions
from read_api.reading.feed import Ended
from read_api.reading.question import Question
from read_api.reading.reach import Reach, Sight
from read_api.reading.signals import Signal
from read_api.reading.statement import Seen
from read_api.reading.streams import STREAM, LastEventId, begun, is_stream, opening, starts_after
from read_api.roles import EVERYBODY

router = Questions("events")

OPEN = frozenset({"branch", "pipeline", "price_book", "price_ladder", "product", "staff", "tax_rate", "team"})
"""What whoever may ask anything may ask about."""

ALIVE = b"event: alive\ndata: {}\n\n"
"""Says that the line is alive so that a browser hears it: of a comment it tells its page nothing."""

KINDS = ("client", "deal", "activity")
"""What is seen by whose it is; in the order of `Reach.people`."""


class Position(Answer):
    """Where the log has something new for the caller: ask for what you show with it as `min_position`."""

    position: Annotated[
        int | None, Field(description="Of the last fact after `after` about what the caller may see, if there is one.")
    ]
    examined: Annotated[int, Field(description="The last position examined: the next `after`.")]
    head: Annotated[int, Field(description="Where the log ends.")]


class PositionQuestion(Question):
    """From where on."""

    after: Annotated[
        int | None,
        Field(ge=0, lt=2**63, description="The last position examined so far; from now on if none is named."),
    ] = None


class News(NamedTuple):
    """What one page of the log has for one reach."""

    position: int | None
    examined: int
    head: int
    staff: frozenset[str] = frozenset()


@router.question(
    "/position",
    "How far there is something new that the caller may see: a page, or a stream with Accept: text/event-stream",
    answers=Position,
    roles=EVERYBODY,
    has_forms=True,
    note=(
        " Of what the caller does not see nothing is told. In the stream `id` is how far was examined and `data` the"
        " position; `event: alive` comes every 15 s, `event: end` says why it ends. It counts as one of /events."
    ),
    responses={200: {"headers": HEADERS, "content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def get_position(
    ask: Asking, question: Annotated[PositionQuestion, Query()], last_event_id: LastEventId = None
) -> Response:
    is_open = is_stream(ask.request.headers.get("accept"), JSON)
    room = partial(ask.desk.feed.require_room, ask.caller.id) if is_open else None
    after = await starts_after(ask.desk, question, last_event_id if is_open else None, room)
    # What cannot be answered at all is told before a stream begins.
    news = await _news(ask, after, question.min_position)
    if is_open:
        return begun(_stream(ask, after), after)
    body = Position(position=news.position, examined=news.examined, head=news.head)
    return ask.answer(to_json(body), Seen(news.examined))


async def _news(ask: Ask, after: int, min_position: int | None = None) -> News:
    page = await ask.desk.signals.page(after, min_position)
    reach = await ask.desk.reach_of(ask.caller)
    last = next((fact.position for fact in reversed(page.facts) if is_seen(fact, reach)), None)
    return News(last, page.examined, page.head, page.staff)


def is_seen(fact: Signal, reach: Reach) -> bool:
    """Tell whether a fact is about what somebody may see: everybody's things, or whose they see."""
    if reach.sight is Sight.WHOLE or fact.kind in OPEN:
        return True
    if fact.kind not in KINDS:
        return False
    people = reach.people[KINDS.index(fact.kind)]
    if people is None:
        return True
    return bool(people) and (fact.is_nobodys or not people.isdisjoint(fact.staff | fact.others))


async def _stream(ask: Ask, after: int) -> AsyncIterator[bytes]:
    yield opening()

    async def read(position: int) -> News:
        return await _news(ask, position)

    async for news in ask.desk.feed.pages(read, after, ask.follower):
        if news is None:
            yield ALIVE
        elif isinstance(news, Ended):
            yield b'event: end\ndata: {"reason":"%b"}\n\n' % news.value.encode()
        elif news.position is not None:
            yield b'id: %d\ndata: {"position":%d}\n\n' % (news.examined, news.position)
