"""What all rows of a sheet say together, from one reading of the whole: how many there are, how to read their cells."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from commands.importing import amounts, dates
from commands.importing.amounts import AmountReader
from commands.importing.dates import AmbiguousDateError, DateReader, WrongDateError
from commands.importing.sheet import Sheet
from events.custom_field import CustomFieldType
from infra.tables.delimited import Record

DATE_FIELDS = ("date", "engaged_at", "closed_at", "departed_at")
AMOUNT_FIELDS = ("amount",)
DATE_FIELD = {"deal": "engaged_at"}
"""By which field rows are entered in order of time; other targets by `date`."""

REMEMBERED = 10_000
"""Spellings of dates whose moments are kept: files name the same days again and again."""

TELL_EVERY = 1_000
"""Rows between two words of how far the reading is."""

E = TypeVar("E")


@dataclass
class Survey:
    """How a whole sheet is read. `count` rows are asked for; `blank` ones say nothing, `left_out` are not asked for.

    If it is not `is_whole`, only the first rows were looked at.
    """

    now: datetime
    dates: DateReader
    amounts: AmountReader
    count: int
    blank: int
    left_out: int
    is_whole: bool = True
    _moments: dict[str, datetime] = field(default_factory=dict)

    def moment(self, typed: str) -> datetime:
        """Return the moment a text names, UTC; raises WrongDateError and AmbiguousDateError."""
        found = self._moments.get(typed)
        if found is None:
            found = self.dates.moment(typed)
            if len(self._moments) < REMEMBERED:
                self._moments[typed] = found
        return found

    def day(self, typed: str) -> date:
        """Return the day a text names, at whatever hour; raises WrongDateError and AmbiguousDateError."""
        return self.moment(typed).astimezone(self.dates.zone).date()

    def when(self, sheet: Sheet, record: Record) -> datetime | None:
        """Return the moment by which a row is entered; None: it names none that can be read."""
        typed = sheet.text(record, DATE_FIELD.get(sheet.mapping.target, "date"))
        if typed is None:
            return None
        try:
            return self.moment(typed)
        except (WrongDateError, AmbiguousDateError):
            return None


def survey(
    sheet: Sheet, now: datetime, *, most: int | None = None, progress: Callable[[int], None] | None = None
) -> Survey:
    """Read a whole sheet once; raises UnreadableFileError and OSError, before anything of it is used.

    Only `most` rows, if so many are given; `progress` is told how many were read.
    """
    count = blank = left_out = 0
    orders: set[tuple[str, dates.Order]] = set()
    signs: set[amounts.Sign] = set()
    date_fields = [*sheet.mapped(DATE_FIELDS), *sheet.own_of(CustomFieldType.DATE)]
    amount_fields = [*sheet.mapped(AMOUNT_FIELDS), *sheet.own_of(CustomFieldType.NUMBER)]
    is_whole = True
    for number, record in enumerate(sheet.every_record()):
        if number == most:
            is_whole = False
            break
        if progress is not None and number % TELL_EVERY == 0:
            progress(number)
        if not any(record.cells):
            blank += 1
            continue
        if not sheet.is_asked_for(record):
            left_out += 1
            continue
        count += 1
        orders.update(_shown(_order, sheet, record, date_fields))
        signs.update(_shown(amounts.evidence_of, sheet, record, amount_fields))
    mapping = sheet.mapping
    return Survey(
        now,
        DateReader(mapping.zone, mapping.dates, mapping.date_order, orders),
        AmountReader(mapping.decimal, signs),
        count,
        blank,
        left_out,
        is_whole,
    )


_order = lru_cache(maxsize=REMEMBERED)(dates.evidence_of)


def _shown(evidence: Callable[[str], E | None], sheet: Sheet, record: Record, fields: Iterable[str]) -> Iterable[E]:
    """Yield what the cells of a row show."""
    for each in fields:
        typed = sheet.text(record, each)
        found = None if typed is None else evidence(typed)
        if found is not None:
            yield found
