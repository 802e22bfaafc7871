"""The way into the log: a batch of decided commands is sent in one statement, and answered when it is durable.

Sending and receiving are two steps, so that the executor can decide the next commands while this batch is stored. The
records travel in PostgreSQL's binary form: written here, they cost a third of what documents of JSON did, and their
reading costs the server next to nothing.
"""

import select
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg.errors import InvalidSqlStatementName
from psycopg.pq import ExecStatus, TransactionStatus
from pydantic_core import from_json

from infra.log.clock import HERE, ClockAheadError, Reckoning, moment_of, warn_hourly
from infra.log.eventlog import Decided
from infra.log.records import arrays_of, moment, uint4
from infra.postgres.connection import SECONDS, hang_up, patience_of


class Appended(NamedTuple):
    """What became of one command: stored, replayed, stale, cascaded or claimed.

    `first` is the position of the first fact of a stored command; `facts` is what `append` in SQL says of one left out.
    """

    status: str
    first: int = 0
    facts: dict[str, Any] = {}  # noqa: RUF012 - a default nobody writes to


class LeftOutError(Exception):
    """An atomic batch was not stored because commands in it had to be left out; `outcomes` says which and why."""

    def __init__(self, outcomes: dict[int, Appended]) -> None:
        super().__init__("Nothing of the atomic batch was stored.")
        self.outcomes = outcomes


LEFT_OUT = "LT001"
"""The SQLSTATE by which the append function says so."""

CLOCK_AHEAD = "LT002"
"""The SQLSTATE by which it says that its clock cannot be right: nothing was stored."""


def append(connection: psycopg.Connection[Any], batch: Sequence[Decided], *, atomic: bool = False) -> list[Appended]:
    """Store a batch of decided commands in order, durably, in one statement; return what became of each.

    The connection must be in autocommit mode: the lock of the log is held for this one statement only.
    Raises LeftOutError for an atomic batch of which a part cannot be stored, ClockAheadError while a clock cannot be
    right, and psycopg.Error; after one of these it is not known whether the batch was stored: look for the receipts.
    """
    try:
        send(connection, batch, atomic=atomic)
        return receive(connection, batch)
    except InvalidSqlStatementName:
        # psycopg forgot all prepared statements after a rollback, ours among them; nothing was done.
        if connection.info.transaction_status != TransactionStatus.IDLE:
            raise
        send(connection, batch, atomic=atomic)
        return receive(connection, batch)


_STATEMENT = b"letopis_append"
_PREPARE = (
    "PREPARE letopis_append AS"
    " SELECT head_position, outcomes, is_behind FROM letopis.append($1, $2, $3, $4, $5, $6, $7, $8)"
)
_RECORDS = ("command", "expectation", "event", "claim", "key")
_TYPES = """
SELECT t.typname, t.oid
FROM pg_type AS t
JOIN pg_namespace AS s ON s.oid = t.typnamespace
WHERE s.nspname = 'letopis'
    AND t.typname LIKE 'given\\_%'
"""

_types_of: "WeakKeyDictionary[psycopg.Connection[Any], tuple[bytes, ...]]" = WeakKeyDictionary()
"""For each connection that has the statement prepared, the numbers its database gave to the types of our records."""

_sent_at: "WeakKeyDictionary[psycopg.Connection[Any], float]" = WeakKeyDictionary()
"""For each connection, when (of the monotonic clock) a batch was sent on its way through it."""


def send(
    connection: psycopg.Connection[Any], batch: Sequence[Decided], *, atomic: bool = False, reckoning: Reckoning = HERE
) -> None:
    """Send a batch on its way to be stored, and return; nothing else may use the connection until `receive`."""
    reckoned, told = reckoning.now()
    values = arrays_of(_types_of.get(connection) or _prepare(connection), batch)
    server = connection.pgconn
    server.send_query_prepared(
        _STATEMENT, [*values, b"\1" if atomic else b"\0", moment(reckoned), moment(told)], [1] * 8
    )
    _sent_at[connection] = time.monotonic()
    while server.flush():
        _await(connection, select.POLLOUT)


def is_stored(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the answer to the batch that was sent has come, so that `receive` would not wait.

    Raises infra.postgres.connection.ServerSilentError when it should have come long ago.
    """
    server = connection.pgconn
    server.consume_input()
    if not server.is_busy():
        return True
    if _left(connection) <= 0:
        hang_up(connection)
    return False


def receive(connection: psycopg.Connection[Any], batch: Sequence[Decided]) -> list[Appended]:
    """Wait until the batch that was sent is stored and return what became of each command; raises as `append`."""
    server = connection.pgconn
    while not is_stored(connection):
        # Other threads work meanwhile, the one that takes commands in among them.
        _await(connection, select.POLLIN)
    results = []
    while (result := server.get_result()) is not None:
        results.append(result)
    result = results[0]
    if result.status != ExecStatus.TUPLES_OK:
        _raise(connection, result)
    head, left_out = result.get_value(0, 0), result.get_value(0, 1)
    assert head is not None  # noqa: S101 - the function says where the log ended, always
    if result.get_value(0, 2) == b"t":
        warn_hourly("log_ahead_of_clock", position=int(head))
    return _appended(batch, int(head), {} if left_out is None else _by_place(from_json(left_out)))


def _left(connection: psycopg.Connection[Any]) -> float:
    """Return for how many seconds more the answer to what was sent is waited for."""
    patience: float = getattr(connection, "patience", patience_of(SECONDS))
    return _sent_at[connection] + patience - time.monotonic()


def _await(connection: psycopg.Connection[Any], event: int) -> None:
    poll = select.poll()
    poll.register(connection.pgconn.socket, event)
    if not poll.poll(max(0.0, _left(connection)) * 1000):
        hang_up(connection)


def _raise(connection: psycopg.Connection[Any], result: Any) -> None:
    error = psycopg.errors.error_from_result(result, connection.info.encoding)
    if isinstance(error, InvalidSqlStatementName):
        del _types_of[connection]
    if error.sqlstate == LEFT_OUT and error.diag.message_detail is not None:
        raise LeftOutError(_by_place(from_json(error.diag.message_detail)))
    if error.sqlstate == CLOCK_AHEAD and error.diag.message_detail is not None:
        warn_hourly("clock_ahead", seconds_since_1970=error.diag.message_detail)
        raise ClockAheadError(*(moment_of(float(each)) for each in error.diag.message_detail.split()))
    raise error


def _appended(batch: Sequence[Decided], head: int, left_out: dict[int, Appended]) -> list[Appended]:
    appended = []
    position = head + 1
    for n, decided in enumerate(batch):
        outcome = left_out.get(n) if left_out else None
        if outcome is None:
            outcome = Appended("stored", position)
            position += len(decided.facts)
        appended.append(outcome)
    return appended


def _by_place(outcomes: Iterable[dict[str, Any]]) -> dict[int, Appended]:
    return {outcome["n"]: Appended(outcome["status"], facts=outcome) for outcome in outcomes}


def _prepare(connection: psycopg.Connection[Any]) -> tuple[bytes, ...]:
    numbers = dict(connection.execute(_TYPES).fetchall())
    types = tuple(uint4(numbers[f"given_{name}"]) for name in _RECORDS)
    connection.execute(_PREPARE)
    _types_of[connection] = types
    return types
