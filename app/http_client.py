"""Asks another process of ours over HTTP: one request on a connection of its own, so that any thread may."""

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit


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
) -> Received:
    """Return what is answered within so many seconds; raises OSError when nobody answers, or not in HTTP."""
    node = urlsplit(url)
    kind = HTTPSConnection if node.scheme == "https" else HTTPConnection
    connection = kind(node.hostname or "", node.port, timeout=timeout)
    try:
        connection.request(method, url.removeprefix(f"{node.scheme}://{node.netloc}") or "/", body, dict(headers or {}))
        answer = connection.getresponse()
        return Received(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
