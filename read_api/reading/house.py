"""What is asked of the house itself and no view: what is fixed, its own history, and how the installation stands."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from read_api.reading.errors import FileBytesGoneError

ContentOf = Callable[[UUID, UUID, str], Awaitable[AsyncIterator[bytes]]]


async def nothing_recorded(_stream_id: UUID, _after: int, _limit: int) -> Sequence[Any]:
    """Tell of no fact."""
    return ()


async def nothing_known() -> Mapping[str, Any]:
    """Tell nothing of the installation."""
    return {}


async def nobody_alike(_client_id: UUID) -> Sequence[Any]:
    """Find nobody."""
    return ()


async def no_content(_client_id: UUID, file_id: UUID, _stored: str) -> AsyncIterator[bytes]:
    """Have no bytes of any file."""
    raise FileBytesGoneError(id=file_id)


async def nothing_found(_language: str) -> Sequence[Mapping[str, Any]]:
    """Find nothing."""
    return ()


def nothing_counted(_lines: Sequence[Any], _currency: str, _tax_mode: str) -> Mapping[str, Any]:
    """Count nothing."""
    return {"lines": ()}


@dataclass(frozen=True)
class House:
    """Where it is asked; of what nobody was told there is nothing."""

    is_fixed: Callable[[str], bool] = lambda _role: False
    """Whether nothing can be granted to a role."""
    history: Callable[[UUID, int, int], Awaitable[Sequence[Any]]] = nothing_recorded
    """Reads the facts of a stream of the house's own after a position, at most so many, oldest first."""
    installation: Callable[[], Awaitable[Mapping[str, Any]]] = nothing_known
    """How the log, the disk, what is kept and the backups stand: the members of `read_api.status.Installation`."""
    findings: Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]] = nothing_found
    """What the doctor finds, in a language; looks anew when the last look is older than a moment."""

    alike: Callable[[UUID], Awaitable[Sequence[Any]]] = nobody_alike
    """Who may be the same as a client, whoever sees them: each with `client_id`, `score` and `agreement`."""

    content_of: ContentOf = no_content
    """The content of a file by whose it is, its id and the digest under which it lies, piece by piece."""

    totals_of: Callable[[Sequence[tuple[Decimal, Decimal, str | None]], str, str], Mapping[str, Any]] = nothing_counted
    """What lines of quantity, unit price and rate come to: `net`, `tax`, `gross`, and so of its `lines` and `rates`."""


UNTOLD = House()
