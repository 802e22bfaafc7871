"""What a desk says that nobody has told anything: for tests of what rests on none of it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID


async def nothing_recorded(_stream_id: UUID, _after: int, _limit: int) -> Sequence[Any]:
    """Tell of no fact."""
    return ()


async def nothing_known() -> Mapping[str, Any]:
    """Tell nothing of the installation."""
    return {}


async def nothing_found(_language: str) -> Sequence[Mapping[str, Any]]:
    """Find nothing."""
    return ()
