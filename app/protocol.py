"""The HTTP/1.1 protocol of the service: bytes that are no request are told so in the same form as everything else."""

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.problems import MEDIA_TYPE, Problem, told


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with a problem document for what cannot be parsed as HTTP."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's own words help nobody
        """Answer bytes that are no HTTP request, and hang up: what follows them cannot be understood either."""
        body = to_json(told(Problem(400, "not-http"), "en"))
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            "content-language: en\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
