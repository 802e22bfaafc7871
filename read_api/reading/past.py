"""Asking the past: the same statements, on what the time machine shows of a moment."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool

from infra.log.past_log import AsOf, Cut, MomentAheadError, TooLongError
from infra.projector.folding import PoisonEventError
from read_api.reading.desk import SEEN, Seen
from read_api.reading.errors import PastTooLongError, PastUnreadableError, TooManyPastsError, WrongParameterError

Kind = Literal["card", "timeline", "ownership", "deal", "board"]
"""What a question is about: of one client the card, the story or the owners; one deal; or all deals by their stages."""

RETRY_AFTER = 5

SEEN_THEN = """
WITH seen AS (SELECT %(seen_position)s::bigint AS position, NULL::bigint AS parked)"""


class Then(Protocol):
    """The read models as they stood at a position of the log."""

    @property
    def position(self) -> int: ...
    def ask(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a statement on the views as they stood."""
        ...


class TimeMachine(Protocol):
    """Folds the log up to a moment; all of it is called in threads."""

    def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment."""
        ...

    def looking(self, kind: Kind, key: UUID | None, as_of: AsOf) -> AbstractContextManager[Then]:
        """Show what a question of this kind needs."""
        ...


@dataclass(frozen=True)
class Past:
    """The past, for as many at once as there is room for: `few` for one client or deal, `boards` for whole boards.

    A board is seconds of work: one after the other, so that the present is answered meanwhile. Who has to wait longer
    than `patience` seconds is sent away for a while.
    """

    machine: TimeMachine
    few: int
    boards: int
    patience: float
    _room: dict[str, asyncio.Semaphore] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._room.update(few=asyncio.Semaphore(self.few), boards=asyncio.Semaphore(self.boards))

    async def cut(self, as_of: AsOf) -> Cut:
        """Return what counts of the log as of a moment; raises WrongParameterError for one that is ahead."""
        async with self._place("few"):
            with _told():
                return await run_in_threadpool(self.machine.cut, as_of)

    @asynccontextmanager
    async def looking(self, kind: Kind, key: UUID | None, as_of: AsOf) -> AsyncIterator["PastViews"]:
        """Lend the views as they stood; raises WrongParameterError, TooManyPastsError and PastTooLongError."""
        async with self._place("boards" if key is None else "few"):
            with _told():
                async with contextmanager_in_threadpool(self.machine.looking(kind, key, as_of)) as then:
                    yield PastViews(then)

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
    except MomentAheadError as ahead:
        raise WrongParameterError(
            {"pointer": "/as_of", "in": "query", "code": "in-the-future", "now": ahead.now.isoformat()}
        ) from None
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
        statement: str,
        parameters: Mapping[str, Any],
        views: Sequence[str],  # noqa: ARG002 - all that it selects from is shown already
        min_position: int | None = None,  # noqa: ARG002 - the log itself was read
        about: UUID | None = None,  # noqa: ARG002 - nothing waits in what was folded just now
    ) -> tuple[Seen, list[tuple[Any, ...]]]:
        """Run a statement that begins with SEEN; return the position it is true at, and the rows without it."""
        return Seen(self._then.position), await run_in_threadpool(rows_then, self._then, statement, parameters)


def rows_then(then: Then, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement that begins with SEEN on the views as they stood; return its rows without the position."""
    values = {**parameters, "seen_position": then.position}
    return [row[2:] for row in then.ask(statement.replace(SEEN, SEEN_THEN), values)]
