"""Another process of this service, kept alive as long as the service lives and stopped with it however that ends."""

import contextlib
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import structlog

from app.logs import configure_logs
from app.spawned import leave_stopping_to_the_parent, spawned

RESTART_PAUSE = 1.0
"""Seconds before a process that died is started again."""

TELL_SECONDS = 1.0
"""How often a process tells what it has counted; killed, it takes as much with it."""

STOP_PATIENCE = 15.0
"""Seconds a process gets to finish what it does."""

Work = Callable[..., None]
"""What the process does: it is called with its arguments and its end of a pipe, and returns when told to."""

log = structlog.get_logger()


def _begin(work: Work, arguments: tuple[Any, ...], parent: Connection) -> None:
    leave_stopping_to_the_parent()
    configure_logs()
    work(*arguments, parent)


def tell_until_the_end(parent: Connection, told: Callable[[], Any]) -> None:
    """Tell the parent every second how things stand until it says stop, or dies: then its end of the pipe closes."""
    with contextlib.suppress(EOFError, OSError):
        while not parent.poll(TELL_SECONDS):
            parent.send(told())


class KeptProcess:
    """Keeps one process alive; `hear` gets what it sends through its pipe, in a thread of ours."""

    def __init__(
        self, name: str, work: Work, *arguments: Any, hear: Callable[[Any], None] = lambda _message: None
    ) -> None:
        self._name = name
        self._work = work
        self._arguments = arguments
        self._hear = hear
        self._process: Any = None
        self._ours: Connection | None = None
        self._is_stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_alive, name=f"{name}-watch", daemon=True)

    def start(self) -> None:
        """Start the process and watch it."""
        self._launch()
        self._watch.start()

    def _launch(self) -> None:
        self._process, self._ours = spawned(f"letopis-{self._name}", _begin, self._work, self._arguments)

    def _keep_alive(self) -> None:
        while True:
            self._listen()
            self._process.join()
            if self._is_stopping.is_set():
                return
            # Below zero it was a signal, which is somebody's doing: the system's when memory is short.
            tell = log.warning if self._process.exitcode < 0 else log.error
            tell("process_died", process=self._name, exit_code=self._process.exitcode, outcome="started again")
            time.sleep(RESTART_PAUSE)
            if self._is_stopping.is_set():
                return
            self._launch()

    def _listen(self) -> None:
        assert self._ours is not None  # noqa: S101 - it was launched
        with self._ours, contextlib.suppress(EOFError, OSError):
            while True:
                self._hear(self._ours.recv())

    def stop(self) -> None:
        """Let the process finish what it does and end."""
        self._is_stopping.set()
        if self._ours is not None:
            # Not closed: the thread that listens reads from it until the process has closed its own end.
            with contextlib.suppress(OSError):
                self._ours.send(None)
        self._process.join(STOP_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
        self._watch.join(STOP_PATIENCE)
