"""Asks another process of ours over HTTP: one request on a connection of its own, so that any thread may."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR
from typing import NamedTuple
from urllib.parse import urlsplit

HangUp = Callable[[], None]


class Received(NamedTuple):
    """An answer; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def request(
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    opened: Callable[[HangUp], None] = lambda _end: None,
) -> Received:
    """Return what is answered within so many seconds; raises OSError when nobody answers, or not in HTTP.

    `opened` is called with what hangs up, from any thread, as soon as there is a connection.
    """
    node = urlsplit(url)
    kind = HTTPSConnection if node.scheme == "https" else HTTPConnection
    connection = kind(node.hostname or "", node.port, timeout=timeout)

    def hang_up() -> None:
        # Closed elsewhere it would leave this thread waiting.
        with suppress(OSError):
            connection.sock.shutdown(SHUT_RDWR)

    try:
        connection.connect()
        opened(hang_up)
        connection.request(method, url.removeprefix(f"{node.scheme}://{node.netloc}") or "/", body, dict(headers or {}))
        answer = connection.getresponse()
        return Received(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
