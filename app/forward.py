"""Passes questions on to another node, word for word: reports, when this process has no analytics file."""

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from read_api.errors import AnalyticsUnavailableError

TIMEOUT_SECONDS = 60
PASSED_ON = ("authorization", "accept", "accept-language", "if-none-match")
PASSED_BACK = ("content-type", "etag", "letopis-position", "content-language", "retry-after", "www-authenticate")


def forwarding_router(address: str, paths: Sequence[str]) -> APIRouter:
    """Return routes that ask the node at `address` and give back what it answers."""
    router = APIRouter()
    node = urlsplit(address)

    def ask(target: str, headers: dict[str, str]) -> Response:
        kind = http.client.HTTPSConnection if node.scheme == "https" else http.client.HTTPConnection
        connection = kind(node.hostname or "", node.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", node.path.rstrip("/") + target, headers=headers)
            answer = connection.getresponse()
            kept = {name: value for name in PASSED_BACK if (value := answer.getheader(name)) is not None}
            return Response(answer.read(), status_code=answer.status, headers=kept)
        except OSError:
            raise AnalyticsUnavailableError(reason="the analytics node cannot be reached", retry_after=2) from None
        finally:
            connection.close()

    async def forward(request: Request) -> Response:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        headers = {name: value for name in PASSED_ON if (value := request.headers.get(name)) is not None}
        return await run_in_threadpool(ask, target, headers)

    for path in paths:
        router.add_api_route(path, forward, methods=["GET"], include_in_schema=False)
    return router
