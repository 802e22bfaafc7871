"""The bytes of a file, unpacked if it was packed: by gzip, by xz, or as the one file of a zip archive."""

import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Literal

from infra.tables.faults import UnreadableFileError

MOST_UNPACKED = 8 << 30
"""Bytes a packed file may hold: a hundred million rows; what claims more is a bomb."""

MOST_XZ_MEMORY = 128 << 20
"""Bytes xz may take to unpack; its strongest usual setting takes 65 MiB."""

Packing = Literal["none", "gzip", "xz", "zip"]

FOREIGN = {
    b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"MZ": "EXE", b"\x7fELF": "ELF",
    b"Rar!": "RAR", b"7z\xbc\xaf": "7-Zip", b"BZh": "bzip2", b"SQLite format 3": "SQLite", b"{\\rtf": "RTF",
    b"PAR1": "Parquet", b"\x28\xb5\x2f\xfd": "Zstandard",
}  # fmt: skip
"""How files of other kinds begin."""

WORKBOOK_OF_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK_PARTS = ("[Content_Types].xml", "content.xml")
"""A zip archive with one of these in it is a workbook."""


class Source:
    """A file whose bytes are read from the beginning as often as needed.

    Raises UnreadableFileError, also while it is read, and OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            head = file.read(16)
        self.packing: Packing = "none"
        self._member = ""
        if head.startswith(b"\x1f\x8b"):
            self.packing = "gzip"
        elif head.startswith(b"\xfd7zXZ\0"):
            self.packing = "xz"
        elif head.startswith(b"PK") and not self._is_book():
            self.packing, self._member = "zip", self._only_member()

    def open(self) -> BinaryIO:
        """Open the bytes, unpacked."""
        if self.packing == "none":
            return self.path.open("rb")
        try:
            return io.BufferedReader(_Bounded(self._unpacking()), 1 << 18)
        except RuntimeError:
            raise UnreadableFileError("locked") from None

    def _unpacking(self) -> IO[bytes]:
        if self.packing == "gzip":
            return gzip.open(self.path)  # type: ignore[return-value]  # it reads bytes as every file does
        if self.packing == "xz":
            return _Xz(self.path.open("rb"))  # type: ignore[return-value]  # it is read as a file is
        return zipfile.ZipFile(self.path).open(self._member)

    def _is_book(self) -> bool:
        names = self._names()
        return any(part in names for part in WORKBOOK_PARTS)

    def _names(self) -> list[str]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                return [each.filename for each in archive.infolist() if not each.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise UnreadableFileError("broken-archive", reason=str(error)) from None

    def _only_member(self) -> str:
        """Return the one file of the archive; what archivers of Macs and hidden files leave behind does not count."""
        parts = {name: PurePosixPath(name).parts for name in self._names()}
        names = [name for name, place in parts.items() if place[0] != "__MACOSX" and not place[-1].startswith(".")]
        if not names:
            raise UnreadableFileError("empty")
        if len(names) > 1:
            raise UnreadableFileError("several-files", names=", ".join(names[:10]))
        return names[0]


class _Bounded(io.RawIOBase):
    """What comes out of a packed file, as long as it is no more than one may hold."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner
        self._left = MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, target: "bytearray | memoryview") -> int:  # type: ignore[override]
        try:
            found = self._inner.read(len(target))
        except (
            EOFError,
            gzip.BadGzipFile,
            zlib.error,
            lzma.LZMAError,
            zipfile.BadZipFile,
            NotImplementedError,
        ) as error:
            raise UnreadableFileError("broken-archive", reason=str(error)) from None
        self._left -= len(found)
        if self._left < 0:
            raise UnreadableFileError("too-large", most=MOST_UNPACKED)
        target[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _Xz(io.RawIOBase):
    """An xz file, unpacked with little memory whatever it asks for: the library's own reader has no such limit."""

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self._unpacking = self._new()
        self._has_begun = False

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            packed = b""
            if self._unpacking.eof:
                # Another stream may follow; nulls between them are padding.
                packed = (self._unpacking.unused_data or self._inner.read(1 << 16)).lstrip(b"\0")
                if not packed:
                    return b""
                self._unpacking = self._new()
            elif self._unpacking.needs_input:
                packed = self._inner.read(1 << 16)
                if not packed:
                    raise EOFError("it ends before its end")
            found = self._unpacking.decompress(packed, size)
            if found:
                return found

    def close(self) -> None:
        self._inner.close()
        super().close()
