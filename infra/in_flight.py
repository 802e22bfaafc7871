"""Asking once for all who want the same at the same time, or within a second."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Any, TypeVar

Answer = TypeVar("Answer")


class InFlight:
    """What is being asked for now in an event loop; nothing is kept of an answer."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}

    async def shared(self, wanted: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what is asked for, asked once for all who want it while it is under way; raises what `ask` raises."""
        asking = self._asked.get(wanted)
        if asking is None:
            asking = self._asked[wanted] = asyncio.ensure_future(ask())
            asking.add_done_callback(lambda _: self._asked.pop(wanted))
        # Who hangs up ends no asking that others wait for.
        return await asyncio.shield(asking)


class Known:
    """Answers that are good for so many seconds from when they were asked for; at most so many are kept."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._in_flight = InFlight()
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()

    async def get(self, wanted: Hashable, ask: Callable[[], Awaitable[Answer]], *, is_fresh: bool = False) -> Answer:
        """Return what is known, or ask for it; raises what `ask` raises, of which nothing is kept.

        If it `is_fresh`, it is asked for now, whatever is known and under way.
        """
        if is_fresh:
            return await self._look(wanted, ask)
        known = self._answers.get(wanted)
        if known is not None and self._clock() - known[0] < self._seconds:
            answer: Answer = known[1]
            return answer
        return await self._in_flight.shared(wanted, partial(self._look, wanted, ask))

    def last(self, wanted: Hashable) -> Any:
        """Return what was answered last, however long ago; None of what was never asked."""
        return self._answers.get(wanted, (0.0, None))[1]

    async def _look(self, wanted: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        asked_at = self._clock()
        answer = await ask()
        self._answers[wanted] = asked_at, answer
        self._answers.move_to_end(wanted)
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return answer
