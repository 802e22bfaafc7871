"""How long it takes to say that there is no such thing says nothing about whether there is one."""

import asyncio
import time
from collections.abc import Callable

import httpx
import pytest
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.serving.frame import ABSENT_SECONDS, wait_until
from app.serving.http import Parts, create_app
from commands.execution.door import ABSENT


class Clock:
    """A clock that stands still but for the work of the request, and for what is waited for."""

    def __init__(self, took: float) -> None:
        self.now, self._took = 100.0, took
        self.began: float | None = None

    def monotonic(self) -> float:
        if self.began is None:
            self.began = self.now
            self.now += self._took
            return self.began
        return self.now

    async def wait_until(self, moment: float) -> None:
        self.now = max(self.now, moment)


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
    monkeypatch.setattr("app.serving.frame.wait_until", clock.wait_until)

    async def partly_absent(request: Request) -> Response:
        request.scope[ABSENT] = True
        return Response()

    async def ask() -> None:
        transport = httpx.ASGITransport(create_app(Parts(first_routes=[Route("/batch", partly_absent)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
            await caller.get(path)

    asyncio.run(ask())
    assert clock.now - 100.0 == pytest.approx(took if steps is None else steps * ABSENT_SECONDS)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_clock_of_the_event_loop_is_the_one_that_a_step_is_counted_by(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def waited() -> float:
        moment = time.monotonic() + 0.05
        await wait_until(moment)
        return time.monotonic() - moment

    with asyncio.Runner(loop_factory=new_loop) as runner:
        # An answer that goes at once, or never, is another clock's.
        assert -0.002 < runner.run(waited()) < 30
