"""What operators work on: an installation, and the read models it has."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shutil import disk_usage
from typing import Any

from app.database import Urls, server_disk
from app.settings import Settings
from infra.analytics.fact_schema import NAME
from infra.log.crypto import MasterKey
from infra.projector.projection import Projection
from infra.told import ToldError
from projections.registry import PROJECTIONS

ANALYTICS = NAME
KNOWN = {one.name: one for one in PROJECTIONS}


class UnknownReadModelError(ToldError):
    """There is no read model of that name; says which there are."""

    def __init__(self, name: str, more: tuple[str, ...] = ()) -> None:
        super().__init__(f"There is no read model {name!r}. There are: {', '.join([*KNOWN, *more])}.")


@dataclass(frozen=True)
class Site:
    """An installation: its settings, its master key and how each role connects."""

    settings: Settings
    master: MasterKey
    urls: Urls

    @cached_property
    def disk(self) -> Path | None:
        """The folder of the database server's data, where that is on this machine."""
        return server_disk(self.settings, self.urls)

    @property
    def free_bytes(self) -> int | None:
        """The room on that disk."""
        return None if self.disk is None else disk_usage(self.disk).free

    def projection(self, name: str) -> Projection[Any]:
        """Return a read model that there is."""
        return KNOWN[name]
