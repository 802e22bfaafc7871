"""Following what concerns one member of the staff: positions of what changed, and no data."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from read_api.reading.feed import Followed, Page


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
    @property
    def others(self) -> frozenset[UUID]:
        """Of the staff whose it is besides: who takes part, who owns the client it is with."""
        ...

    @property
    def is_nobodys(self) -> bool:
        """Whether a client it is about is nobody's."""
        ...


class SignalPage(Page, Protocol):
    """What the facts after a position are about."""

    @property
    def facts(self) -> Sequence[Signal]: ...


@dataclass(frozen=True, kw_only=True)
class Signals(Followed):
    """What changes for whom; `read` gives the page after a position, the same for all."""

    read: Callable[[int], Awaitable[SignalPage]]

    async def page(self, after: int, min_position: int | None = None) -> SignalPage:
        """Return the page after a position, read once for all who want it; raises psycopg.Error and ReadError."""
        page = await self.readings.shared(after, partial(self.read, after))
        if min_position is not None and page.head < min_position:
            # That reading began before the caller came.
            page = await self.readings.shared(after, partial(self.read, after))
        return page


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
    @property
    def is_on_record(self) -> bool: ...
    @property
    def only(self) -> frozenset[str] | None: ...
    @property
    def on_behalf_of(self) -> UUID | None: ...


@dataclass(frozen=True)
class Tickets:
    """Hands out tickets and takes them back; a ticket that is not good is None."""

    issue: Callable[[Holder], Awaitable[Ticket]]
    take: Callable[[str], Awaitable[Holder | None]]
