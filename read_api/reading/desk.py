"""Where questions are answered: one statement on the views of the schema `read`, with the position it is true at."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import AsyncRawCursor, OperationalError, errors
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra.analytics.fact_schema import EVERYTHING as EVERY_WORK
from infra.analytics.fact_schema import FactSchema, Report, Sight
from infra.analytics.lent import NOTHING_LENT, Lent
from infra.analytics.sql_door import SqlDoor
from infra.analytics.standing import Stale
from infra.log.accesses import Access
from infra.log.past_log import AsOf
from infra.postgres.connection import LINE, AsyncBoundedConnection, ServerSilentError, limits, patience_of
from infra.postgres.faults import is_lost
from read_api.reading.colleagues import Reaches
from read_api.reading.errors import ViewBehindError, ViewBuildingError, WrongParameterError
from read_api.reading.feed import Feed
from read_api.reading.house import UNTOLD, House
from read_api.reading.joined import Merges
from read_api.reading.past import Past
from read_api.reading.reach import EVERYTHING, Reach
from read_api.reading.signals import Signals, Tickets
from read_api.reading.statement import Seen, Statement, numbered_parameters
from read_api.reading.upkeep import Upkeep

Row = tuple[Any, ...]
Unreachable = OperationalError
"""What a question raises when the database is out of reach, for those who speak HTTP and no SQL."""

Pool = AsyncConnectionPool[AsyncBoundedConnection]

UTC_ZONE = ZoneInfo("UTC")

RETRY_AFTER = 2
# A question that takes longer than this would hold a connection that a hundred others want. A view is swapped in an
# instant: a session that locks it for half as long is stuck.
READ_SECONDS = 10.0
# A pool that could not reach the database pauses longer and longer, up to a minute: after this it begins anew.
RECONNECT_SECONDS = 5.0

STATUS = """
SELECT v.view, max(s.state), coalesce(max(s.position) FILTER (WHERE s.is_shown), 0), max(s.position)
FROM unnest(%(views)s::text[]) AS v (view)
LEFT JOIN read.generation_status AS s ON s.name || '_v' || s.shape = v.view AND NOT s.is_of_another_log
GROUP BY v.view
ORDER BY v.view"""

HEAD = "SELECT coalesce((SELECT h.position FROM read.log_head AS h), 0)"


class Caller(Protocol):
    """Who asks."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def is_on_record(self) -> bool:
        """Whether their role is what the log says of them, and may change while they are let in."""
        ...

    @property
    def only(self) -> frozenset[str] | None:
        """The commands and questions that their key names; None for who comes in otherwise."""
        ...

    @property
    def on_behalf_of(self) -> UUID | None:
        """The client for whom they come in, if they do."""
        ...


class Reports(Protocol):
    """The analytics, as the read side needs them."""

    @property
    def facts(self) -> FactSchema: ...
    @property
    def settings(self) -> Mapping[str, str]: ...
    @property
    def lent(self) -> Lent:
        """The rows of tables that are handed in with every question, among them the words of lists."""
        ...

    @property
    def stale(self) -> Stale | None: ...
    @property
    def reports(self) -> Sequence[Report]: ...
    @property
    def position(self) -> int: ...
    def query(
        self,
        report: str,
        parameters: Mapping[str, Any] | None = None,
        as_of: AsOf | None = None,
        sight: Sight = EVERY_WORK,
        lent: Lent = NOTHING_LENT,
    ) -> Any:
        """Answer a report about what may be seen, as of a moment if one is given, as a pyarrow.Table.

        `lent` are the rows of tables that the analytics do not hold themselves.
        """
        ...

    def wait_for(self, position: int, timeout: float) -> bool:
        """Wait until the facts have reached a position; tell whether they have."""
        ...


History = Callable[[UUID, int, int], Awaitable[Sequence[Any]]]
"""Reads a client's facts after a position, at most so many, oldest first: each a named tuple with its position."""


def read_pool(url: str, size: int, seconds: float = READ_SECONDS) -> Pool:
    """Return a closed pool of connections that can only read; the application opens it on its event loop.

    `seconds` is how long the database may work on one statement; half as long a caller waits for a connection.
    """
    # The first rows of very many are to be the same for each page of them.
    options = f"-c search_path=read -c default_transaction_read_only=on -c synchronize_seqscans=off {limits(seconds)}"

    async def be_patient(connection: AsyncBoundedConnection) -> None:
        connection.patience = patience_of(seconds)

    return AsyncConnectionPool(
        url,
        connection_class=AsyncBoundedConnection,
        configure=be_patient,
        min_size=1,
        max_size=size,
        timeout=seconds / 2,
        reconnect_timeout=RECONNECT_SECONDS,
        kwargs={**LINE, "autocommit": True, "options": options, "application_name": "letopis-reads"},
        open=False,
    )


