"""How far policies and views are, as /ready, /metrics and the terminal tell it; a policy makes nothing unready."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import psycopg

from app.composition.write_side import WriteSide
from app.database import Urls
from app.serving.doors import http_parts
from app.serving.http import Check, Parts
from app.serving.metrics import Gauge, Measured, exposition
from app.settings import Settings
from app.terminal.repair import _LAG
from commands.policies import POLICIES, TIMERS
from infra.projector.projector import build
from projections.registry import PROJECTIONS
from replay.repair.status import statuses
from tests.database import MASTER, Database
from tests.infra.log.clocks import HOUR

EVENT = """
INSERT INTO letopis.event
SELECT 1, gen_random_uuid(), gen_random_uuid(), 1, 'a.b', 1, gen_random_uuid(), now(), now() + %s, 'x',
    gen_random_uuid(), gen_random_uuid(), NULL, '{}', '{}'
"""
ANSWERED = """
INSERT INTO letopis.timer_answer (timer, stream_id, due_at, set_by, answered_at)
SELECT %s, gen_random_uuid(), now(), gen_random_uuid(), now() + interval '1 hour'
"""
BEHIND = "INSERT INTO letopis.checkpoint (name, position, moved_at) VALUES (%s, 0, now() - interval '1 hour')"


def parts_at(database: Database, folder: Path) -> Parts:
    """Return what answers `/ready` and `/metrics` for this database."""
    urls = Urls(database.owner_url, database.writer_url, database.projector_url, database.reader_url)
    settings = Settings(var=folder, _env_file=None)
    side = WriteSide(urls, settings, MASTER, with_policies=False)
    return http_parts(settings, urls, MASTER, side, None, measured=Measured())


def checked_and_measured(database: Database, folder: Path) -> tuple[Sequence[Check], Sequence[Gauge]]:
    """Return what `/ready` and `/metrics` say of this database."""
    parts = parts_at(database, folder)

    async def ask() -> tuple[Sequence[Check], Sequence[Gauge]]:
        return await parts.checks(), await parts.gauges()

    return asyncio.run(ask())


def test_a_policy_that_stands_still_is_told_and_measured(database: Database, tmp_path: Path) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(EVENT, [-HOUR])
        owner.execute(BEHIND, ["ownership-reassignment"])
    told_checks, gauges = checked_and_measured(database, tmp_path)
    checks = {check.name: check for check in told_checks}
    told = checks["policy ownership-reassignment"]
    assert told.is_ready
    assert str(told.reason).startswith("stands still for 36")
    assert told.facts["lag_events"] == 1
    lines = exposition(Measured(), gauges).splitlines()
    assert 'letopis_policy_lag_events{policy="ownership-reassignment"} 1' in lines
    assert any(line.startswith('letopis_policy_still_seconds{policy="ownership-reassignment"} 36') for line in lines)


def test_probes_that_come_at_once_cost_one_look(database: Database, tmp_path: Path) -> None:
    parts = parts_at(database, tmp_path)

    async def ask() -> tuple[object, ...]:
        return await asyncio.gather(parts.checks(), parts.checks(), parts.gauges(), parts.gauges())

    first, second, measured, again = asyncio.run(ask())
    assert first is second
    assert measured is again


def test_a_view_that_goes_on_no_more_makes_a_service_unready(database: Database, tmp_path: Path) -> None:
    for projection in PROJECTIONS:
        build(projection, lambda fact: fact, database.projector_url)
    checks, _ = checked_and_measured(database, tmp_path)
    assert all(check.is_ready for check in checks)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("UPDATE letopis.projection SET state = 'broken', error = 'gone' WHERE name = 'client_card'")
    checks, _ = checked_and_measured(database, tmp_path)
    assert [(check.name, check.reason) for check in checks if not check.is_ready] == [
        ("client_card", "broken, 0 events behind")
    ]


def test_nothing_is_behind_by_less_than_nothing_where_the_log_is_ahead_of_the_clock(
    database: Database, tmp_path: Path
) -> None:
    for projection in PROJECTIONS:
        build(projection, lambda fact: fact, database.projector_url)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(EVENT, [HOUR])
        owner.execute(BEHIND, [POLICIES[0].name])
        owner.execute(ANSWERED, [TIMERS[0].name])
    checks, gauges = checked_and_measured(database, tmp_path)
    told = [value for check in checks for name, value in check.facts.items() if name.endswith("_seconds")]
    assert len(told) > len(PROJECTIONS)
    measured = [gauge.value for gauge in gauges if gauge.name.endswith("_seconds")]
    assert len(measured) > len(PROJECTIONS)
    listed = statuses(PROJECTIONS, database.projector_url)
    assert {one.lag_events for one in listed} == {1}
    assert min(*told, *measured, *(one.lag_seconds for one in listed)) == 0
    with psycopg.connect(database.projector_url) as connection:
        assert connection.execute(_LAG, [0]).fetchone() == (1, 0.0)
