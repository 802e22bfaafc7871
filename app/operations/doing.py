"""What operators do, the same whether asked for over HTTP or typed: rebuild, compare, go back, hold up, mend."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from app.composition.decoding import decoder_at, decoder_factory
from app.database import check_key
from app.operations.site import KNOWN, Site
from infra.backup.backup import back_up
from infra.backup.manifest import Manifest
from infra.files.folder import FilesFolder
from infra.linkage.linked import Limits
from infra.log.crypto import MasterKey
from infra.projector.generations import Generation, connect, drop_retired, fingerprint_of, in_use
from infra.projector.leases import build_lock
from infra.projector.parking import ParkedKey
from infra.projector.projection import Projection
from infra.projector.states import pause, resume, retry
from replay.duplicates.finding import Found, Tell, find
from replay.rebuilding.progress import Progress
from replay.rebuilding.rebuild import Check, Rebuilt, rebuild, roll_back
from replay.rebuilding.report import Report
from replay.rebuilding.resources import Resources
from replay.rebuilding.throttle import ask, throttle
from replay.rebuilding.verify import verify
from replay.rebuilding.watch import UNWATCHED, Watch
from replay.repair.parked import Tried, retry_parked, skip_parked

Change = Callable[[psycopg.Connection[Any], str], bool]
"""Changes something of a read model by its name, and tells whether there was something to change."""


@dataclass(frozen=True)
class How:
    """How read models are to be rebuilt; `throttle` in events a second; `may_park` though more would wait than now."""

    processes: int
    check: Check
    throttle: int | None
    may_park: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """It as it is on record."""
        known = {"processes": self.processes, "verify": self.check, "park": self.may_park}
        return known if self.throttle is None else {**known, "throttle": self.throttle}


def rebuilt(here: Site, projection: Projection[Any], how: How, tell: Callable[[Progress], None]) -> Rebuilt:
    """Fold the whole log into a new generation, verify it and swap it in; raises what `rebuild` raises."""
    made = rebuild(
        projection,
        here.urls.projector,
        decoder_factory(here.urls.projector, here.master),
        resources=Resources(how.processes, disk=here.disk),
        progress=tell,
        check=how.check,
        throttle=how.throttle,
        may_park=how.may_park,
    )
    assert made is not None  # noqa: S101 - it is made whether or not there is one
    return made


def verified(
    here: Site, projection: Projection[Any], *, processes: int, one_in: int, watch: Watch = UNWATCHED
) -> Report:
    """Compare, row by row, with a fold from scratch; raises what `verify` raises."""
    decoder = decoder_factory(here.urls.projector, here.master)
    resources = Resources(processes, disk=here.disk)
    return verify(projection, here.urls.projector, decoder, resources=resources, one_in=one_in, watch=watch)


def rolled_back(here: Site, projection: Projection[Any]) -> Generation:
    """Show readers the generation they saw before the present one again; raises what `roll_back` raises."""
    return roll_back(projection, here.urls.projector, decoder_at(here.urls.projector, here.master))


def dropped(connection: psycopg.Connection[Any], name: str) -> list[int] | None:
    """Drop what is kept of a read model for a rollback, and return the numbers; also of one that is no more.

    None: other code made what is in use. That version may drop what this one reads.
    """
    with build_lock(connection, name):
        present = in_use(connection, name)
        if name in KNOWN and present is not None and present.fingerprint != fingerprint_of(KNOWN[name]):
            return None
        return drop_retired(connection, name)


class Word(NamedTuple):
    """What is said to a rebuild or to a read model: the first change that can be made counts, by the code of each."""

    changes: Sequence[tuple[str, Change]]
    otherwise: str

    def said(self, connection: psycopg.Connection[Any], name: str) -> str:
        """Say it, and return the code of what was changed."""
        return next((code for code, change in self.changes if change(connection, name)), self.otherwise)


PAUSE = Word((("rebuild-rests", partial(ask, wish="pause")), ("paused", pause)), "was-not-live")
RESUME = Word((("rebuild-goes-on", partial(ask, wish="run")), ("resumed", resume)), "was-not-paused")
CANCEL = Word((("rebuild-ends", partial(ask, wish="cancel")),), "not-being-rebuilt")


def hold_to(events_per_second: int | None) -> Word:
    """Return what holds a rebuild under way to a pace, or to none any more."""
    code = "rebuild-unheld" if events_per_second is None else "rebuild-held"
    return Word(((code, partial(throttle, events_per_second=events_per_second)),), "not-being-rebuilt")


class Retried(NamedTuple):
    """What became of each place that waited, and whether a read model that was broken goes on."""

    tried: list[Tried]
    goes_on: bool


def retried(here: Site, projection: Projection[Any], place: ParkedKey | None) -> Retried:
    """Try again what waits, at a place or at all, and let a broken read model go on; raises as `retry_parked`."""
    decode = decoder_at(here.urls.projector, here.master)
    tried = retry_parked(projection, here.urls.projector, decode, place)
    with connect(here.urls.projector) as connection:
        return Retried(tried, retry(connection, projection.name))


def skipped(here: Site, projection: Projection[Any], place: ParkedKey, *, reason: str, actor: str) -> Tried:
    """Skip the one fact that a place waits for, for ever; raises as `skip_parked`."""
    decode = decoder_at(here.urls.projector, here.master)
    return skip_parked(projection, here.urls.projector, decode, place, reason=reason, actor=actor)


def backed_up(url: str, master: MasterKey, folder: Path, files: FilesFolder) -> Manifest:
    """Make a backup of the log and of the bytes of files in a new folder; raises as `check_key` and `back_up`."""
    check_key(url, master)
    return back_up(url, master, folder, files)


def duplicates_found(here: Site, tell: Tell) -> Found:
    """Look for clients who may be one, and keep them; raises what `find` raises."""
    return find(here.urls.projector, Limits(here.settings.duplicates_memory_mb), tell)
