"""Keeps the builds of every read model apart: makes them, puts one before the readers, drops the others."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.rows import class_row

from infra.log.log_reader import BEGINNING, Checkpoint, checkpoint_up_to
from infra.postgres.connection import connect as open_session
from infra.projector.leases import idle_build_lock
from infra.projector.projection import Projection
from infra.projector.tables import show, statements_of

State = Literal["building", "live", "paused", "broken", "retired"]
LOG_REPLACED = "log replaced"
"""The error of a generation that was folded from another log than the one that is there now."""
TABLE_GONE = "its table is gone"
"""The error of a generation whose table, or its readers' view, was dropped by hand."""

_COLUMNS = "name, generation AS number, shape, fingerprint, state, position, event_id, error, revision"
# The projector's sessions do nothing but read the log by position and join tables to a batch's keys: whatever the
# statistics of a table that was empty a moment ago say, the index is the way. A read model that loses its last
# moments in a crash of the server loses its checkpoint with them and folds them again: no need to wait for the disk.
_SESSION = (
    "-c synchronous_commit=off -c random_page_cost=1.1 -c enable_hashjoin=off -c enable_mergejoin=off"
    " -c application_name=letopis-projector"
)


# A batch takes milliseconds: one that takes a minute holds up everything behind it, and is better begun again.
_LIVE = 60.0
# A build copies the whole log in one statement, makes indexes over it, and waits for another build of the same model.
_BUILD = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Generation:
    """One build of a read model and how far it has come."""

    name: str
    number: int
    shape: int
    fingerprint: str
    state: State
    position: int
    event_id: UUID | None
    error: str | None
    revision: int
    """How often an operator changed what waits in it: its worker then reads that again."""

    @property
    def schema(self) -> str:
        """The PostgreSQL schema its tables are in."""
        return f"{self.name}_g{self.number}"

    @property
    def table(self) -> sql.Identifier:
        """The table that has its rows."""
        return sql.Identifier(self.schema, self.name)

    @property
    def is_of_another_log(self) -> bool:
        """Whether the log under it was found to be another one: a backup was restored."""
        return self.error == LOG_REPLACED

    @property
    def checkpoint(self) -> Checkpoint:
        """The last fact it examined."""
        return Checkpoint(self.position, self.event_id)


class GenerationMovedError(Exception):
    """Another process or an operator changed this generation's state meanwhile; what was to be written is not."""


def connect(url: str, *, is_live: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a session of the projector, to follow the log or to build; every statement commits by itself."""
    if is_live:
        return open_session(url, _LIVE, options=_SESSION)
    return open_session(url, _BUILD, lock_seconds=_BUILD, options=_SESSION)


def fingerprint_of(projection: Projection[Any]) -> str:
    """Return what names a build: the same code gives the same, a changed row, table or meaning another."""
    row = [f"{name}: {kind}" for name, kind in projection.row.__annotations__.items()]
    parts = [projection.name, str(projection.version), *row, projection.ddl.read_text(encoding="utf-8")]
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def in_use(connection: psycopg.Connection[Any], name: str) -> Generation | None:
    """Return the generation that readers see."""
    with connection.cursor(row_factory=class_row(Generation)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM letopis.projection"  # noqa: S608 - constants
            " WHERE name = %s AND state IN ('live', 'paused', 'broken')",
            (name,),
        )
        return cursor.fetchone()


def current(connection: psycopg.Connection[Any], generation: Generation) -> Generation:
    """Return a generation as it is registered now; raises GenerationMovedError when it is not any more."""
    with connection.cursor(row_factory=class_row(Generation)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM letopis.projection WHERE name = %s AND generation = %s",  # noqa: S608 - constants
            (generation.name, generation.number),
        )
        found = cursor.fetchone()
    if found is None:
        raise GenerationMovedError
    return found


def has_current(connection: psycopg.Connection[Any], projection: Projection[Any]) -> bool:
    """Tell whether a generation of this very code and log is before the readers, or was and is kept up to date."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM letopis.projection WHERE name = %s AND fingerprint = %s"
        " AND (error IS NULL OR error <> ALL(%s))"
        " AND (state IN ('live', 'paused', 'broken') OR (state = 'retired' AND error IS NULL)))",
        (projection.name, fingerprint_of(projection), [LOG_REPLACED, TABLE_GONE]),
    ).fetchone()
    return bool(row and row[0])


def lock_all(connection: psycopg.Connection[Any], name: str) -> None:
    """Keep everybody else from moving any generation of a read model in this transaction."""
    # In the order in which a worker locks what it moves: two who wait for each other would never end.
    connection.execute("SELECT FROM letopis.projection WHERE name = %s ORDER BY generation FOR UPDATE", (name,))


def kept_up(connection: psycopg.Connection[Any]) -> list[Generation]:
    """Return the generations that are to be moved on: those readers see, and retired ones nothing is wrong with."""
    with connection.cursor(row_factory=class_row(Generation)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM letopis.projection"  # noqa: S608 - constants
            " WHERE state IN ('live', 'paused', 'broken') OR (state = 'retired' AND error IS NULL)"
            " ORDER BY name, generation"
        )
        return cursor.fetchall()


