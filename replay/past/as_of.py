"""The time machine: read models as they stood at a past moment, asked as readers ask the present ones.

Nothing is stored: rows are folded from the log in memory and lie, for the time of one question, in tables that only one
session of the database sees. So a question about the past is the very statement that readers of the present run.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import Any, Literal
from uuid import UUID

import psycopg

from infra.log.envelope import ReadEvent
from infra.log.past_log import AsOf, Cut, PastLog, cut_at
from infra.postgres.connection import LIMITS, OwnConnection
from infra.projector.folding import Decode, RowAt, Rows, decoding, play, preparing, touches
from infra.projector.parking import Parking, passing_over
from infra.projector.projection import Projection, own_stream
from infra.projector.session_tables import SessionTables
from projections.parties.client_card import client_card
from projections.parties.client_timeline import client_timeline
from projections.parties.contact_persons import contact_persons
from projections.parties.ownership_history import ownership_history
from projections.sales.pipeline_board import pipeline_board
from projections.sales.pipelines import pipelines
from projections.staff.staff_directory import staff_directory
from projections.staff.units import units

Borrow = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]
Row = tuple[Any, ...]

Kind = Literal["card", "timeline", "ownership", "deal", "board"]
"""What a question is about: of one client the card, the story or the owners; one deal; or all deals by their stages."""

KEPT: tuple[Projection[Any], ...] = (
    client_card,
    client_timeline,
    contact_persons,
    ownership_history,
    pipeline_board,
    pipelines,
    staff_directory,
    units,
)
"""The read models whose past can be asked for."""

# The times in an answer are written as the readers' own sessions write them.
OPTIONS = f"{LIMITS} -c TimeZone=UTC -c synchronous_commit=off -c application_name=letopis-as-of"

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _of_own_stream(projection: Projection[Any]) -> tuple[str, ...]:
    """Return the topics of the facts that change the row of their own stream."""
    return tuple(sorted({kind.TOPIC for kind, (keys, _) in projection.folds.items() if keys is own_stream}))


CLIENTS_OWN = _of_own_stream(client_card)
OF_DEALS = pipeline_board.topics
OF_A_CARD = tuple({*client_card.topics, *contact_persons.topics, *OF_DEALS})


class _Session:
    """One session of the database with its tables, and what reads facts by it; for one question at a time."""

    def __init__(self, url: str, decoder: Callable[[Borrow], Decode]) -> None:
        self.borrow = OwnConnection(url, OPTIONS)
        decode = decoder(self.borrow)
        self._readers = {one.name: (preparing(decode, one), decoding(decode, one)) for one in KEPT}
        self._topics = {one.name: frozenset(one.topics) for one in KEPT}
        self._passing: dict[str, Parking] = {}
        self._tables: SessionTables | None = None
        self._tables_of: psycopg.Connection[Any] | None = None

    def tables(self, connection: psycopg.Connection[Any]) -> SessionTables:
        """Return the tables of this connection, which has none yet when it is new."""
        if self._tables is None or self._tables_of is not connection:
            # A plan that was made for one client's few rows is a bad one for a whole board.
            connection.prepare_threshold = None
            self._tables, self._tables_of = SessionTables(connection, KEPT), connection
        return self._tables

    def learn(self, connection: psycopg.Connection[Any]) -> None:
        """Hear which facts are skipped on record."""
        self._passing = passing_over(connection, KEPT)

    def fold(self, projection: Projection[Any], rows: Rows, facts: Iterable[ReadEvent]) -> None:
        """Fold those of the facts that the read model takes in into the rows; raises PoisonEventError."""
        prepare, decode = self._readers[projection.name]
        topics = self._topics[projection.name]
        wanted = [fact for fact in facts if fact.topic in topics]
        prepare(wanted)
        passing = self._passing[projection.name]
        play(projection, rows, touches(projection, wanted, decode, passing), passing)


class Then:
    """Read models as they stood at a cut of the log."""

    def __init__(self, session: _Session, tables: SessionTables, log: PastLog, cut: Cut) -> None:
        self.position = cut.position
        self._session = session
        self._tables = tables
        self._log = log
        self._known: set[UUID] = set()

    def ask(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a statement of the readers. Whoever its answer names by id is looked up, and it is run once more."""
        rows = self._tables.ask(statement, values)
        named = {UUID(found) for row in rows for cell in row if isinstance(cell, str) for found in _ID.findall(cell)}
        return self._tables.ask(statement, values) if self._introduce(named) else rows

    def show_card(self, client_id: UUID) -> None:
        """Fold what a client's card selects from."""
        facts = self._log.of_party(client_id, OF_A_CARD)
        self._known.add(client_id)
        self._fill(client_card, facts, only=client_id)
        self._fill(contact_persons, facts)
        self._show_deals({fact.stream_id for fact in facts if fact.topic in OF_DEALS})
        # Whoever acts for this client or belongs to it says so in a fact of their own.
        self._introduce({fact.stream_id for fact in facts if fact.topic in CLIENTS_OWN})

    def show_story(self, projection: Projection[Any], client_id: UUID) -> None:
        """Fold a read model that keeps a row for each fact about a client."""
        self._fill(projection, self._log.of_party(client_id, projection.topics), only=client_id)
        self._introduce({client_id})

    def show_deal(self, deal_id: UUID) -> None:
        """Fold one deal."""
        self._show_deals({deal_id})

    def show_board(self) -> None:
        """Fold every pipeline and every deal; raises infra.log.past_log.TooLongError."""
        deals: Rows = {}
        roads: Rows = {}
        for facts in self._log.every((*OF_DEALS, *pipelines.topics)):
            self._session.fold(pipeline_board, deals, facts)
            self._session.fold(pipelines, roads, facts)
        self._tables.fill(pipeline_board, deals.values())
        self._tables.fill(pipelines, roads.values())

    def _show_deals(self, deal_ids: Collection[UUID]) -> None:
        self._fill(pipeline_board, self._log.of_streams(deal_ids, OF_DEALS))

    def _introduce(self, ids: Collection[UUID]) -> bool:
        """Fold the clients and staff among the ids who are not known yet by their own streams; tell if there were any.

        That is all of a staff member's row, and of a client's all but the touchpoints.
        """
        facts = self._log.of_streams(set(ids) - self._known, (*CLIENTS_OWN, *staff_directory.topics, *units.topics))
        self._known.update(ids)
        self._fill(client_card, facts)
        self._fill(staff_directory, facts)
        self._fill(units, facts)
        return bool(facts)

    def _fill(self, projection: Projection[Any], facts: Sequence[ReadEvent], only: UUID | None = None) -> None:
        """Fold facts into a read model's table; `only`: those rows whose key begins with this."""
        rows: Rows = {}
        self._session.fold(projection, rows, facts)
        wanted: list[RowAt] = [there for key, there in rows.items() if only is None or key[0] == only]
        if wanted:
            self._tables.fill(projection, wanted)


