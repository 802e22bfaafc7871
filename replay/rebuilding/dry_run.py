"""Says how long a rebuild will take and how much disk it needs, before anything is changed."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

import psycopg
from pydantic_core import to_json

from infra.projector.folding import Decode
from infra.projector.generations import connect, in_use
from infra.projector.projection import Projection
from replay.rebuilding.forecast import USUAL, Costs, Forecast
from replay.rebuilding.foretold import SAMPLE, rows_of_a_sample
from replay.rebuilding.progress import last_costs
from replay.rebuilding.rebuild import Check, size_of
from replay.rebuilding.resources import AS_USUAL, Resources

START_SECONDS = 1.0
"""What it takes to start the processes."""

ROW_OVERHEAD = 1.1
"""How much larger a row is on disk, with its indexes, than as JSON; measured with client cards and timelines."""

_SIZE = "SELECT coalesce(pg_total_relation_size(to_regclass(format('%%I.%%I', %s::text, %s::text))), 0)"
_FREED = """
SELECT coalesce(sum(pg_total_relation_size(to_regclass(format('%%I.%%I', name || '_g' || generation, name)))), 0)
FROM letopis.projection
WHERE name = %s
    AND state = 'retired'
"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a rebuild of a log of so many events will come to.

    `measured_by` says what the seconds rest on. `needed_bytes` is the size of the new generation, beside the one in
    use; `freed_bytes` that of the retired one, which is dropped first; `dealt_bytes` is what facts take that are dealt
    out by shard, until they are folded.
    """

    projection: str
    events: int
    checked_events: int
    workers: int
    seconds: float
    measured_by: Literal["the last rebuild", "a sample"]
    needed_bytes: int
    freed_bytes: int
    dealt_bytes: int

    @property
    def is_measured(self) -> bool:
        """Whether the seconds rest on the last rebuild of this read model."""
        return self.measured_by == "the last rebuild"


def estimate(
    projection: Projection[Any],
    url: str,
    decoder: Callable[[], Decode],
    *,
    resources: Resources = AS_USUAL,
    check: Check = "sample",
    throttle: int | None = None,
) -> Estimate:
    """Return what a rebuild would take; reads only. Raises PoisonEventError at a sampled fact that cannot be folded."""
    with connect(url) as connection:
        return estimate_by(connection, projection, decoder, resources=resources, check=check, throttle=throttle)


def estimate_by(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    decoder: Callable[[], Decode],
    *,
    resources: Resources = AS_USUAL,
    check: Check = "sample",
    throttle: int | None = None,
) -> Estimate:
    """Return the same by a session that is there, and is then left reading only."""
    connection.read_only = True
    size = size_of(connection, projection, resources, decoder)
    head = size.events
    known, row_bytes = last_costs(connection, projection.name), 0.0
    measured_by: Literal["the last rebuild", "a sample"] = "the last rebuild"
    live = in_use(connection, projection.name)
    if known is None or live is None:
        measured_by = "a sample"
        sampled, row_bytes = _sample(connection, projection, decoder(), head)
        known = known or sampled
    forecast = Forecast(
        known,
        events=size.events,
        checks=size.checks(projection, check),
        workers=size.workers,
        deals=size.deals(check),
        writes_at_once=projection.is_append_only,
    )
    needed = forecast.rows * row_bytes
    if live is not None:
        row = connection.execute(_SIZE, (live.schema, projection.name)).fetchone()
        needed = (row[0] if row else 0) * head / max(1, live.position)
    freed = connection.execute(_FREED, (projection.name,)).fetchone()
    return Estimate(
        projection=projection.name,
        events=size.events,
        checked_events=size.checks(projection, check),
        workers=size.workers,
        seconds=forecast.seconds_left(throttle) + (START_SECONDS if size.workers > 1 else 0.0),
        measured_by=measured_by,
        needed_bytes=round(needed),
        freed_bytes=int(freed[0]) if freed else 0,
        dealt_bytes=round(size.dealt_bytes),
    )


def _sample(
    connection: psycopg.Connection[Any], projection: Projection[Any], decode: Decode, head: int
) -> tuple[Costs, float]:
    """Fold the newest facts in memory; return what that cost, and how many bytes a row has on disk."""
    began, events = monotonic(), min(SAMPLE, head)
    there = rows_of_a_sample(connection, projection, decode, head)
    if not events:
        return USUAL, 0.0
    to_fold = (monotonic() - began) / events
    speed = to_fold / USUAL.to_fold
    usual = Costs(*(cost * speed for cost in USUAL))._replace(rows=len(there) / events)
    # What is written at once counts as folding.
    costs = usual._replace(to_fold=to_fold + usual.to_write) if projection.is_append_only else usual
    text = to_json([row._asdict() for row in there])
    return costs, ROW_OVERHEAD * len(text) / len(there) if there else 0.0
