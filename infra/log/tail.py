"""Tells an event loop how far the log reaches, as soon as it reaches further."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import structlog

from infra.log.eventlog import WAKE_UP_CHANNEL
from infra.postgres.connection import async_connect

POLL_SECONDS = 1.0
"""How often the log is looked at without a wake-up: one can be lost with its connection."""

PAUSE_SECONDS = 0.05
"""How long the next word is kept back: each costs as many pages as there are followers."""

RECONNECT_SECONDS = 1.0

_HEAD = "SELECT coalesce((SELECT h.position FROM read.log_head AS h), 0)"
SECONDS = 10.0
"""How long one look may take."""

log = structlog.get_logger()


class Tail:
    """One connection that listens for all who follow the log in this process; open only while there is a follower."""

    def __init__(self, url: str, *, poll_seconds: float = POLL_SECONDS, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._url = url
        self._poll_seconds = poll_seconds
        self._pause_seconds = pause_seconds
        self._head = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.followers = 0
        self.is_ending = False

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Listen for as long as the block runs."""
        self.followers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            self.followers -= 1
            if not self.followers:
                self._task.cancel()
                self._task = None

    async def reaches_beyond(self, position: int, seconds: float) -> bool:
        """Wait until the log goes on after a position; False when it does not in time, or the service stops."""
        try:
            async with asyncio.timeout(seconds):
                while self._head <= position and not self.is_ending:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return not self.is_ending

    def end(self) -> None:
        """End the waiting of all followers: the service stops. To be called on the event loop."""
        self.is_ending = True
        self._tell()

    def _tell(self) -> None:
        told, self._changed = self._changed, asyncio.Event()
        told.set()

    async def _listen(self) -> None:
        while True:
            try:
                read_only = "-c default_transaction_read_only=on"
                async with await async_connect(
                    self._url, SECONDS, options=read_only, application_name="letopis-tail"
                ) as connection:
                    await connection.execute(f"LISTEN {WAKE_UP_CHANNEL}")
                    await self._follow(connection)
            except psycopg.OperationalError as error:
                log.warning("tail_session", outcome="lost", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            row = await (await connection.execute(_HEAD)).fetchone()
            head = int(row[0]) if row else 0
            if head != self._head:
                self._head = head
                self._tell()
                await asyncio.sleep(self._pause_seconds)
                continue
            async for _ in connection.notifies(timeout=self._poll_seconds, stop_after=1):
                pass
