"""What is known of files that were sent, beside the facts: one row each in `letopis.import_upload`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from pydantic_core import to_json

_COLUMNS: LiteralString = (
    "import_id, place, name, digest, size_bytes, target, mapping, asked_by, asked_as, unwanted_job, is_discarded,"
    " bytes_gone_at, errors_until, has_errors, has_warnings"
)
_ADD = """
INSERT INTO letopis.import_upload (import_id, place, name, digest, size_bytes, target, mapping, asked_by, asked_as)
VALUES (%(import_id)s, %(place)s, %(name)s, %(digest)s, %(size_bytes)s, %(target)s, %(mapping)s::jsonb,
    %(asked_by)s, %(asked_as)s)
"""
_FIND: LiteralString = f"SELECT {_COLUMNS} FROM letopis.import_upload WHERE import_id = %s"  # noqa: S608 - constants
_MAP = """
UPDATE letopis.import_upload
SET mapping = %(mapping)s::jsonb, target = %(target)s
WHERE import_id = %(import_id)s
    AND bytes_gone_at IS NULL
"""
# The wish is of the job that is under way: one that is begun later knows nothing of it.
_WISH = """
UPDATE letopis.import_upload
SET unwanted_job = o.job_id
FROM letopis.operation AS o
WHERE import_id = %(import_id)s
    AND o.operation = 'import'
    AND o.about = %(about)s
    AND o.ended_at IS NULL
"""
_ERRORS = """
UPDATE letopis.import_upload
SET has_errors = %(has_errors)s, has_warnings = %(has_warnings)s,
    errors_until = clock_timestamp() + make_interval(days => %(days)s)
WHERE import_id = %(import_id)s
"""
_GONE = """
UPDATE letopis.import_upload
SET bytes_gone_at = clock_timestamp(), mapping = NULL, is_discarded = is_discarded OR %(is_discarded)s
WHERE import_id = %(import_id)s
    AND bytes_gone_at IS NULL
"""
_NO_ERRORS = """
UPDATE letopis.import_upload SET has_errors = false, has_warnings = false WHERE import_id = ANY(%s)
"""
# What waits or is done is left alone; a run that ended took its bytes with it, if nothing came between.
_STALE = """
SELECT u.import_id
FROM letopis.import_upload AS u
WHERE u.place = %(place)s
    AND u.bytes_gone_at IS NULL
    AND NOT EXISTS (
        SELECT FROM letopis.operation AS o
        WHERE o.operation = 'import' AND o.about = u.import_id::text AND o.ended_at IS NULL)
    AND (u.uploaded_at < clock_timestamp() - make_interval(hours => %(hours)s)
        OR EXISTS (
            SELECT FROM letopis.operation AS o
            WHERE o.operation = 'import' AND o.about = u.import_id::text AND NOT (o.parameters ->> 'is_dry')::boolean))
"""
_OVER = """
SELECT import_id
FROM letopis.import_upload
WHERE place = %s
    AND (has_errors OR has_warnings)
    AND errors_until < clock_timestamp()
"""
_HAS_BEGUN = "SELECT EXISTS (SELECT FROM letopis.event WHERE stream_id = %s AND topic = 'import.started')"
_KNOWN = "SELECT import_id FROM letopis.import_upload WHERE import_id = ANY(%s)"

Connection = psycopg.Connection[Any]


class Upload(NamedTuple):
    """A file that was sent; `mapping` as a mapping file has it, gone with the bytes."""

    import_id: UUID
    place: UUID
    name: str
    digest: str
    size_bytes: int
    target: str
    mapping: dict[str, Any] | None
    asked_by: str
    asked_as: str
    unwanted_job: UUID | None = None
    is_discarded: bool = False
    bytes_gone_at: datetime | None = None
    errors_until: datetime | None = None
    has_errors: bool = False
    has_warnings: bool = False


def add(connection: Connection, upload: Upload) -> None:
    """Put a file on record whose bytes are there."""
    connection.execute(_ADD, {**upload._asdict(), "mapping": _json(upload.mapping)})


def find(connection: Connection, import_id: UUID) -> Upload | None:
    """Return what is known of a file."""
    with connection.cursor(row_factory=class_row(Upload)) as cursor:
        return cursor.execute(_FIND, [import_id]).fetchone()


def has_begun(connection: Connection, import_id: UUID) -> bool:
    """Tell whether anything of an import is in the log."""
    row = connection.execute(_HAS_BEGUN, [import_id]).fetchone()
    return bool(row and row[0])


def say_mapping(connection: Connection, import_id: UUID, target: str, mapping: Mapping[str, Any]) -> bool:
    """Keep what its columns mean; False: its bytes are gone."""
    given = {"import_id": import_id, "target": target, "mapping": _json(mapping)}
    return connection.execute(_MAP, given).rowcount > 0


def wish_to_cancel(connection: Connection, import_id: UUID) -> bool:
    """Ask of what is done with it that it ends; whoever does it looks for that. False: nothing is done with it."""
    return connection.execute(_WISH, {"import_id": import_id, "about": str(import_id)}).rowcount > 0


def note_errors(connection: Connection, import_id: UUID, days: int, *, has_errors: bool, has_warnings: bool) -> None:
    """Note which files say what was not taken, and how long they stay."""
    given = {"import_id": import_id, "days": days, "has_errors": has_errors, "has_warnings": has_warnings}
    connection.execute(_ERRORS, given)


def note_gone(connection: Connection, import_id: UUID, *, is_discarded: bool) -> None:
    """Note that the bytes are not there any more; `is_discarded`: without having been imported."""
    connection.execute(_GONE, {"import_id": import_id, "is_discarded": is_discarded})


def note_no_errors(connection: Connection, ids: list[UUID]) -> None:
    """Note that nothing says any more what was not taken."""
    connection.execute(_NO_ERRORS, [ids])


def stale(connection: Connection, place: UUID, hours: int) -> list[UUID]:
    """Return those whose bytes are not needed: nobody imported them for so long, or that has ended."""
    return [each for (each,) in connection.execute(_STALE, {"place": place, "hours": hours})]


def over(connection: Connection, place: UUID) -> list[UUID]:
    """Return those whose files of errors were kept long enough."""
    return [each for (each,) in connection.execute(_OVER, [place])]


def known(connection: Connection, ids: list[UUID]) -> set[UUID]:
    """Return those that are on record."""
    return {each for (each,) in connection.execute(_KNOWN, [ids])}


def _json(content: Mapping[str, Any] | None) -> str | None:
    return None if content is None else to_json(content).decode()
