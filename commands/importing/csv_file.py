"""What a CSV file says, whoever wrote it: encoding and delimiter are found out, broken rows are kept apart."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.told import ToldError

BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
LEGACY_ENCODINGS = ["cp1251", "koi8_r", "cp866", "cp1252", "cp1250", "gb18030", "shift_jis"]
DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 200
"""Records looked at to find the delimiter; every real file gives itself away sooner."""

# A cell of the log holds 4,000 characters at most, so a longer one is a broken row; it is read whole to be shown.
csv.field_size_limit(100_000_000)


class UnreadableFileError(ToldError):
    """The file is no CSV text in the encoding named or found; says what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file: where it begins (line 1 is the first), and its cells without surrounding blanks."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class CsvFile:
    """The records of a file that say anything, and how it was read."""

    encoding: str
    delimiter: str
    records: list[Record]
    blank: int


def read_csv(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> CsvFile:
    """Read a whole file; raises UnreadableFileError when it cannot be text, and OSError."""
    return parse_csv(path.read_bytes(), encoding=encoding, delimiter=delimiter)


def parse_csv(content: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> CsvFile:
    """Read the bytes of a file; raises UnreadableFileError."""
    encoding = encoding or find_encoding(content)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        why = f"This is no text in {encoding} ({error}). Name its encoding in the mapping."
        raise UnreadableFileError(why) from None
    text = text.removeprefix("\ufeff")
    delimiter = delimiter or find_delimiter(text)
    records, blank = [], 0
    for line, cells in _records(text, delimiter):
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            records.append(Record(line, stripped))
        else:
            blank += 1
    return CsvFile(encoding, delimiter, records, blank)


def find_encoding(content: bytes) -> str:
    """Return the encoding: by its mark, else UTF-8 when it is that, else the likeliest of the old ones."""
    for mark, name in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return name
    if content[:200].count(0) > len(content[:200]) // 4:
        return "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy_encoding(content)
    return "utf-8"


def _legacy_encoding(content: bytes) -> str:
    """Ask the library which of the old encodings it is; only a file that is no UTF-8 pays for its loading."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(content, cp_isolation=LEGACY_ENCODINGS).best()
    return best.encoding if best is not None else "cp1251"


def find_delimiter(text: str) -> str:
    """Return the delimiter that cuts the first records most evenly, and of equals the one that makes most columns."""
    end = 0
    for _ in range(LOOKED_AT):
        end = text.find("\n", end) + 1
        if not end:
            break
    sample = text[:end] if end else text

    def evenness(delimiter: str) -> float:
        widths = [len(cells) for cells in _reader(io.StringIO(sample, newline=""), delimiter) if cells]
        if not widths:
            return 0.0
        usual = max(set(widths), key=widths.count)
        return 0.0 if usual < 2 else usual * widths.count(usual) / len(widths)

    return max(DELIMITERS, key=evenness)


def _reader(lines: Iterable[str], delimiter: str, *, quoting: int = csv.QUOTE_MINIMAL, strict: bool = False) -> Any:
    """Return a reader that takes a blank before an opening quote for what it is: carelessness."""
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, quoting=quoting, strict=strict)  # type: ignore[arg-type]


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line it begins on; a quote that is never closed swallows no rows."""
    reader = _reader(io.StringIO(text, newline=""), delimiter)
    held: tuple[int, list[str]] | None = None
    before = 0
    for cells in reader:
        if held is not None:
            yield held
        held = (before + 1, cells)
        before = reader.line_num
    if held is None:
        return
    tail = list(io.StringIO(text, newline=""))[held[0] - 1 :] if before > held[0] else []
    if _closes(tail, delimiter):
        yield held
        return
    for offset, cells in enumerate(_reader(tail, delimiter, quoting=csv.QUOTE_NONE)):
        yield held[0] + offset, cells


def _closes(lines: Iterable[str], delimiter: str) -> bool:
    """Return whether every quote in these lines is closed."""
    try:
        for _ in _reader(lines, delimiter, strict=True):
            pass
    except csv.Error:
        return False
    return True
