"""What a file of a client is: each content under each name once."""

from typing import NamedTuple
from uuid import UUID

from aggregates.base import Aggregate, RuleBrokenError, applies
from events.client_file import ClientFileAdded, ClientFileRemoved

MOST_FILES = 1_000
"""So many files one client has: beyond that they want a place where documents are kept, and a link to it."""


class TooManyFilesError(RuleBrokenError):
    """The client has as many files as may be; facts: client_id, most."""

    code = "too-many-files"


class FileIsUnknownError(RuleBrokenError):
    """The client never had such a file; facts: client_id, file_id."""

    code = "file-is-unknown"


class KeptFile(NamedTuple):
    """Under which digest the bytes lie, and whether the file was taken away."""

    stored: str
    is_removed: bool = False


class GivenFile(NamedTuple):
    """A file whose bytes are on the disk; as `events.client_file.ClientFileAdded` tells it."""

    file_id: UUID
    name: str
    sent_name: str | None
    media_type: str
    size_bytes: int
    digest: str
    stored: str


class ClientFile(Aggregate):
    """The files of one client by their ids, under an id made of theirs (`events.ids.files_of`)."""

    KIND = "client_file"

    client_id: UUID | None
    files: dict[UUID, KeptFile]

    def start(self) -> None:
        self.client_id = None
        self.files = {}

    @property
    def subject_id(self) -> UUID:
        """The client, whose key encrypts the names, and the bytes."""
        return self.client_id or self.id

    def has(self, file_id: UUID) -> bool:
        """Tell whether the client ever had a file of this id."""
        return file_id in self.files

    def add(self, client_id: UUID, file: GivenFile) -> None:
        """Record a file; the same content under the same name, which has the same id, records nothing."""
        known = self.files.get(file.file_id)
        if known is not None and not known.is_removed:
            return
        if sum(not each.is_removed for each in self.files.values()) >= MOST_FILES:
            raise TooManyFilesError(client_id=client_id, most=MOST_FILES)
        told = file._asdict()
        self.trigger_event(ClientFileAdded, client_id=client_id, file_name=told.pop("name"), **told)

    def remove(self, client_id: UUID, file_id: UUID, reason: str | None) -> None:
        """Record that a file was taken away; one that was taken away already records nothing.

        Raises FileIsUnknownError for one that the client never had.
        """
        known = self.files.get(file_id)
        if known is None:
            raise FileIsUnknownError(client_id=client_id, file_id=file_id)
        if not known.is_removed:
            self.trigger_event(
                ClientFileRemoved, client_id=client_id, file_id=file_id, stored=known.stored, reason=reason
            )

    @applies(ClientFileAdded)
    def _added(self, event: ClientFileAdded) -> None:
        self.client_id = event.client_id
        self.files[event.file_id] = KeptFile(event.stored)

    @applies(ClientFileRemoved)
    def _removed(self, event: ClientFileRemoved) -> None:
        self.client_id = event.client_id
        self.files[event.file_id] = KeptFile(event.stored, is_removed=True)
