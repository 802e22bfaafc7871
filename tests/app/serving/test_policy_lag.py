"""A policy that stands still is told in /ready, where it makes nothing unready."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg

from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.doors import http_parts
from app.serving.http import Check
from app.serving.metrics import Gauge, RequestCounts, exposition
from app.settings import Settings
from tests.database import MASTER, Database

EVENT = """
INSERT INTO letopis.event
SELECT 1, gen_random_uuid(), gen_random_uuid(), 1, 'a.b', 1, gen_random_uuid(), now(), now() - interval '1 hour', 'x',
    gen_random_uuid(), gen_random_uuid(), NULL, '{}', '{}'
"""
BEHIND = "INSERT INTO letopis.checkpoint (name, position, moved_at) VALUES (%s, 0, now() - interval '1 hour')"


def test_a_policy_that_stands_still_is_told_and_measured(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(EVENT)
        owner.execute(BEHIND, ["ownership-reassignment"])
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    settings = Settings(var=tmp_path, _env_file=None)
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    parts = http_parts(settings, urls, MASTER, side, None)

    async def ask() -> tuple[Sequence[Check], Sequence[Gauge]]:
        return await parts.checks(), await parts.gauges()

    told_checks, gauges = asyncio.run(ask())
    checks = {check.name: check for check in told_checks}
    told = checks["policy ownership-reassignment"]
    assert told.is_ready
    assert str(told.reason).startswith("stands still for 36")
    assert told.facts["lag_events"] == 1
    lines = exposition(RequestCounts(), gauges).splitlines()
    assert 'letopis_policy_lag_events{policy="ownership-reassignment"} 1' in lines
    assert any(line.startswith('letopis_policy_still_seconds{policy="ownership-reassignment"} 36') for line in lines)
