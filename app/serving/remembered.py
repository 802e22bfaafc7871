"""What anybody may ask and the database has to be asked for: asked once, and told to all who come within a moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

ASKED = TypeVar("ASKED")

MOMENT = 0.5
"""Seconds for which an answer is told again: shorter than anybody's patience with a probe."""


class Remembered(Generic[ASKED]):
    """Asks on behalf of all who wait, and remembers the answer for a moment; for one event loop."""

    def __init__(self, ask: Callable[[], Awaitable[ASKED]], seconds: float = MOMENT) -> None:
        self._ask = ask
        self._seconds = seconds
        self._asking: asyncio.Task[ASKED] | None = None
        self._known_at = 0.0

    async def __call__(self) -> ASKED:
        """Return what was answered a moment ago, or is answered now; raises what asking raises."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._known_at > self._seconds):
            self._asking = asyncio.create_task(self._asked())
        # Who hangs up ends no answer that others wait for.
        return await asyncio.shield(self._asking)

    async def _asked(self) -> ASKED:
        try:
            return await self._ask()
        finally:
            self._known_at = time.monotonic()
