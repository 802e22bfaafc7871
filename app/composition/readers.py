"""Sessions for questions to the log itself, which are asked in threads."""

import asyncio
import queue
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from infra.postgres.connection import OwnConnection, ServerSilentError

Answer = TypeVar("Answer")


class Readers:
    """Some sessions for questions to the log that are asked in threads, each by one caller at a time.

    `seconds` is how long the database may work on a statement; half as long a caller waits for a session.
    """

    def __init__(self, url: str, count: int, seconds: float) -> None:
        self._patience = seconds / 2
        self._turns = asyncio.Semaphore(count)
        self._free: queue.SimpleQueue[OwnConnection] = queue.SimpleQueue()
        for _ in range(count):
            self._free.put(OwnConnection(url, seconds))

    async def ask(self, question: Callable[[psycopg.Connection[Any]], Answer]) -> Answer:
        """Answer a question; raises psycopg.Error, and ServerSilentError when no session is free in time."""
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise ServerSilentError("All sessions wait for the server.") from None
        try:
            return await asyncio.to_thread(self._answer, question)
        finally:
            self._turns.release()

    def _answer(self, question: Callable[[psycopg.Connection[Any]], Answer]) -> Answer:
        borrow = self._free.get()
        try:
            with borrow() as connection:
                return question(connection)
        finally:
            self._free.put(borrow)
