"""The time machine: read models as they stood at a past moment, asked as readers ask the present ones.

Nothing is stored: rows are folded from the log in memory and lie, for the time of one question, in tables that only one
session of the database sees. So a question about the past is the very statement that readers of the present run. Who
goes from moment to moment of one client asks a `Life`, which lies there a little longer.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Semaphore, Timer
from typing import Any
from uuid import UUID

import psycopg

from infra.log.log_reader import checkpoint_up_to, head_of
from infra.log.mapper import Mapper
from infra.log.past_log import AsOf, Cut, PastLog, cut_at
from infra.projector.row_versions import LATEST, By
from infra.projector.session_tables import SessionTables
from replay.past.life import AtMoment, Life, last_of, lens_of
from replay.past.session import Borrow, Session
from replay.past.then import MODELS, Then, reads_all

KEPT_SECONDS = 120.0
"""So long after the last question a life is kept: who looks through time asks the next one within seconds."""


class TimeMachine:
    """So many sessions in which the past is looked at, each by one at a time; a caller who finds none free waits.

    `decoder` makes, of what lends a connection, what reads facts. No question may take more than so many seconds. Each
    session keeps the life that it was asked for last, for `kept_seconds`.
    """

    def __init__(
        self,
        url: str,
        decoder: Callable[[Borrow], Mapper],
        *,
        sessions: int,
        seconds: float,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._kept_seconds = kept_seconds
        self._room = Semaphore(sessions)
        self._lock = Lock()
        self._free = [Session(url, decoder, seconds) for _ in range(sessions)]
        self._lives: dict[Session, Life] = {}
        self._sweeper: Timer | None = None

    def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment; raises infra.log.past_log.MomentAheadError."""
        with self._session() as session, session.borrow() as connection:
            return cut_at(connection, as_of)

    @staticmethod
    def reads_all(views: Sequence[str], about: UUID | None) -> bool:
        """Tell whether a question of these views makes it read the whole log."""
        return any(reads_all(MODELS[view], about) for view in views)

    @contextmanager
    def looking(self, as_of: AsOf, about: UUID | None) -> Iterator[Then | AtMoment]:
        """Show the views as of a moment; of one party or stream only, if the question is `about` one.

        Raises infra.log.past_log.MomentAheadError and TooLongError, and infra.projector.folding.PoisonEventError.
        """
        by = lens_of(as_of)
        with self._lent(about, by) as (session, tables, connection):
            cut = cut_at(connection, as_of)
            then = Then(session, tables, PastLog(connection, cut, self._seconds), cut.position, about)
            life = None if about is None or by is None else self._kept(session, tables, connection, cut, about, by)
            if life is None:
                with tables.lent():
                    yield then
            else:
                with self._keeping(session, tables, life):
                    tables.stand_at(life.last)
                    yield AtMoment(life, tables, then)

    @contextmanager
    def over_time(self, as_of: AsOf, about: UUID, by: By) -> Iterator[Life]:
        """Show what the views have about one party or stream as it was at every moment up to this one.

        Raises what `looking` raises.
        """
        with self._lent(about, by) as (session, tables, connection):
            cut = cut_at(connection, as_of)
            if as_of != AsOf() and lens_of(as_of) != by:
                # Cut across, it is of no use to any other question.
                self._let_go(session)
                log = PastLog(connection, cut, self._seconds)
                across = Life(session, tables, log, checkpoint_up_to(connection, cut.position), about, by)
                across.turn_to(log, cut.position, LATEST)
                with tables.lent():
                    yield across
                return
            life = self._kept(session, tables, connection, cut, about, by)
            if life is None:
                self._let_go(session)
                end = head_of(connection)
                log = PastLog(connection, Cut(end.position), self._seconds)
                life = Life(session, tables, log, end, about, by)
                life.turn_to(log, cut.position, last_of(by, cut))
            with self._keeping(session, tables, life):
                yield life

    def _kept(
        self,
        session: Session,
        tables: SessionTables,
        connection: psycopg.Connection[Any],
        cut: Cut,
        about: UUID,
        by: By,
    ) -> Life | None:
        """Return the life that the session keeps, if it is the one asked for and nothing has come to it since."""
        life = self._lives.get(session)
        if life is None or (life.about, life.by) != (about, by):
            return None
        end = checkpoint_up_to(connection, cut.position) if cut.position > life.end.position else life.end
        if not life.is_in(tables) or not life.still_is(PastLog(connection, Cut(end.position), self._seconds), end):
            self._let_go(session)
            return None
        life.turn_to(PastLog(connection, Cut(life.end.position), self._seconds), cut.position, last_of(by, cut))
        return life

    @contextmanager
    def _keeping(self, session: Session, tables: SessionTables, life: Life) -> Iterator[None]:
        """Ask a life, and keep it for the next question unless this one failed."""
        self._lives.pop(session, None)
        try:
            with tables.kept():
                yield
        except BaseException:
            life.forget()
            raise
        self._lives[session] = life
        self._sweep_later()

    def _let_go(self, session: Session, *, at_rest: bool = False) -> None:
        """Forget the life that the session keeps, if it keeps one."""
        life = self._lives.pop(session, None)
        if life is not None:
            life.forget(at_rest=at_rest)

    @contextmanager
    def _lent(
        self, about: UUID | None, by: By | None
    ) -> Iterator[tuple[Session, SessionTables, psycopg.Connection[Any]]]:
        with self._session(about, by) as session, session.borrow() as connection:
            tables = session.tables(connection)
            session.learn(connection)
            yield session, tables, connection

    @contextmanager
    def _session(self, about: UUID | None = None, by: By | None = None) -> Iterator[Session]:
        """Lend the session that keeps this life; else one that keeps none, or the one that was longest not asked."""

        def rank(session: Session) -> float:
            life = self._lives.get(session)
            return 0 if life is None else -1 if (life.about, life.by) == (about, by) else life.used_at

        with self._room:
            with self._lock:
                session = min(self._free, key=rank)
                self._free.remove(session)
            try:
                yield session
            finally:
                with self._lock:
                    self._free.append(session)

    def _sweep_later(self) -> None:
        with self._lock:
            if self._sweeper is None:
                self._sweeper = Timer(self._kept_seconds, self._sweep)
                self._sweeper.daemon = True
                self._sweeper.start()

    def _sweep(self) -> None:
        """Forget what was not asked for of late; a session that is asked now is looked at next time."""
        with self._lock:
            self._sweeper = None
            old = time.monotonic() - self._kept_seconds
            resting = [one for one in self._free if one in self._lives and self._lives[one].used_at <= old]
            resting = [one for one in resting if self._room.acquire(blocking=False)]
            self._free = [one for one in self._free if one not in resting]
        for session in resting:
            try:
                self._let_go(session, at_rest=True)
            finally:
                with self._lock:
                    self._free.append(session)
                self._room.release()
        if self._lives:
            self._sweep_later()
