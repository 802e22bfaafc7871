"""Connections on which nobody waits for ever: the server gives up first, and where it is silent we hang up.

`seconds` is everywhere how long the server may work on one statement. A server that lives says so when they are over;
one that was stopped, or is behind a network that went silent, says nothing: a quarter later the line is cut and
ServerSilentError is raised.
"""

import select
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn, Protocol, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

SECONDS = 60.0
"""How long a statement may take, unless it is said otherwise."""

LINE: Mapping[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""How the system itself finds out, within half a minute, that nobody is at the other end (seconds; the last is ms)."""

PLANS = "-c enable_seqscan=off -c jit=off"
"""Whoever reads the log looks a few rows up by their keys, whatever the statistics of a new table say."""

_Result = TypeVar("_Result")
_INTERVAL = 0.1


class ServerSilentError(psycopg.OperationalError):
    """The server did not answer in time and we hung up: what was asked of it may yet be done."""


def limits(seconds: float, lock_seconds: float | None = None) -> str:
    """Return the options of a session in which the server itself gives up a statement, or a wait for a lock.

    Its moments are in UTC, whatever zone the server is in.
    """
    lock = seconds / 2 if lock_seconds is None else lock_seconds
    return f"-c TimeZone=UTC -c statement_timeout={seconds * 1000:.0f} -c lock_timeout={lock * 1000:.0f}"


def patience_of(seconds: float) -> float:
    """Return how long we wait for a statement that the server gives up after so many seconds."""
    return seconds * 1.25


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that waits for each answer for `patience` seconds at most; raises ServerSilentError then."""

    patience = patience_of(SECONDS)

    def wait(self, gen: PQGen[_Result], interval: float = _INTERVAL, timeout: float | None = None) -> _Result:
        """Wait for an answer; a `timeout` is that of somebody who waits for nothing in particular."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except errors._WaitTimeout:
            hang_up(self)


class AsyncBoundedConnection(psycopg.AsyncConnection[Any]):
    """The same on an event loop."""

    patience = patience_of(SECONDS)

    async def wait(
        self,
        gen: PQGen[_Result],
        interval: float = _INTERVAL,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own
    ) -> _Result:
        """Wait as BoundedConnection does."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, self.patience)
        except errors._WaitTimeout:
            hang_up(self)


def hang_up(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> NoReturn:
    """Cut the line, for nothing can follow an answer that did not come; raises ServerSilentError."""
    connection.pgconn.finish()
    raise ServerSilentError("The server does not answer.") from None


def connect(
    url: str, seconds: float = SECONDS, *, lock_seconds: float | None = None, options: str = ""
) -> BoundedConnection:
    """Open a session in which every statement commits by itself; raises psycopg.OperationalError."""
    given = f"{limits(seconds, lock_seconds)} {options}"
    connection = BoundedConnection.connect(url, autocommit=True, options=given, **LINE)
    connection.patience = patience_of(seconds)
    return connection


async def async_connect(url: str, seconds: float, *, options: str = "", **more: Any) -> AsyncBoundedConnection:
    """Open a session as `connect` does, for an event loop; `more` is psycopg's."""
    given = {**LINE, "options": f"{limits(seconds)} {options}", **more}
    connection = await AsyncBoundedConnection.connect(url, autocommit=True, **given)
    connection.patience = patience_of(seconds)
    return connection


@contextmanager
def one_snapshot(connection: psycopg.Connection[Any], exported: str | None = None) -> Iterator[None]:
    """Read on one snapshot inside, one's own or that which another session exported; nothing can be written.

    The connection, an autocommit one, is left reading like that.
    """
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        if exported is not None:
            connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(exported))
        yield


def exported_snapshot(connection: psycopg.Connection[Any]) -> str:
    """Return the name by which other sessions read on the snapshot of this one, as long as its transaction lasts."""
    ((name,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
    return str(name)


class Borrow(Protocol):
    """Lends a connection of one's own (autocommit) for a moment."""

    def __call__(self) -> AbstractContextManager[psycopg.Connection[Any]]: ...


class OwnConnection:
    """One autocommit connection with time limits, for one thread: opened when first needed, and anew when it ended."""

    def __init__(self, url: str, seconds: float = SECONDS, *, options: str = "") -> None:
        self._url = url
        self._seconds = seconds
        self._options = f"{PLANS} {options}"
        self._connection: BoundedConnection | None = None

    @contextmanager
    def __call__(self) -> Iterator[psycopg.Connection[Any]]:
        """Lend the connection for a moment; raises psycopg.OperationalError when the server cannot be reached.

        A session that the server ended while nobody used it is noticed here, and costs nobody an answer.
        """
        if self._connection is None or self._connection.closed or _was_ended(self._connection):
            self._connection = connect(self._url, self._seconds, options=self._options)
        yield self._connection

    def fileno(self) -> int:
        """Return what to wait for when something was sent; only while the connection is open."""
        assert self._connection is not None  # noqa: S101 - something was sent through it
        return self._connection.fileno()

    def close(self) -> None:
        """Give the connection back to the server."""
        if self._connection is not None:
            self._connection.close()


def _was_ended(connection: psycopg.Connection[Any]) -> bool:
    """Tell whether the server has ended a session that waits for nothing; it costs one look at the socket."""
    if not connection.lock.acquire(blocking=False):
        return False  # another thread asks something: it will see
    try:
        server = connection.pgconn
        if server.transaction_status != TransactionStatus.IDLE:
            return False
        poll = select.poll()
        poll.register(server.socket, select.POLLIN)
        while poll.poll(0):  # a last word, or that there is nobody any more
            server.consume_input()
    except psycopg.OperationalError:
        connection.close()
        return True
    finally:
        connection.lock.release()
    return False


def is_read_whole(url: str) -> bool:
    """Tell whether PostgreSQL's library takes a URL for what its writer meant."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return False
    ports = str(parts.get("port", "")).split(",")
    # What stands behind a / or @ in a password would else be a port, a host or a database.
    return all(not port or port.isdigit() for port in ports) and not any(
        "@" in str(parts.get(part, "")) for part in ("host", "dbname")
    )
