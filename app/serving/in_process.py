"""Asks the application of this process as a client over the wire would: through every door of it."""

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message

from read_api.console.calling import Told


class InProcess:
    """Asks an application; what it says of the caller's address is nothing, so that nobody is taken for the machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Told:
        """Return the whole answer; raises what the application raises, which is a bug of ours."""
        address, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(address).decode("utf-8", "replace"),
            "raw_path": address.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [
                (b"host", b"letopis"),
                (b"content-length", str(len(body)).encode()),
                *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
            ],
            "client": None,
            "server": ("letopis", 80),
        }
        status, told, parts = 0, dict[str, str](), list[bytes]()
        is_sent = False

        async def receive() -> Message:
            nonlocal is_sent
            if is_sent:
                return {"type": "http.disconnect"}
            is_sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told.update(
                    (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]
                )
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, send)
        return Told(status, told, b"".join(parts))
