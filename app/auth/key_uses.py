"""When each key was last of use, by day: noted at once, and written a few seconds later, for all of them together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import date
from uuid import UUID

import psycopg
import structlog

PAUSE_SECONDS = 3.0
"""So much a process that is killed takes with it; a key that is used again is noted again."""

log = structlog.get_logger("letopis.auth")


class KeyUses:
    """Collects uses and lets `write` keep them; a day of a key is written once by each process. For one event loop."""

    def __init__(self, write: Callable[[Mapping[UUID, date]], Awaitable[None]], today: Callable[[], date]) -> None:
        self._write = write
        self._today = today
        self._noted: dict[UUID, date] = {}
        self._waiting: dict[UUID, date] = {}
        self._ending = asyncio.Event()
        self._working: asyncio.Task[None] | None = None

    def note(self, key_id: UUID) -> None:
        """Note that a key was used now; returns at once."""
        today = self._today()
        if self._noted.get(key_id) == today:
            return
        self._noted[key_id] = self._waiting[key_id] = today
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    async def settle(self) -> None:
        """Write what waits, if it can be written now; the service stops."""
        self._ending.set()
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), PAUSE_SECONDS)
            uses, self._waiting = self._waiting, {}
            try:
                await self._write(uses)
            except psycopg.Error as error:
                log.warning("key_uses_wait", keys=len(uses), error=type(error).__name__)
                if self._ending.is_set():
                    return
                self._waiting = {**uses, **self._waiting}
