"""Reads one workbook, in a process of its own (infra.tables.workbook begins it), and tells it row by row.

The first line says how it is read (`form`, `sheet`, `sheets`), each other one a row: [number, cells]. Cells are texts
and numbers; moments are texts by ISO 8601. A line with `fault` and `facts` says why it cannot be read.
"""

import contextlib
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from typing import Any
from xml.etree import ElementTree

from infra.tables.delimited import MOST_COLUMNS

MOST_SECONDS = 600
"""A sheet of a million rows takes a tenth of it."""

LARGE = 64 << 20
"""Bytes of unpacked XLSX from which on it is read row by row: that takes four times as long, and hardly any memory."""

MOST_PART = 4 << 30
"""Bytes one part of a workbook may unpack to."""

_WITHOUT_VALUE = re.compile(rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>|<f[^>]*/>\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_Row = tuple[int, list[str | float]]
_CELL = re.compile(rb'<c [^>]*\br="([A-Z]+[0-9]+)"')


class FaultError(Exception):
    """The workbook cannot be read; a code of infra/tables/faults.toml."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def main() -> None:
    """Tell the workbook that the input names."""
    asked = json.load(sys.stdin)
    resource.setrlimit(resource.RLIMIT_DATA, (asked["memory"], asked["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(BrokenPipeError):
        fault = _told(asked["path"], asked["sheet"], by_rows=asked["by_rows"])
        if fault is not None:
            print(json.dumps({"fault": fault.code, "facts": fault.facts}), flush=True)


def _told(path: str, wanted: str | int | None, *, by_rows: bool) -> FaultError | None:
    """Tell a workbook, or return what keeps it from being read: on a damaged one the libraries fail in every way."""
    import python_calamine as calamine

    try:
        _tell(path, wanted, by_rows=by_rows)
    except FaultError as fault:
        return fault
    except calamine.PasswordError:
        return FaultError("locked")
    except MemoryError:
        return FaultError("workbook-too-large")
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost door of this process
        return FaultError("broken-workbook", reason=str(error)[:200])
    return None


def _tell(path: str, wanted: str | int | None, *, by_rows: bool) -> None:
    form, is_large = _form(path)
    book = _LargeBook(path) if form == "xlsx" and (is_large or by_rows) else _Book(path)
    chosen = _chosen(book.names, wanted)
    for place, name in enumerate(chosen):
        rows = book.rows(name)
        first = next(rows, None)
        if first is None and place < len(chosen) - 1:
            continue
        if form == "xlsx":
            _check_computed(path, name)
        print(json.dumps({"form": form, "sheet": name, "sheets": book.names}))
        for row in () if first is None else chain((first,), rows):
            print(json.dumps(row))
        return


class _Book:
    """A workbook whose sheets are read whole, of any form."""

    def __init__(self, path: str) -> None:
        import python_calamine as calamine

        self._book = calamine.load_workbook(path)
        self.names = [
            each.name
            for each in self._book.sheets_metadata
            if each.typ is calamine.SheetTypeEnum.WorkSheet and each.visible is calamine.SheetVisibleEnum.Visible
        ]

    def rows(self, name: str) -> Iterator[_Row]:
        sheet = self._book.get_sheet_by_name(name)
        if sheet.start is None:
            return
        # Above and left of the first cell there is nothing; rows and columns are counted from the corner all the same.
        before = [""] * sheet.start[1]
        for number, row in enumerate(islice(sheet.iter_rows(), sheet.start[0], None), sheet.start[0] + 1):
            yield from _said(number, chain(before, row))


class _LargeBook:
    """An XLSX workbook of which one row is in memory at a time, beside the texts its cells share."""

    def __init__(self, path: str) -> None:
        from openpyxl import load_workbook

        self._book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        self.names = [each.title for each in self._book.worksheets if each.sheet_state == "visible"]

    def rows(self, name: str) -> Iterator[_Row]:
        sheet = self._book[name]
        # What a sheet says of its own size may be a lie, or the whole grid.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield from _said(number, ("" if cell is None else cell for cell in row))


def _said(number: int, row: Iterable[Any]) -> Iterator[_Row]:
    """Yield a row that says anything."""
    cells = [cell if type(cell) in _PLAIN else _said_as(cell) for cell in row]
    if len(cells) > MOST_COLUMNS:
        raise FaultError("too-many-columns", line=number, most=MOST_COLUMNS)
    if any(cell != "" for cell in cells):
        yield number, cells


def _form(path: str) -> tuple[str, bool]:
    """Return the form of a workbook, and whether it is large; raises FaultError."""
    if not zipfile.is_zipfile(path):
        return "xls", False
    with zipfile.ZipFile(path) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    if any(size > MOST_PART for size in sizes.values()):
        raise FaultError("workbook-too-large")
    form = "ods" if "content.xml" in sizes else "xlsx"
    return form, sum(sizes.values()) > LARGE


def _chosen(names: list[str], wanted: str | int | None) -> list[str]:
    if wanted is None:
        if not names:
            raise FaultError("empty")
        return names
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return [names[wanted - 1]]
    if wanted in names:
        return [str(wanted)]
    raise FaultError("no-such-sheet", sheet=wanted, names=", ".join(names))


_PLAIN = {str, int}


def _said_as(cell: Any) -> str | float:
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        # Spreadsheets count days in fractions: a moment is a few microseconds beside what was typed.
        rounded = cell + timedelta(microseconds=500)
        rounded = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
        return (rounded.date() if rounded.time() == time() else rounded).isoformat()
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


def _check_computed(path: str, sheet: str) -> None:
    """Raise FaultError when a formula of the sheet has no value: the program that wrote it computed nothing."""
    with zipfile.ZipFile(path) as archive:
        part = _part_of(archive, sheet)
        if part not in archive.namelist():
            return
        with archive.open(part) as stream:
            before = b""
            while chunk := stream.read(1 << 20):
                text = before + chunk
                found = _WITHOUT_VALUE.search(text) if b"<f" in text else None
                if found:
                    cells = _CELL.findall(text, 0, found.start())
                    raise FaultError("not-computed", sheet=sheet, cell=(cells or [b"?"])[-1].decode())
                before = text[-2000:]


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return which part of an XLSX has this sheet: the workbook names an id for it, and its relations the part."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - expat stops bombs, and this process the rest
    ids = [dict(each.attrib) for each in book.iter() if each.tag.endswith("}sheet") and each.get("name") == sheet]
    wanted = next((value for each in ids for key, value in each.items() if key.endswith("}id")), None)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - as above
    target = next((each.get("Target", "") for each in relations if each.get("Id") == wanted), "")
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
