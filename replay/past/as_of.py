"""The time machine: read models as they stood at a past moment, asked as readers ask the present ones.

Nothing is stored: rows are folded from the log in memory and lie, for the time of one question, in tables that only one
session of the database sees. So a question about the past is the very statement that readers of the present run.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import psycopg

from infra.log.envelope import ReadEvent
from infra.log.past_log import AsOf, Cut, PastLog, cut_at
from infra.postgres.connection import OwnConnection
from infra.projector.folding import Decode, RowAt, Rows, Touch, decoding, play, preparing, touches
from infra.projector.parking import Parking, passing_over
from infra.projector.projection import Projection
from infra.projector.row_versions import By, Moment, moment_of, versions_of
from infra.projector.session_tables import SessionTables
from infra.projector.tables import view_of
from projections.registry import PROJECTIONS

Borrow = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]
Row = tuple[Any, ...]

MODELS: Mapping[str, Projection[Any]] = {view_of(one): one for one in PROJECTIONS}
"""Every read model, by the view in which readers see it."""

# The times in an answer are written as the readers' own sessions write them.
OPTIONS = "-c TimeZone=UTC -c synchronous_commit=off -c application_name=letopis-as-of"

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Session:
    """One session of the database with its tables, and what reads facts by it; for one question at a time."""

    def __init__(self, url: str, decoder: Callable[[Borrow], Decode], seconds: float) -> None:
        self.borrow = OwnConnection(url, seconds, options=OPTIONS)
        decode = decoder(self.borrow)
        self._readers = {one.name: (preparing(decode, one), decoding(decode, one)) for one in PROJECTIONS}
        self._topics = {one.name: frozenset(one.topics) for one in PROJECTIONS}
        self._passing: dict[str, Parking] = {}
        self._tables: SessionTables | None = None
        self._tables_of: psycopg.Connection[Any] | None = None

    def tables(self, connection: psycopg.Connection[Any]) -> SessionTables:
        """Return the tables of this connection, which has none yet when it is new."""
        if self._tables is None or self._tables_of is not connection:
            # A plan that was made for one client's few rows is a bad one for a whole board.
            connection.prepare_threshold = None
            self._tables, self._tables_of = SessionTables(connection, PROJECTIONS), connection
        return self._tables

    def learn(self, connection: psycopg.Connection[Any]) -> None:
        """Look up which facts are skipped on record."""
        self._passing = passing_over(connection, PROJECTIONS)

    def touches(self, projection: Projection[Any], facts: Sequence[ReadEvent]) -> tuple[Iterator[Touch], Parking]:
        """Give those of the facts that the read model takes in, with what they touch, and what is passed over."""
        prepare, decode = self._readers[projection.name]
        topics = self._topics[projection.name]
        wanted = [fact for fact in facts if fact.topic in topics]
        prepare(wanted)
        passing = self._passing[projection.name]
        return touches(projection, wanted, decode, passing), passing

    def fold(self, projection: Projection[Any], rows: Rows, facts: Sequence[ReadEvent]) -> None:
        """Fold those of the facts that the read model takes in into the rows; raises PoisonEventError."""
        play(projection, rows, *self.touches(projection, facts))


class Then:
    """Read models as they stood at a cut of the log; each is folded when a statement first names it.

    Of a question about one party or stream only what concerns it is folded, as the declaration of the read model says.
    """

    def __init__(self, session: _Session, tables: SessionTables, log: PastLog, cut: Cut, about: UUID | None) -> None:
        self.position = cut.position
        self._session = session
        self._tables = tables
        self._log = log
        self._about = about
        self._whole: set[str] = set()
        self._known: dict[str, set[UUID]] = {}
        """Of each read model that is not folded whole, the streams and parties of which everything is there."""

    def ask(self, statement: str, values: Mapping[str, Any], views: Sequence[str], names: Sequence[str]) -> list[Row]:
        """Run a statement of the readers on these views; what its answer names by id is looked up in `names`.

        Raises infra.log.past_log.TooLongError.
        """
        self._show([MODELS[view] for view in views])
        rows = self._tables.ask(statement, values)
        # What is introduced may name others: a member of the staff their branch.
        while self._introduce({MODELS[name]: _ids_in(rows) for name in names}):
            rows = self._tables.ask(statement, values)
        return rows

    def _show(self, models: Sequence[Projection[Any]]) -> None:
        """Fold those of the read models that are not there yet."""
        new = [one for one in models if one.name not in self._whole and one.name not in self._known]
        if wholes := [one for one in new if reads_all(one, self._about)]:
            self._fold_whole(wholes)
        if self._about is not None and (others := [one for one in new if one not in wholes]):
            self._fold_about(others, self._about)

    def _fold_whole(self, models: Sequence[Projection[Any]]) -> None:
        """Read the log once, and fold all rows."""
        folded: dict[str, Rows] = {one.name: {} for one in models}
        for facts in self._log.every(sorted({topic for one in models for topic in one.topics})):
            for one in models:
                self._session.fold(one, folded[one.name], facts)
        for one in models:
            self._tables.fill(one, folded[one.name].values())
        self._whole.update(folded)

    def _fold_about(self, models: Sequence[Projection[Any]], about: UUID) -> None:
        """Fold the rows that facts about one party, or in one stream, have touched.

        Where the rows are shared out by stream, each is complete with all facts of that stream. Otherwise that is only
        the party's own row, and those that rest on one fact; of others who name the party what their own streams say.
        """
        facts = self._log.of_party(about, sorted({topic for one in models for topic in one.topics}))
        streams: dict[Projection[Any], set[UUID]] = {}
        for one in models:
            own = frozenset(of_own_stream(one))
            streams[one] = {about, *(fact.stream_id for fact in facts if fact.topic in own)}
            self._known[one.name] = set()
            if one.is_append_only or one.partition_by != "stream":
                self._fill(one, facts, only=about)
                self._known[one.name].add(about)
        for one in models:
            if one.is_append_only:
                self._fill(one, self._before(facts, set().union(*streams.values()) - {about}, one.topics))
        self._introduce(streams, facts)

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

    def _fill(self, projection: Projection[Any], facts: Sequence[ReadEvent], only: UUID | None = None) -> None:
        """Fold facts into a read model's table; `only`: those rows of whose key this is a part."""
        rows: Rows = {}
        self._session.fold(projection, rows, facts)
        wanted: list[RowAt] = [there for key, there in rows.items() if only is None or only in key]
        if wanted:
            self._tables.fill(projection, wanted)


