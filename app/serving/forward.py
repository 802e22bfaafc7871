"""Passes requests on to another process of ours, word for word: what this one has not got."""

from collections.abc import Awaitable, Callable, Sequence

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.http_client import HangUp, request
from read_api.reading.errors import AnalyticsUnavailableError
from read_api.reading.hang_ups import while_waited_for

REPORT_PATHS = ("/analytics", "/analytics/{report}", "/analytics/{report}/chart", "/analytics/{report}/sql")
QUESTION_PATHS = ("/analytics/sql",)
REPORT_SECONDS = 60
REPAIR_SECONDS = 3600
PASSED_ON = ("authorization", "accept", "accept-language", "content-type", "if-none-match")
PASSED_BACK = (
    "content-type",
    "cache-control",
    "etag",
    "letopis-position",
    "letopis-parked",
    "letopis-stale",
    "letopis-row-limit",
    "letopis-has-more",
    "content-disposition",
    "content-language",
    "retry-after",
    "vary",
    "www-authenticate",
)


def forwarding_routes(
    address: str,
    paths: Sequence[str],
    *,
    method: str = "GET",
    require: Callable[[Request], Awaitable[None]] | None = None,
) -> list[APIRoute]:
    """Return routes that ask the process at `address` and give back what it answers.

    That process looks itself at who asks, by the token; `require` refuses whom it could not know: to it everybody comes
    from this machine.
    """
    base = address.rstrip("/")
    patience = REPORT_SECONDS if method == "GET" else REPAIR_SECONDS

    def ask(target: str, headers: dict[str, str], body: bytes, opened: Callable[[HangUp], None]) -> Response:
        try:
            answer = request(method, base + target, headers=headers, body=body, timeout=patience, opened=opened)
        except OSError:
            raise AnalyticsUnavailableError(reason="the analytics node cannot be reached", retry_after=2) from None
        kept = {name: value for name in PASSED_BACK if (value := answer.headers.get(name)) is not None}
        return Response(answer.body, status_code=answer.status, headers=kept)

    async def forward(asked: Request) -> Response:
        if require is not None:
            await require(asked)
        target = asked.url.path + (f"?{asked.url.query}" if asked.url.query else "")
        headers = {name: value for name in PASSED_ON if (value := asked.headers.get(name)) is not None}
        ends: list[HangUp] = []

        def hang_up() -> None:
            for end in ends:
                end()

        # The other process looks as well whether somebody still waits.
        work = run_in_threadpool(ask, target, headers, await asked.body(), ends.append)
        return await while_waited_for(asked, work, hang_up)

    return [APIRoute(path, forward, methods=[method], include_in_schema=False) for path in paths]
