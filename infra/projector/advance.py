"""Moves read models on by one batch of the log: the rows and the checkpoint in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from infra.durations import Durations
from infra.log.envelope import AnyEvent, ReadEvent
from infra.log.log_reader import Checkpoint, LogReader, Window, checkpoint_up_to
from infra.postgres.faults import is_refusal
from infra.projector.folding import (
    Decode,
    PoisonEventError,
    RowAt,
    Rows,
    Touch,
    changed_since,
    decoding,
    play,
    positions_of,
    touches,
)
from infra.projector.generations import Generation, GenerationMovedError
from infra.projector.parking import Parked, Parking, parking_of
from infra.projector.projection import Key, Projection
from infra.projector.row_store import RowStore
from infra.projector.states import stop

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
class Leased:
    """A read model in the hands of this worker: its build, its table, how far it has come and what waits."""

    projection: Projection[Any]
    generation: Generation
    store: RowStore
    checkpoint: Checkpoint
    parking: Parking

    def __post_init__(self) -> None:
        self.topics = frozenset(self.projection.topics)


def lease(connection: psycopg.Connection[Any], projection: Projection[Any], generation: Generation) -> Leased:
    """Take a build in hand."""
    store = RowStore(connection, projection, generation.schema)
    return Leased(projection, generation, store, generation.checkpoint, parking_of(connection, projection, generation))


def reader_for(leased: Iterable[Leased]) -> LogReader:
    """Return the reader of everything that any of the read models folds."""
    leased = tuple(leased)
    topics = sorted(frozenset().union(*(one.topics for one in leased)))
    return LogReader(topics, with_parties=any(one.projection.needs_parties for one in leased))


@dataclass(eq=False)
class _Step:
    """What one read model makes of a batch."""

    leased: Leased
    end: Checkpoint
    parking: Parking
    facts: Sequence[ReadEvent]
    touching: list[Touch] = field(default_factory=list)
    changed: Rows = field(default_factory=dict)
    poison: PoisonEventError | None = None


def _once(decode: Decode) -> Decode:
    """Return what decodes each fact of a batch once, however many read models fold it."""
    events: dict[int, Any] = {}

    def event_of(fact: AnyEvent) -> Any:
        position = fact.envelope.position
        event = events.get(position)
        if event is None:
            event = events[position] = decode(fact)
        return event

    return event_of


def advance(
    connection: psycopg.Connection[Any],
    leased: Sequence[Leased],
    reader: LogReader,
    decode: Decode,
    limit: int,
    delays: Durations | None = None,
) -> int:
    """Fold the next facts into every read model that stands at or before them; return how many were examined.

    `delays` counts how long after it was recorded each fact was shown to readers, by this machine's clock.

    A row that cannot take a fact in, or that the database then refuses, is parked with it, and all other rows flow.
    Where that cannot be (see `touches`) the read model becomes `broken` before the fact and says why (a retired one
    only says why, and is moved no more); the others go on. Raises GenerationMovedError, with nothing written, when
    meanwhile one of them was paused, replaced, dropped or moved by another process, an operator retried or skipped what
    waited in it, or the log was replaced. A build that cannot go on raises what is wrong: PoisonEventError, or the
    database's refusal.
    """
    after = min(one.checkpoint.position for one in leased)
    window = reader.window(connection, after, limit)
    if window.end.position <= after:
        return 0
    behind = [one for one in leased if one.checkpoint.position < window.end.position]
    event_of = _once(decode) if len(behind) > 1 else decoding(decode, behind[0].projection)
    steps = [_fold(connection, one, event_of, window) for one in behind]
    try:
        _write(connection, steps)
    except psycopg.Error as refused:
        if not is_refusal(refused):
            raise
        for step in steps:
            _write_alone(connection, step, event_of, window)
    if delays is not None:
        _note(delays, steps)
    return window.end.position - after


def _note(delays: Durations, steps: Iterable[_Step]) -> None:
    now = datetime.now(UTC)
    for step in steps:
        # What was shown before, and what stopped before a fact, shows nobody anything.
        if step.leased.generation.state == "live" and step.poison is None:
            recorded = (fact.recorded_at for fact in step.facts)
            delays.add_each((step.leased.projection.name,), ((now - each).total_seconds() for each in recorded))


def _fold(
    connection: psycopg.Connection[Any],
    leased: Leased,
    event_of: Decode,
    window: Window,
    refused: Iterable[Parked] = (),
) -> _Step:
    last, topics = leased.checkpoint.position, leased.topics
    facts = [fact for fact in window.facts if fact.topic in topics and fact.position > last]
    step = _Step(leased, window.end, leased.parking.branch(), facts)
    for each in refused:
        step.parking.park(each)
    touching = step.touching
    try:
        # Up to the first one that cannot be read; those before it count.
        touching.extend(touches(leased.projection, facts, event_of, step.parking))
    except PoisonEventError as poison:
        step.poison = poison
    every = {key for _, keys, _ in touching for key in keys}
    rows = leased.store.load(connection, every) if every else {}
    before = positions_of(rows)
    try:
        play(leased.projection, rows, touching, step.parking)
    except PoisonEventError as poison:
        step.poison = poison
    step.changed = changed_since(before, rows)
    if step.poison:
        step.end = checkpoint_up_to(connection, step.poison.position - 1)
    return step


def _write(connection: psycopg.Connection[Any], steps: Sequence[_Step]) -> None:
    with connection.transaction():
        # The checkpoints first: a swap or a drop, too, locks the row of a build before its tables.
        moved = connection.execute(
            _CHECKPOINTS,
            (
                [step.leased.projection.name for step in steps],
                [step.leased.generation.number for step in steps],
                [step.leased.generation.state for step in steps],
                [step.leased.generation.revision for step in steps],
                [step.leased.checkpoint.position for step in steps],
                [step.end.position for step in steps],
                [step.end.event_id for step in steps],
            ),
        )
        if moved.rowcount != len(steps):
            raise GenerationMovedError
        for step in steps:
            step.leased.store.write(connection, step.changed)
            step.parking.write(connection, step.leased.generation)
            if step.poison and step.leased.generation.state != "building":
                stop(connection, step.leased.generation, str(step.poison))
    for step in steps:
        step.leased.checkpoint, step.leased.parking = step.end, step.parking
        for parked in step.parking.new:
            _log.warning(
                "parked", projection=step.leased.projection.name, position=parked.position, outcome=parked.reason
            )
    for step in steps:
        if step.poison and step.leased.generation.state == "building":
            raise step.poison


def _write_alone(connection: psycopg.Connection[Any], step: _Step, event_of: Decode, window: Window) -> None:
    """Write what one read model makes of a batch; rows that the database refuses are parked."""
    refused: list[Parked] = []
    while True:
        try:
            _write(connection, [step])
        except psycopg.Error as error:
            if not is_refusal(error):
                raise
            found = _refused_rows(connection, step)
            if found and step.parking.has_room:
                refused += found
                step = _fold(connection, step.leased, event_of, window, refused)
                continue
            # Only its builder is told why a build cannot go on: no reader sees it yet.
            if step.leased.generation.state == "building":
                raise
            after, last = step.leased.checkpoint.position, step.end.position
            stop(connection, step.leased.generation, f"positions {after + 1} to {last}: {error.diag.message_primary}")
        return


def _refused_rows(connection: psycopg.Connection[Any], step: _Step) -> list[Parked]:
    """Return the rows that the database refuses by themselves, each from the first fact after which it does."""
    found = []
    for key, there in step.changed.items():
        if _refusal_of(connection, step, key, there) is not None:
            found.append(_first_refused(connection, step, key))
    return found


def _first_refused(connection: psycopg.Connection[Any], step: _Step, key: Key) -> Parked:
    rows = step.leased.store.load(connection, [key])
    for event, keys, fold in step.touching:
        if key in keys:
            play(step.leased.projection, rows, [(event, (key,), fold)], step.parking)
            error = _refusal_of(connection, step, key, rows[key]) if key in rows else None
            if error is not None:
                # Not its text, which may quote personal data.
                return Parked(key, event.position, f"{type(error).__name__} ({error.sqlstate}) of the database")
    raise AssertionError("the row was refused a moment ago")


def _refusal_of(connection: psycopg.Connection[Any], step: _Step, key: Key, there: RowAt) -> psycopg.Error | None:
    """Return why the database refuses a row, if it does; nothing is written."""
    try:
        with connection.transaction(force_rollback=True):
            step.leased.store.write(connection, {key: there})
    except psycopg.Error as error:
        if not is_refusal(error):
            raise
        return error
    return None
