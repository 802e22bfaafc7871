"""What there was of one party or stream at every moment: folded once, and kept for the questions that follow."""

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from infra.log.envelope import NEVER, ReadEvent
from infra.log.log_reader import Checkpoint
from infra.log.past_log import AsOf, Cut, PastLog
from infra.projector.projection import Projection
from infra.projector.row_versions import END, LATEST, By, Moment, moment_of, versions_of
from infra.projector.session_tables import SessionTables
from replay.past.session import Session
from replay.past.then import MODELS, Row, Then


def lens_of(as_of: AsOf) -> By | None:
    """Return by which time alone a moment is asked for; None: by both."""
    if as_of.occurred is None:
        return "recorded"
    return "occurred" if as_of.recorded is None else None


def last_of(by: By, cut: Cut) -> Moment:
    """Return the last moment that counts, of everything that there was up to this and after it."""
    if by == "recorded":
        return NEVER, cut.position
    return LATEST if cut.occurred is None else (cut.occurred, END[1])


class Life(Then):
    """Read models of one party or stream as they were at every moment up to a place in the log.

    They are found, and introduced, as those of one moment are; but a statement is run on all versions of their rows.
    """

    def __init__(
        self, session: Session, tables: SessionTables, log: PastLog, end: Checkpoint, about: UUID, by: By
    ) -> None:
        super().__init__(session, tables, log, end.position, about)
        self.about = about
        self.by = by
        self.end = end
        """How far the log was read."""
        self.last = LATEST
        """The last moment that counts for the question that is asked now."""
        self.used_at = 0.0
        self.facts: dict[int, ReadEvent] = {}
        """The facts that the rows are made of, by position, without what they say."""
        self._moments: list[Moment] | None = None
        self._skipped = session.skipped
        self._subjects: set[UUID] = set()
        self._keys: dict[UUID, bytes] = {}

    def turn_to(self, log: PastLog, position: int, last: Moment) -> None:
        """Take the next question: where its answer stands in the log, and the last moment that counts for it."""
        self._log, self.position, self.last, self.used_at = log, position, last, time.monotonic()

    def is_in(self, tables: SessionTables) -> bool:
        """Tell whether these are the tables it lies in: a session that was opened anew has others."""
        return self._tables is tables

    def forget(self, *, at_rest: bool = False) -> None:
        """Leave nothing of it in its tables; `at_rest`: nor in the files that these lie in."""
        self._tables.forget(at_rest=at_rest)

    def still_is(self, log: PastLog, end: Checkpoint) -> bool:
        """Tell whether it would be folded alike now, up to a place in the log, which may be a later one.

        It would not if somebody whom it tells of was forgotten, if what is skipped changed, or if facts came to it.
        """
        if self._session.skipped != self._skipped or self._session.keys_of(self._subjects) != self._keys:
            return False
        is_later = end.position > self.end.position
        if log.has_more(self.end, self._family, self._streams.union(*self._known.values()) if is_later else ()):
            return False
        self.end = end if is_later else self.end
        return True

    def moments(self, views: Sequence[str]) -> list[Moment]:
        """Return when facts came to count of which the rows of these views are made, in order."""
        self._show([MODELS[view] for view in views])
        return [moment for moment in self._moments or () if moment <= self.last]

    def _asked(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        return self._tables.ask(statement, values, again=True)

    def _fold_about(self, models: Sequence[Projection[Any]]) -> None:
        super()._fold_about(models)
        if self._moments is None:
            # Of those who are introduced afterwards nothing is told but their names.
            self._moments = sorted(moment_of(fact, self.by) for fact in self.facts.values())

    def _fill(
        self, projection: Projection[Any], facts: Sequence[ReadEvent], only: AbstractSet[UUID] | None = None
    ) -> None:
        new = {fact.subject_id for fact in facts} - self._subjects
        # Before they are used: who is forgotten from now on has no such key any more.
        self._keys |= self._session.keys_of(new)
        self._subjects |= new
        self.facts.update((fact.position, fact._replace(body="")) for fact in facts if fact.position not in self.facts)
        touching, passing = self._session.touches(projection, facts)
        folded = versions_of(projection, touching, passing, self.by, self._log.require_time)
        keys = (key for key in folded if only is None or not only.isdisjoint(key))
        wanted = [version for key in keys for version in folded[key]]
        if wanted:
            self._tables.fill_versions(projection, wanted)


class AtMoment:
    """A life at the last moment that counts, asked as what stood then; what has no versions is folded as it stood."""

    def __init__(self, life: Life, tables: SessionTables, otherwise: Then) -> None:
        self.position = otherwise.position
        self._life = life
        self._tables = tables
        self._otherwise = otherwise

    def ask(self, statement: str, values: Mapping[str, Any], views: Sequence[str], names: Sequence[str]) -> list[Row]:
        """Run a statement of the readers on these views, as Then.ask does."""
        if all(self._tables.has_versions(MODELS[view]) for view in (*views, *names)):
            return self._life.ask(self._tables.at_moment(statement), values, views, names)
        return self._otherwise.ask(statement, values, views, names)
