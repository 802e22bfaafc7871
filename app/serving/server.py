"""The HTTP server as every process of the service runs it."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from app.serving.protocol import Protocol

GRACE_SECONDS = 10
"""How long requests under way may take to finish when the service stops."""


class Server(uvicorn.Server):
    """A server that says when it answers and when it is about to stop; signals are another's, unless told otherwise."""

    def __init__(
        self,
        app: Any,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None],
        hears_signals: bool = False,
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
        self._hears_signals = hears_signals

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End in order when a signal says so, if signals are ours."""
        with super().capture_signals() if self._hears_signals else contextlib.nullcontext():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)
