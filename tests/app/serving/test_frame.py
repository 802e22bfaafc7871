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


class Clock:
    """A clock that stands still but for what is slept, which timers round to a millisecond as uvloop's do."""

    def __init__(self, took: float) -> None:
        self.now, self._took = 100.0, took
        self.began: float | None = None

    def perf_counter(self) -> float:
        if self.began is None:
            self.began = self.now
            self.now += self._took
            return self.began
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds, 3) or 20e-6


@pytest.mark.parametrize(
    ("path", "took", "steps"),
    [
        ("/nowhere", 0.0006, 1),
        ("/nowhere", 0.00261, 1),
        ("/nowhere", 0.0094, 1),
        ("/nowhere", 0.0534, 6),
        ("/batch", 0.0022, 1),
        ("/health", 0.0022, None),
    ],
)
def test_what_there_is_not_is_told_at_the_next_step_of_the_clock(
    monkeypatch: pytest.MonkeyPatch, path: str, took: float, steps: int | None
) -> None:
    clock = Clock(took)
    monkeypatch.setattr("app.serving.frame.time", clock)
    monkeypatch.setattr(
        "app.serving.frame.asyncio", SimpleNamespace(sleep=clock.sleep, CancelledError=asyncio.CancelledError)
    )

    async def partly_absent(request: Request) -> Response:
        request.scope[ABSENT] = True
        return Response()

    async def ask() -> None:
        transport = httpx.ASGITransport(create_app(Parts(first_routes=[Route("/batch", partly_absent)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
            await caller.get(path)

    asyncio.run(ask())
    over = clock.now - 100.0 - (took if steps is None else steps * ABSENT_SECONDS)
    assert -1e-9 < over < 50e-6
