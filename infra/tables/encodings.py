"""Lines of text in any encoding: found out from the bytes, and what no encoding can say is kept to be seen.

A byte that is none of its encoding becomes a lone surrogate (`surrogateescape`): whoever takes the cell sees it.
"""

import codecs
import io
import re
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from infra.tables.faults import UnreadableFileError
from infra.tables.packed import FOREIGN, Source

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
LEGACY_ENCODINGS = ["cp1251", "koi8_r", "cp866", "cp1252", "cp1250", "gb18030", "shift_jis"]

CHUNK = 1 << 20
LOOKED_AT = 1 << 16
"""Bytes of text that is no UTF-8 from which its encoding is guessed."""

MOST_CHARACTERS = 10_000_000
"""The longest line: 2,500 cells as full as the log takes them."""

FEW = 4
"""High bytes of two alphabets and their punctuation."""

SURE = 3
"""Letters beyond ASCII that by chance are never UTF-8 in an old encoding."""

# Of those below the space, tab, the ends of lines and of pages, and the mark that CP/M ended files with.
_CONTROLS = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1a"))
_DAMAGED = re.compile("[\udc80-\udcff\ufffd]")


def is_damaged(text: str) -> bool:
    """Return whether a text holds what its encoding cannot say, or what another program put for such a thing."""
    return not text.isascii() and _DAMAGED.search(text) is not None


def shown(text: str) -> str:
    """Return a text that can be written anywhere: what was no text is a question mark in a diamond."""
    return text if text.isascii() else _DAMAGED.sub("\ufffd", text)


def marked(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a file name: whoever wrote that mark knew."""
    return next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), None)


def encoding_of(source: Source, named: str | None) -> str:
    """Return the encoding of a file of text: by its mark, else the one that is named, else by its bytes."""
    with source.open() as stream:
        known = marked(stream.read(4)) or named
    if known is not None:
        return known
    with source.open() as stream:
        return find_encoding(stream)


def find_encoding(stream: BinaryIO) -> str:
    """Return the encoding of text without a mark: UTF-8 if it is that but for a few bytes, else the likeliest old one.

    Raises UnreadableFileError for what is no text at all.
    """
    chunk = stream.read(CHUNK)
    wide = _wide(chunk[:LOOKED_AT])
    if wide:
        return wide
    _check_text(chunk[:LOOKED_AT])
    decoder = codecs.getincrementaldecoder("utf-8")()
    foreign = 0
    while chunk:
        try:
            foreign += len(chunk) - len(decoder.decode(chunk))
        except UnicodeDecodeError as error:
            held = decoder.getstate()[0]
            return _broken(held + chunk, max(0, error.start), foreign)
        chunk = stream.read(CHUNK)
    return "utf-8"


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 without its mark this is: the high bytes are few then, null among them, and no low one is."""
    evens, odds = head[0::2], head[1::2]
    for name, high, low in (("utf-16-le", odds, evens), ("utf-16-be", evens, odds)):
        if len(low) > 4 and 0 not in low and 0 in high and len(set(high)) <= FEW:
            return name
    return None


def _check_text(head: bytes) -> None:
    for start, kind in FOREIGN.items():
        if head.startswith(start):
            raise UnreadableFileError("foreign", kind=kind)
    begins = head.lstrip()[:200].lower()
    if begins.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        raise UnreadableFileError("foreign", kind="HTML")
    if begins.startswith(b"<?xml"):
        raise UnreadableFileError("foreign", kind="XML")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 100 > len(head) or head.count(0) * 10 > len(head):
        raise UnreadableFileError("no-text")


def _broken(chunk: bytes, start: int, foreign: int) -> str:
    """Return the encoding of text that is no clean UTF-8 from `start` of a chunk on."""
    near = chunk[start : start + LOOKED_AT]
    bad = near.decode("utf-8", "replace").count("\ufffd")
    good = sum(not letter.isascii() for letter in near.decode("utf-8", "ignore"))
    before = len(chunk[:start]) - len(chunk[:start].decode("utf-8", "ignore"))
    if foreign + before >= SURE or good > 2 * bad:
        return "utf-8"
    return _legacy(b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())[:LOOKED_AT])


def _legacy(sample: bytes) -> str:
    """Ask the library which of the old encodings it is; only a file that is no UTF-8 pays for its loading."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample, cp_isolation=LEGACY_ENCODINGS).best()
    return best.encoding if best is not None else "cp1251"


def lines_of(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the lines of a text with their ends, however they end; raises UnreadableFileError.

    A line of UTF-8 in a file of an old encoding, as when two files were put together, is read as what it is.
    """
    try:
        codec = codecs.lookup(encoding)
        is_unicode = codec.name.startswith("utf")
        errors = "surrogateescape" if codec.name.startswith("utf-8") or not is_unicode else "replace"
        reader = io.TextIOWrapper(stream, encoding if is_unicode else "latin-1", errors=errors, newline="")
    except (LookupError, ValueError):
        raise UnreadableFileError("unknown-encoding", encoding=encoding) from None
    for number, line in enumerate(iter(partial(reader.readline, MOST_CHARACTERS), ""), 1):
        if len(line) == MOST_CHARACTERS:
            raise UnreadableFileError("endless-line", line=number, most=MOST_CHARACTERS)
        if number == 1:
            yield (line if is_unicode else _old(line, encoding)).removeprefix("\ufeff")
        else:
            yield line if is_unicode or line.isascii() else _old(line, encoding)


def _old(line: str, encoding: str) -> str:
    if line.isascii():
        return line
    told = line.encode("latin-1")
    try:
        text = told.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if sum(not letter.isascii() for letter in text) >= SURE:
            return text
    try:
        return told.decode(encoding, "surrogateescape")
    except (LookupError, UnicodeDecodeError):
        raise UnreadableFileError("unknown-encoding", encoding=encoding) from None
