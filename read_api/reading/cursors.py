"""Cursors: opaque texts that name a place in a list, with its filters and in its order, and in no other."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Literal
from uuid import UUID

from pydantic_core import to_json

from read_api.reading.errors import WrongParameterError

KeyType = Literal["text", "timestamptz", "uuid", "bigint", "numeric", "date"]

_NUMERIC = re.compile(r"-?[0-9]{1,1000}(\.[0-9]{1,1000})?")


@dataclass(frozen=True, eq=False)
class Paged:
    """What is given page by page: `order` are the keys that it is sorted by, the last of them unique."""

    name: str
    order: Mapping[str, KeyType]


def _check(listing: Paged, filters: Mapping[str, Any]) -> str:
    """Name a list with its filters: a cursor of another list, or of other filters, would begin anywhere."""
    return _name(listing.name, tuple(sorted((name, str(value)) for name, value in filters.items())))


@lru_cache(maxsize=512)
def _name(listing: str, filters: tuple[tuple[str, str], ...]) -> str:
    return blake2s(to_json([listing, filters]), digest_size=6).hexdigest()


def to_cursor(listing: Paged, filters: Mapping[str, Any], keys: Sequence[Any]) -> str:
    """Return the opaque text that names the place after a row."""
    text = to_json([_check(listing, filters), *map(_written, keys)])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def cut(
    listing: Paged, filters: Mapping[str, Any], found: Sequence[tuple[Any, Sequence[Any]]], limit: int
) -> tuple[list[Any], str | None]:
    """Return the rows of a page and the cursor of the next one, of one row more than it has, each with its keys."""
    page = found[:limit]
    following = to_cursor(listing, filters, page[-1][1]) if len(found) > limit else None
    return [row for row, _ in page], following


def _written(key: Any) -> Any:
    if isinstance(key, datetime):
        return key.isoformat()
    if isinstance(key, int):
        return key
    return f"{key:f}" if isinstance(key, Decimal) else str(key)


def from_cursor(listing: Paged, filters: Mapping[str, Any], cursor: str) -> dict[str, Any]:
    """Return the place a cursor names, as SQL parameters; raises WrongParameterError."""
    try:
        parts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        check, *keys = parts
        if check != _check(listing, filters):
            raise ValueError(check)
        values = [_key(key, kind) for key, kind in zip(keys, listing.order.values(), strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise WrongParameterError({"pointer": "/cursor", "in": "query", "code": "wrong-cursor"}) from None
    return {f"after_{number}": value for number, value in enumerate(values)}


def _key(given: Any, kind: KeyType) -> Any:
    if kind == "bigint":
        # Not isinstance: `true` is an int of Python's, and no number of the database's.
        if type(given) is not int or not 0 <= given < 2**63:
            raise ValueError(given)
        return given
    if not isinstance(given, str) or "\0" in given:
        raise ValueError(given)
    given.encode()  # a lone surrogate is a ValueError here, not a fault of the database
    if kind == "uuid":
        return UUID(given)
    if kind == "numeric":
        if not _NUMERIC.fullmatch(given):
            raise ValueError(given)
        return Decimal(given)
    if kind == "date":
        return date.fromisoformat(given)
    if kind == "timestamptz":
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise ValueError(given)
        # A zone of half a second is one of Python's and none of the database's.
        return moment.astimezone(UTC)
    return given
