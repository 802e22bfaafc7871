"""Read models as they stood, asked as readers ask the present ones: each is folded when a statement first names it."""

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import UUID

from events.client_merge import ClientMergedInto
from infra.log.envelope import ReadEvent
from infra.log.past_log import PastLog
from infra.projector.folding import RowAt, Rows
from infra.projector.projection import Projection
from infra.projector.session_tables import SessionTables
from infra.projector.tables import view_of
from projections.registry import PROJECTIONS
from replay.past.session import Session

Row = tuple[Any, ...]

MODELS: Mapping[str, Projection[Any]] = {view_of(one): one for one in PROJECTIONS}
"""Every read model, by the view in which readers see it."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Then:
    """Read models as they stood at a cut of the log; each is folded when a statement first names it.

    Of a question about one party or stream only what concerns it is folded, as the declaration of the read model says.
    """

    def __init__(
        self, session: Session, tables: SessionTables, log: PastLog, position: int, about: UUID | None
    ) -> None:
        self.position = position
        self._session = session
        self._tables = tables
        self._log = log
        self._about = about
        self._whole: set[str] = set()
        self._known: dict[str, set[UUID]] = {}
        """Of each read model that is not folded whole, the streams and parties of which everything is there."""
        self._streams: set[UUID] = set()
        """The streams that the party's facts stand in."""
        self._family: set[UUID] = set() if about is None else {about}
        """The party, and whoever turned out to be it, or was taken for it."""

    def ask(self, statement: str, values: Mapping[str, Any], views: Sequence[str], names: Sequence[str]) -> list[Row]:
        """Run a statement of the readers on these views; what its answer names by id is looked up in `names`.

        Raises infra.log.past_log.TooLongError.
        """
        self._show([MODELS[view] for view in views])
        rows = self._asked(statement, values)
        # What is introduced may name others: a member of the staff their branch.
        while self._introduce({MODELS[name]: _ids_in(rows) for name in names}):
            rows = self._asked(statement, values)
        return rows

    def _asked(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        return self._tables.ask(statement, values)

    def _show(self, models: Sequence[Projection[Any]]) -> None:
        """Fold those of the read models that are not there yet."""
        new = [one for one in models if one.name not in self._whole and one.name not in self._known]
        if wholes := [one for one in new if reads_all(one, self._about)]:
            self._fold_whole(wholes)
        if self._about is not None and (others := [one for one in new if one not in wholes]):
            self._fold_about(others)

    def _fold_whole(self, models: Sequence[Projection[Any]]) -> None:
        """Read the log once, and fold all rows."""
        folded: dict[str, Rows] = {one.name: {} for one in models}
        topics = sorted({topic for one in models for topic in one.topics})
        for facts in self._log.every(topics, with_parties=any(one.needs_parties for one in models)):
            for one in models:
                self._session.fold(one, folded[one.name], facts)
        for one in models:
            self._tables.fill(one, folded[one.name].values())
        self._whole.update(folded)

    def _fold_about(self, models: Sequence[Projection[Any]]) -> None:
        """Fold the rows that facts about one party, or in one stream, have touched.

        Where the rows are shared out by stream, each is complete with all facts of that stream. Otherwise that is only
        the party's own row, and those that rest on one fact; of others who name the party what their own streams say.
        """
        facts = self._of_family(sorted({topic for one in models for topic in one.topics} | {ClientMergedInto.TOPIC}))
        streams: dict[Projection[Any], set[UUID]] = {}
        for one in models:
            own = frozenset(of_own_stream(one))
            streams[one] = {*self._family, *(fact.stream_id for fact in facts if fact.topic in own)}
            self._streams |= streams[one]
            self._known[one.name] = set()
            if one.is_append_only or one.partition_by != "stream":
                self._fill(one, facts, only=self._family)
                self._known[one.name] |= self._family
        for one in models:
            if one.is_append_only:
                self._fill(one, self._before(facts, self._streams - self._family, one.topics))
        self._introduce(streams, facts)

    def _of_family(self, topics: Sequence[str]) -> list[ReadEvent]:
        """Return the facts of these topics that concern the party, or whoever is told with it."""
        facts: dict[int, ReadEvent] = {}
        new = self._family
        while new:
            found = [fact for each in new for fact in self._log.of_party(each, topics)]
            facts |= {fact.position: fact for fact in found}
            named = {party for fact in found if fact.topic == ClientMergedInto.TOPIC for party in fact.parties}
            new = named - self._family
            self._family = self._family | new
        return [facts[position] for position in sorted(facts)]

    def _before(self, facts: Sequence[ReadEvent], streams: set[UUID], topics: Sequence[str]) -> list[ReadEvent]:
        """Return what these streams had before they came to be a party's, whose facts are given: it is told of too."""
        begun = {fact.stream_id for fact in facts if fact.version == 1}
        return self._log.of_streams(streams - begun, topics, facts)

    def _introduce(self, ids: Mapping[Projection[Any], Collection[UUID]], known: Sequence[ReadEvent] = ()) -> bool:
        """Fold rows of those who are not known yet from their own streams; tell if there were any facts in these.

        That is all of a row that is shared out by stream.
        """
        new = {
            one: set(wanted) - self._known.setdefault(one.name, set())
            for one, wanted in ids.items()
            if one.name not in self._whole
        }
        topics = {one: frozenset(of_own_stream(one)) for one in new}
        asked = set().union(*new.values()), sorted(frozenset().union(*topics.values()))
        facts = sorted([*known, *self._log.of_streams(*asked, known)], key=lambda fact: fact.position)
        for one, streams in new.items():
            self._known[one.name] |= streams
            self._fill(one, [fact for fact in facts if fact.topic in topics[one] and fact.stream_id in streams])
        return bool(facts)

    def _fill(
        self, projection: Projection[Any], facts: Sequence[ReadEvent], only: AbstractSet[UUID] | None = None
    ) -> None:
        """Fold facts into a read model's table; `only`: those rows of whose key one of these is a part."""
        rows: Rows = {}
        self._session.fold(projection, rows, facts)
        wanted: list[RowAt] = [there for key, there in rows.items() if only is None or not only.isdisjoint(key)]
        if wanted:
            self._tables.fill(projection, wanted)


def _ids_in(rows: Sequence[Row]) -> set[UUID]:
    """Return whatever an answer names by its id."""
    return {UUID(found) for row in rows for cell in row if isinstance(cell, str) for found in _ID.findall(cell)}


def reads_all(projection: Projection[Any], about: UUID | None) -> bool:
    """Tell whether the whole log is read to fold what a question needs: it is about nothing, or any fact may matter."""
    return about is None or projection.partition_by == "none"


def of_own_stream(projection: Projection[Any]) -> tuple[str, ...]:
    """Return the topics of the facts that change only rows of their own stream."""
    if projection.is_append_only:
        return ()
    if projection.partition_by == "stream":
        return projection.topics
    return projection.topics_of_own_stream
