"""How much one command or batch may hold: what is beyond is refused before each value is looked at and found wrong."""

from itertools import islice
from typing import Any

from pydantic_core import from_json

from commands.errors import InvalidCommandError

SMALL = 16 * 1024
"""Bytes of a body whose values need not be counted: there is not room for so many."""

MAX_BATCH_VALUES = 30_000


def require_bounded(body: bytes, limit: int) -> None:
    """Refuse more values than there can be in a command or batch, before each is looked at and found wrong."""
    if len(body) <= SMALL:
        return
    try:
        waiting: list[Any] = [from_json(body)]
    except ValueError:
        return  # it will be told so
    count = 0
    while waiting and count <= limit:
        value = waiting.pop()
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        count += len(inside)
        waiting.extend(islice(inside, limit))
    if count > limit:
        raise InvalidCommandError({"pointer": "", "code": "too-many-values", "limit": limit})
