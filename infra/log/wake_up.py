"""Tells the readers of the log that there is more, so that they need not wait for their next poll."""

import threading
import time

import psycopg
import structlog

from infra.log.eventlog import WAKE_UP_CHANNEL
from infra.postgres.connection import OwnConnection

PAUSE = 0.01
"""Seconds between two wake-ups: a NOTIFY inside the append would serialise commits, and one per batch costs a trip."""

log = structlog.get_logger()


class WakeUp:
    """Sends the position of the log's head to all who listen, after commit; several commits share one message."""

    def __init__(self, url: str) -> None:
        self._borrow = OwnConnection(url)
        self._position = 0
        self._flag = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._work, name="wake-up", daemon=True)

    def start(self) -> None:
        """Begin to pass on positions."""
        self._thread.start()

    def stop(self) -> None:
        """Stop passing on positions."""
        self._is_stopping = True
        self._flag.set()
        if self._thread.is_alive():
            self._thread.join()
        self._borrow.close()

    def stored(self, position: int) -> None:
        """Note that the log now reaches this position."""
        self._position = position
        self._flag.set()

    def _work(self) -> None:
        while True:
            self._flag.wait()
            if self._is_stopping:
                return
            self._flag.clear()
            try:
                with self._borrow() as connection:
                    connection.execute("SELECT pg_notify(%s, %s)", [WAKE_UP_CHANNEL, str(self._position)])
            except psycopg.Error as error:  # the readers poll as well, so a lost wake-up only costs them a moment
                log.warning("wake_up_failed", error=type(error).__name__)
            time.sleep(PAUSE)
