"""Brings the embedded database server back when it dies, so that nobody has to restart the service for it."""

import threading
from types import TracebackType
from typing import Self

import structlog

from infra.postgres.embedded import EmbeddedPostgres, EmbeddedPostgresError

PAUSE = 0.2
"""Seconds between two looks at the server."""

PATIENCE = 5.0
"""Seconds before a server that could not be started is tried again."""

log = structlog.get_logger()


class Watch:
    """Looks after a running server until the block ends; the server itself is started and stopped by its owner."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="embedded-postgres-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopping.set()
        # A start under way is waited for: two hands at one server would leave it running.
        self._thread.join()

    def _look_after(self) -> None:
        while not self._is_stopping.wait(PAUSE):
            if self._server.is_alive:
                continue
            log.warning("embedded_postgres_died", outcome="is started again")
            try:
                self._server.start()
            except (EmbeddedPostgresError, OSError) as failure:
                log.warning("embedded_postgres_not_started", error=str(failure), outcome="is tried again")
                self._is_stopping.wait(PATIENCE)
