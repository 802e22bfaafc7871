"""How long a rebuild will still take: what is left of each kind of work, at what it costs on this machine right now."""

from typing import Literal, NamedTuple, get_args

Checked = Literal["check", "compare"]
Kind = Literal["deal", "fold", "write", "check", "compare"]

# What each piece of work weighs less with every further one that is measured: the last fifty or so count.
_FADING = 0.98
# What was measured of one kind of work says how fast the machine is for the others; beyond this it says something else.
_SLOWEST, _FASTEST = 20.0, 0.2


class Costs(NamedTuple):
    """Seconds that one worker needs: to fold an event, to write a row, to index a row; checking, to fold an event and
    to compare a row; and, for either, to deal an event out to its shard.

    `rows` is how many rows an event makes.
    """

    to_fold: float
    to_write: float
    to_index: float
    to_check: float
    to_compare: float
    rows: float
    to_deal: float = 4e-6


USUAL = Costs(to_fold=20e-6, to_write=20e-6, to_index=4e-6, to_check=20e-6, to_compare=20e-6, rows=0.3)
"""Measured on 2 cores with client cards; corrected by the first events that are folded."""

AT_ONCE = USUAL._replace(to_fold=USUAL.to_fold + USUAL.to_write, rows=1.0)
"""The same of a read model that is only added to: a row for each event, written while it is folded."""


class _Measured:
    """The cost of one piece of a kind of work, as the newest pieces show it."""

    def __init__(self) -> None:
        self._pieces = self._seconds = 0.0

    def add(self, pieces: int, seconds: float) -> None:
        self._pieces = self._pieces * _FADING + pieces
        self._seconds = self._seconds * _FADING + seconds

    @property
    def cost(self) -> float | None:
        return self._seconds / self._pieces if self._pieces else None


class Forecast:
    """Counts the work that is done and tells how long the rest will take.

    `known` is what the last rebuild cost; `deals` is how many events are dealt out, to be folded or checked. A read
    model that is only added to writes its rows as it folds: what that takes is measured with the folding.
    """

    def __init__(
        self,
        known: Costs | None,
        *,
        events: int,
        checks: int,
        workers: int,
        deals: int = 0,
        writes_at_once: bool = False,
    ) -> None:
        self._known = known or (AT_ONCE if writes_at_once else USUAL)
        self._events, self._check_events, self._workers = events, checks, workers
        self.deals = deals
        self._writes_at_once = writes_at_once
        self._kinds = {kind: _Measured() for kind in get_args(Kind)}
        self._rows: int | None = None
        self.dealt = self.folded = self.written = 0
        self._checked: dict[Checked, int] = {"check": 0, "compare": 0}
        self.index_seconds: float | None = None

    def deal(self, events: int, seconds: float) -> None:
        """Note that so many facts were dealt out, by a worker who took so long."""
        self.dealt += events
        self._kinds["deal"].add(events, seconds)

    def fold(self, events: int, seconds: float) -> None:
        """Note that so many facts were folded, by a worker who took so long."""
        self.folded += events
        self._kinds["fold"].add(events, seconds)

    def write(self, rows: int, seconds: float) -> None:
        """Note that so many rows were written."""
        self.written += rows
        self._kinds["write"].add(rows, seconds)

    def check(self, kind: Checked, pieces: int, seconds: float) -> None:
        """Note that so many facts were folded to check, or rows compared, by a worker who took so long."""
        self._checked[kind] += pieces
        self._kinds[kind].add(pieces, seconds)

    def all_written(self) -> None:
        """Note that there are no more rows than those that were written."""
        self._rows = self.written

    @property
    def rows(self) -> float:
        """How many rows there will be: a guess until they are there."""
        return max(self._events * self._known.rows, self.written) if self._rows is None else self._rows

    @property
    def costs(self) -> Costs:
        """What each kind of work costs here: as measured, else as known, corrected by how fast the machine is now."""
        known, cost = self._known, {kind: one.cost for kind, one in self._kinds.items()}
        first = ((cost["fold"], known.to_fold), (cost["deal"], known.to_deal))
        slower = next((now / then for now, then in first if now is not None), 1.0)
        speed = min(_SLOWEST, max(_FASTEST, slower))

        def either(kind: Kind, otherwise: float) -> float:
            measured = cost[kind]
            return otherwise * speed if measured is None else measured

        is_indexed = self.index_seconds is not None and self.written > 0
        return Costs(
            to_fold=either("fold", known.to_fold),
            to_write=either("write", known.to_write),
            to_index=(self.index_seconds or 0.0) / self.written if is_indexed else known.to_index * speed,
            to_check=either("check", known.to_check),
            to_compare=either("compare", known.to_compare),
            rows=self.written / self.folded if self._rows and self.folded else known.rows,
            to_deal=either("deal", known.to_deal),
        )

    def seconds_left(self, throttle: int | None = None, *, indexing_for: float = 0.0) -> float:
        """Return the seconds of work left, held to so many events a second; indexes are being made for so long."""
        costs, rows = self.costs, self.rows
        least = 1 / throttle if throttle else 0.0
        left = max(0, self._events - self.folded) * max(costs.to_fold / self._workers, least)
        left += max(0, self.deals - self.dealt) * max(costs.to_deal / self._workers, least)
        if not self._writes_at_once:
            left += max(0.0, rows - self.written) * max(costs.to_write / self._workers, least)
        if self.index_seconds is None:
            left += max(0.0, rows * costs.to_index - indexing_for)
        # A check folds the facts and compares the rows they make; to count those that are there is nothing beside that.
        share = rows / self._events if self._events else 0.0
        checking: tuple[tuple[Checked, float, float], ...] = (
            ("check", self._check_events, costs.to_check),
            ("compare", self._check_events * share, costs.to_compare),
        )
        for kind, pieces, cost in checking:
            left += max(0.0, pieces - self._checked[kind]) * max(cost / self._workers, least)
        return left
