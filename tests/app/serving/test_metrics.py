"""What a monitoring system hears: of read models, and how long everything took."""

import asyncio
import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.doors import gauges_of, http_parts
from app.serving.http import Parts, create_app
from app.serving.metrics import Gauge, Measured, exposition
from app.settings import Settings
from infra.durations import BOUNDS
from tests.database import MASTER

SECONDS = st.floats(0, 60)
ODD = 'a "quoted"\\\n name'
REQUESTS = "letopis_request_duration_seconds"


def test_what_waits_in_a_read_model_is_a_gauge_of_its_own() -> None:
    view = {"name": "client_card", "generation": 2, "state": "live", "lag_events": 4, "lag_seconds": 1.5, "parked": 3}
    told = exposition(Measured(), gauges_of([view])).splitlines()
    assert "# HELP letopis_parked_keys Keys that wait for a fact not taken in." in told
    assert 'letopis_parked_keys{projection="client_card",generation="2",state="live"} 3' in told
    assert 'letopis_projection_lag_events{projection="client_card",generation="2",state="live"} 4' in told


def samples_of(text: str) -> list[Sample]:
    """Return what Prometheus' own parser reads."""
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def buckets_of(samples: Sequence[Sample], name: str, **labels: str) -> list[tuple[float, float]]:
    """Return the buckets of one histogram as its bounds and how many were no longer."""
    wanted = [
        sample
        for sample in samples
        if sample.name == f"{name}_bucket" and labels.items() <= {**sample.labels, "le": ""}.items()
    ]
    return [(float(sample.labels["le"]), sample.value) for sample in wanted]


def quantile_bucket(buckets: Sequence[tuple[float, float]], quantile: float) -> float:
    """Return the upper end of the bucket that histogram_quantile looks in."""
    rank = quantile * buckets[-1][1]
    return next(bound for bound, count in buckets if count >= rank)


def measured_of(durations: Sequence[float]) -> Measured:
    measured = Measured()
    for number, seconds in enumerate(durations):
        measured.note_request("GET", "/clients/{client_id}", (200, 304, 404)[number % 3], seconds)
        measured.commands.add(("claim-client",), seconds)
        measured.appends.add((), seconds)
        measured.views.add(("client_card",), seconds)
    return measured


@given(st.lists(SECONDS, min_size=1, max_size=50))
def test_prometheus_reads_it_and_every_histogram_adds_up(durations: list[float]) -> None:
    text = exposition(measured_of(durations), [Gauge("letopis_odd", "Odd.", 1, {"name": ODD})])
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert [sample.labels["name"] for sample in families["letopis_odd"].samples] == [ODD]
    histograms = [family for family in families.values() if family.type == "histogram"]
    assert len(histograms) == 4
    for family in histograms:
        counts: dict[tuple[str, ...], float] = {}
        for sample in family.samples:
            if sample.name.endswith("_count"):
                counts[tuple(sorted(sample.labels.values()))] = sample.value
        assert sum(counts.values()) == len(durations)
        for sample in family.samples:
            if sample.name.endswith("_sum"):
                labels = sample.labels
                buckets = buckets_of(family.samples, family.name, **labels)
                assert [bound for bound, _ in buckets] == [*BOUNDS, math.inf]
                assert all(before <= after for (_, before), (_, after) in pairwise(buckets))
                assert buckets[-1][1] == counts[tuple(sorted(labels.values()))]
    (total,) = (one for one in families["letopis_append_duration_seconds"].samples if one.name.endswith("_sum"))
    assert total.value == pytest.approx(sum(durations), abs=1e-4)


@given(st.lists(st.floats(0, 1.3), min_size=200, max_size=400), st.sampled_from(BOUNDS))
def test_the_99th_percentile_is_in_the_bucket_of_the_one_that_was_seen(spread: list[float], most: float) -> None:
    durations, measured = [each * most for each in spread], Measured()
    for seconds in durations:
        measured.note_request("GET", "/clients", 200, seconds)
    buckets = buckets_of(samples_of(exposition(measured, [])), REQUESTS, route="/clients")
    seen = sorted(durations)[math.ceil(0.99 * len(durations)) - 1]
    assert quantile_bucket(buckets, 0.99) == [*BOUNDS, math.inf][bisect_left(BOUNDS, seen)]


def test_requests_are_counted_by_what_they_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """A load generator that knows how long each took, because it sets the clock."""
    took = [0.0008] * 290 + [0.3] * 8 + [4.0] * 2
    parts = Parts()

    def clock() -> Iterator[float]:
        now = 100.0
        for seconds in took:
            yield now
            now += seconds
            yield now

    ticks = clock()
    monkeypatch.setattr("app.serving.frame.time", SimpleNamespace(monotonic=lambda: next(ticks)))

    async def load() -> None:
        transport = httpx.ASGITransport(create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as caller:
            for _ in took:
                assert (await caller.get("/health")).status_code == 200

    asyncio.run(load())
    buckets = buckets_of(samples_of(exposition(parts.measured, [])), REQUESTS, route="/health", status="2xx")
    assert dict(buckets)[0.001] == 290
    assert quantile_bucket(buckets, 0.5) == 0.001
    assert quantile_bucket(buckets, 0.99) == 0.5
    assert quantile_bucket(buckets, 0.999) == 5.0


def test_statuses_of_a_class_are_one_histogram_and_a_word_of_the_caller_makes_none() -> None:
    measured = Measured()
    for status in (404, 409, 499):
        measured.note_request("GET", "/clients", status, 0.01)
    measured.note_request("BREW", "(none)", 405, 0.01)
    counts = {
        (sample.labels["method"], sample.labels["status"]): sample.value
        for sample in samples_of(exposition(measured, []))
        if sample.name == f"{REQUESTS}_count"
    }
    assert counts == {("GET", "4xx"): 3, ("OTHER", "4xx"): 1}


def test_what_the_workers_could_not_put_on_record_is_counted_too(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    urls, settings = Urls(*[nowhere] * 4), Settings(var=tmp_path, _env_file=None)
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    side.accesses.dropped = 2
    crew = SimpleNamespace(waiting=0, dropped=0, unrecorded=5, streams=0)
    parts = http_parts(settings, urls, MASTER, side, None, measured=Measured(), crew=crew)

    async def told() -> dict[str, float]:
        return {gauge.name: gauge.value for gauge in await parts.gauges()}

    assert asyncio.run(told())["letopis_accesses_dropped"] == 7
