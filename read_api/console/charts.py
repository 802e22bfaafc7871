"""Charts drawn on the server, as the API says of a report: where each mark is; the table beside them has the figures.

Across, everything is in per cent of the width there is, so that a chart is as wide as its place and its letters stay as
large as all others.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from read_api.console.tables import Row, Table
from read_api.console.words import Words

TIMES = ("day", "month")
HEIGHT, ABOVE, BELOW = 208, 20, 24
"""Of a drawing along time, in pixels: all of it, and what is above its highest mark and below its lowest."""

LABELS = 8
"""So many places are named below a chart."""

NAMED = 12
"""Up to so many bars say their figure above them."""

TOLD = 100
"""Over up to so many days a pointer is told what each had: an element for each is not for nothing."""

COLOURS = 6


class Mark(NamedTuple):
    """A bar, a part of one, or a point: x and width in per cent, y and height in pixels, and what it says."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    said: str
    figure: str


class Tick(NamedTuple):
    """A place at an axis, and what stands there."""

    at: float
    said: str


class Place(NamedTuple):
    """One line of bars: what it is called, its parts, and the figure of all of them."""

    name: str
    parts: Sequence[Mark]
    figure: str


class Drawing(NamedTuple):
    """What is counted, drawn: marks along time or, where there are `places`, a line of bars for each of them."""

    title: str
    mark: str
    marks: Sequence[Mark] = ()
    areas: Sequence[tuple[int, str]] = ()
    across: Sequence[Tick] = ()
    upwards: Sequence[Tick] = ()
    places: Sequence[Place] = ()


class Chart(NamedTuple):
    """A drawing for each thing that is counted; `legend` says whose which colour is."""

    along: str
    drawings: Sequence[Drawing]
    legend: Sequence[tuple[int, str]]


def chart_of(words: Words, declared: Mapping[str, Any] | None, answer: Mapping[str, Any], table: Table) -> Chart | None:
    """Return the chart of a report as it is declared; none of one that has none, or nothing to compare."""
    return None if declared is None else _Charted(words, declared, answer, table).chart()


