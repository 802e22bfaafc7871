"""More processes that answer requests on the same port, each with a write side of its own.

What only the first process has (reports, repairs, the metrics of all) they ask it for, at its own address.
"""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection

from app.composition.write_side import WriteSide
from app.database import Urls
from app.process import settle
from app.serving.doors import Home, http_parts
from app.serving.http import create_app
from app.serving.kept_process import KeptProcess, tell_until_the_end
from app.serving.metrics import Measured, Taken
from app.serving.server import Server
from app.settings import Settings
from infra.log.crypto import MasterKey


@dataclass(frozen=True, slots=True)
class Told:
    """What a worker tells of itself: how long things took since the last time, and how things stand."""

    taken: Taken
    waiting: int
    dropped: int
    unrecorded: int
    streams: int


def work(
    settings: Settings, urls: Urls, master: MasterKey, listening: socket.socket, home: Home, parent: Connection
) -> None:
    """Answer requests until the parent says stop."""
    write_side = WriteSide(urls, settings, master, with_policies=False)
    write_side.start()
    measured = Measured(commands=write_side.executor.durations, appends=write_side.appends)
    parts = http_parts(settings, urls, master, write_side, None, measured=measured, home=home)
    server = Server(create_app(parts), on_stop=parts.on_stop)

    def told() -> Told:
        dropped, unrecorded = write_side.refusals.dropped, write_side.accesses.dropped
        return Told(measured.take(), write_side.executor.waiting, dropped, unrecorded, parts.streams())

    threading.Thread(target=_tell, args=(parent, told, server), name="worker-tell", daemon=True).start()
    settle()
    try:
        server.run(sockets=[listening])
    finally:
        write_side.stop()


def _tell(parent: Connection, told: Callable[[], Told], server: Server) -> None:
    """Tell the parent every second how things stand, and let the server end when it says stop, or dies."""
    tell_until_the_end(parent, told)
    server.should_exit = True


class Crew:
    """The workers of one service, besides its first process."""

    def __init__(
        self,
        size: int,
        settings: Settings,
        urls: Urls,
        master: MasterKey,
        listening: socket.socket,
        home: Home,
        measured: Measured,
    ) -> None:
        self._measured = measured
        self._last: dict[int, Told] = {}
        self._processes = [
            KeptProcess(
                f"worker-{number}", work, settings, urls, master, listening, home, hear=partial(self._hear, number)
            )
            for number in range(2, size + 2)
        ]

    def start(self) -> None:
        """Start the processes; they begin to answer as soon as each is ready."""
        for process in self._processes:
            process.start()

    def stop(self) -> None:
        """Let them finish the requests under way."""
        for process in self._processes:
            process.stop()

    def _hear(self, number: int, told: Told) -> None:
        self._measured.add_all(told.taken)
        self._last[number] = told

    @property
    def waiting(self) -> int:
        """Commands queued or being carried out in the workers."""
        return sum(told.waiting for told in self._last.values())

    @property
    def dropped(self) -> int:
        """Refusals the workers could not put on record."""
        return sum(told.dropped for told in self._last.values())

    @property
    def unrecorded(self) -> int:
        """Accesses the workers could not put on record."""
        return sum(told.unrecorded for told in self._last.values())

    @property
    def streams(self) -> int:
        """Open streams of events in the workers."""
        return sum(told.streams for told in self._last.values())
