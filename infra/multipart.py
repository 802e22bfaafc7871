"""Bodies of `multipart/form-data` (RFC 7578), part by part as they come: nothing of a file is kept here."""

import re
from collections.abc import Iterator
from email.message import Message
from typing import NamedTuple

MOST_HEADERS = 16 << 10
"""Bytes that stand before the content of one part, at most."""

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{1,70}")


class MultipartError(ValueError):
    """The body is not what its Content-Type says."""


class Begins(NamedTuple):
    """A part begins: the name of its field, and of its file if it is one."""

    name: str
    file: str | None


class Multipart:
    """Reads one body; give it all pieces in order, and tell it the end."""

    def __init__(self, content_type: str) -> None:
        """Know the boundary; raises MultipartError."""
        head = Message()
        head["content-type"] = content_type
        boundary = head.get_boundary() or ""
        if not _BOUNDARY.fullmatch(boundary):
            raise MultipartError("it has no boundary")
        self._between = b"\r\n--" + boundary.encode("ascii")
        # Before the first part there is a boundary without the end of a line.
        self._rest = b"\r\n"
        self._place = "before"

    def feed(self, piece: bytes) -> Iterator[Begins | bytes]:  # noqa: C901 - one way through the body
        """Yield what the next piece of the body has: beginnings of parts, and their content; raises MultipartError."""
        self._rest += piece
        while True:
            if self._place == "headers":
                head, end, rest = self._rest.partition(b"\r\n\r\n")
                if not end:
                    if len(self._rest) > MOST_HEADERS:
                        raise MultipartError("the head of a part is too long")
                    return
                self._rest, self._place = rest, "content"
                # So that the end of a part without content is found as any other.
                yield _part_of(head)
            elif self._place == "boundary":
                if len(self._rest) < 2:
                    return
                is_end = self._rest[:2] == b"--"
                if not is_end and not self._rest.startswith(b"\r\n"):
                    raise MultipartError("behind a boundary stands something else")
                self._place = "end" if is_end else "headers"
                # The end of a line stays: a part may have no headers.
                self._rest = self._rest if not is_end else b""
            elif self._place == "end":
                self._rest = b""
                return
            else:
                content, found, rest = self._rest.partition(self._between)
                if not found:
                    # What could be the beginning of a boundary is for the next piece to say.
                    kept = len(self._between) - 1
                    content, self._rest = self._rest[:-kept], self._rest[-kept:]
                if content and self._place == "content":
                    yield content
                if not found:
                    return
                self._rest, self._place = rest, "boundary"

    def end(self) -> None:
        """Say that there is no more; raises MultipartError for a body that breaks off."""
        if self._place != "end":
            raise MultipartError("it breaks off")


def _part_of(head: bytes) -> Begins:
    for line in head.split(b"\r\n"):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name.strip().lower() == "content-disposition":
            told = Message()
            told["content-disposition"] = value.strip()
            field = told.get_param("name", header="content-disposition")
            file = told.get_filename()
            # As browsers write a quotation mark in it.
            return Begins(str(field or ""), None if file is None else file.replace("%22", '"'))
    raise MultipartError("a part has no name")
