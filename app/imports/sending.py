"""How a file comes in: the body of a request, piece by piece, as it is or as a form with the mapping beside it."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from pydantic_core import from_json

from commands.importing.refused import MappingWrongError, UploadWrongError
from infra.multipart import Begins, Multipart, MultipartError
from infra.typed import file_name

PIECE = 1 << 20
"""Bytes that are written at once."""

MOST_FIELD = 256 << 10
"""Bytes that a field beside the file has at most: a mapping is a few hundred."""

FIELDS = frozenset({"mapping", "target", "source", "name"})
"""What may be sent beside the file."""

LONGEST_NAME = 200
FORM = "multipart/form-data"


def body_described(**fields: Mapping[str, str]) -> dict[str, Any]:
    """Return how the interface describes a body that is a file, or a form with it and these fields of text."""
    file = {"type": "string", "format": "binary"}
    texts = {name: {"type": "string", **more} for name, more in fields.items()}
    form = {"type": "object", "required": ["file"], "properties": {"file": file, **texts}}
    return {"required": True, "content": {"application/octet-stream": {"schema": file}, FORM: {"schema": form}}}


class Sent(NamedTuple):
    """What came beside the bytes of a file: its name, and the fields that were sent with it."""

    name: str | None
    fields: dict[str, str]


class TakesBytes(Protocol):
    """What the bytes of a file go into, in order."""

    def write(self, piece: bytes, /) -> None: ...


def is_form(content_type: str) -> bool:
    """Tell whether a body is a form with a file in it, and not the file itself."""
    return content_type.partition(";")[0].strip().lower() == FORM


async def taken(body: AsyncIterator[bytes], content_type: str, incoming: TakesBytes) -> Sent:
    """Take a file in; raises UploadWrongError, and what `TakesBytes.write` raises."""
    if is_form(content_type):
        return await _form_taken(body, content_type, incoming)
    pieces = _Pieces(incoming)
    async for piece in body:
        await pieces.take(piece)
    await pieces.end()
    return Sent(None, {})


class _Pieces:
    """Gathers small pieces, and writes them in a thread: the disk may be slow."""

    def __init__(self, incoming: TakesBytes) -> None:
        self._incoming = incoming
        self._gathered = bytearray()

    async def take(self, piece: bytes) -> None:
        self._gathered += piece
        if len(self._gathered) >= PIECE:
            await self.end()

    async def end(self) -> None:
        piece, self._gathered = bytes(self._gathered), bytearray()
        if piece:
            await asyncio.to_thread(self._incoming.write, piece)


async def _form_taken(body: AsyncIterator[bytes], content_type: str, incoming: TakesBytes) -> Sent:
    pieces, reading = _Pieces(incoming), _Form()
    try:
        form = Multipart(content_type)
        async for piece in body:
            for content in reading.content_of(form.feed(piece)):
                await pieces.take(content)
        form.end()
    except MultipartError as error:
        raise UploadWrongError(missing=["file"], reason=str(error)) from None
    await pieces.end()
    if reading.file is None:
        raise UploadWrongError(missing=["file"], reason="")
    fields = {name: text.decode("utf-8", "replace") for name, text in reading.fields.items()}
    return Sent(reading.file, fields)


class _Form:
    """The fields of a form; the content of its file is passed on."""

    def __init__(self) -> None:
        self.file: str | None = None
        self.fields: dict[str, bytearray] = {}
        self._into: str | None = None

    def content_of(self, parts: Iterator[Begins | bytes]) -> Iterator[bytes]:
        for part in parts:
            if isinstance(part, bytes):
                if self._into is None:
                    yield part
                    continue
                field = self.fields[self._into]
                field += part
                if len(field) > MOST_FIELD:
                    raise MultipartError(f"{self._into} is too long")
            elif part.name == "file" and self.file is None:
                self.file, self._into = part.file or "", None
            elif part.name in FIELDS and part.name not in self.fields:
                self._into, self.fields[part.name] = part.name, bytearray()
            else:
                raise MultipartError(f"there is no field {part.name[:50]!r}, or it is there twice")


def name_of(given: str | None) -> str:
    """Return what a file was called where it came from, without its folder; raises UploadWrongError."""
    shown = file_name(given or "")
    if not shown:
        raise UploadWrongError(missing=["name"], reason="")
    return shown[-LONGEST_NAME:]


def source_of(name: str) -> str:
    """Return what a source is called by itself: as its file is, without what its form is called by."""
    return name.partition(".")[0].strip() or name


def mapping_from(text: str) -> dict[str, Any]:
    """Return the content of a mapping that was sent as TOML or as JSON; raises MappingWrongError."""
    with suppress(ValueError):
        read = from_json(text)
        if isinstance(read, dict):
            return read
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingWrongError(fault="no-toml", said=str(error)) from None
