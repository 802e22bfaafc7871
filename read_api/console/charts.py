"""Charts drawn on the server: where each bar or point is; the table beside them says the same in figures."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from read_api.console.tables import Row, Table
from read_api.console.words import Words

ACROSS = ("day", "month", "stage", "reason_code")
"""What a chart goes along: the first of these that a report has."""

UPWARDS = ("deals", "contacts")
"""What it counts: the first of these that a report has."""

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 960, 240, 40, 24, 12
LABELS = 8
"""So many places are named below a chart."""


class Mark(NamedTuple):
    """A bar or a point: where it is, in units of the drawing, and what it says."""

    x: float
    y: float
    width: float
    height: float
    said: str


class Tick(NamedTuple):
    """A place at an axis, and what stands there."""

    at: float
    said: str


class Chart(NamedTuple):
    """A line of days, or bars of anything else."""

    title: str
    is_line: bool
    marks: list[Mark]
    across: list[Tick]
    upwards: list[Tick]
    line: str


def chart_of(words: Words, answer: Mapping[str, Any], table: Table) -> Chart | None:
    """Return the chart of a report; none where there is nothing to count, or a single place."""
    known = {one["name"]: one["title"][words.language] for one in answer["columns"]}
    along = next((name for name in ACROSS if name in known), None)
    counted = next((name for name in UPWARDS if name in known), None)
    if along is None or counted is None:
        return None
    sums: dict[str, int] = defaultdict(int)
    first: dict[str, Row] = {}
    for row in answer["rows"]:
        place = str(row[along])
        first.setdefault(place, row)
        sums[place] += row[counted] or 0
    if len(sums) < 2:
        return None
    top = _rounded(max(sums.values()))
    step = (WIDTH - LEFT) / len(sums)
    base = HEIGHT - BELOW
    marks = []
    for at, (place, value) in enumerate(sums.items()):
        height = (base - ABOVE) * value / top
        said = f"{table.reads.value(along, first[place])}: {words.number(value)}"
        marks.append(Mark(_r(LEFT + at * step), _r(base - height), _r(step), _r(height), said))
    every = -(-len(sums) // LABELS)
    across = [
        Tick(_r(mark.x + step / 2), table.reads.value(along, first[place]))
        for at, (mark, place) in enumerate(zip(marks, sums, strict=True))
        if at % every == 0
    ]
    upwards = [Tick(_r(base - (base - ABOVE) * part / 2), words.number(top * part // 2)) for part in range(3)]
    line = " ".join(f"{_r(mark.x + step / 2)},{mark.y}" for mark in marks)
    return Chart(f"{known[counted]}: {known[along]}", along == "day", marks, across, upwards, line)


def _rounded(most: int) -> int:
    """Return the top of a scale: even, and a round number not below the most there is."""
    power = 1
    while most > 10 * power:
        power *= 10
    return next(step * power for step in (2, 4, 6, 8, 10) if step * power >= most)


def _r(value: float) -> float:
    return round(value, 1)
