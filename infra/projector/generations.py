"""Keeps the builds of every read model apart: makes them, puts one before the readers, drops the others."""

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import psycopg
import structlog
from psycopg import errors, sql
from psycopg.rows import class_row

from infra.log.log_reader import BEGINNING, Checkpoint, checkpoint_up_to
from infra.projector.leases import idle_build_lock
from infra.projector.projection import Projection

State = Literal["building", "live", "paused", "broken", "retired"]
LOG_REPLACED = "log replaced"
"""The error of a generation that was folded from another log than the one that is there now."""
KEPT_LONG_ENOUGH = "kept long enough"
"""The error of a retired generation that follows the log no more, because nobody wanted it for so long."""

_COLUMNS = "name, generation AS number, shape, fingerprint, state, position, event_id, error, revision"
# A paused or a poisoned one is not what this log makes either: it is built anew like the others.
_BREAK_REPLACED = """
    UPDATE letopis.projection AS p
    SET state = CASE p.state WHEN 'retired' THEN 'retired' ELSE 'broken' END, error = %(error)s,
        changed_at = clock_timestamp()
    WHERE p.state <> 'building'
        AND p.error IS DISTINCT FROM %(error)s
        AND p.position > 0
        AND NOT EXISTS (
            SELECT
            FROM letopis.event AS e
            WHERE e.position = p.position
                AND e.event_id = p.event_id)
    RETURNING p.name
"""
# The projector's sessions do nothing but read the log by position and join tables to a batch's keys: whatever the
# statistics of a table that was empty a moment ago say, the index is the way. A read model that loses its last
# moments in a crash of the server loses its checkpoint with them and folds them again: no need to wait for the disk.
_SESSION = (
    "-c TimeZone=UTC -c synchronous_commit=off -c random_page_cost=1.1 -c enable_hashjoin=off -c enable_mergejoin=off"
    " -c application_name=letopis-projector"
)


# A batch takes milliseconds: one that takes a minute holds up everything behind it, and is better begun again.
_LIVE = " -c statement_timeout=60s -c lock_timeout=30s"
# A build copies the whole log in one statement, makes indexes over it, and waits for another build of the same model.
_BUILD = " -c statement_timeout=6h -c lock_timeout=6h"


_log = structlog.get_logger(__name__)


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
    """How often somebody else than its worker changed what waits in it."""

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


class ShapeChangedError(Exception):
    """The columns that readers see changed, and the shape's number did not."""

    def __init__(self, projection: Projection[Any]) -> None:
        super().__init__(
            f"{projection.name}: its readers' view has other columns than read.{projection.name}_v{projection.shape}."
            " Raise `shape` in the projection, so that no reader meets changed columns."
        )


class GenerationMovedError(Exception):
    """Somebody else changed this generation's state meanwhile; what was to be written is not."""


def connect(url: str, *, is_live: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    """Open a session of the projector, to follow the log or to build; every statement commits by itself."""
    return psycopg.connect(url, autocommit=True, connect_timeout=10, options=_SESSION + (_LIVE if is_live else _BUILD))


def fingerprint_of(projection: Projection[Any]) -> str:
    """Return what names a build: the same code gives the same, a changed row, table, meaning or calendar another."""
    row = [f"{name}: {kind}" for name, kind in projection.row.__annotations__.items()]
    calendar = [projection.zone.key] if projection.zone is not None else []
    parts = [projection.name, str(projection.version), *row, projection.ddl.read_text(encoding="utf-8"), *calendar]
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]


def view_of(projection: Projection[Any]) -> str:
    """Return the name, in the schema `read`, of the view that readers select from."""
    return f"{projection.name}_v{projection.shape}"


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
        " AND error IS DISTINCT FROM %s"
        " AND (state IN ('live', 'paused', 'broken') OR (state = 'retired' AND error IS NULL)))",
        (projection.name, fingerprint_of(projection), LOG_REPLACED),
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