@dataclass(frozen=True)
class Desk:
    """Everything an answer may need; the reports are asked in a thread."""

    pool: Pool
    authenticate: Callable[[Sequence[str]], Awaitable[Caller]]
    reaches: Reaches
    is_let_in: Callable[[Caller, Sequence[str], bool], Awaitable[bool]]
    """Whether a caller is let in still: by their Authorization headers, or without these by the name alone.

    By what was so a second ago or, if that is to be fresh, by what is so now.
    """
    history: History
    phone_key: Callable[[str], str]
    email_key: Callable[[str], str]
    feed: Feed
    past: Past
    signals: Signals
    tickets: Tickets
    note_access: Callable[[Access], None]
    """Puts on record that somebody looked at a client; returns at once."""
    take_turn: Callable[[str, str], None]
    """Counts a question of a caller by its name; raises TooManyReadsError."""
    commands_of: Callable[[str], Awaitable[Sequence[str]]]
    """The names of the commands that a role may ask for."""
    editing_of: Callable[[str], Awaitable[Mapping[str, str]]]
    """To which extent a role may ask for commands of each kind."""
    language_of: Callable[[str | None], str]
    """The language of ours that a caller likes best, by what is sent as `Accept-Language`."""
    words_for: Callable[[str, str, Mapping[str, Any]], tuple[str, str]]
    """The title and the detail of what has a code, in a language, by its facts."""
    upkeep: Upkeep
    house: House = UNTOLD
    reports: Reports | None = None
    sql: SqlDoor | None = None
    sql_room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """How many may ask in SQL at once."""
    zone: ZoneInfo = UTC_ZONE
    merges: Merges = field(default_factory=Merges)
    timeout: float = 5.0
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def fetch(
        self,
        statement: Statement,
        parameters: Mapping[str, Any],
        min_position: int | None = None,
        about: UUID | None = None,
        reach: Reach = EVERYTHING,
    ) -> tuple[Seen, list[Row]]:
        """Run a statement on the views as they are; return how true it is, and its rows without that.

        `about` is the one thing asked for: what waits elsewhere in the views is then not told. Of what is out of
        `reach` nothing is. Raises ViewBuildingError, ViewBehindError and, for a position that is not there yet,
        WrongParameterError.
        """
        rows = await self._run(statement, parameters, about, reach)
        if min_position is not None and rows[0][0] < min_position:
            await self._wait(statement.rests_on(reach.sight), min_position)
            rows = await self._run(statement, parameters, about, reach)
        return Seen(*rows[0][:2]), [row[2:] for row in rows]

    async def reach_of(self, caller: Caller) -> Reach:
        """Return what a caller may see; raises what `fetch` raises."""
        return await self.reaches.of(caller, self.fetch)

    async def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run any statement on what does not depend on a view."""
        return await self._again(statement.encode(), parameters)

    async def _again(self, statement: bytes, parameters: Mapping[str, Any] | None) -> list[Row]:
        """Run a statement, and once more if the connection was a dead one."""
        try:
            return await self._fetched(statement, parameters)
        except OperationalError as error:
            is_over = isinstance(error, errors.QueryCanceled | ServerSilentError | PoolTimeout)
            if is_over or not is_lost(error):
                raise
            # The server went away, or came back: its old connections are good for nothing, a new one may be.
            await self.pool.check()
            return await self._fetched(statement, parameters)

    async def _fetched(self, statement: bytes, parameters: Mapping[str, Any] | None) -> list[Row]:
        async with self.pool.connection() as connection:
            cursor = AsyncRawCursor(connection)
            if parameters is None:
                return await (await cursor.execute(statement)).fetchall()
            numbered, names = numbered_parameters(statement)
            return await (await cursor.execute(numbered, [parameters[name] for name in names])).fetchall()

    async def head(self) -> int:
        """Return the position of the newest fact of the log."""
        return int((await self.rows(HEAD))[0][0])

    async def require_log(self, min_position: int | None) -> None:
        """Refuse a position beyond the end of the log, if one is given; raises WrongParameterError."""
        if min_position is not None and min_position > (head := await self.head()):
            raise WrongParameterError(
                {"pointer": "/min_position", "in": "query", "code": "beyond-the-log", "head": head}
            )

    async def _run(
        self, statement: Statement, parameters: Mapping[str, Any], about: UUID | None, reach: Reach
    ) -> list[Row]:
        try:
            rows = await self._again(*statement.asked(parameters, about, reach, with_map=self.merges.are_known))
            if self.merges.told_by(rows):
                rows = await self._again(*statement.asked(parameters, about, reach, with_map=True))
        except errors.UndefinedTable:
            raise await self.building(statement.rests_on(reach.sight)) from None
        if rows[0][0] < 0:
            raise await self.building(statement.rests_on(reach.sight))
        return rows

    async def building(self, views: Sequence[str]) -> ViewBuildingError:
        """Return what is told while one of these views is being built."""
        status = await self.rows(STATUS, {"views": list(views)})
        name, state, _, position = next((row for row in status if not row[2]), status[0])
        known = {"state": state, "position": position, "head": await self.head()}
        return ViewBuildingError(view=name.rpartition("_v")[0], retry_after=RETRY_AFTER, **known)

    async def _wait(self, views: Sequence[str], min_position: int) -> None:
        """Poll, seldom and more seldom, until all the views have reached the position."""
        end = time.monotonic() + self.timeout
        await self.require_log(min_position)
        pause = 0.005
        while (position := await self._position(views)) < min_position:
            if time.monotonic() >= end:
                raise ViewBehindError(position=position, min_position=min_position)
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    async def _position(self, views: Sequence[str]) -> int:
        status = await self.rows(STATUS, {"views": list(views)})
        return min(int(row[2]) for row in status)
