"""Moves read models on by one batch of the log: the rows and the checkpoint in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog

from infra.log.envelope import AnyFact
from infra.log.log_reader import LogReader, Mark, Window, mark_up_to
from infra.projector.folding import (
    Decode,
    PoisonEventError,
    Rows,
    Touch,
    changed_since,
    decoding,
    play,
    positions_of,
    touches,
)
from infra.projector.generations import Generation, HandedOverError, stop
from infra.projector.parking import Parking, parking_of
from infra.projector.projection import Projection
from infra.projector.row_store import RowStore

_log = structlog.get_logger(__name__)

# Only from where it was taken in hand, in the state it had then, and not stopped. Locked in the order all lock them in.
_CHECKPOINTS = """
    WITH moved AS (
        SELECT p.name, p.generation, n.position, n.event_id
        FROM unnest(%s::text[], %s::int[], %s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::uuid[])
            AS n(name, generation, state, revision, was, position, event_id)
        JOIN letopis.projection p
            ON p.name = n.name AND p.generation = n.generation
            AND p.state = n.state AND p.revision = n.revision AND p.position = n.was AND p.error IS NULL
            -- never from one log into another
            AND (p.position = 0 OR EXISTS (
                SELECT FROM letopis.event e WHERE e.position = p.position AND e.event_id = p.event_id))
        ORDER BY p.name, p.generation
        FOR UPDATE OF p
    )
    UPDATE letopis.projection p
    SET position = moved.position, event_id = moved.event_id
    FROM moved
    WHERE p.name = moved.name AND p.generation = moved.generation
"""


@dataclass(eq=False)
class Held:
    """A read model in the hands of this worker: its build, its table, how far it has come and what waits."""

    projection: Projection[Any]
    generation: Generation
    store: RowStore
    mark: Mark
    parking: Parking

    def __post_init__(self) -> None:
        self.topics = frozenset(self.projection.topics)


def hold(connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation) -> Held:
    """Take a build in hand."""
    store = RowStore(connection, projection, generation.schema)
    return Held(projection, generation, store, generation.mark, parking_of(connection, projection, generation))


def reader_for(held: Iterable[Held]) -> LogReader:
    """Return the reader of everything that any of the read models folds."""
    held = tuple(held)
    topics = sorted(frozenset().union(*(one.topics for one in held)))
    return LogReader(topics, with_parties=any(one.projection.needs_parties for one in held))


@dataclass(eq=False)
class _Step:
    """What one read model makes of a batch."""

    held: Held
    end: Mark
    parking: Parking
    changed: Rows = field(default_factory=dict)
    poison: PoisonEventError | None = None


def _once(decode: Decode) -> Decode:
    """Return what decodes each fact of a batch once, however many read models fold it."""
    events: dict[int, Any] = {}

    def event_of(fact: AnyFact) -> Any:
        position = fact.envelope.position
        event = events.get(position)
        if event is None:
            event = events[position] = decode(fact)
        return event

    return event_of


def advance(
    connection: psycopg.Connection[Any], held: Sequence[Held], reader: LogReader, decode: Decode, limit: int
) -> int:
    """Fold the next facts into every read model that stands at or before them; return how many were examined.

    A row that cannot take a fact in is parked with it, and all other rows flow. Where that cannot be (see
    `touches`) the read model becomes `broken` before the fact and says why (a retired one only says why,
    and is moved no more); the others go on. Raises HandedOverError, with nothing written, when somebody paused,
    replaced, dropped or moved one of them meanwhile, let go on what waited, or replaced the log. A build that cannot go
    on raises what is wrong: PoisonEventError, or the database's refusal.
    """
    after = min(one.mark.position for one in held)
    window = reader.window(connection, after, limit)
    if window.end.position <= after:
        return 0
    behind = [one for one in held if one.mark.position < window.end.position]
    event_of = _once(decode) if len(behind) > 1 else decoding(decode, behind[0].projection)
    steps = [_fold(connection, one, event_of, window) for one in behind]
    try:
        _write(connection, steps)
    except (psycopg.DataError, psycopg.IntegrityError):
        for step in steps:
            _write_alone(connection, step)
    return window.end.position - after


def _fold(connection: psycopg.Connection[Any], held: Held, event_of: Decode, window: Window) -> _Step:
    step = _Step(held, window.end, held.parking.branch())
    last, topics = held.mark.position, held.topics
    facts = [fact for fact in window.facts if fact.topic in topics and fact.position > last]
    touching: list[Touch] = []
    try:
        # Up to the first one that cannot be read; those before it count.
        touching.extend(touches(held.projection, facts, event_of, step.parking))
    except PoisonEventError as poison:
        step.poison = poison
    every = {key for _, keys, _ in touching for key in keys}
    rows = held.store.load(connection, every) if every else {}
    before = positions_of(rows)
    try:
        play(held.projection, rows, touching, step.parking)
    except PoisonEventError as poison:
        step.poison = poison
    step.changed = changed_since(before, rows)
    if step.poison:
        step.end = mark_up_to(connection, step.poison.position - 1)
    return step


def _write(connection: psycopg.Connection[Any], steps: Sequence[_Step]) -> None:
    with connection.transaction():
        # The checkpoints first: whoever puts a build before readers, or drops it, holds its row before its tables.
        moved = connection.execute(
            _CHECKPOINTS,
            (
                [step.held.projection.name for step in steps],
                [step.held.generation.number for step in steps],
                [step.held.generation.state for step in steps],
                [step.held.generation.revision for step in steps],
                [step.held.mark.position for step in steps],
                [step.end.position for step in steps],
                [step.end.event_id for step in steps],
            ),
        )
        if moved.rowcount != len(steps):
            raise HandedOverError
        for step in steps:
            step.held.store.write(connection, step.changed)
            step.parking.write(connection, step.held.generation)
            if step.poison and step.held.generation.state != "building":
                stop(connection, step.held.generation, str(step.poison))
    for step in steps:
        step.held.mark, step.held.parking = step.end, step.parking
        for parked in step.parking.new:
            _log.warning(
                "parked", projection=step.held.projection.name, position=parked.position, outcome=parked.reason
            )
    for step in steps:
        if step.poison and step.held.generation.state == "building":
            raise step.poison


def _write_alone(connection: psycopg.Connection[Any], step: _Step) -> None:
    try:
        _write(connection, [step])
    except (psycopg.DataError, psycopg.IntegrityError) as refused:
        # A build has nobody to show its reason to but its builder.
        if step.held.generation.state == "building":
            raise
        reason = f"positions {step.held.mark.position + 1} to {step.end.position}: {refused.diag.message_primary}"
        stop(connection, step.held.generation, reason)
