"""What an operator who rebuilds read models sees: how long it will take, how far it is, and what was made."""

from dataclasses import dataclass

from app.composition.decoding import decoder_factory
from app.database import server_disk
from app.doctor.machine import free_bytes
from app.process import settle
from app.serving.analytics_control import analytics_in_hand
from app.terminal.console import print_json, progress, say
from app.terminal.repair import ANALYTICS, named, site
from replay.rebuilding.dry_run import Estimate, estimate
from replay.rebuilding.progress import Progress
from replay.rebuilding.rebuild import Check, rebuild
from replay.rebuilding.resources import Resources

_MB = 2**20


@dataclass(frozen=True)
class Asked:
    """How read models are to be rebuilt; `throttle` in events a second; `may_park` though more would wait than now."""

    processes: int
    check: Check
    throttle: int | None
    may_park: bool = False


def rebuild_named(name: str, asked: Asked, *, as_json: bool) -> None:
    """Fold the whole log into new generations, verify them and swap them in; print what was made."""
    projections, with_analytics = named(name)
    settle()
    with site() as here, progress() as bar:
        decoder = decoder_factory(here.urls.projector, here.master)
        resources = Resources(asked.processes, disk=server_disk(here.settings, here.urls))

        def tell(now: Progress) -> None:
            if now.total:
                bar(now.projection, round(now.fraction * now.total), now.total, note_of(now))

        done = [
            rebuild(
                one,
                here.urls.projector,
                decoder,
                resources=resources,
                progress=tell,
                check=asked.check,
                throttle=asked.throttle,
                may_park=asked.may_park,
            )
            for one in projections
        ]
        parked = 0
        if with_analytics:
            with analytics_in_hand(here.settings, here.urls, here.master) as analytics:
                analytics.rebuild(lambda reached, aim: bar(f"{ANALYTICS}: loading", reached, aim))
                parked = len(analytics.standing()["parked"])
    if as_json:
        print_json(done)
        return
    for one in done:
        if one is not None:
            waiting = f"; {one.parked} parked: `letopis projections parked {one.projection}`" if one.parked else ""
            say(f"{one.projection}: generation {one.generation} of {one.events:,} events, {one.seconds:.1f} s{waiting}")
    if with_analytics:
        waiting = f"; {parked} parked: `letopis projections parked {ANALYTICS}`" if parked else ""
        say(f"{ANALYTICS}: rebuilt{waiting}")


def note_of(now: Progress) -> str:
    """Return what is said beside the bar: the phase, the pace (of each worker, if there are several), the time left."""
    words: list[str] = ["paused" if now.is_paused else now.phase]
    if now.phase == "folding":
        each = " + ".join(f"{worker.per_second:,.0f}" for worker in now.workers)
        words.append(f"{now.per_second:,.0f} events/s" + (f" ({each})" if len(now.workers) > 1 else ""))
    if now.eta_seconds is not None and now.phase != "done":
        words.append(f"{now.eta_seconds:,.0f} s left")
    return ", ".join(words)


def estimate_named(name: str, asked: Asked, *, as_json: bool) -> None:
    """Say how long rebuilds would take and how much disk they would need; nothing is changed."""
    projections, with_analytics = named(name)
    with site() as here:
        decoder = decoder_factory(here.urls.projector, here.master)
        found = [
            estimate(
                one,
                here.urls.projector,
                decoder,
                resources=Resources(asked.processes),
                check=asked.check,
                throttle=asked.throttle,
            )
            for one in projections
        ]
        disk = server_disk(here.settings, here.urls)
        free = None if disk is None else free_bytes(disk)
    if as_json:
        print_json({"estimates": found, "free_bytes": free})
        return
    for one in found:
        say(_told(one))
    if with_analytics:
        say(f"{ANALYTICS}: not estimated; it loads some 100,000 events a second")
    say("Free disk: " + ("not known, the server is not ours" if free is None else f"{free / _MB:,.0f} MB"))


def _told(one: Estimate) -> str:
    freed = f", {one.freed_bytes / _MB:,.1f} MB of a retired one are freed before" if one.freed_bytes else ""
    dealt = f", and {one.dealt_bytes / _MB:,.1f} MB until it is folded" if one.dealt_bytes else ""
    return (
        f"{one.projection}: {one.events:,} events, {one.checked_events:,} verified, about {one.seconds:,.1f} s"
        f" (by {one.measured_by}); {one.needed_bytes / _MB:,.1f} MB beside the present one{freed}{dealt}"
    )
