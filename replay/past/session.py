"""One session of the database in which the past is looked at: its tables, and what reads facts by it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import psycopg

from infra.log.envelope import ReadEvent
from infra.log.eventlog import LogKeys
from infra.log.mapper import Mapper
from infra.postgres.connection import OwnConnection
from infra.projector.folding import Rows, Touch, decoding, play, preparing, touches
from infra.projector.parking import ParkedKey, Parking, passing_over
from infra.projector.projection import Projection
from infra.projector.session_tables import SessionTables
from projections.registry import PROJECTIONS

Borrow = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

OPTIONS = "-c synchronous_commit=off -c application_name=letopis-as-of"


class Session:
    """One session with its tables, and what reads facts by it; for one question at a time."""

    def __init__(self, url: str, decoder: Callable[[Borrow], Mapper], seconds: float) -> None:
        self.borrow = OwnConnection(url, seconds, options=OPTIONS)
        decode = decoder(self.borrow)
        self._keyring = decode.keyring
        self._keys = LogKeys(self.borrow)
        self._readers = {one.name: (preparing(decode, one), decoding(decode, one)) for one in PROJECTIONS}
        self._topics = {one.name: frozenset(one.topics) for one in PROJECTIONS}
        self._passing: dict[str, Parking] = {}
        self._tables: SessionTables | None = None
        self._tables_of: psycopg.Connection[Any] | None = None

    def tables(self, connection: psycopg.Connection[Any]) -> SessionTables:
        """Return the tables of this connection, which has none yet when it is new."""
        if self._tables is None or self._tables_of is not connection:
            self._tables, self._tables_of = SessionTables(connection, PROJECTIONS), connection
        return self._tables

    def learn(self, connection: psycopg.Connection[Any]) -> None:
        """Look up which facts are skipped on record."""
        self._passing = passing_over(connection, PROJECTIONS)

    @property
    def skipped(self) -> Mapping[str, frozenset[tuple[ParkedKey, int]]]:
        """What is skipped, by read model."""
        return {name: passing.skipped for name, passing in self._passing.items()}

    def keys_of(self, subject_ids: Collection[UUID]) -> dict[UUID, bytes]:
        """Return the keys (wrapped) that these subjects have now; one that is gone is not in hand any more either."""
        found = dict(self._keys.of(list(subject_ids))) if subject_ids else {}
        self._keyring.forget([each for each in subject_ids if each not in found])
        return found

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
