"""Answers that stay open: server-sent events, for who asks for them by Accept; everybody else gets one answer."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Protocol

from fastapi import Header
from fastapi.responses import StreamingResponse

from read_api.reading.desk import Desk
from read_api.reading.errors import UnacceptableFormatError, WrongParameterError

STREAM = "text/event-stream"

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""What keeps proxies from holding back what was sent."""

RECONNECT_MS = 2_000
"""How soon a follower whose stream has ended comes again."""

ALIVE = b":\n\n"
"""Says that the line is alive, and nothing else."""

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, lt=2**63, description="For a stream: the last id heard; goes before `after`."),
]


def is_stream(accept: str | None, form: str) -> bool:
    """Return whether a stream is asked for rather than the form; raises UnacceptableFormatError when neither is."""
    fitting = {"*/*", "application/*", "application/json", form}
    for part in (accept or "*/*").split(","):
        media_type = part.partition(";")[0].strip().lower()
        if media_type == STREAM or media_type in fitting:
            return media_type == STREAM
    raise UnacceptableFormatError(needed=[form, STREAM])


def opening() -> bytes:
    """Return what a stream begins with."""
    return f"retry: {RECONNECT_MS}\n\n".encode()


class FromOn(Protocol):
    """A question of what came after a position; None: from now on."""

    @property
    def after(self) -> int | None: ...
    @property
    def min_position(self) -> int | None: ...


async def starts_after(
    desk: Desk, question: FromOn, heard: int | None = None, room: Callable[[], None] | None = None
) -> int:
    """Return the position after which a page begins, or a stream: that has `room`, which raises where there is none.

    What a follower `heard` last goes before what they ask. Raises WrongParameterError for a position beyond the end.
    """
    # For whom there is no room nothing is looked up; afterwards others may have taken it.
    if room is not None:
        room()
    await desk.require_log(question.min_position)
    after = question.after if heard is None else heard
    if after is None:
        after = await desk.head()
    await _require_in_log(desk, after, is_header=heard is not None)
    if room is not None:
        room()
    return after


def begun(parts: AsyncIterator[bytes], after: int) -> StreamingResponse:
    """Return the answer that stays open, from a position on."""
    return StreamingResponse(parts, media_type=STREAM, headers={**HEADERS, "Letopis-Position": str(after)})


async def _require_in_log(desk: Desk, after: int, *, is_header: bool) -> None:
    """Refuse a position beyond the log's end: the log was replaced by an older one, and the reader must know."""
    if after and after > (head := await desk.head()):
        pointer, where = ("/Last-Event-ID", "header") if is_header else ("/after", "query")
        raise WrongParameterError({"pointer": pointer, "in": where, "code": "beyond-the-log", "head": head})
