"""What it costs that who looked at whom is put on record, and whether `/metrics` says of it what its callers saw."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.bench.commands import write_side
from tests.bench.filled import fill
from tests.bench.ground import Ground, Place
from tests.bench.http import Asked, http_race, letopis, load, served, token
from tests.bench.measuring import Race
from tests.bench.reads import READS, client_ids_of

CLIENTS = 10_000
STEADY_PER_SECOND, STEADY_SECONDS = 400, 7.0
"""A load under which a request does not wait for others, so that both sides measure the same."""

FORGETFUL = "from infra.log.accesses import AccessRecord; AccessRecord.add = lambda self, row: None; "
"""Begins a service that puts nobody's look on record; there is no setting for that."""

HISTOGRAM = "letopis_request_duration_seconds_bucket"
CARD = "/clients/{client_id}"


def buckets(port: int) -> Mapping[float, float]:
    """Return how many cards were told within so many seconds, by Prometheus' own parser."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    samples = (one for family in text_string_to_metric_families(text) for one in family.samples)
    return {
        float(one.labels["le"]): one.value
        for one in samples
        if one.name == HISTOGRAM and one.labels["route"] == CARD and one.labels["status"] == "2xx"
    }


def p99_both_ways(port: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the 99th percentile as callers saw it, the bucket that it has in `/metrics`, and how far that is off."""
    before = buckets(port)
    seen = load(port, STEADY_SECONDS, "getting", options, STEADY_PER_SECOND)["p99_ms"] / 1e3
    counts = {bound: count - before.get(bound, 0) for bound, count in buckets(port).items()}
    rank = 0.99 * max(counts.values())
    bounds = sorted(counts)
    told = next(place for place, bound in enumerate(bounds) if counts[bound] >= rank)
    mine = next(place for place, (low, high) in enumerate(pairwise([0.0, *bounds])) if low <= seen < high)
    return {
        "steady_p99_ms": round(seen * 1e3, 2),
        "metrics_p99_up_to_ms": round(bounds[told] * 1e3, 1),
        "buckets_apart": abs(told - mine),
    }


def forgetful(place: Place) -> Any:
    """Lend the port of a service that puts nothing on record."""
    return served(
        place, "-c", FORGETFUL + "from app.terminal.cli import main; main()", "serve", "--port", "0", "--role", "api"
    )


@contextmanager
def reads_recorded(ground: Ground) -> Iterator[Race]:
    """Cards with every look on record are told at least nine tenths as fast as without.

    Both services read the same 10,000 clients, as fast as 32 connections can; ours writes a row for each answer, in
    one commit for half a second of them. Unfair would be to ask for what is not put on record. `buckets_apart` is how
    far, at a steady 400 a second, the 99th percentile that callers saw is from the bucket it has in `/metrics`.
    """
    ground = replace(ground, seconds=ground.seconds * 2)
    with ground.place("recorded") as place:
        with write_side(place):  # hires the administrator whose token is used
            pass
        fill(place, CLIENTS)
        options: Mapping[str, Any] = {"paths": READS["card"](client_ids_of(place)), "token": token(place)}
        with letopis(place, "api") as port, forgetful(place) as other:

            def asked(server: int) -> Asked:
                return server, "getting", lambda: options

            race = http_race(ground, asked(port), asked(other), baseline="nobody's look is put on record")
            yield replace(race, extras=lambda: {**race.extras(), **p99_both_ways(port, options)})
