"""Where the bytes of files are, and by which key each is read."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg

from app.composition.readers import Readers
from app.settings import Settings
from infra.files.encryption import DamagedFileError, decrypted
from infra.files.folder import FilesFolder, Stored
from infra.log.crypto import MasterKey
from infra.log.eventlog import LogKeys
from read_api.reading.errors import FileBytesDamagedError, FileBytesGoneError

SESSIONS = 2
"""Sessions of the database for keys."""


class ClientFiles:
    """The files of clients; the key of each is asked for every time, so that who was forgotten is forgotten at once."""

    def __init__(self, settings: Settings, url: str, master: MasterKey) -> None:
        """Know them; `url` is the projector's."""
        self.folder = FilesFolder(settings.files_folder)
        self._readers, self._master = Readers(url, SESSIONS, settings.read_seconds), master

    async def key_of(self, client_id: UUID) -> bytes | None:
        """Return a client's key; None: there is none, or none any more."""
        return await self._readers.ask(partial(self._key, client_id=client_id))

    def _key(self, connection: psycopg.Connection[Any], client_id: UUID) -> bytes | None:
        found = LogKeys(partial(_lent, connection)).of([client_id])
        return self._master.unwrap(client_id, found[0][1]) if found else None

    async def content_of(self, client_id: UUID, file_id: UUID, stored: str) -> AsyncIterator[bytes]:
        """Return the content of a file, piece by piece, once it is known that all of it is there as it was written.

        Raises FileBytesGoneError and FileBytesDamagedError.
        """
        key = await self.key_of(client_id)
        if key is None:
            raise FileBytesGoneError(id=file_id)
        try:
            pieces = await asyncio.to_thread(self._begun, Stored(client_id, stored), key)
        except FileNotFoundError:
            raise FileBytesGoneError(id=file_id) from None
        except DamagedFileError:
            raise FileBytesDamagedError(id=file_id) from None
        return _in_threads(pieces)

    def _begun(self, place: Stored, key: bytes) -> Iterator[bytes]:
        if not self.folder.is_whole(place):
            raise DamagedFileError
        pieces = self._pieces(place, key)
        return chain((next(pieces),), pieces)

    def _pieces(self, place: Stored, key: bytes) -> Iterator[bytes]:
        with self.folder.path(place).open("rb") as file:
            yield from decrypted(file, key)


@contextmanager
def _lent(connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    yield connection


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