def stop_kept(connection: psycopg.Connection[Any], longest: timedelta) -> None:
    """Move no further what has been kept for a way back for so long; a way back then folds what it missed first.

    What readers of another shape still see follows the log as long as it is there.
    """
    stopped = connection.execute(
        "UPDATE letopis.projection SET error = %s, changed_at = clock_timestamp()"
        " WHERE state = 'retired' AND error IS NULL AND NOT is_shown AND retired_at <= clock_timestamp() - %s"
        " RETURNING name, generation",
        (KEPT_LONG_ENOUGH, longest),
    ).fetchall()
    for name, number in stopped:
        _log.info("projection_kept", projection=name, generation=number, outcome=KEPT_LONG_ENOUGH)


def sweep(connection: psycopg.Connection[Any], name: str) -> None:
    """Drop what a killed build left behind, unless somebody is building right now."""
    with idle_build_lock(connection, name) as is_mine:
        if is_mine:
            drop_others(connection, name, keep_retired=1)


def statements_of(projection: Projection[Any], schema: str) -> tuple[list[str], list[str]]:
    """Return the statements that make the tables, and those that make the indexes."""
    text = re.sub(r"--[^\n]*", "", projection.ddl.read_text(encoding="utf-8")).replace("{schema}", schema)
    every = [one.strip() for one in re.split(r";\s*(?:\n|$)", text) if one.strip()]
    indexes = [one for one in every if re.match(r"CREATE\s+(UNIQUE\s+)?INDEX\b", one, re.IGNORECASE)]
    return [one for one in every if one not in indexes], indexes


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
            _show(connection, projection, schema)
    return Generation(
        projection.name, number, projection.shape, fingerprint_of(projection), "building", *BEGINNING, None, 0
    )


def shown_of(connection: psycopg.Connection[Any], projection: Projection[Any], schema: str) -> str:
    """Return what readers see of the tables of a schema: <name>_view where the .sql makes one."""
    found = connection.execute(
        "SELECT to_regclass(format('%%I.%%I', %s::text, %s::text))", (schema, f"{projection.name}_view")
    ).fetchone()
    return f"{projection.name}_view" if found and found[0] else projection.name


def _show(connection: psycopg.Connection[Any], projection: Projection[Any], schema: str) -> None:
    """Point the readers' view at the tables of a schema."""
    shown = shown_of(connection, projection, schema)
    try:
        connection.execute(
            sql.SQL("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}").format(
                sql.Identifier("read", view_of(projection)), sql.Identifier(schema, shown)
            )
        )
    except errors.InvalidTableDefinition as error:
        raise ShapeChangedError(projection) from error
    connection.execute("SELECT letopis.publish_view(%s)", (view_of(projection),))


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
    _show(connection, projection, generation.schema)
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


def stop(connection: psycopg.Connection[Any], generation: Generation, error: str) -> None:
    """Move a generation no further, and say why: what readers see becomes `broken`, what they saw stays `retired`."""
    state: State = "retired" if generation.state == "retired" else "broken"
    set_state(connection, generation, state, only_from=(generation.state,), error=error)


def _move(connection: psycopg.Connection[Any], name: str, state: State, only_from: State) -> bool:
    generation = in_use(connection, name)
    return generation is not None and set_state(connection, generation, state, only_from=(only_from,))


def pause(connection: psycopg.Connection[Any], name: str) -> bool:
    """Stop a live read model where it is; readers keep seeing it."""
    return _move(connection, name, "paused", "live")


def resume(connection: psycopg.Connection[Any], name: str) -> bool:
    """Let a paused read model go on."""
    return _move(connection, name, "live", "paused")


def retry(connection: psycopg.Connection[Any], name: str) -> bool:
    """Let a broken read model try again the fact it stopped before; one of another log has to be built anew instead."""
    generation = in_use(connection, name)
    if generation is None or generation.is_of_another_log:
        return False
    return set_state(connection, generation, "live", only_from=("broken",))


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


def break_replaced(connection: psycopg.Connection[Any]) -> list[str]:
    """Checkpoint whatever was folded from another log than this one: it is moved no more, and broken if readers see it.

    Returns the names.
    """
    names = {name for (name,) in connection.execute(_BREAK_REPLACED, {"error": LOG_REPLACED}).fetchall()}
    for name in sorted(names):
        _log.warning("projection_broken", projection=name, outcome=LOG_REPLACED)
    return sorted(names)


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
