"""The projector in a process of its own: it computes all the time, and would take the API's turn at the interpreter."""

import contextlib
import multiprocessing
import signal
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

import structlog

from app.database import Urls
from app.logs import configure_logs
from app.wiring import decoder_factory
from infra.crypto import MasterKey
from infra.projection import Projection
from infra.projector import ProjectorService
from projections.registry import PROJECTIONS
from replay.rebuild import rebuild

RESTART_PAUSE = 1.0
"""Seconds before a projector that died is started again."""

STOP_PATIENCE = 15.0
"""Seconds a projector gets to finish its batch."""

log = structlog.get_logger()


def projector_at(urls: Urls, master: MasterKey) -> ProjectorService:
    """Return the service that keeps every read model up to date."""
    decoder = decoder_factory(urls.projector, master)

    def build(projection: Projection[Any]) -> None:
        rebuild(projection, urls.projector, decoder, only_if_missing=True)

    return ProjectorService(PROJECTIONS, decoder(), urls.projector, build=build)


def _project(urls: Urls, master: MasterKey, parent: Connection) -> None:
    """Project until the parent says stop, or dies: then its end of the pipe closes."""
    # Ctrl-C, and often SIGTERM, goes to the whole process group; when to stop is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    configure_logs()
    service = projector_at(urls, master)
    service.start()
    with contextlib.suppress(EOFError, OSError):
        parent.recv()
    service.stop()


class ProjectorProcess:
    """Keeps one projector process alive, and stops it with us however we end."""

    def __init__(self, urls: Urls, master: MasterKey) -> None:
        self._urls = urls
        self._master = master
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._ours: Connection | None = None
        self._is_stopping = threading.Event()
        self._watch = threading.Thread(target=self._keep_alive, name="projector-watch", daemon=True)

    def start(self) -> None:
        """Start the process and watch it."""
        self._launch()
        self._watch.start()

    def _launch(self) -> None:
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_project, args=(self._urls, self._master, theirs), name="letopis-projector"
        )
        self._process.start()
        theirs.close()

    def _keep_alive(self) -> None:
        while True:
            self._process.join()
            if self._is_stopping.is_set():
                return
            log.error("projector_died", exit_code=self._process.exitcode, outcome="started again")
            time.sleep(RESTART_PAUSE)
            if self._is_stopping.is_set():
                return
            self._launch()

    def stop(self) -> None:
        """Let the process finish its batch and end."""
        self._is_stopping.set()
        if self._ours is not None:
            self._ours.close()
        self._process.join(STOP_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
        self._watch.join(STOP_PATIENCE)
