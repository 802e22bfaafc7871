"""How the files of clients stand: whether each fact has its bytes, and what lies beside them."""

from collections.abc import Sequence
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from app.files.sweeping import swept_in
from infra.files.encryption import encrypted_size
from infra.files.folder import FilesFolder, Stored

KEPT_TEXT = "Kept until they are removed, and LETOPIS_FILE_KEPT_DAYS longer, or their client is forgotten."

# Of who was forgotten there are no bytes, and none are missed; nor of what was removed.
_NAMED: LiteralString = """
SELECT f.client_id::uuid, f.stored, f.file_id::uuid, f.size_bytes::bigint
FROM letopis.event AS e
CROSS JOIN LATERAL json_to_record(e.body::json)
    AS f (client_id text, stored text, file_id text, size_bytes text)
JOIN letopis.subject_key AS k ON k.subject_id = f.client_id::uuid
WHERE e.topic = 'client_file.added'
    AND NOT EXISTS (
        SELECT
        FROM letopis.event AS r
        WHERE r.stream_id = e.stream_id AND r.version > e.version AND r.topic = 'client_file.removed'
            AND strpos(r.body::text, f.stored) > 0
    )
ORDER BY e.position
"""


class Lacking(NamedTuple):
    """A file that a fact names, and whose bytes are not there, or not as many as there were."""

    client_id: UUID
    file_id: UUID


class Checked(NamedTuple):
    """How many files facts name, how many bytes of content those have, and which lack theirs."""

    files: int
    size_bytes: int
    lacking: Sequence[Lacking]


def checked(connection: psycopg.Connection[Any], folder: FilesFolder, *, is_thorough: bool) -> Checked:
    """Look whether the bytes of each file are there; if it `is_thorough`, digests are compared, else sizes.

    It reads the whole log, as its owner may.
    """
    named = connection.execute(_NAMED).fetchall()
    lacking = [
        Lacking(client_id, file_id)
        for client_id, stored, file_id, size in named
        if not _is_there(folder, Stored(client_id, stored), size, is_thorough=is_thorough)
    ]
    return Checked(len(named), sum(size for *_, size in named), lacking)


def _is_there(folder: FilesFolder, place: Stored, size: int, *, is_thorough: bool) -> bool:
    try:
        is_full = folder.path(place).stat().st_size == encrypted_size(size)
        return is_full and (not is_thorough or folder.is_whole(place))
    except FileNotFoundError:
        return False


class Beside(NamedTuple):
    """What lies in the folder beside what facts name: on its way in or left by a crash, and what was ever swept."""

    unsettled: int
    swept: dict[str, int]


def beside(folder: FilesFolder) -> Beside:
    """Return it; raises OSError."""
    return Beside(sum(1 for _ in folder.left()), swept_in(folder))
