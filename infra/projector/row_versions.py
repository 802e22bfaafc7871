"""Row versions: each row as it was from one moment to the next, folded once, to be asked about at many moments."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from infra.log.envelope import NEVER
from infra.projector.folding import RowAt, Rows, Touch, play
from infra.projector.parking import Parking
from infra.projector.projection import Key, Projection

By = Literal["recorded", "occurred"]
"""What a fact counts from: the moment it was recorded, so that the log is told in its own order; or it occurred."""

Moment = tuple[datetime, int]
"""When a fact counts, and its position: those that count from the same moment do so one after the other."""

BEGINNING: Moment = (NEVER, 0)
"""Before every fact."""

LATEST: Moment = (datetime.max.replace(tzinfo=UTC), 0)
"""After every fact."""

END: Moment = (LATEST[0], 2**63 - 1)


class Version(NamedTuple):
    """A row as it was from a moment until before another one; END: as it is."""

    there: RowAt
    since: Moment
    until: Moment


def moment_of(fact: Any, by: By) -> Moment:
    """Return when a fact counts; of the order of recording its position is all."""
    return (NEVER if by == "recorded" else fact.occurred_at, fact.position)


def versions_of(
    projection: Projection[Any],
    touching: Iterable[Touch],
    parking: Parking | None,
    by: By,
    tick: Callable[[], None],
) -> dict[Key, list[Version]]:
    """Return every version of each row that these facts (in order of position) touch, in order of time.

    At any moment a row is what the facts that count by then make of it, in the order of the log: what is dated back
    comes in between those that are known already, and these are folded again, which `tick` is told of.
    """
    lives: dict[Key, _Life] = {}
    for touch in touching if by == "recorded" else sorted(touching, key=lambda one: moment_of(one[0], by)):
        for key in touch[1]:
            life = lives.setdefault(key, _Life(projection, key, parking))
            life.take_in(touch, moment_of(touch[0], by), tick)
    return {key: list(life.versions()) for key, life in lives.items()}


@dataclass(slots=True)
class _Life:
    """One row: the facts that touch it in order of position, the row after each, and what it was since when."""

    projection: Projection[Any]
    key: Key
    parking: Parking | None
    positions: list[int] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    states: list[RowAt | None] = field(default_factory=list)
    changes: list[tuple[Moment, RowAt | None]] = field(default_factory=list)

    def take_in(self, touch: Touch, moment: Moment, tick: Callable[[], None]) -> None:
        event, _, fold = touch
        place = bisect_left(self.positions, event.position)
        self.positions.insert(place, event.position)
        self.touches.insert(place, (event, (self.key,), fold))
        before = self.states[-1] if self.states else None
        del self.states[place:]
        for again in self.touches[place:]:
            self.states.append(self._after(self.states[-1] if self.states else None, again))
        if len(self.states) - place > 1:
            tick()
        if self.states[-1] != before:
            self.changes.append((moment, self.states[-1]))

    def _after(self, before: RowAt | None, touch: Touch) -> RowAt | None:
        rows: Rows = {} if before is None else {self.key: RowAt(before.row, before.position)}
        play(self.projection, rows, (touch,), self.parking)
        return rows.get(self.key)

    def versions(self) -> Iterator[Version]:
        following = [*self.changes[1:], (END, None)]
        for (since, there), (until, _) in zip(self.changes, following, strict=False):
            if there is not None and there.row is not None:
                yield Version(there, since, until)