class OverTime(Then):
    """Read models of one party or stream as they were at every moment up to a cut of the log.

    They are found, and introduced, as those of one moment are; but a statement is run on all versions of their rows.
    """

    def __init__(self, session: _Session, tables: SessionTables, log: PastLog, cut: Cut, about: UUID, by: By) -> None:
        super().__init__(session, tables, log, cut, about)
        self._by = by
        self.facts: dict[int, ReadEvent] = {}
        """The facts that the rows are made of, by position."""

    def moments(self, views: Sequence[str]) -> list[Moment]:
        """Return when facts came to count of which the rows of these views are made, in order."""
        self._show([MODELS[view] for view in views])
        return sorted(moment_of(fact, self._by) for fact in self.facts.values())

    def _fill(self, projection: Projection[Any], facts: Sequence[ReadEvent], only: UUID | None = None) -> None:
        self.facts.update((fact.position, fact) for fact in facts)
        touching, passing = self._session.touches(projection, facts)
        folded = versions_of(projection, touching, passing, self._by, self._log.require_time)
        wanted = [version for key, versions in folded.items() if only is None or only in key for version in versions]
        if wanted:
            self._tables.fill_versions(projection, wanted)


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


class TimeMachine:
    """So many sessions in which the past is looked at, each by one at a time; a caller who finds none free waits.

    `decoder` makes, of what lends a connection, what reads facts. No question may take more than so many seconds.
    """

    def __init__(self, url: str, decoder: Callable[[Borrow], Decode], *, sessions: int, seconds: float) -> None:
        self._seconds = seconds
        self._free: SimpleQueue[_Session] = SimpleQueue()
        for _ in range(sessions):
            self._free.put(_Session(url, decoder, seconds))

    def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment; raises infra.log.past_log.MomentAheadError."""
        with self._session() as session, session.borrow() as connection:
            return cut_at(connection, as_of)

    @staticmethod
    def reads_all(views: Sequence[str], about: UUID | None) -> bool:
        """Tell whether a question of these views makes it read the whole log."""
        return any(reads_all(MODELS[view], about) for view in views)

    @contextmanager
    def looking(self, as_of: AsOf, about: UUID | None) -> Iterator[Then]:
        """Show the views as of a moment; of one party or stream only, if the question is `about` one.

        Raises infra.log.past_log.MomentAheadError and TooLongError, and infra.projector.folding.PoisonEventError.
        """
        with self._lent(as_of) as (session, tables, log, cut):
            yield Then(session, tables, log, cut, about)

    @contextmanager
    def over_time(self, as_of: AsOf, about: UUID, by: By) -> Iterator[OverTime]:
        """Show what the views have about one party or stream as it was at every moment up to this one.

        Raises what `looking` raises.
        """
        with self._lent(as_of) as (session, tables, log, cut):
            yield OverTime(session, tables, log, cut, about, by)

    @contextmanager
    def _lent(self, as_of: AsOf) -> Iterator[tuple[_Session, SessionTables, PastLog, Cut]]:
        with self._session() as session, session.borrow() as connection:
            tables = session.tables(connection)
            cut = cut_at(connection, as_of)
            session.learn(connection)
            with tables.lent():
                yield session, tables, PastLog(connection, cut, self._seconds), cut

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)
