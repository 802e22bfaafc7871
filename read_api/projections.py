"""How the rebuilds of read models are going: once, or as a stream that tells of every change, about once a second."""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from read_api import answers
from read_api.reading import streams
from read_api.reading.asking import Asking, Question, described
from read_api.reading.desk import Desk, Seen, Unreachable
from read_api.reading.feed import Feed
from read_api.reading.streams import ALIVE, STREAM, is_stream, opening

router = APIRouter(tags=["catalogue"])

TICK_SECONDS = 1.0
"""How often a rebuild tells how far it is, and so how often it is looked."""

JSON = "application/json"
_BEYOND_ANY = 2**62

REBUILD = """CASE WHEN r.name IS NOT NULL THEN json_build_object(
            'phase', r.phase, 'is_running', r.is_running, 'is_paused', r.is_paused, 'done', r.done, 'total', r.total,
            'per_second', r.per_second, 'fraction', r.fraction, 'eta_seconds', r.eta_seconds, 'workers', r.workers,
            'throttle', r.throttle, 'error', r.error, 'started_at', r.started_at, 'told_at', r.told_at
        ) END"""

PROGRESS = f"""
SELECT coalesce((SELECT h.position FROM read.log_head AS h), 0), json_build_object('items', (
    SELECT coalesce(json_agg(json_build_object(
        'name', r.name, 'generation', r.generation, 'rebuild', {REBUILD}
    ) ORDER BY r.name), '[]')
    FROM read.rebuild_status AS r
))::text"""  # noqa: S608 - constants

_DESCRIBED: dict[str, Any] = described("watch_rebuilds", answers.Items[answers.RebuildStatus], has_forms=True)
_DESCRIBED["responses"][200] = {
    **_DESCRIBED["responses"][200],
    "content": {STREAM: {"schema": {"type": "string"}}},
}


@router.get(
    "/projections/progress",
    summary="How the newest rebuild of each read model is going: once, or as a stream with Accept: text/event-stream",
    **_DESCRIBED,
)
async def watch_rebuilds(ask: Asking, question: Annotated[Question, Query()]) -> Response:
    await ask.desk.require_log(question.min_position)
    if is_stream(ask.request.headers.get("accept"), JSON):
        ask.desk.feed.require_room()
        return StreamingResponse(_stream(ask.desk, ask.desk.feed), media_type=STREAM, headers=streams.HEADERS)
    [(position, body)] = await ask.desk.rows(PROGRESS)
    return ask.answer(body.encode(), Seen(position))


async def _stream(desk: Desk, feed: Feed) -> AsyncIterator[bytes]:
    """Tell how things stand, and again whenever they stand otherwise, as long as a stream lives."""
    yield opening()
    end = time.monotonic() + feed.life
    told, told_at = "", 0.0
    async with feed.tail.followed():
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
