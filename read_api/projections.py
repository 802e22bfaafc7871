"""Questions about the read models themselves: how far each is; and how rebuilds are going, once or as a stream."""

import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from read_api.reading import streams
from read_api.reading.answer import Answer, Items, Sql, json_of, list_of
from read_api.reading.declaring import HEADERS, Asking, Questions
from read_api.reading.desk import Desk, Unreachable
from read_api.reading.feed import Feed
from read_api.reading.question import Question
from read_api.reading.statement import Seen
from read_api.reading.streams import ALIVE, STREAM, is_stream, opening
from read_api.roles import Roles

router = Questions("catalogue")

OPERATING: Roles = frozenset({"head", "analyst", "auditor", "ops", "admin"})

TICK_SECONDS = 1.0
"""How often a rebuild tells how far it is, and so how often it is looked."""

JSON = "application/json"
_BEYOND_ANY = 2**62


class RebuildWorker(Answer):
    """How far one worker of a rebuild is: facts folded, rows written, facts a second."""

    worker: int
    events: int
    rows: int
    per_second: float


class Rebuild(Answer):
    """How a rebuild is going: `done` facts of `total` were folded; `fraction` and `eta_seconds` are of all its phases.

    A rebuild that was killed is `lost`: it is begun anew.
    """

    phase: str
    is_running: bool
    is_paused: bool
    done: int
    total: int
    per_second: float
    fraction: float
    eta_seconds: float | None
    workers: list[RebuildWorker]
    throttle: int | None
    error: str | None
    started_at: datetime
    told_at: datetime


_REBUILD = Sql(f"CASE WHEN r.name IS NOT NULL THEN {json_of(Rebuild, 'r')} END")


class ProjectionStatus(Answer):
    """One build of a read model: which it is, how far it is, and why not further.

    `is_shown` says that the view of its shape shows it; `rebuild` how far it is while it is being built. `parked` of
    its places wait for a fact that could not be taken in, the first of them for the one at `parked_from`.
    """

    name: str
    generation: int
    shape: int
    state: str
    position: int
    head: int
    lag_events: int
    lag_seconds: float
    fingerprint: str
    error: str | None
    changed_at: datetime
    is_shown: bool
    rebuild: Annotated[Rebuild | None, _REBUILD]
    parked: Annotated[int, Sql("coalesce(k.parked, 0)")]
    parked_from: Annotated[int | None, Sql("k.parked_from")]


class RebuildStatus(Answer):
    """The newest rebuild of a read model, under way or ended."""

    name: str
    generation: int
    rebuild: Annotated[Rebuild, _REBUILD]


_BUILDS = """read.generation_status AS s
    LEFT JOIN read.rebuild_status AS r ON r.name = s.name AND r.generation = s.generation AND r.is_running
    LEFT JOIN read.parked_count AS k ON k.name = s.name AND k.generation = s.generation"""


def beside_the_head(told: str) -> str:
    """Return the statement that gives the log's end and, as a text, the JSON that an SQL gives."""
    return f"SELECT coalesce((SELECT h.position FROM read.log_head AS h), 0), {told}::text"  # noqa: S608 - constants


def with_the_head(items: str) -> str:
    """Return the statement that gives the log's end and, as the member `items` of a JSON text, what an SQL gives."""
    return beside_the_head(f"json_build_object('items', {items})")


PROJECTIONS = with_the_head(list_of(json_of(ProjectionStatus, "s"), _BUILDS, order="s.name, s.generation"))
PROGRESS = with_the_head(list_of(json_of(RebuildStatus, "r"), "read.rebuild_status AS r", order="r.name"))


@router.question(
    "/projections",
    "The read models, every generation kept: state, position and lag; and how a rebuild is going",
    answers=Items[ProjectionStatus],
    roles=OPERATING,
)
async def list_projections(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    [(position, body)] = await ask.desk.rows(PROJECTIONS)
    return ask.answer(body.encode(), Seen(position))


@router.question(
    "/projections/progress",
    "How the newest rebuild of each read model is going: once, or as a stream with Accept: text/event-stream",
    answers=Items[RebuildStatus],
    roles=OPERATING,
    has_forms=True,
    responses={200: {"headers": HEADERS, "content": {STREAM: {"schema": {"type": "string"}}}}},
)
async def watch_rebuilds(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    if is_stream(ask.request.headers.get("accept"), JSON):
        ask.desk.feed.require_room(ask.caller.id)
        return StreamingResponse(
            _stream(ask.desk, ask.desk.feed, ask.caller.id), media_type=STREAM, headers=streams.HEADERS
        )
    [(position, body)] = await ask.desk.rows(PROGRESS)
    return ask.answer(body.encode(), Seen(position))


async def _stream(desk: Desk, feed: Feed, caller_id: str) -> AsyncIterator[bytes]:
    """Tell how things stand, and again whenever they stand otherwise, as long as a stream lives."""
    yield opening()
    end = time.monotonic() + feed.life
    told, told_at = "", 0.0
    async with feed.followed_by(caller_id):
        while time.monotonic() < end and not feed.tail.is_ending:
            try:
                [(_, body)] = await desk.rows(PROGRESS)
            except Unreachable:
                return
            if body != told:
                told, told_at = body, time.monotonic()
                yield b"data: %b\n\n" % body.encode().replace(b"\n", b" ")
            elif time.monotonic() - told_at >= feed.heartbeat:
                told_at = time.monotonic()
                yield ALIVE
            # Nothing is beyond that position: it only ends sooner when the service stops.
            await feed.tail.reaches_beyond(_BEYOND_ANY, TICK_SECONDS)
