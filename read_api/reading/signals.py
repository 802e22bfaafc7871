"""Following what concerns one member of the staff: positions of what changed, and no data."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from read_api.reading.feed import Followed, Page

REMEMBERED = 50
"""Pages kept for the other followers, who at the end of the log all want the same one."""


class Signal(Protocol):
    """That something changed: the position of the fact, what it is about, and whom of the staff it concerns."""

    @property
    def position(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID: ...
    @property
    def staff(self) -> frozenset[UUID]: ...


class SignalPage(Page, Protocol):
    """What the facts after a position are about."""

    @property
    def facts(self) -> Sequence[Signal]: ...


@dataclass(frozen=True, kw_only=True)
class Signals(Followed):
    """What changes for whom; `read` gives the page after a position, the same for all."""

    read: Callable[[int], Awaitable[SignalPage]]
    _pages: dict[int, "asyncio.Task[SignalPage]"] = field(init=False, default_factory=dict)

    async def page(self, after: int) -> SignalPage:
        """Return the page after a position, read once for all who want it; raises psycopg.Error and ReadError."""
        reading = self._pages.get(after)
        if reading is None:
            reading = self._pages[after] = asyncio.create_task(self._read(after))
            while len(self._pages) > REMEMBERED:
                del self._pages[next(iter(self._pages))]
        # Who hangs up ends no reading that others wait for.
        return await asyncio.shield(reading)

    async def _read(self, after: int) -> SignalPage:
        is_good = False
        try:
            page = await self.read(after)
            # The end of the log is not where it was a moment ago.
            is_good = page.examined > after
            return page
        finally:
            if not is_good:
                self._pages.pop(after, None)


class Ticket(Protocol):
    """What lets in once, and until when."""

    @property
    def text(self) -> str: ...
    @property
    def expires_at(self) -> datetime: ...


class Holder(Protocol):
    """Whom a ticket lets in."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True)
class Tickets:
    """Hands out tickets and takes them back; a ticket that is not good is None."""

    issue: Callable[[str, str], Awaitable[Ticket]]
    take: Callable[[str], Awaitable[Holder | None]]
