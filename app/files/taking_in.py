"""Taking a file of a client in: all of its bytes are on the disk before the fact that says there is one."""

import asyncio
import mimetypes
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from fastapi import Request

from aggregates.base import NotFoundError
from app.files.place import ClientFiles
from app.imports.sending import LONGEST_NAME, is_form, taken
from app.settings import Settings
from commands.base import Actor
from commands.client_file import AddClientFile
from commands.client_file_errors import ClientFileEmptyError, ClientFileNameError, ClientFileTooLargeError
from commands.errors import InvalidHeaderError, NotAllowedError, OutcomeUnknownError
from commands.execution.decision import Request as CommandRequest
from commands.execution.door import Execute, NoteRefusal, TakeTurn
from commands.execution.pending import Accepted
from commands.importing.refused import NoRoomForFileError, UploadWrongError
from commands.standing import Standing, require_allowed
from events.client_file import MEDIA_TYPE
from infra.files.folder import Incoming, NoRoomError
from infra.log.crypto import KEY_BYTES
from infra.typed import file_name

ANY = "application/octet-stream"
UNSAID = frozenset({"", ANY, "application/x-www-form-urlencoded"})
"""What programs send as Content-Type that do not know it."""

FIELDS = frozenset({"name"})
LONGEST_SENT = 4_000


class Added(NamedTuple):
    """A file that was taken in, and the receipt of the command that says so."""

    file: AddClientFile
    receipt: Accepted


@dataclass(frozen=True)
class FilesDoor:
    """What takes files in, on behalf of who may add them."""

    settings: Settings
    files: ClientFiles
    authenticate: Callable[[Sequence[str]], Awaitable[Actor]]
    take_turn: TakeTurn
    standing_of: Callable[[Actor], Awaitable[Standing]]
    execute: Execute
    keyed_hash: Callable[[str], bytes]
    note_refusal: NoteRefusal

    async def allowed(self, request: Request) -> Actor:
        """Return who asks; raises as `authenticate`."""
        return await self.authenticate(request.headers.getlist("authorization"))

    async def take_in(self, request: Request, actor: Actor, client_id: UUID, name: str | None) -> Added:
        """Take in the file that a request brings, and record it; of what is refused nothing is left.

        Where the log does not say what became of the fact, the bytes stay until the sweep knows.
        """
        self.take_turn(actor.id)
        standing = await self.standing_of(actor)
        self._require_right(actor, standing, client_id)
        media_type = _media_type(request.headers.get("content-type", ""))
        key = await self.files.key_of(client_id)
        try:
            # A client that there is not is told of when all has come, as one that the actor does not see.
            incoming = Incoming(self.files.folder, client_id, key or os.urandom(KEY_BYTES))
        except NoRoomError as error:
            raise NoRoomForFileError from error
        try:
            sent_name = await self._taken(request, incoming, name)
            if key is None:
                raise NotFoundError(kind="client", id=client_id)
            file = await self._whole(incoming, client_id, sent_name, media_type)
        except BaseException as error:
            incoming.drop()
            if isinstance(error, NoRoomError):
                raise NoRoomForFileError from error
            raise
        return Added(file, await self._recorded(file, actor, standing, incoming))

    async def _taken(self, request: Request, incoming: Incoming, name: str | None) -> str:
        """Take all of the content in, and return what its file was called where it came from."""
        limited = _Limited(incoming, self.settings.file_mb)
        content_type, announced = (request.headers.get(each, "") for each in ("content-type", "content-length"))
        if announced.isascii() and announced.isdigit() and not is_form(content_type):
            limited.require(int(announced[:18]))
        sent = await taken(request.stream(), content_type, limited)
        if others := sorted(sent.fields.keys() - FIELDS):
            raise UploadWrongError(missing=others, reason="a file of a client has no such field")
        if incoming.size == 0:
            raise ClientFileEmptyError
        return name or sent.fields.get("name") or sent.name or ""

    async def _whole(
        self, incoming: Incoming, client_id: UUID, sent_name: str, media_type: str | None
    ) -> AddClientFile:
        """Have the bytes in their place, and return the command that says so."""
        # What kind of file it is stands at the end of a name.
        shown = file_name(sent_name)[-LONGEST_NAME:].strip()
        if not shown:
            raise ClientFileNameError
        stored = await asyncio.to_thread(incoming.end)
        digest = incoming.content_digest
        named = self.keyed_hash(f"file\n{client_id}\n{digest}\n{shown}")
        return AddClientFile(
            client_id=client_id,
            file_id=UUID(bytes=named[:16], version=5),
            name=shown,
            sent_name=None if sent_name == shown else sent_name.replace("\0", "").strip()[:LONGEST_SENT] or None,
            media_type=media_type or _guessed(shown),
            size_bytes=incoming.size,
            digest=digest,
            stored=stored.digest,
        )

    async def _recorded(self, file: AddClientFile, actor: Actor, standing: Standing, incoming: Incoming) -> Accepted:
        """Record the fact; raises what it is refused with."""
        asked = CommandRequest.of(file, actor, self.keyed_hash, standing=standing)
        (answer,) = await self.execute([asked])
        if isinstance(answer, Accepted) and answer.events:
            incoming.settle()
            return answer
        if not isinstance(answer, OutcomeUnknownError):
            incoming.drop()
        if isinstance(answer, Accepted):
            return answer
        self.note_refusal(actor, file.command_name(), {"client_id": file.client_id}, answer)
        raise answer

    def _require_right(self, actor: Actor, standing: Standing, client_id: UUID) -> None:
        try:
            require_allowed(AddClientFile, actor, standing.granted)
        except NotAllowedError as error:
            self.note_refusal(actor, AddClientFile.command_name(), {"client_id": client_id}, error)
            raise


class _Limited:
    """Takes the bytes of a file, and never more than a setting allows."""

    def __init__(self, incoming: Incoming, megabytes: int) -> None:
        self._incoming, self._megabytes = incoming, megabytes

    def require(self, size: int) -> None:
        """Refuse a file of so many bytes; raises ClientFileTooLargeError, and NoRoomError."""
        limit = self._megabytes << 20
        if size > limit:
            raise ClientFileTooLargeError(limit=limit, megabytes=self._megabytes, setting="LETOPIS_FILE_MB")
        self._incoming.require_room(size)

    def write(self, piece: bytes) -> None:
        self.require(self._incoming.size + len(piece))
        self._incoming.write(piece)


def _media_type(content_type: str) -> str | None:
    """Return what kind of content is said to come, None if that is not said; raises InvalidHeaderError."""
    said = content_type.partition(";")[0].strip().lower()
    if said in UNSAID or is_form(content_type):
        return None
    if not re.match(MEDIA_TYPE, said):
        raise InvalidHeaderError(header="Content-Type", needed="type/subtype")
    return said


def _guessed(name: str) -> str:
    guessed = mimetypes.guess_type(name, strict=False)[0] or ANY
    return guessed if re.match(MEDIA_TYPE, guessed) else ANY