class _Charted:
    """A report on its way to being a chart."""

    def __init__(self, words: Words, declared: Mapping[str, Any], answer: Mapping[str, Any], table: Table) -> None:
        self.words, self.reads, self.rows = words, table.reads, answer["rows"]
        self.mark, self.along, self.by = declared["mark"], declared["along"], declared["by"]
        self.counts: Sequence[str] = declared["counts"]
        self.titles = {one["name"]: one["title"][words.language].partition(";")[0] for one in answer["columns"]}
        self.is_time = self.along in TIMES
        self.kinds = self._in_order(self.by, {self._kind(row) for row in self.rows}) if self.by else [""]
        self.names = self._times() if self.is_time else self._places()

    def chart(self) -> Chart | None:
        if len(self.names) < 2:
            return None
        drawings = [one for counted in self.counts for one in self._drawings(counted)]
        legend = [(at % COLOURS, kind) for at, kind in enumerate(self.kinds)] if self.by else []
        return Chart(self.titles[self.along].partition(",")[0], drawings, legend)

    def _drawings(self, counted: str) -> list[Drawing]:
        """Return what is drawn of a column: an amount for each currency, for they are never added up."""
        title = self.titles[counted]
        if counted != "amount":
            return [self._drawn(title, counted, self.rows, None)]
        found = sorted({row["currency"] for row in self.rows if row["currency"] is not None})
        return [
            self._drawn(f"{title}, {one}", counted, [row for row in self.rows if row["currency"] == one], one)
            for one in found
        ]

    def _drawn(self, title: str, counted: str, rows: Sequence[Row], currency: str | None) -> Drawing:
        if self.mark == "point":
            return self._points(title, counted, rows)
        sums = {(name, kind): Decimal(0) for name in self.names for kind in self.kinds}
        for row in rows:
            if row[counted] is not None:
                sums[self._place(row), self._kind(row)] += Decimal(row[counted])
        top = max(sum((sums[name, kind] for kind in self.kinds), Decimal(0)) for name in self.names)
        if not self.is_time:
            return Drawing(title, "bar", places=[self._line(name, sums, top, currency) for name in self.names])
        scale, step = _rounded(top), 100 / len(self.names)
        marks = []
        for at, name in enumerate(self.names):
            base = float(HEIGHT - BELOW)
            for colour, kind in enumerate(self.kinds):
                value = sums[name, kind]
                height = float((HEIGHT - BELOW - ABOVE) * value / scale)
                base -= height
                said = ", ".join(filter(None, (self._named(name), kind))) + f": {self._figure(value, currency)}"
                figure = self._short(value) if len(self.names) <= NAMED and not self.by and value else ""
                marks.append(Mark(_r(at * step), _r(base), _r(step), _r(height), colour % COLOURS, said, figure))
        if self.mark == "bar":
            return Drawing(title, self.mark, marks, (), self._across(), self._upwards(scale))
        areas = list(_areas(marks, len(self.kinds)))
        return Drawing(title, self.mark, self._told(sums, step), areas, self._across(), self._upwards(scale))

    def _told(self, sums: Mapping[tuple[str, str], Decimal], step: float) -> list[Mark]:
        """Return a strip over each day that says what was there; over too many days there is none."""
        if len(self.names) > TOLD:
            return []
        strips = []
        for at, name in enumerate(self.names):
            there = [f"{kind} {self.words.number(sums[name, kind])}" for kind in self.kinds if sums[name, kind]]
            said = f"{self._named(name)}: {', '.join(there) or 0}"
            strips.append(Mark(_r(at * step), ABOVE, _r(step), HEIGHT - BELOW - ABOVE, 0, said, ""))
        return strips

    def _points(self, title: str, counted: str, rows: Sequence[Row]) -> Drawing:
        known = [row for row in rows if row[counted] is not None]
        scale, step = _rounded(max((Decimal(row[counted]) for row in known), default=Decimal(0))), 100 / len(self.names)
        marks = []
        for row in known:
            kind, value = self._kind(row), Decimal(row[counted])
            y = HEIGHT - BELOW - float((HEIGHT - BELOW - ABOVE) * value / scale)
            # Whatever else the row is told apart by: the points of one month lie above each other.
            who = [self.reads.value(name, row) for name in ("seller", "staff", "pipeline") if row.get(name)]
            said = f"{', '.join([self._named(self._place(row)), *who, kind])}: {self._figure(value, None)}"
            x = self.names.index(self._place(row)) * step
            marks.append(Mark(_r(x), _r(y), _r(step), 0, self.kinds.index(kind) % COLOURS, said, ""))
        return Drawing(title, "point", marks, (), self._across(), self._upwards(scale))

    def _line(self, name: str, sums: Mapping[tuple[str, str], Decimal], top: Decimal, currency: str | None) -> Place:
        parts, x = [], 0.0
        for colour, kind in enumerate(self.kinds):
            if value := sums[name, kind]:
                width = float(100 * value / top)
                said = ", ".join(filter(None, (name, kind))) + f": {self._figure(value, currency)}"
                parts.append(Mark(_r(x), 0, _r(width), 0, colour % COLOURS, said, ""))
                x += width
        total = sum((sums[name, kind] for kind in self.kinds), Decimal(0))
        return Place(name, parts, self._figure(total, currency))

    # --- places and kinds -------------------------------------------------------------------------------------------

    def _times(self) -> list[str]:
        """Return every day or month from the first of the rows to the last: what had nothing is a place too."""
        found = sorted({row[self.along] for row in self.rows if row[self.along] is not None})
        if not found:
            return []
        day, last, every = date.fromisoformat(found[0]), date.fromisoformat(found[-1]), []
        while day <= last:
            every.append(day.isoformat())
            day = (day.replace(day=1) + timedelta(32)).replace(day=1) if self.along == "month" else day + timedelta(1)
        return every

    def _places(self) -> list[str]:
        """Return the places: stages and what has words in their order, all else the largest first."""
        sums: dict[str, Decimal] = {}
        for row in self.rows:
            sums[self._place(row)] = sums.get(self._place(row), Decimal(0)) + Decimal(row[self.counts[0]] or 0)
        largest = sorted(sums, key=lambda name: -sums[name])
        if self.along != "stage":
            return largest
        order = [*self.reads.stages, *self.reads.labels(self.by)]
        return sorted(largest, key=lambda name: order.index(name) if name in order else len(order))

    def _in_order(self, column: str, found: set[str]) -> list[str]:
        order = self.reads.stages if column == "stage" else self.reads.labels(column)
        return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))

    def _place(self, row: Row) -> str:
        if self.is_time:
            return str(row[self.along])
        if row[self.along] is not None:
            return self.reads.value(self.along, row)
        return self._kind(row) if self.by else self.words("reports.not_stated")

    def _kind(self, row: Row) -> str:
        return self.reads.value(self.by, row) if self.by else ""

    # --- what stands beside -----------------------------------------------------------------------------------------

    def _named(self, name: str) -> str:
        if not self.is_time:
            return name
        return self.words.month(name) if self.along == "month" else self.words.short_day(name)

    def _figure(self, value: Decimal, currency: str | None) -> str:
        return self.words.number(value) if currency is None else self.words.money(str(value), currency)

    def _short(self, value: Decimal) -> str:
        return self.words.number(value) if value < 10_000 else self.words.compact(value)

    def _across(self) -> list[Tick]:
        every, step = -(-len(self.names) // LABELS), 100 / len(self.names)
        return [
            Tick(_r(at * step + step / 2), self._named(name)) for at, name in enumerate(self.names) if at % every == 0
        ]

    def _upwards(self, scale: Decimal) -> list[Tick]:
        free = HEIGHT - BELOW - ABOVE
        return [Tick(_r(HEIGHT - BELOW - free * part / 2), self._short(scale * part / 2)) for part in range(3)]


def _areas(marks: Sequence[Mark], kinds: int) -> Any:
    """Give, for each kind, the outline of its marks: along their upper ends, and back along their lower ones."""
    for colour in range(kinds):
        own = marks[colour::kinds]
        upper = [f"{_r(mark.x + mark.width / 2)},{mark.y}" for mark in own]
        lower = [f"{_r(mark.x + mark.width / 2)},{_r(mark.y + mark.height)}" for mark in reversed(own)]
        yield colour % COLOURS, " ".join([*upper, *lower])


def _rounded(most: Decimal) -> Decimal:
    """Return the top of a scale: a round number not below the most there is, and so is its half."""
    power = Decimal(1)
    while most > 10 * power:
        power *= 10
    steps = (2, 4, 6, 8, 10) if power == 1 else (1.2, 1.6, 2, 3, 4, 5, 6, 8, 10)
    return next(top for step in steps if (top := Decimal(str(step)) * power) >= most)


def _r(value: float) -> float:
    return round(value, 2)
