"""Passes requests on to another process of ours, word for word: what this one has not got."""

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from read_api.reading.errors import AnalyticsUnavailableError

REPORT_PATHS = ("/analytics", "/analytics/{report}")
REPORT_SECONDS = 60
REPAIR_SECONDS = 3600
PASSED_ON = ("authorization", "accept", "accept-language", "if-none-match")
PASSED_BACK = ("content-type", "etag", "letopis-position", "content-language", "retry-after", "www-authenticate")


def forwarding_routes(address: str, paths: Sequence[str], *, method: str = "GET") -> list[APIRoute]:
    """Return routes that ask the process at `address` and give back what it answers."""
    node = urlsplit(address)
    patience = REPORT_SECONDS if method == "GET" else REPAIR_SECONDS

    def ask(target: str, headers: dict[str, str]) -> Response:
        kind = http.client.HTTPSConnection if node.scheme == "https" else http.client.HTTPConnection
        connection = kind(node.hostname or "", node.port, timeout=patience)
        try:
            connection.request(method, node.path.rstrip("/") + target, headers=headers)
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

    return [APIRoute(path, forward, methods=[method], include_in_schema=False) for path in paths]
