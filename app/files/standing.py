"""How the files of clients stand: how many there are, how large, and whether each fact has its bytes."""

from collections.abc import Iterator
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from app.files.sweeping import swept_in
from infra.files.encryption import encrypted_size
from infra.files.folder import FilesFolder, Stored

KEPT_TEXT = "Kept until they are removed, and LETOPIS_FILE_KEPT_DAYS longer, or their client is forgotten."

VIEW = "read.client_files_v1"

_SIZE: LiteralString = """
SELECT count(*), coalesce(sum(f.size_bytes), 0)::bigint
FROM read.client_files_v1 AS f
WHERE f.removed_at IS NULL AND f.added_at IS NOT NULL
"""

# Of who was forgotten there are no bytes, and none are missed.
_NAMED: LiteralString = """
SELECT f.client_id, f.stored, f.file_id, f.size_bytes
FROM read.client_files_v1 AS f
JOIN letopis.subject_key AS k ON k.subject_id = f.client_id
WHERE f.removed_at IS NULL AND f.added_at IS NOT NULL
ORDER BY f.client_id, f.stored
"""


class Kept(NamedTuple):
    """How many files clients have, and how many bytes of content."""

    files: int
    size_bytes: int


class Lacking(NamedTuple):
    """A file that a fact names, and whose bytes are not there, or not as many as there were."""

    client_id: UUID
    file_id: UUID


def has_view(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether it is known which files there are: the view may be being built."""
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [VIEW]).fetchone()
    return bool(row and row[0])


def kept(connection: psycopg.Connection[Any]) -> Kept | None:
    """Return how many files there are; None while that is not known."""
    if not has_view(connection):
        return None
    row = connection.execute(_SIZE).fetchone()
    return None if row is None else Kept(*row)


def lacking(connection: psycopg.Connection[Any], folder: FilesFolder, *, is_thorough: bool) -> Iterator[Lacking]:
    """Yield the files without their bytes; if it `is_thorough`, their digests are compared, else their sizes."""
    with connection.cursor() as cursor:
        for client_id, stored, file_id, size in cursor.execute(_NAMED).fetchall():
            place = Stored(client_id, stored)
            try:
                is_there = folder.path(place).stat().st_size == encrypted_size(size)
                is_there = is_there and (not is_thorough or folder.is_whole(place))
            except FileNotFoundError:
                is_there = False
            if not is_there:
                yield Lacking(client_id, file_id)


class Beside(NamedTuple):
    """What lies in the folder beside what facts name: on its way in or left by a crash, and what was ever swept."""

    unsettled: int
    swept: dict[str, int]


def beside(folder: FilesFolder) -> Beside:
    """Return it; raises OSError."""
    return Beside(sum(1 for _ in folder.left()), swept_in(folder))
