"""The HTTP/1.1 protocol of the service: bytes that are no request are told so in the same form as everything else."""

from asyncio import TimerHandle, Transport

from pydantic_core import to_json
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.serving.guards import ALWAYS, DATA, as_lines
from app.words.problems import MEDIA_TYPE, Problem, told

HEAD_LIMIT = 128 * 1024
"""Bytes of one request before its body; a token is about a kilobyte, and nobody may fill our memory with headers."""

HEAD_SECONDS = 10.0
"""How long a connection may be open, or a request begun, without a whole head."""

BODY_SECONDS = 60.0
"""How long a body may take: a megabyte by the slowest of lines."""

ANSWER_SECONDS = 60.0
"""How long what we say may lie unread, so that we cannot go on saying it."""

CONNECTIONS = 4_000
"""Connections of one process at once; each that does something costs about 20 kB, and descriptors are limited."""

# uvicorn has the bytes of every status line ready. What no answer differs in stands there with it, and costs none of
# them anything; as headers of each it would be looked through, byte by byte, every time.
STATUS_LINE.update({status: line + as_lines(ALWAYS) for status, line in STATUS_LINE.items()})


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a problem document for what cannot be parsed as HTTP, and limits of size and time."""

    _unread = 0
    _answering: RequestResponseCycle | None = None
    _is_in_body = False
    _reading: TimerHandle | None = None
    _seconds: float | None = None
    _writing: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many; one that says nothing is not kept."""
        super().connection_made(transport)
        self._reads_within(HEAD_SECONDS)
        if len(self.connections) > CONNECTIONS:
            self._refuse(Problem(503, "too-many-connections", {"limit": CONNECTIONS}))

    def _reads_within(self, seconds: float | None) -> None:
        """Wait for so long for the rest of what is being sent; None: nothing is."""
        if self._reading is not None:
            self._reading.cancel()
        self._seconds = seconds
        self._reading = None if seconds is None else self.loop.call_later(seconds, self._is_too_slow)

    def _is_too_slow(self) -> None:
        if self.transport.is_closing():
            return
        if self._unread or self._is_in_body:
            self._refuse(Problem(408, "too-slow"))
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """Note that the caller does not read; after a while nobody waits for that any more."""
        super().pause_writing()
        self._writing = self._writing or self.loop.call_later(ANSWER_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that the caller reads again."""
        super().resume_writing()
        self._reads_again()

    def _reads_again(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None

    def data_received(self, data: bytes) -> None:
        """Take bytes from the wire; hang up when headers have no end."""
        self._unread += len(data)
        super().data_received(data)
        # What is left here is the beginning of headers: the rest was read by the callbacks below.
        if self._unread > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(Problem(431, "headers-too-large", {"limit": HEAD_LIMIT}))
        seconds = BODY_SECONDS if self._is_in_body else HEAD_SECONDS if self._unread else None
        if seconds != self._seconds:
            self._reads_within(seconds)

    def on_headers_complete(self) -> None:
        """Begin to answer a request."""
        self._unread = 0
        self._is_in_body = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._unread = 0
        self._is_in_body = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of every request of a caller who hung up; uvicorn itself lets go of the last one that was sent."""
        self._reads_within(None)
        self._reads_again()
        queued = [cycle for cycle, _ in self.pipeline]
        self.pipeline.clear()
        for cycle in (self._answering, *queued):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Begin to answer a request, of several that were sent at once."""
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's own words help nobody
        """Answer bytes that are no HTTP request."""
        self._refuse(Problem(400, "not-http"))

    def _refuse(self, problem: Problem) -> None:
        """Answer and hang up: what follows cannot be understood either."""
        body = to_json(told(problem, "en"))
        head = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\ncontent-language: en\r\n"
            "cache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[problem.status] + as_lines(DATA.http) + head.encode() + body)
        self.transport.close()
