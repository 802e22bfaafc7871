"""Facts that the tables cannot take in: found one by one, noted beside the tables, waited for by their stream.

It is what read models do (ADR 18), in the file itself, so that facts, position and what waits change together. The
place that waits is always a stream: reports put the facts of one thing together, and none of them may count half of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import from_json, to_json

from infra.analytics.fact_schema import FactSchema, FactTable
from infra.projector.parking import PARKED_AT_MOST
from infra.told import ToldError

# What DuckDB raises of a value that is none. A full disk, a lost file and too little memory are other errors.
VALUE_ERRORS = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)

DDL = """
CREATE TABLE IF NOT EXISTS parked (
    stream_id UUID PRIMARY KEY,
    position BIGINT NOT NULL,
    topic VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    parked_at TIMESTAMPTZ NOT NULL
)
"""
"""One row is a stream that waits: the event at `position` cannot be loaded, so it and all later ones are not."""


class ParkedFact(NamedTuple):
    """A stream that waits: from which event on, what was raised where, and since when."""

    stream: UUID
    position: int
    topic: str
    reason: str
    parked_at: datetime

    @property
    def place(self) -> str:
        """The place as operators give it."""
        return place_text(self.stream)


class TooMuchParkedError(ToldError):
    """So much waits that the tables must be wrong, not the facts: nothing more is loaded."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"{PARKED_AT_MOST} streams wait for facts that the tables cannot take in; the next is at {position}."
            " `letopis projections parked analytics` shows them: correct the code and rebuild."
        )


class WrongPlaceError(ToldError):
    """A text names no stream."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} names no stream. Give the key as `letopis projections parked analytics` shows it.")


def place_text(stream: UUID) -> str:
    """Return a stream that waits as read models write it."""
    return to_json({"stream": stream}).decode()


def stream_from(text: str) -> UUID:
    """Return the stream that a text names, with or without what is around its id; raises WrongPlaceError."""
    try:
        return UUID(from_json(text)["stream"] if text.lstrip().startswith("{") else text)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WrongPlaceError(text) from None


class Waiting:
    """What waits in one file, and which events are passed over in all of them; it is empty in all ordinary times."""

    def __init__(self, found: Iterable[ParkedFact] = ()) -> None:
        self.by_stream = {one.stream: one for one in found}
        self.skipped: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.by_stream)

    def after(self, parked: Iterable[ParkedFact], released: UUID | None) -> "Waiting":
        """Return what waits when this came to wait, and a stream does not wait any more."""
        later = Waiting([*(one for one in self.by_stream.values() if one.stream != released), *parked])
        later.skipped = self.skipped
        return later

    def in_order(self) -> list[ParkedFact]:
        """Return what waits, by position."""
        return sorted(self.by_stream.values(), key=lambda one: one.position)

    def first_of(self, topics: Iterable[str], upto: int) -> int | None:
        """Return the first position, of those up to one, that is waited for by a stream of facts with such topics.

        All facts of a stream are of one noun, so the topic of the one that cannot be loaded tells whose they are.
        """
        return first_of_nouns(topics, ((one.position, one.topic) for one in self.by_stream.values()), upto)

    def holds(self, stream: UUID, position: int) -> bool:
        """Tell whether an event is left alone: it is skipped, or its stream waits."""
        there = self.by_stream.get(stream)
        return position in self.skipped or (there is not None and position >= there.position)

    def left_of(self, events: Any) -> Any:
        """Return the events of a slice that may be loaded."""
        if not self.by_stream and not self.skipped:
            return events
        streams = stream_column(events)
        odd = pc.or_(
            pc.is_in(streams, value_set=_streams_like(streams, self.by_stream)),
            pc.is_in(events["position"], value_set=pa.array(sorted(self.skipped), events["position"].type)),
        )
        if not pc.any(odd).as_py():
            return events
        places = zip(odd.to_pylist(), streams.to_pylist(), events["position"].to_pylist(), strict=True)
        mask = [not is_odd or not self.holds(uuid_of(stream), position) for is_odd, stream, position in places]
        return events.filter(pa.array(mask, pa.bool_()))


def first_of_nouns(topics: Iterable[str], waiting: Iterable[tuple[int, str]], upto: int) -> int | None:
    """Return the first position up to one at which a fact of a noun of these topics waits; `waiting` has topics too."""
    nouns = {topic.partition(".")[0] for topic in topics}
    found = (position for position, topic in waiting if topic.partition(".")[0] in nouns)
    return min((position for position in found if position <= upto), default=None)


def waiting_in(connection: Any) -> Waiting:
    """Return what waits in an open file."""
    found = connection.execute("SELECT stream_id, position, topic, reason, parked_at FROM parked").fetchall()
    return Waiting(ParkedFact(*row) for row in found)


def stream_column(events: Any) -> Any:
    """Return the streams of events in the form in which the driver hands ids over."""
    column = events["stream_id"]
    kind = column.type
    return column.cast(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else column


def uuid_of(stored: bytes | str) -> UUID:
    """Return the id that the driver handed over."""
    return UUID(bytes=stored) if isinstance(stored, bytes) else UUID(stored)


def _streams_like(column: Any, streams: Iterable[UUID]) -> Any:
    is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return pa.array([str(one) if is_text else one.bytes for one in streams], column.type)


def unloadable(connection: Any, schema: FactSchema, events: Any) -> list[ParkedFact]:
    """Return the events that some table cannot take in, by position: of each stream the first."""
    found: dict[UUID, ParkedFact] = {}
    for table in schema.tables:
        wanted = pc.is_in(events["topic"], value_set=pa.array(sorted(table.topics), events["topic"].type))
        for row, reason in _wrong_rows(connection, table, events.filter(wanted)):
            one = ParkedFact(uuid_of(row["stream_id"]), row["position"], row["topic"], reason, datetime.now(UTC))
            if len(found) >= PARKED_AT_MOST:
                raise TooMuchParkedError(one.position)
            if one.stream not in found or found[one.stream].position > one.position:
                found[one.stream] = one
    return sorted(found.values(), key=lambda one: one.position)


def _wrong_rows(connection: Any, table: FactTable, events: Any) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Give the rows of events that the table cannot take in, each with what is raised at which column."""
    if not len(events) or _trouble(connection, table, events) is None:
        return
    if len(events) > 1:
        half = len(events) // 2
        yield from _wrong_rows(connection, table, events.slice(0, half))
        yield from _wrong_rows(connection, table, events.slice(half))
        return
    parts = (((column,), f"{table.name}.{column.name}") for column in table.columns)
    told = ((_trouble(connection, table, events, columns), where) for columns, where in parts)
    kind, where = next(((kind, where) for kind, where in told if kind), ("ValueError", table.name))
    row = events.select(["position", "topic"]).to_pylist()[0]
    yield {**row, "stream_id": stream_column(events).to_pylist()[0]}, f"{kind} at {where}"


def _trouble(connection: Any, table: FactTable, events: Any, columns: Any = None) -> str | None:
    """Return what is raised when these columns are read out of events, not its words; None when nothing is."""
    connection.register("batch", events)
    try:
        select = table.select(table.columns if columns is None else columns)
        # The hash of a whole row needs every one of its values.
        connection.execute(f"SELECT bit_xor(hash(t)) FROM ({select}) AS t").fetchall()  # noqa: S608 - constants
    except VALUE_ERRORS as error:
        return type(error).__name__
    finally:
        connection.unregister("batch")
    return None
