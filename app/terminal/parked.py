"""What operators do with facts that a read model could not take in: look, try again, or skip one with a reason."""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from app.operations.doing import retried
from app.operations.doing import skipped as skipped_fact
from app.operations.outcomes import of_retry
from app.operations.site import ANALYTICS, Site
from app.serving.analytics_control import analytics_in_hand
from app.terminal.console import operator, print_json, print_table, say
from app.terminal.on_record import on_record
from app.terminal.repair import named, site
from infra.projector.parking import parked_key_from
from infra.projector.projection import Projection
from infra.told import ToldError
from replay.repair.parked import ParkedPlace, Tried, parked, skipped

MINUTE = "%Y-%m-%d %H:%M"


class OneReadModelError(ToldError):
    """A key was given for several read models."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A key belongs to one read model, not to {name!r}: name it, as `letopis projections status` does."
        )


def show_parked(name: str, *, as_json: bool) -> None:
    """Print what waits and for which fact, and which facts are skipped for ever, and why."""
    projections, with_analytics = named(name)
    names = [one.name for one in projections]
    with site() as here:
        waiting = parked(here.urls.projector, names)
        if with_analytics:
            names.append(ANALYTICS)
            with analytics_in_hand(here.settings, here.urls, here.master) as analytics:
                waiting += [ParkedPlace(projection=ANALYTICS, **one) for one in analytics.standing()["parked"]]
        passed_over = skipped(here.urls.projector, names)
    if as_json:
        print_json({"parked": waiting, "skipped": passed_over})
        return
    if waiting:
        print_table(
            ("name", "key", "waits for position", "topic", "why", "since"),
            [(*astuple(one)[:-1], f"{one.parked_at:{MINUTE}}") for one in waiting],
        )
    else:
        say("Nothing waits.")
    if passed_over:
        print_table(
            ("name", "key", "skipped position", "topic", "why it failed", "reason", "by", "at"),
            [(*astuple(one)[:-1], f"{one.skipped_at:{MINUTE}}") for one in passed_over],
        )


def retry_named(name: str, *, key: str | None) -> bool:
    """Try again what waits, and let broken read models go on; return whether everything flows."""
    projections, with_analytics = named(name)
    place = None
    if key is not None and name != ANALYTICS:
        place = parked_key_from(_one(name, projections), key)
    given = {} if key is None else {"key": key}
    with site() as here:
        told: list[Tried] = []
        for one in projections:
            with on_record(here.urls.projector, "retry", one.name, given) as record:
                tried, goes_on = retried(here, one, place)
                record.ended = of_retry(one.name, tried, goes_on=goes_on)
            told += tried
            if goes_on:
                say(f"{one.name}: tries again")
            elif not tried:
                say(f"{one.name}: was not broken and nothing waits, so nothing changed")
        if with_analytics:
            told += (of_analytics := _retried_analytics(here, key, given))
            if not of_analytics:
                say(f"{ANALYTICS}: nothing waits, so nothing changed")
    for one_place in told:
        _tell(one_place)
    return all(one_place.flows for one_place in told)


def _retried_analytics(here: Site, key: str | None, given: Mapping[str, str]) -> list[Tried]:
    with (
        on_record(here.urls.projector, "retry", ANALYTICS, given) as record,
        analytics_in_hand(here.settings, here.urls, here.master) as analytics,
    ):
        tried = [Tried(ANALYTICS, **one) for one in analytics.retry(key)]
        record.ended = of_retry(ANALYTICS, tried)
    return tried


def skip_named(name: str, *, key: str, reason: str) -> None:
    """Skip the one fact that a key waits for, for ever, and go on with what is after it."""
    projections, _ = named(name)
    place = None if name == ANALYTICS else parked_key_from(_one(name, projections), key)
    with site() as here, on_record(here.urls.projector, "skip", name, {"key": key}, reason) as record:
        if place is None:
            with analytics_in_hand(here.settings, here.urls, here.master) as analytics:
                tried = Tried(ANALYTICS, **analytics.skip(key, reason, operator()))
        else:
            tried = skipped_fact(here, projections[0], place, reason=reason, actor=operator())
        record.ended = of_retry(name, [tried])
    _tell(tried)


def _one(name: str, projections: list[Projection[Any]]) -> Projection[Any]:
    if len(projections) != 1:
        raise OneReadModelError(name)
    return projections[0]


def _tell(tried: Tried) -> None:
    if tried.flows:
        say(f"{tried.projection} {tried.place}: flows again")
    else:
        say(f"{tried.projection} {tried.place}: waits for position {tried.position}: {tried.reason}")
