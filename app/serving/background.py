"""The projector in a process of its own: it computes all the time, and would take the API's turn at the interpreter.

What operators ask for of read models is done beside it.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.composition.decoding import decoder_factory
from app.database import Urls
from app.operations.for_views import ForViews
from app.operations.runner import Runner
from app.operations.site import Site
from app.serving.kept_process import KeptProcess, tell_until_the_end
from app.settings import Settings
from infra.durations import Key, Row
from infra.log.crypto import MasterKey
from infra.projector.projection import Projection
from infra.projector.projector import ProjectorService
from projections.registry import PROJECTIONS
from replay.rebuilding.rebuild import rebuild
from replay.rebuilding.resources import Resources


def projector_at(
    urls: Urls, master: MasterKey, disk: Path | None, keep_retired: timedelta | None = None
) -> ProjectorService:
    """Return the service that keeps every read model up to date."""
    decoder, resources = decoder_factory(urls.projector, master), Resources(disk=disk)

    def build(projection: Projection[Any]) -> None:
        # Readers have nothing better: an earlier build, of other code, is moved by no worker any more.
        rebuild(projection, urls.projector, decoder, resources=resources, only_if_missing=True, may_park=True)

    return ProjectorService(PROJECTIONS, decoder(), urls.projector, build=build, keep_retired=keep_retired)


def projector_process(
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    disk: Path | None = None,
    hear: Callable[[Mapping[Key, Row]], None] = lambda _delays: None,
) -> KeptProcess:
    """Return the process that does it; `disk` is the folder of the server's data where that is on this machine.

    `hear` gets, every second, how long facts took to be shown.
    """
    return KeptProcess("projector", _project, settings, urls, master, disk, hear=hear)


def _project(settings: Settings, urls: Urls, master: MasterKey, disk: Path | None, parent: Connection) -> None:
    service = projector_at(urls, master, disk, settings.keep_retired)
    runner = Runner(urls.projector, ForViews(Site(settings, master, urls)), of_analytics=False)
    service.start()
    runner.start()
    tell_until_the_end(parent, service.delays.take)
    runner.stop()
    service.stop()
