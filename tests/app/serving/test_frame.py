"""How long it takes to say that there is no such thing says nothing about whether there is one."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.serving.frame import ABSENT_SECONDS
from app.serving.http import Parts, create_app
from commands.execution.door import ABSENT


@pytest.mark.parametrize(
    ("path", "took", "waited"),
    [
        ("/nowhere", 0.0, 0.0),
        ("/nowhere", 0.2 * ABSENT_SECONDS, 0.8 * ABSENT_SECONDS),
        ("/nowhere", 0.3 * ABSENT_SECONDS, 0.7 * ABSENT_SECONDS),
        ("/nowhere", 5.3 * ABSENT_SECONDS, 0.7 * ABSENT_SECONDS),
        ("/batch", 0.2 * ABSENT_SECONDS, 0.8 * ABSENT_SECONDS),
        ("/health", 0.2 * ABSENT_SECONDS, None),
    ],
)
def test_what_there_is_not_is_told_at_the_next_step_of_the_clock(
    monkeypatch: pytest.MonkeyPatch, path: str, took: float, waited: float | None
) -> None:
    clock, pauses = iter([100.0, 100.0 + took, 101.0]), []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("app.serving.frame.time", SimpleNamespace(perf_counter=lambda: next(clock)))
    monkeypatch.setattr(
        "app.serving.frame.asyncio", SimpleNamespace(sleep=sleep, CancelledError=asyncio.CancelledError)
    )

    async def partly_absent(request: Request) -> Response:
        request.scope[ABSENT] = True
        return Response()

    async def ask() -> None:
        transport = httpx.ASGITransport(create_app(Parts(first_routes=[Route("/batch", partly_absent)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
            await caller.get(path)

    asyncio.run(ask())
    assert pauses == ([] if waited is None else [pytest.approx(waited)])
