"""Says how every read model is: which build, how far behind the log, how large, and what went wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import class_row

from infra.log.log_reader import head_of
from infra.projector.generations import LOG_REPLACED, connect, fingerprint_of
from infra.projector.projection import Projection

COUNTED_BYTES = 64 * 2**20
"""Rows of a table that is no larger are counted, which takes a tenth of a second at most."""

_QUERY = """
    SELECT
        s.name, s.generation, s.shape, s.state, s.position, s.head, s.lag_events, s.lag_seconds, s.fingerprint, s.error,
        s.parked, s.parked_from, s.kept_since, s.kept_events,
        coalesce(pg_total_relation_size(c.oid), 0) AS size_bytes,
        coalesce(c.reltuples, 0)::bigint AS rows,
        coalesce(c.reltuples < 0 OR pg_relation_size(c.oid) <= %s, true) AS is_counted
    FROM read.build_status AS s
    LEFT JOIN pg_class AS c ON c.oid = to_regclass(format('%%I.%%I', s.name || '_g' || s.generation, s.name))
    ORDER BY s.name, s.generation
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """How one generation of a read model is. `is_current` is False when other code than this made it.

    Of a large one that is not `is_counted`, `rows` are as many as the server last found there.
    `parked` places wait for a fact that could not be taken in, the first of them for the one at `parked_from`. One that
    is kept for a way back has cost `kept_events` folded since `kept_since`, when readers were shown another.
    """

    name: str
    generation: int
    shape: int
    state: str
    position: int
    head: int
    lag_events: int
    lag_seconds: float
    fingerprint: str
    is_current: bool = True
    rows: int = 0
    is_counted: bool = True
    size_bytes: int = 0
    error: str | None = None
    parked: int = 0
    parked_from: int | None = None
    kept_since: datetime | None = None
    kept_events: int | None = None


def statuses(projections: Iterable[Projection[Any]], url: str) -> list[ProjectionStatus]:
    """Return all generations, by name; a read model without any is `building` as number 0.

    Of one that this code has no more, what is kept for readers of older code is told as well.
    """
    with connect(url) as connection:
        return statuses_by(connection, projections)


def statuses_by(connection: psycopg.Connection[Any], projections: Iterable[Projection[Any]]) -> list[ProjectionStatus]:
    """Return the same by a session that is there."""
    known = {one.name: one for one in projections}
    with connection.cursor(row_factory=class_row(ProjectionStatus)) as cursor:
        found = cursor.execute(_QUERY, (COUNTED_BYTES,)).fetchall()
    told = [_with_rows(connection, one, known.get(one.name)) for one in found]
    head = head_of(connection).position
    missing = (known[name] for name in known.keys() - {one.name for one in told})
    told.extend(_not_built(one, head) for one in missing)
    return sorted(told, key=lambda one: (one.name, one.generation))


def _with_rows(
    connection: psycopg.Connection[Any], one: ProjectionStatus, projection: Projection[Any] | None
) -> ProjectionStatus:
    table = sql.Identifier(f"{one.name}_g{one.generation}", one.name)
    rows = _rows_in(connection, table) if one.is_counted else one.rows
    is_current = projection is not None and one.fingerprint == fingerprint_of(projection)
    return replace(one, is_current=is_current, rows=rows)


def _not_built(projection: Projection[Any], head: int) -> ProjectionStatus:
    return ProjectionStatus(
        name=projection.name,
        generation=0,
        shape=projection.shape,
        state="building",
        position=0,
        head=head,
        lag_events=head,
        lag_seconds=0.0,
        fingerprint=fingerprint_of(projection),
    )


def _rows_in(connection: psycopg.Connection[Any], table: sql.Identifier) -> int:
    try:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    except (errors.UndefinedTable, errors.InvalidSchemaName):  # dropped since the register was read
        return 0
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A rebuild that is under way."""

    name: str
    phase: str
    is_paused: bool
    done: int
    total: int
    per_second: float
    fraction: float
    eta_seconds: float | None

    @property
    def sentence(self) -> str:
        """Return how far it is, for people."""
        left = "" if self.eta_seconds is None else f", {self.eta_seconds:,.0f} s left"
        phase = "paused" if self.is_paused else self.phase
        events = f"{self.done:,} of {self.total:,} events, {self.per_second:,.0f}/s"
        return f"{self.name} is being rebuilt: {phase}, {100 * self.fraction:.0f} %, {events}{left}"


def rebuilds(url: str) -> list[UnderWay]:
    """Return the rebuilds under way, by name."""
    with connect(url) as connection, connection.cursor(row_factory=class_row(UnderWay)) as cursor:
        cursor.execute(
            "SELECT name, phase, is_paused, done, total, per_second, fraction, eta_seconds"
            " FROM read.rebuild_status WHERE is_running ORDER BY name"
        )
        return cursor.fetchall()


def wait_until(url: str, names: Iterable[str], position: int, timeout: float) -> bool:
    """Wait until every named read model has examined this log up to a position; False when the time is up."""
    end = monotonic() + timeout
    wanted = list(names)
    with connect(url) as connection:
        while True:
            row = connection.execute(
                "SELECT count(*) FROM read.projection_status"
                " WHERE name = ANY(%s) AND position >= %s AND state IN ('live', 'paused', 'broken')"
                " AND error IS DISTINCT FROM %s",
                (wanted, position, LOG_REPLACED),
            ).fetchone()
            if row and row[0] == len(wanted):
                return True
            if monotonic() >= end:
                return False
            sleep(0.02)
