"""Puts the HTTP application together from the parts of this process."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, LiteralString, Protocol

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg.sql import Composed
from starlette.requests import Request
from starlette.routing import BaseRoute

from app.composition.due_timers import STATUS as TIMER_STATUS
from app.composition.limits import shared_out
from app.composition.reading import read_side
from app.composition.rights import rights_at, standings
from app.composition.signing_in import api_keys_at, door_at
from app.composition.write_side import WriteSide
from app.database import Urls
from app.files.place import ClientFiles
from app.files.taking_in import FilesDoor
from app.operations.site import Site
from app.operations.upkeep import upkeep_at
from app.serving.analytics_routes import REPAIR_PATHS, STANDING_PATH, operators_router
from app.serving.console import console_routes
from app.serving.files_gauges import gauges_of_files
from app.serving.files_routes import files_router
from app.serving.forward import QUESTION_PATHS, REPORT_PATHS, forwarding_routes
from app.serving.here import operators_or_from_here
from app.serving.http import Check, Parts
from app.serving.imports_routes import imports_router
from app.serving.log_time import check_of_clock, gauge_of_clock
from app.serving.metrics import Gauge, Measured
from app.serving.operations_routes import jobs_at, operations_router
from app.serving.policy_lag import STATUS as POLICY_STATUS
from app.serving.policy_lag import checks_of, gauges_of_policies, policies_of
from app.serving.remembered import Remembered
from app.settings import Settings
from app.words.problems import problem_of_item
from commands.errors import TooManyRequestsError
from commands.execution.door import command_routes
from commands.execution.executor import Executor
from infra.analytics.duck import AnalyticsNode
from infra.analytics.sql_door import SqlDoor, SqlLimits
from infra.files.folder import FilesFolder
from infra.log.clock import STATUS as CLOCK_STATUS
from infra.log.crypto import MasterKey
from infra.postgres.connection import async_connect
from projections.registry import PROJECTIONS

_VIEWS = """
SELECT name, generation, shape, state, lag_events, lag_seconds, is_shown, parked
FROM read.build_status
ORDER BY name, generation
"""
_REBUILDS = """
SELECT name, phase, is_paused, done, total, per_second, fraction, eta_seconds, workers
FROM read.rebuild_status
WHERE is_running
ORDER BY name
"""
_JOBS = "SELECT state, count(*) AS jobs FROM read.operation WHERE ended_at IS NULL GROUP BY state"
_HEAD = "SELECT coalesce((SELECT position FROM read.log_head), 0) AS position"
# A load balancer that asks whether we are ready does not wait for long.
_SECONDS = 3.0
# A retired one serves readers of another shape, and is kept up to date for them.
_SERVING = frozenset({"live", "paused", "retired"})


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
    @property
    def unrecorded(self) -> int: ...
    @property
    def streams(self) -> int: ...


def http_parts(
    settings: Settings,
    urls: Urls,
    master: MasterKey,
    write_side: WriteSide,
    analytics: AnalyticsNode | None,
    *,
    measured: Measured,
    home: Home | None = None,
    crew: Crew | None = None,
) -> Parts:
    """Return what the application of this process is made of; a worker has a `home`, the first process a `crew`."""
    api_keys = api_keys_at(urls.writer, master, settings, write_side.key_uses.note)
    who = door_at(settings, urls.writer, master, api_keys)
    rights = rights_at(urls.projector, master, settings.read_seconds)
    limits = SqlLimits(settings.sql_seconds, settings.sql_rows, settings.sql_memory_mb)
    sql = None if analytics is None else SqlDoor(analytics, limits)
    upkeep = upkeep_at(Site(settings, master, urls))
    files = ClientFiles(settings, urls.projector, master)
    reads = read_side(settings, urls, master, who, rights, sql, write_side.accesses.add, upkeep, files.content_of)

    jobs = jobs_at(urls.projector, settings.read_seconds)
    operators = [operations_router(who.authenticate, jobs, settings.backup_to)]
    take_turn = shared_out(settings, settings.commands_per_second, settings.commands_burst, TooManyRequestsError).take
    standing_of = standings(rights, reads.reach_of)
    files_door = FilesDoor(
        settings, files, who.authenticate, take_turn, standing_of,
        write_side.executor.execute, master.keyed_hash, write_side.refusals.note,
    )  # fmt: skip
    operators.append(files_router(files_door))
    operators.append(imports_router(settings, who.authenticate, rights, urls.projector))
    if sql is not None:
        operators.append(operators_router(who.authenticate, sql, urls.projector))
    commands = command_routes(
        write_side.executor.execute,
        who.authenticate,
        master.keyed_hash,
        problem_of_item,
        write_side.refusals.note,
        take_turn,
        standing_of,
    )
    may_measure = operators_or_from_here(who.authenticate)
    return Parts(
        first_routes=(*commands, *_passing_on(settings, analytics, home, may_measure), *reads.first),
        other_routers=operators,
        read_router=reads.router,
        guest_routes=console_routes(settings, urls, master),
        lifespan=reads.lifespan,
        streams=reads.streams,
        on_stop=reads.end_streams,
        actor_of=who.remembered,
        may_measure=may_measure,
        checks=Remembered(_checks(settings, urls, write_side.executor, analytics)),
        gauges=Remembered(_gauges(urls, write_side, reads.streams, analytics, crew, files.folder)),
        measured=measured,
        cors_origins=settings.cors_origins,
        body_limit=settings.body_limit_bytes,
    )


def _passing_on(
    settings: Settings,
    analytics: AnalyticsNode | None,
    home: Home | None,
    may_measure: Callable[[Request], Awaitable[None]],
) -> list[BaseRoute]:
    """Return the routes of what another process has: reports, their repair, the metrics of all workers."""
    routes: list[BaseRoute] = []
    reports_at = settings.analytics_url
    if home is not None:
        routes += forwarding_routes(home.address, ("/metrics",), require=may_measure)
        if home.has_analytics:
            routes += forwarding_routes(home.address, (STANDING_PATH,))
            routes += forwarding_routes(home.address, REPAIR_PATHS, method="POST")
            reports_at = home.address
    if analytics is None and reports_at is not None:
        routes += forwarding_routes(reports_at, REPORT_PATHS)
        routes += forwarding_routes(reports_at, QUESTION_PATHS, method="POST")
    return routes


async def _rows(url: str, *statements: LiteralString | Composed) -> list[list[Mapping[str, Any]]]:
    """Return what each statement gives; nothing while the view that it asks is being built."""
    told: list[list[Mapping[str, Any]]] = []
    async with await async_connect(url, _SECONDS, connect_timeout=3, row_factory=dict_row) as connection:
        for statement in statements:
            try:
                told.append(list(await (await connection.execute(statement)).fetchall()))
            except errors.UndefinedTable:
                told.append([])
    return told


def _checks(
    settings: Settings, urls: Urls, executor: Executor, analytics: AnalyticsNode | None
) -> Callable[[], Awaitable[Sequence[Check]]]:
    async def checks() -> Sequence[Check]:
        try:
            asked = (_VIEWS, _HEAD, CLOCK_STATUS, POLICY_STATUS, TIMER_STATUS)
            views, [head], clock, *policies = await _rows(urls.reader, *asked)
        except psycopg.OperationalError:
            return [Check("log", is_ready=False, reason="The database cannot be reached.")]
        limit = settings.ready_lag_seconds
        # What this code's readers see; what is built beside it, and what other code reads, does not matter.
        shown = {(view["name"], view["shape"]): view for view in views if view["is_shown"]}
        told = [_log_check(executor)]
        for name, shape in sorted((one.name, one.shape) for one in PROJECTIONS):
            view = shown.get((name, shape))
            told.append(Check(name, is_ready=False, reason="not built yet") if view is None else _check_of(view, limit))
        if analytics is not None:
            # A report says itself that it is behind; no command and no other read need wait for that elsewhere.
            told.append(replace(_check_of(as_view(analytics, head["position"]), limit), is_ready=True))
        return [*told, *checks_of(policies_of(chain(*policies)), limit), *check_of_clock(clock)]

    return checks


def _check_of(view: Mapping[str, Any], limit: float) -> Check:
    is_ready = view["state"] in _SERVING and float(view["lag_seconds"]) <= limit
    facts = {name: view[name] for name in ("state", "lag_events", "lag_seconds", "parked")}
    reason = None if is_ready else f"{view['state']}, {view['lag_events']} events behind"
    return Check(view["name"], is_ready, reason, facts)


def as_view(node: AnalyticsNode, head: int) -> dict[str, Any]:
    """Return how the analytics stand as the views say it of themselves; they are one build, and its readers see it."""
    lag = max(0, head - node.position)
    # A node that has everything may have looked a while ago: its log stands still.
    seconds = node.standing.behind_seconds if lag else 0.0
    told = {"name": "analytics", "generation": 1, "state": node.state, "lag_events": lag, "lag_seconds": seconds}
    return {**told, "is_shown": True, "parked": len(node.parked)}


def _log_check(executor: Executor) -> Check:
    if executor.can_store:
        return Check("log", is_ready=True)
    return Check("log", is_ready=False, reason="The database can be reached, but does not store commands.")


def _gauges(
    urls: Urls,
    write_side: WriteSide,
    streams: Callable[[], int],
    analytics: AnalyticsNode | None,
    crew: Crew | None,
    files: FilesFolder,
) -> Callable[[], Awaitable[Sequence[Gauge]]]:
    async def gauges() -> Sequence[Gauge]:
        waiting = write_side.executor.waiting + (crew.waiting if crew else 0)
        told = [Gauge("letopis_commands_waiting", "Commands queued or being carried out.", waiting)]
        dropped = write_side.refusals.dropped + (crew.dropped if crew else 0)
        told.append(Gauge("letopis_refusals_dropped", "Refusals that are not on record: too many at once.", dropped))
        unrecorded = write_side.accesses.dropped + (crew.unrecorded if crew else 0)
        told.append(Gauge("letopis_accesses_dropped", "Accesses that are not on record: too many at once.", unrecorded))
        followed = streams() + (crew.streams if crew else 0)
        told.append(Gauge("letopis_event_streams", "Open streams of /events, /position and /my-changes.", followed))
        if analytics is not None:
            told.append(Gauge("letopis_analytics_position", "Position the reports count in.", analytics.position))
        try:
            asked = (_VIEWS, _REBUILDS, _JOBS, _HEAD, CLOCK_STATUS, POLICY_STATUS, TIMER_STATUS)
            views, rebuilds, jobs, [head], clock, *policies = await _rows(urls.reader, *asked)
        except psycopg.OperationalError:
            return told
        if analytics is not None:
            views.append(as_view(analytics, head["position"]))
        told += [*_gauges_of_jobs(jobs), *gauges_of_files(files)]
        told += [*gauges_of_policies(policies_of(chain(*policies))), *gauge_of_clock(clock)]
        return [*told, *chain.from_iterable(map(_gauges_of_rebuild, rebuilds)), *gauges_of(views)]

    return gauges


def _gauges_of_jobs(jobs: Sequence[Mapping[str, Any]]) -> Iterator[Gauge]:
    """Give how many jobs of operators wait or are being done, each also when there are none."""
    known = {one["state"]: one["jobs"] for one in jobs}
    for state in ("waiting", "running"):
        number = known.get(state, 0)
        yield Gauge("letopis_operations", "Jobs of operators that have not ended.", number, {"state": state})


def gauges_of(views: Sequence[Mapping[str, Any]]) -> list[Gauge]:
    """Return what is measured of each build of a read model."""
    told = []
    for view in views:
        labels = {"projection": view["name"], "generation": str(view["generation"]), "state": view["state"]}
        told.append(Gauge("letopis_projection_lag_events", "Events not folded yet.", view["lag_events"], labels))
        lag = float(view["lag_seconds"])
        told.append(Gauge("letopis_projection_lag_seconds", "Age of the oldest event not folded.", lag, labels))
        told.append(Gauge("letopis_parked_keys", "Keys that wait for a fact not taken in.", view["parked"], labels))
    return told


def _gauges_of_rebuild(rebuild: Mapping[str, Any]) -> Iterator[Gauge]:
    """Give the gauges of a rebuild that is under way."""
    labels = {"projection": rebuild["name"], "phase": "paused" if rebuild["is_paused"] else rebuild["phase"]}
    yield Gauge("letopis_rebuild_events", "Events a rebuild has folded.", rebuild["done"], labels)
    yield Gauge("letopis_rebuild_events_total", "Events a rebuild has to fold.", rebuild["total"], labels)
    yield Gauge("letopis_rebuild_events_per_second", "Events a rebuild folds a second.", rebuild["per_second"], labels)
    yield Gauge(
        "letopis_rebuild_fraction", "How much of a rebuild is done, of all its phases.", rebuild["fraction"], labels
    )
    if rebuild["eta_seconds"] is not None:
        yield Gauge("letopis_rebuild_eta_seconds", "Seconds a rebuild still needs.", rebuild["eta_seconds"], labels)
    for worker in rebuild["workers"]:
        of_worker = {"projection": rebuild["name"], "worker": str(worker["worker"])}
        yield Gauge("letopis_rebuild_worker_events", "Events one worker has folded.", worker["events"], of_worker)
