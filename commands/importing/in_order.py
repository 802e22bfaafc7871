"""The rows of a sheet in order of time, however many there are: sorted piece by piece, in files without names."""

import heapq
import pickle
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from typing import IO

from commands.importing.sheet import Sheet
from commands.importing.survey import DATE_FIELD, Survey
from infra.tables.delimited import Record

PIECE = 50_000
"""Rows sorted at once: about 50 MB."""

_LAST = datetime.max.replace(tzinfo=UTC)
_Keyed = tuple[datetime, str, Record]


def in_order(sheet: Sheet, survey: Survey) -> Iterator[Record]:
    """Yield the rows in order of (date, id), undated last; without dates, or with ids to be made, as they stand."""
    if not sheet.mapping.external_id or not sheet.is_mapped(DATE_FIELD.get(sheet.mapping.target, "date")):
        return sheet.records()
    return _sorted(
        (survey.when(sheet, record) or _LAST, sheet.external_id(record) or "", record) for record in sheet.records()
    )


def _sorted(rows: Iterator[_Keyed]) -> Iterator[Record]:
    with ExitStack() as stack:
        pieces: list[Iterable[_Keyed]] = []
        piece = sorted(islice(rows, PIECE))
        while len(piece) == PIECE:
            file = stack.enter_context(tempfile.TemporaryFile())
            pieces.append(_kept(piece, file))
            piece = sorted(islice(rows, PIECE))
        pieces.append(piece)
        yield from (record for _, _, record in heapq.merge(*pieces))


def _kept(piece: list[_Keyed], file: IO[bytes]) -> Iterator[_Keyed]:
    """Write a piece into a file, and return it as it is read from there, a few rows at a time."""
    rows = iter(piece)
    while some := list(islice(rows, 1_000)):
        pickle.dump(some, file, pickle.HIGHEST_PROTOCOL)
    file.seek(0)
    return _read(file)


def _read(file: IO[bytes]) -> Iterator[_Keyed]:
    while True:
        try:
            yield from pickle.load(file)  # noqa: S301 - a file without a name, written above
        except EOFError:
            return
