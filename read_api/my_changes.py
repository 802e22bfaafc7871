"""What changes for a member of the staff, told as it happens: which thing, where in the log, and nothing of what it is.

Their clients and all that touches these, their deals, their activities; and what comes to them or goes from them.
"""

import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from pydantic_core import to_json

from read_api.reading.answer import Answer
from read_api.reading.asking import JSON
from read_api.reading.declaring import HEADERS, Asking, AskingByTicket, Questions
from read_api.reading.feed import Ended, Follower
from read_api.reading.question import PlainText, Question
from read_api.reading.signals import SignalPage, Signals
from read_api.reading.statement import Seen
from read_api.reading.streams import STREAM, LastEventId, begun, is_stream, opening, starts_after
from read_api.roles import FRONT_OFFICE

router = Questions("changes")


class Change(Answer):
    """Something changed that concerns the caller: ask for it with the position as `min_position`."""

    kind: Annotated[str, Field(description="What it is, such as client, deal or activity.")]
    id: UUID
    position: int


class Changes(Answer):
    """What changed after a position, each thing once, where it changed last."""

    items: list[Change]
    examined: Annotated[int, Field(description="The last position examined: the next `after`.")]
    head: Annotated[int, Field(description="Where the log ends.")]


class Ticket(Answer):
    """What lets a browser into the stream once."""

    ticket: str
    expires_at: datetime


class ChangesQuestion(Question):
    """From where on."""

    after: Annotated[
        int | None,
        Field(ge=0, lt=2**63, description="The last position examined so far; from now on if none is named."),
    ] = None
    ticket: Annotated[
        PlainText | None, Field(description="Instead of the header Authorization: from POST /my-changes/ticket.")
    ] = None


@router.question(
    "/my-changes/ticket",
    "A ticket for the stream of one's own changes: for a browser's EventSource, which can send no header",
    answers=Ticket,
    roles=FRONT_OFFICE,
    method="POST",
    note=" It is good once, for 30 seconds.",
)
async def take_ticket(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    ask.require_staff()
    ticket = await ask.desk.tickets.issue(ask.caller)
    body = Ticket(ticket=ticket.text, expires_at=ticket.expires_at)
    return ask.answer(to_json(body), Seen(await ask.desk.head()), more={"Cache-Control": "no-store"})


@router.question(
    "/my-changes",
    "What changes for the caller: a page, or a stream with Accept: text/event-stream; positions, no data",
    answers=Changes,
    roles=FRONT_OFFICE,
    has_forms=True,
    note=(
        " Their clients and all that touches these, their deals, their activities, and what comes to them or goes"
        " from them. In the stream `id` is the position and `data` a change; `event: end` says why it ends."
    ),
    responses={200: {"headers": HEADERS, "content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def list_my_changes(
    ask: AskingByTicket, question: Annotated[ChangesQuestion, Query()], last_event_id: LastEventId = None
) -> Response:
    signals, staff = ask.desk.signals, ask.own_id
    is_open = is_stream(ask.request.headers.get("accept"), JSON)
    room = partial(signals.require_room, ask.caller.id) if is_open else None
    after = await starts_after(ask.desk, question, last_event_id if is_open else None, room)
    # What cannot be answered at all is told before a stream begins.
    page = await signals.page(after, question.min_position)
    if is_open:
        return begun(_stream(signals, staff, after, ask.follower), after)
    body = Changes(items=list(_changes(page, staff)), examined=page.examined, head=page.head)
    return ask.answer(to_json(body), Seen(page.examined))


def _changes(page: SignalPage, staff: UUID) -> Iterator[Change]:
    """Give what concerns them, each thing once, in the order in which things changed last."""
    last = {(fact.kind, fact.id): fact.position for fact in page.facts if staff in fact.staff}
    for (kind, about), position in sorted(last.items(), key=lambda item: item[1]):
        yield Change(kind=kind, id=about, position=position)


async def _stream(signals: Signals, staff: UUID, after: int, follower: Follower) -> AsyncIterator[bytes]:
    yield opening()
    examined, told_at = after, time.monotonic()
    async for page in signals.pages(signals.page, after, follower):
        if isinstance(page, Ended):
            yield b'id: %d\nevent: end\ndata: {"reason":"%b"}\n\n' % (examined, page.value.encode())
            return
        told = b""
        if page is not None:
            examined = page.examined
            told = b"".join(b"id: %d\ndata: %b\n\n" % (one.position, to_json(one)) for one in _changes(page, staff))
        # Where nothing concerns them, the line must not seem dead, and coming again must not begin from the start.
        if not told and (page is None or time.monotonic() - told_at >= signals.heartbeat):
            told = b":\nid: %d\n\n" % examined
        if told:
            told_at = time.monotonic()
            yield told
