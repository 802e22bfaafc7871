"""Reads the log in big slices, as Arrow: what analysts' tables are filled from."""

from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import adbc_driver_postgresql.dbapi
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.conninfo import make_conninfo

from infra.analytics.fact_schema import NAME, Upcast
from infra.analytics.parked_facts import ParkedFact, stream_column, uuid_of
from infra.log.encrypted import OPEN_PART, completed
from infra.log.event_versions import NewerLogError
from infra.log.log_reader import BEGINNING, Checkpoint
from infra.postgres.connection import LINE

# Reading one and loading the one before it go on side by side: the first one and the last have nobody beside them, but
# each costs the same however small it is.
SLICE = 100_000


class LogReplacedError(Exception):
    """The log is not the one that was read before: another event, or none, stands at a known position."""


STATEMENT_TIMEOUT = "10min"
"""A slice of the log takes seconds; also from a slow disk it must end some day."""

LOCK_TIMEOUT = "30s"


def connect(url: str) -> Any:
    """Open a connection that reads the log as Arrow and gives up a statement that is stuck."""
    # This driver has no time limit of ours on what it waits for; the system tells it when nobody is there any more.
    connection = adbc_driver_postgresql.dbapi.connect(make_conninfo(url, **LINE), autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    return connection


class Slice(NamedTuple):
    """The wanted events after one place, up to and including another; of each body its OPEN_PART.

    `unread` are those that no upcaster could bring up to date, which are not among the events.
    """

    upto: Checkpoint
    events: Any
    unread: Sequence[ParkedFact] = ()


class ArrowLog:
    """One connection to the log; `topics` are the wanted ones with the schema version their readers expect.

    Events of older versions go through `upcast` first. Events nobody wants are never sent over the wire. One thread
    at a time may use it.
    """

    def __init__(self, url: str, topics: Mapping[str, int], upcast: Upcast | None = None) -> None:
        self._connection = connect(url)
        self._topics = dict(topics)
        self._upcast = upcast

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def target(self, after: Checkpoint, at_most: int) -> Checkpoint:
        """Return the place `at_most` events on, or the log's end; raises LogReplacedError if `after` is not there."""
        found = self._fetch(
            "SELECT position, event_id::text AS event_id FROM letopis.event WHERE position = coalesce("  # noqa: S608
            f"(SELECT max(position) FROM letopis.event WHERE position > {after.position:d}"
            f" AND position <= {after.position + at_most:d}),"
            # A gap may be longer than that.
            f" (SELECT min(position) FROM letopis.event WHERE position > {after.position:d}))"
            f" OR position = {after.position:d} ORDER BY position"
        ).to_pylist()
        places = [Checkpoint(row["position"], UUID(row["event_id"])) for row in found]
        if after != BEGINNING and (not places or places[0] != after):
            raise LogReplacedError(f"log replaced: position {after.position} is not event {after.event_id} any more")
        return places[-1] if places else BEGINNING

    def slices(self, after: Checkpoint, upto: Checkpoint, size: int = SLICE) -> Generator[Slice, None, None]:
        """Yield the wanted events of (after, upto] in order; the next slice is read while one is being used."""
        if after.position >= upto.position:
            return
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="arrow-log") as reading:
            pending = reading.submit(self._read, after, upto, size)
            while True:
                current = pending.result()
                done = current.upto.position >= upto.position
                if not done:
                    pending = reading.submit(self._read, current.upto, upto, size)
                yield current
                if done:
                    return

    def _read(self, after: Checkpoint, upto: Checkpoint, size: int) -> Slice:
        end = upto if after.position + size >= upto.position else self.target(after, size)
        return self._slice(after.position, end)

    def of_stream(self, stream: UUID, first: int, upto: Checkpoint) -> Slice:
        """Return the wanted events of one stream from a position on."""
        return self._slice(first - 1, upto, f" AND stream_id = '{stream}'")

    def skipped(self) -> frozenset[int]:
        """Return the positions that an operator had every file pass over; where the log was replaced there are none."""
        found = self._fetch(
            "SELECT s.position FROM letopis.skipped s JOIN letopis.event e"  # noqa: S608 - constants
            f" ON e.position = s.position AND e.event_id = s.event_id WHERE s.name = '{NAME}'"
        )
        return frozenset(found["position"].to_pylist())

    def _slice(self, after: int, end: Checkpoint, condition: str = "") -> Slice:
        topics = ", ".join(f"'{topic}'" for topic in sorted(self._topics))
        events = self._fetch(
            "SELECT position, stream_id, topic, schema_version, occurred_at, recorded_at,"  # noqa: S608
            f" {OPEN_PART} AS body FROM letopis.event WHERE position > {after:d}"
            f" AND position <= {end.position:d} AND topic IN ({topics}){condition} ORDER BY position"
        )
        return Slice(end, *self._in_current_schema(events))

    def _fetch(self, sql: str) -> Any:
        # Positions are integers and topics are checked names: bound parameters would make the driver give up COPY.
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetch_arrow_table()

    def _in_current_schema(self, events: Any) -> tuple[Any, Sequence[ParkedFact]]:
        kinds = events.group_by(["topic", "schema_version"]).aggregate([]).to_pylist()
        behind = {(kind["topic"], kind["schema_version"]) for kind in kinds}
        if newer := sorted(pair for pair in behind if pair[1] > self._topics[pair[0]]):
            raise NewerLogError(f"the log is newer than this program: {newer}")
        older = {pair for pair in behind if pair[1] < self._topics[pair[0]]}
        return self._upcasted(events, older) if older else (events, ())

    def _upcasted(self, events: Any, older: set[tuple[str, int]]) -> tuple[Any, Sequence[ParkedFact]]:
        if self._upcast is None:
            raise NewerLogError(f"no upcaster was given for the older versions {sorted(older)}")
        bodies = pc.cast(events["body"], pa.string()).to_pylist()
        kinds = list(zip(events["topic"].to_pylist(), events["schema_version"].to_pylist(), strict=True))
        unread: dict[int, str] = {}
        for row, (topic, version) in enumerate(kinds):
            if (topic, version) in older:
                try:
                    bodies[row] = self._upcast(topic, version, completed(bodies[row]))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is told
                    unread[row] = f"{type(error).__name__} in the upcaster of version {version}"
        current = events.set_column(events.schema.get_field_index("body"), "body", pa.array(bodies, pa.string()))
        if not unread:
            return current, ()
        streams, positions = stream_column(events), events["position"]
        parked = [
            ParkedFact(uuid_of(streams[row].as_py()), positions[row].as_py(), kinds[row][0], reason, datetime.now(UTC))
            for row, reason in unread.items()
        ]
        return current.filter(pa.array([row not in unread for row in range(len(kinds))], pa.bool_())), parked