def sweep(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop what a killed build left behind, unless a build is under way."""
    with idle_build_lock(connection, name) as is_mine:
        if is_mine:
            drop_others(connection, name, keep_retired=1)


def begin(connection: psycopg.Connection[Any], projection: Projection[Any]) -> Generation:
    """Make the empty tables of a new generation, without indexes, in the state `building`.

    Raises ShapeChangedError when the view of the same shape could not be pointed at it.
    """
    with connection.transaction():
        row = connection.execute(
            "INSERT INTO letopis.projection (name, generation, shape, fingerprint, state)"
            " SELECT %(name)s, coalesce(max(generation), 0) + 1, %(shape)s, %(fingerprint)s, 'building'"
            " FROM letopis.projection WHERE name = %(name)s RETURNING generation",
            {"name": projection.name, "shape": projection.shape, "fingerprint": fingerprint_of(projection)},
        ).fetchone()
        assert row is not None  # noqa: S101 - an INSERT ... SELECT of an aggregate gives exactly one row
        number: int = row[0]
        schema = f"{projection.name}_g{number}"
        connection.execute("SELECT letopis.make_generation(%s, %s)", (projection.name, number))
        for statement in statements_of(projection, schema)[0]:
            connection.execute(statement.encode())
        with connection.transaction(force_rollback=True):
            show(connection, projection, schema)
    return Generation(
        projection.name, number, projection.shape, fingerprint_of(projection), "building", *BEGINNING, None, 0
    )


def publish(
    connection: psycopg.Connection[Any],
    projection: Projection[Any],
    generation: Generation,
    state: State = "live",
    error: str | None = None,
) -> None:
    """Put a generation before the readers in place of the one they see; the caller's transaction makes it atomic.

    Readers of another shape go on seeing theirs.
    """
    connection.execute(
        "UPDATE letopis.projection SET state = 'retired', changed_at = clock_timestamp(),"
        " retired_at = clock_timestamp(), retired_position = position"
        " WHERE name = %s AND state IN ('live', 'paused', 'broken')",
        (projection.name,),
    )
    show(connection, projection, generation.schema)
    if not set_state(connection, generation, state, only_from=(generation.state,), error=error):
        raise GenerationMovedError
    connection.execute(
        "UPDATE letopis.projection SET is_shown = false WHERE name = %s AND shape = %s AND is_shown",
        (projection.name, projection.shape),
    )
    connection.execute(
        "UPDATE letopis.projection SET is_shown = true WHERE name = %s AND generation = %s",
        (generation.name, generation.number),
    )


def set_state(
    connection: psycopg.Connection[Any],
    generation: Generation,
    state: State,
    *,
    only_from: tuple[State, ...],
    error: str | None = None,
) -> bool:
    """Move a generation to a state, if it is in one of those given; tell whether it was."""
    done = connection.execute(
        "UPDATE letopis.projection SET state = %s, error = %s, changed_at = clock_timestamp()"
        " WHERE name = %s AND generation = %s AND state = ANY(%s)",
        (state, error, generation.name, generation.number, list(only_from)),
    )
    return done.rowcount == 1


def newest_retired(connection: psycopg.Connection[Any], name: str, fingerprint: str | None = None) -> Generation | None:
    """Return the generation (of this code, if one is named) that readers saw before, if it is still kept."""
    with connection.cursor(row_factory=class_row(Generation)) as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM letopis.projection"  # noqa: S608 - constants
            " WHERE name = %s AND state = 'retired' AND fingerprint = coalesce(%s, fingerprint)"
            " ORDER BY generation DESC LIMIT 1",
            (name, fingerprint),
        )
        return cursor.fetchone()


def set_checkpoint(connection: psycopg.Connection[Any], generation: Generation, checkpoint: Checkpoint) -> None:
    """Note how far a build has come that was filled otherwise than batch by batch."""
    connection.execute(
        "UPDATE letopis.projection SET position = %s, event_id = %s"
        " WHERE name = %s AND generation = %s AND state = 'building'",
        (*checkpoint, generation.name, generation.number),
    )


def log_is_the_same(connection: psycopg.Connection[Any], generation: Generation) -> bool:
    """Tell whether the log still has, at the checkpoint, the fact that was examined there."""
    return checkpoint_up_to(connection, generation.position) == generation.checkpoint


def drop_others(
    connection: psycopg.Connection[Any], name: str, *, keep_retired: int, own: str | None = None
) -> list[int]:
    """Drop what killed builds left behind and all but the newest retired generations; return their numbers.

    A retired one that the code of the fingerprint `own` made and its readers still see is not touched. Only for the
    holder of the build lock: to anybody else a build under way looks like a leftover.
    """
    rows = connection.execute(
        "SELECT generation FROM letopis.projection WHERE name = %(name)s AND state = 'building' UNION ALL"
        " (SELECT generation FROM letopis.projection WHERE name = %(name)s AND state = 'retired'"
        " AND NOT (is_shown AND fingerprint IS NOT DISTINCT FROM %(own)s) ORDER BY generation DESC OFFSET %(kept)s)",
        {"name": name, "own": own, "kept": keep_retired},
    ).fetchall()
    for (number,) in rows:
        connection.execute("SELECT letopis.drop_generation(%s, %s)", (name, number))
    return [number for (number,) in rows]


def drop_retired(connection: psycopg.Connection[Any], name: str) -> list[int]:
    """Drop what readers saw before, with the view of its shape if that shows it; return the numbers.

    Only for the holder of the build lock.
    """
    rows = connection.execute(
        "SELECT generation FROM letopis.projection WHERE name = %s AND state = 'retired' ORDER BY generation", (name,)
    ).fetchall()
    for (number,) in rows:
        connection.execute("SELECT letopis.drop_generation(%s, %s)", (name, number))
    return [number for (number,) in rows]


def names_retired(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the read models of which something is kept that readers saw before."""
    rows = connection.execute("SELECT DISTINCT name FROM letopis.projection WHERE state = 'retired' ORDER BY name")
    return [name for (name,) in rows]
