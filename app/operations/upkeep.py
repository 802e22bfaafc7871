"""What operators ask of the read models over HTTP, and that changes nothing: the same as at the terminal."""

import asyncio
from collections.abc import Sequence
from functools import partial

from app.composition.decoding import decoder_factory
from app.composition.readers import Readers
from app.operations.bodies import OPERATIONS
from app.operations.site import ANALYTICS, KNOWN, Site
from commands.roles import SENDING_FILES
from projections.registry import PROJECTIONS
from read_api.reading.upkeep import Check, Estimate, Upkeep
from replay.rebuilding.dry_run import estimate_by
from replay.rebuilding.resources import Resources
from replay.repair.jobs import IMPORT, REVERT_IMPORT
from replay.repair.status import ProjectionStatus, statuses_by

SESSIONS = 2
"""So many look at once: a large log is counted for seconds."""


def upkeep_at(here: Site) -> Upkeep:
    """Return what answers about the read models of an installation; none takes longer than the past may."""
    url = here.urls.projector
    readers = Readers(url, SESSIONS, here.settings.as_of_seconds)
    decoder = decoder_factory(url, here.master)

    async def kept() -> Sequence[ProjectionStatus]:
        return await readers.ask(partial(statuses_by, projections=PROJECTIONS))

    async def estimate(name: str, processes: int, check: Check, throttle: int | None) -> Estimate | None:
        if name not in KNOWN:
            return None
        return await readers.ask(
            partial(
                estimate_by,
                projection=KNOWN[name],
                decoder=decoder,
                resources=Resources(processes),
                check=check,
                throttle=throttle,
            )
        )

    async def free_bytes() -> int | None:
        return await asyncio.to_thread(lambda: here.free_bytes)

    def operations_of(role: str) -> Sequence[str]:
        return sorted(
            [
                *(name for name, kind in OPERATIONS.items() if role in kind.ROLES),
                *([IMPORT, REVERT_IMPORT] if role in SENDING_FILES else ()),
            ]
        )

    return Upkeep(frozenset({*KNOWN, ANALYTICS}), kept, estimate, free_bytes, operations_of)
