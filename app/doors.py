"""Puts the HTTP application together from the parts of this process."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg.rows import dict_row
from starlette.routing import BaseRoute

from app.auth import authenticator
from app.database import Urls
from app.forward import REPORT_PATHS, forwarding_routes
from app.http import Check, Parts
from app.metrics import Gauge, RequestCounts
from app.operators import REPAIR_PATHS, operators_router
from app.problems import problem_of_item
from app.reading import read_side
from app.settings import Settings
from app.write_side import WriteSide
from commands.door import command_routes
from commands.executor import Executor
from commands.pace import Pace
from infra.crypto import MasterKey
from infra.duck import AnalyticsNode
from projections.registry import PROJECTIONS

_VIEWS = """
SELECT s.name, s.state, s.lag_events, s.lag_seconds, coalesce(k.parked, 0) AS parked
FROM read.projection_status s
LEFT JOIN read.parked_count k USING (name, generation)
ORDER BY s.name, s.generation
"""
# Whoever asks whether we are ready does not wait for long.
_LIMITS = "-c statement_timeout=3s -c lock_timeout=1s"
_SERVING = frozenset({"live", "paused"})


@dataclass(frozen=True)
class Home:
    """The first process of the service, as its workers know it: where it answers them, and what it has."""

    address: str
    has_analytics: bool


class Crew(Protocol):
    """The other processes of the service, as its first one knows them."""

    @property
    def waiting(self) -> int: ...
    @property
    def dropped(self) -> int: ...


def http_parts(
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    write_side: WriteSide,
    analytics: AnalyticsNode | None,
    *,
    counts: RequestCounts | None = None,
    home: Home | None = None,
    crew: Crew | None = None,
) -> Parts:
    """Return what the application of this process is made of; a worker has a `home`, the first process a `crew`."""
    who = authenticator(settings)
    reads = read_side(settings, urls, master, who.authenticate, analytics)
    operators = [operators_router(who.authenticate, analytics)] if analytics is not None else []
    commands = command_routes(
        write_side.executor.execute,
        who.authenticate,
        master.keyed_hash,
        problem_of_item,
        write_side.refusals.note,
        Pace(settings.commands_per_second, settings.commands_burst).take,
    )
    return Parts(
        first_routes=(*commands, *_passing_on(settings, analytics, home), *reads.first),
        other_routers=operators,
        read_router=reads.router,
        lifespan=reads.lifespan,
        on_stop=reads.end_streams,
        actor_of=who.remembered,
        checks=_checks(settings, urls, write_side.executor),
        gauges=_gauges(urls, write_side, analytics, crew),
        counts=counts or RequestCounts(),
        cors_origins=settings.cors_origins,
        body_limit=settings.body_limit_bytes,
    )


def _passing_on(settings: Settings, analytics: AnalyticsNode | None, home: Home | None) -> list[BaseRoute]:
    """Return the routes of what another process has: reports, their repair, the metrics of all workers."""
    routes: list[BaseRoute] = []
    reports_at = settings.analytics_url
    if home is not None:
        routes += forwarding_routes(home.address, ("/metrics",))
        if home.has_analytics:
            routes += forwarding_routes(home.address, REPAIR_PATHS, method="POST")
            reports_at = home.address
    if analytics is None and reports_at is not None:
        routes += forwarding_routes(reports_at, REPORT_PATHS)
    return routes


async def _views(url: str) -> list[Mapping[str, Any]]:
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=3, options=_LIMITS
    ) as connection:
        cursor = await connection.cursor(row_factory=dict_row).execute(_VIEWS)
        return list(await cursor.fetchall())


def _checks(settings: Settings, urls: Urls, executor: Executor) -> Callable[[], Awaitable[Sequence[Check]]]:
    async def checks() -> Sequence[Check]:
        try:
            views = await _views(urls.reader)
        except psycopg.OperationalError:
            return [Check("log", is_ready=False, reason="The database cannot be reached.")]
        limit = settings.ready_lag_seconds
        told = [_log_check(executor)]
        for view in views:
            is_ready = view["state"] in _SERVING and float(view["lag_seconds"]) <= limit
            facts = {"state": view["state"], "lag_events": view["lag_events"], "lag_seconds": view["lag_seconds"]}
            reason = None if is_ready else f"{view['state']}, {view['lag_events']} events behind"
            told.append(Check(view["name"], is_ready, reason, facts))
        # On the first start the register of read models is empty for a moment.
        missing = {one.name for one in PROJECTIONS} - {view["name"] for view in views}
        told.extend(Check(name, is_ready=False, reason="not built yet") for name in sorted(missing))
        return told

    return checks


def _log_check(executor: Executor) -> Check:
    if executor.can_store:
        return Check("log", is_ready=True)
    return Check("log", is_ready=False, reason="The database can be reached, but does not store commands.")


def _gauges(
    urls: Urls, write_side: WriteSide, analytics: AnalyticsNode | None, crew: Crew | None
) -> Callable[[], Awaitable[Sequence[Gauge]]]:
    async def gauges() -> Sequence[Gauge]:
        waiting = write_side.executor.waiting + (crew.waiting if crew else 0)
        told = [Gauge("letopis_commands_waiting", "Commands queued or being carried out.", waiting)]
        dropped = write_side.refusals.dropped + (crew.dropped if crew else 0)
        told.append(Gauge("letopis_refusals_dropped", "Refusals that are not on record: too many at once.", dropped))
        if analytics is not None:
            told.append(Gauge("letopis_analytics_position", "Position the reports count in.", analytics.position))
        try:
            return [*told, *gauges_of(await _views(urls.reader))]
        except psycopg.OperationalError:
            return told

    return gauges


def gauges_of(views: Sequence[Mapping[str, Any]]) -> list[Gauge]:
    """Return what is measured of each read model."""
    told = []
    for view in views:
        labels = {"projection": view["name"], "state": view["state"]}
        told.append(Gauge("letopis_projection_lag_events", "Events not folded yet.", view["lag_events"], labels))
        lag = float(view["lag_seconds"])
        told.append(Gauge("letopis_projection_lag_seconds", "Age of the oldest event not folded.", lag, labels))
        told.append(Gauge("letopis_parked_keys", "Keys that wait for a fact not taken in.", view["parked"], labels))
    return told
