"""The HTTP/1.1 protocol of the service: bytes that are no request are told so in the same form as everything else."""

from pydantic_core import to_json
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.words.problems import MEDIA_TYPE, Problem, told

HEAD_LIMIT = 128 * 1024
"""Bytes of one request before its body; a token is about a kilobyte, and nobody may fill our memory with headers."""

REASONS = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a problem document for what cannot be parsed as HTTP, and a limit for headers."""

    _unread = 0
    _answering: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Take bytes from the wire; hang up when headers have no end."""
        self._unread += len(data)
        super().data_received(data)
        # What is left here is the beginning of headers: the rest was read by the callbacks below.
        if self._unread > HEAD_LIMIT and not self.transport.is_closing():
            self._refuse(Problem(431, "headers-too-large", {"limit": HEAD_LIMIT}))

    def on_headers_complete(self) -> None:
        """Begin to answer a request."""
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._unread = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of every request of a caller who hung up; uvicorn itself lets go of the last one that was sent."""
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
            f"HTTP/1.1 {problem.status} {REASONS[problem.status]}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\ncontent-language: en\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
