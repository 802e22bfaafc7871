"""Asking once for all who want the same at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
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
