"""One row is one file that a client has, or had: what it is called, and under which digest its bytes lie.

Read by GET /clients/{id}/files and GET /clients/{id}/files/{file_id}, and by what sweeps and checks the bytes.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from events.client_file import ClientFileAdded, ClientFileRemoved
from infra.projector.projection import Key, Projection
from projections.change import changed


class FileRow(NamedTuple):
    """The file; `removed_at` is when it was said, by the log's own clock, that it is the client's no more."""

    client_id: UUID
    stored: str
    file_id: UUID
    name: str | None = None
    sent_name: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    digest: str | None = None
    added_at: datetime | None = None
    added_by: str | None = None
    removed_at: datetime | None = None


client_files = Projection(
    name="client_files",
    row=FileRow,
    key=("client_id", "stored"),
    ddl=Path(__file__).with_suffix(".sql"),
    partition_by="stream",
)


def _of_file(event: ClientFileAdded | ClientFileRemoved) -> tuple[Key, ...]:
    return ((event.client_id, event.stored),)


@client_files.on(ClientFileAdded, keys=_of_file)
def added(_row: FileRow | None, event: ClientFileAdded, key: Key) -> FileRow:
    client_id, stored = key
    return FileRow(
        client_id,
        stored,
        event.file_id,
        event.file_name,
        event.sent_name,
        event.media_type,
        event.size_bytes,
        event.digest,
        event.occurred_at,
        event.actor,
    )


@client_files.on(ClientFileRemoved, keys=_of_file)
def removed(row: FileRow | None, event: ClientFileRemoved, key: Key) -> FileRow:
    client_id, stored = key
    return changed(row or FileRow(client_id, stored, event.file_id), removed_at=event.recorded_at)