_STORIES: dict[str, Projection[Any]] = {"timeline": client_timeline, "ownership": ownership_history}


def _show(then: Then, kind: Kind, key: UUID | None) -> None:
    if key is None:
        then.show_board()
    elif kind == "card":
        then.show_card(key)
    elif kind == "deal":
        then.show_deal(key)
    else:
        then.show_story(_STORIES[kind], key)


class TimeMachine:
    """So many sessions in which the past is looked at, each by one at a time; whoever finds none free waits.

    `decoder` makes, of what lends a connection, what reads facts. No question may take more than so many seconds.
    """

    def __init__(self, url: str, decoder: Callable[[Borrow], Decode], *, sessions: int, seconds: float) -> None:
        self._seconds = seconds
        self._free: SimpleQueue[_Session] = SimpleQueue()
        for _ in range(sessions):
            self._free.put(_Session(url, decoder))

    def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment; raises infra.log.past_log.MomentAheadError."""
        with self._session() as session, session.borrow() as connection:
            return cut_at(connection, as_of)

    @contextmanager
    def looking(self, kind: Kind, key: UUID | None, as_of: AsOf) -> Iterator[Then]:
        """Show what a question of this kind needs, as of a moment; the key is the client's or the deal's.

        Raises infra.log.past_log.MomentAheadError and TooLongError, and infra.projector.folding.PoisonEventError.
        """
        with self._session() as session, session.borrow() as connection:
            tables = session.tables(connection)
            cut = cut_at(connection, as_of)
            session.learn(connection)
            with tables.lent():
                then = Then(session, tables, PastLog(connection, cut, self._seconds), cut)
                _show(then, kind, key)
                yield then

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        session = self._free.get()
        try:
            yield session
        finally:
            self._free.put(session)
