"""Asking the past: the same statements, on what the time machine shows of a moment."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool

from infra.log.past_log import AsOf, Cut, MomentAheadError, TooLongError
from infra.projector.folding import PoisonEventError
from infra.projector.row_versions import By, Moment
from read_api.reading.errors import PastTooLongError, PastUnreadableError, TooManyPastsError, WrongParameterError
from read_api.reading.reach import EVERYTHING, Reach
from read_api.reading.statement import Seen, Statement

RETRY_AFTER = 5


class Then(Protocol):
    """The read models as they stood at a position of the log."""

    @property
    def position(self) -> int: ...
    def ask(
        self, statement: str, values: Mapping[str, Any], views: tuple[str, ...], names: tuple[str, ...]
    ) -> list[tuple[Any, ...]]:
        """Run a statement on the views as they stood; of `names` only what the answer names by id."""
        ...


class Fact(Protocol):
    """A fact as the log has it, as far as it is told."""

    @property
    def position(self) -> int: ...
    @property
    def stream_id(self) -> UUID: ...
    @property
    def topic(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...


class ThenOverTime(Then, Protocol):
    """The read models of one party or stream as they were at every moment up to a position of the log."""

    @property
    def facts(self) -> Mapping[int, Fact]: ...
    @property
    def last(self) -> Moment:
        """The last moment that counts."""
        ...

    def moments(self, views: tuple[str, ...]) -> list[Moment]:
        """Return when facts came to count of which the rows of these views are made, in order."""
        ...


class TimeMachine(Protocol):
    """Folds the log up to a moment; all of it is called in threads."""

    def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment."""
        ...

    def reads_all(self, views: tuple[str, ...], about: UUID | None) -> bool:
        """Tell whether a question of these views, about one party or stream, makes it read the whole log."""
        ...

    def looking(self, as_of: AsOf, about: UUID | None) -> AbstractContextManager[Then]:
        """Show the views, or what they have about one party or stream."""
        ...

    def over_time(self, as_of: AsOf, about: UUID, by: By) -> AbstractContextManager[ThenOverTime]:
        """Show what the views have about one party or stream at every moment up to one."""
        ...


@dataclass(frozen=True)
class Past:
    """The past, for as many at once as there is room for: `few` for one thing, `wholes` for what reads the whole log.

    A whole view is seconds of work: one after the other, so that the present is answered meanwhile. A caller who has to
    wait longer than `patience` seconds is sent away for a while.
    """

    machine: TimeMachine
    few: int
    wholes: int
    patience: float
    _room: dict[str, asyncio.Semaphore] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._room.update(few=asyncio.Semaphore(self.few), wholes=asyncio.Semaphore(self.wholes))

    async def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment; raises WrongParameterError for one that is ahead."""
        async with self._place("few"):
            with _told():
                return await run_in_threadpool(self.machine.cut, as_of)

    @asynccontextmanager
    async def looking(self, as_of: AsOf, views: tuple[str, ...], about: UUID | None) -> AsyncIterator["PastViews"]:
        """Lend the views as they stood; raises WrongParameterError, TooManyPastsError and PastTooLongError."""
        async with self._place("wholes" if self.machine.reads_all(views, about) else "few"):
            with _told():
                async with contextmanager_in_threadpool(self.machine.looking(as_of, about)) as then:
                    yield PastViews(then)

    @asynccontextmanager
    async def over_time(self, as_of: AsOf, about: UUID, by: By) -> AsyncIterator["ViewsOverTime"]:
        """Lend what the views have about one party or stream at every moment up to one; raises what `looking` does."""
        async with self._place("few"):
            with _told():
                async with contextmanager_in_threadpool(self.machine.over_time(as_of, about, by)) as then:
                    yield ViewsOverTime(then)

    @asynccontextmanager
    async def _place(self, kind: str) -> AsyncIterator[None]:
        room = self._room[kind]
        try:
            await asyncio.wait_for(room.acquire(), self.patience)
        except TimeoutError:
            raise TooManyPastsError(retry_after=RETRY_AFTER) from None
        try:
            yield
        finally:
            room.release()


@contextmanager
def _told() -> Iterator[None]:
    """Say what the time machine says in the words of the read side."""
    try:
        yield
    except MomentAheadError:
        raise WrongParameterError({"pointer": "/as_of", "in": "query", "code": "in-the-future"}) from None
    except TooLongError as long:
        raise PastTooLongError(seconds=long.seconds) from None
    except PoisonEventError as poison:
        raise PastUnreadableError(position=poison.position) from poison


class PastViews:
    """The views as they stood, asked as a desk is asked."""

    def __init__(self, then: Then) -> None:
        self._then = then

    async def fetch(
        self,
        statement: Statement,
        parameters: Mapping[str, Any],
        min_position: int | None = None,  # noqa: ARG002 - the log itself was read
        about: UUID | None = None,  # noqa: ARG002 - nothing waits in what was folded just now
        reach: Reach = EVERYTHING,
    ) -> tuple[Seen, list[tuple[Any, ...]]]:
        """Run a statement on the views as they stood; return the position it is true at, and its rows without that.

        What is out of `reach` today is not told of the past either.
        """
        rows = await run_in_threadpool(rows_then, self._then, statement, parameters, reach)
        return Seen(self._then.position), rows


class ViewsOverTime(PastViews):
    """The views as they were at every moment, for the statements of read_api.reading.over_time."""

    def __init__(self, then: ThenOverTime) -> None:
        super().__init__(then)
        self._over_time = then

    @property
    def facts(self) -> Mapping[int, Fact]:
        """The facts that the rows are made of, by position."""
        return self._over_time.facts

    @property
    def last(self) -> Moment:
        """The last moment that counts."""
        return self._over_time.last

    async def moments(self, views: tuple[str, ...]) -> list[Moment]:
        """Return when facts came to count of which the rows of these views are made, in order."""
        return await run_in_threadpool(self._over_time.moments, views)


def rows_then(
    then: Then, statement: Statement, parameters: Mapping[str, Any], reach: Reach = EVERYTHING
) -> list[tuple[Any, ...]]:
    """Run a statement on the views as they stood; return its rows without the position."""
    values = {**reach.values, **parameters, "seen_position": then.position}
    return [row[2:] for row in then.ask(statement.then(reach.sight), values, statement.looks_into, statement.named)]
