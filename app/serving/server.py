"""The HTTP server as every process of the service runs it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from app.serving.protocol import Protocol

HANG_UP_SECONDS = 1
"""How long requests get to notice that their callers were hung up on."""

GRACE_SECONDS = 10
"""How long requests under way may take to finish when the service stops."""


class Server(uvicorn.Server):
    """A server that says when it answers and when it is about to stop; whoever runs it hears the signals."""

    def __init__(
        self,
        app: Any,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=Protocol,
                ws="none",
                access_log=False,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._on_ready = on_ready
        self._on_stop = on_stop

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signal away from those who hear them, and raise none again when the server has ended."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)
        if self.force_exit:
            await self._hang_up()

    async def _hang_up(self) -> None:
        """End at once, but in order: hang up on callers who wait, and close what the application opened."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):
            await asyncio.wait(tasks, timeout=HANG_UP_SECONDS)
        # uvicorn leaves it out then, and tells the end of it as an error.
        await self.lifespan.shutdown()
