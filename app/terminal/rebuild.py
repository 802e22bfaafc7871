"""What an operator who rebuilds read models sees: how long it will take, how far it is, and what was made."""

from collections.abc import Callable
from typing import Any

from app.composition.decoding import decoder_factory
from app.operations.doing import How, rebuilt
from app.operations.outcomes import of_filling, of_rebuild
from app.operations.site import ANALYTICS, Site
from app.process import settle
from app.serving.analytics_control import analytics_in_hand
from app.terminal.console import print_json, progress, say
from app.terminal.on_record import on_record
from app.terminal.repair import named, site
from infra.projector.projection import Projection
from replay.rebuilding.dry_run import Estimate, estimate
from replay.rebuilding.progress import Progress
from replay.rebuilding.rebuild import Rebuilt
from replay.rebuilding.resources import Resources

_MB = 2**20


def rebuild_named(name: str, how: How, *, as_json: bool) -> None:
    """Fold the whole log into new generations, verify them and swap them in; print what was made."""
    projections, with_analytics = named(name)
    settle()
    with site() as here, progress() as bar:

        def tell(now: Progress) -> None:
            if now.total:
                bar(now.projection, round(now.fraction * now.total), now.total, note_of(now))

        done = [_rebuilt(here, one, how, tell) for one in projections]
        parked = 0
        if with_analytics:
            with (
                on_record(here.urls.projector, "rebuild", ANALYTICS) as record,
                analytics_in_hand(here.settings, here.urls, here.master) as analytics,
            ):
                analytics.rebuild(lambda reached, aim: bar(f"{ANALYTICS}: loading", reached, aim))
                standing = analytics.standing()
                parked = len(standing["parked"])
                record.ended = of_filling(ANALYTICS, standing["position"], parked)
    if as_json:
        print_json(done)
        return
    for one in done:
        waiting = f"; {one.parked} parked: `letopis projections parked {one.projection}`" if one.parked else ""
        say(f"{one.projection}: generation {one.generation} of {one.events:,} events, {one.seconds:.1f} s{waiting}")
    if with_analytics:
        waiting = f"; {parked} parked: `letopis projections parked {ANALYTICS}`" if parked else ""
        say(f"{ANALYTICS}: rebuilt{waiting}")


def _rebuilt(here: Site, projection: Projection[Any], how: How, tell: Callable[[Progress], None]) -> Rebuilt:
    with on_record(here.urls.projector, "rebuild", projection.name, how.parameters) as record:
        made = rebuilt(here, projection, how, tell)
        record.ended = of_rebuild(made)
    return made


def note_of(now: Progress) -> str:
    """Return what is said beside the bar: the phase, the pace (of each worker, if there are several), the time left."""
    words: list[str] = ["paused" if now.is_paused else now.phase]
    if now.phase == "folding":
        each = " + ".join(f"{worker.per_second:,.0f}" for worker in now.workers)
        words.append(f"{now.per_second:,.0f} events/s" + (f" ({each})" if len(now.workers) > 1 else ""))
    if now.eta_seconds is not None and now.phase != "done":
        words.append(f"{now.eta_seconds:,.0f} s left")
    return ", ".join(words)


def estimate_named(name: str, how: How, *, as_json: bool) -> None:
    """Say how long rebuilds would take and how much disk they would need; nothing is changed."""
    projections, with_analytics = named(name)
    with site() as here:
        decoder = decoder_factory(here.urls.projector, here.master)
        found = [
            estimate(
                one,
                here.urls.projector,
                decoder,
                resources=Resources(how.processes),
                check=how.check,
                throttle=how.throttle,
            )
            for one in projections
        ]
        free = here.free_bytes
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
