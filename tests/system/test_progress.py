"""Whoever watches a real service sees how a rebuild is going: in the list, as a stream, and in the metrics."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from infra.postgres.embedded import EmbeddedPostgres
from infra.projector.leases import build_lock
from tests.database import Database, copy_of
from tests.system.service import Service, service, token, wait_ready

OPS = token("ops", "ops")


@pytest.fixture(scope="module")
def running(
    cluster: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, Database]]:
    folder = tmp_path_factory.mktemp("progress")
    with copy_of(cluster, template) as database, service(folder, "all", database_url=database.owner_url) as started:
        wait_ready(started)
        # A service that has just started drops builds that nobody is at: these are at one, as a real rebuild is.
        with psycopg.connect(database.owner_url, autocommit=True) as rebuilding, build_lock(rebuilding, "products"):
            yield started, database


def told_by_rebuild(database: Database, done: int) -> None:
    """Tell of a rebuild of the products as one that is under way does."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO letopis.rebuild (name, generation, phase, total, workers, eta_seconds)"
            " VALUES ('products', 2, 'folding', 1000, %s, 7.5)"
            " ON CONFLICT (name) DO UPDATE SET generation = 2, phase = 'folding', total = 1000, eta_seconds = 7.5,"
            " workers = excluded.workers",
            [json.dumps([{"worker": 0, "events": done, "rows": 0, "per_second": 5.0}])],
        )
        owner.execute(
            "UPDATE letopis.rebuild SET done = %s, told_at = clock_timestamp() WHERE name = 'products'", [done]
        )
        owner.execute(
            "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state)"
            " VALUES ('products', 2, 1, 'x', 'building') ON CONFLICT DO NOTHING"
        )


def of_products(items: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = (item for item in items if (item["name"], item["generation"]) == ("products", 2))
    return found


def test_the_list_shows_every_generation_and_how_far_its_rebuild_is(running: tuple[Service, Database]) -> None:
    started, database = running
    told_by_rebuild(database, 250)
    items = httpx.get(f"{started.address}/projections", headers=OPS).json()["items"]
    found = of_products(items)
    assert (found["state"], found["is_shown"]) == ("building", False)
    assert found["rebuild"]["phase"] == "folding"
    assert (found["rebuild"]["done"], found["rebuild"]["total"], found["rebuild"]["eta_seconds"]) == (250, 1000, 7.5)
    assert found["rebuild"]["workers"] == [{"worker": 0, "events": 250, "rows": 0, "per_second": 5.0}]
    assert [item["rebuild"] for item in items if item["is_shown"]] == [None] * (len(items) - 1)


def test_a_stream_tells_of_every_change(running: tuple[Service, Database]) -> None:
    started, database = running
    told_by_rebuild(database, 300)
    stream = {"Accept": "text/event-stream", **OPS}
    with httpx.stream("GET", f"{started.address}/projections/progress", headers=stream, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = (json.loads(line[6:])["items"] for line in answer.iter_lines() if line.startswith("data: "))
        assert of_products(next(told))["rebuild"]["done"] == 300
        told_by_rebuild(database, 400)
        assert of_products(next(told))["rebuild"]["done"] == 400


def test_once_is_enough_for_who_does_not_ask_for_a_stream(running: tuple[Service, Database]) -> None:
    started, database = running
    told_by_rebuild(database, 500)
    answer = httpx.get(f"{started.address}/projections/progress", headers=OPS)
    assert of_products(answer.json()["items"])["rebuild"]["done"] == 500
    refused = httpx.get(f"{started.address}/projections/progress", headers={"Accept": "text/html", **OPS})
    assert (refused.status_code, refused.json()["code"]) == (406, "not-acceptable")


def test_the_metrics_have_it_and_the_service_stays_ready(running: tuple[Service, Database]) -> None:
    started, database = running
    told_by_rebuild(database, 600)
    metrics = httpx.get(f"{started.address}/metrics").text
    labels = '{projection="products",phase="folding"}'
    assert f"letopis_rebuild_events{labels} 600" in metrics
    assert f"letopis_rebuild_events_total{labels} 1000" in metrics
    assert f"letopis_rebuild_eta_seconds{labels} 7.5" in metrics
    assert 'letopis_rebuild_worker_events{projection="products",worker="0"} 600' in metrics
    assert 'letopis_projection_lag_events{projection="products",generation="2",state="building"}' in metrics
    assert httpx.get(f"{started.address}/ready").status_code == httpx.codes.OK
