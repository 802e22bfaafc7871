"""Lists, page by page: each page begins after the last row of the one before, so nothing is shown twice or missed."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_json

from read_api.reading.answer import columns, one_of
from read_api.reading.errors import WrongParameterError
from read_api.reading.statement import Statement

KeyType = Literal["text", "timestamptz", "uuid", "bigint"]

FEW = 1_000
"""A search looks up so many rows by its own index and sorts them; where more match, at least one in a thousand of a
million, a walk along the order meets a page of them soon."""


@dataclass(frozen=True, eq=False)
class Paged:
    """What is given page by page: `order` are the keys that it is sorted by, the last of them unique."""

    name: str
    order: Mapping[str, KeyType]


@dataclass(frozen=True, eq=False)
class Listing(Paged):
    """A list that can be filtered: SQL that is put together from constants only; values go in as parameters.

    `item` is the answer that each row of the view becomes; `filters` maps a parameter to its condition. `steady` are
    the filters that are fast, alone, by the same index whatever the value; `searched` is one of which nobody can tell,
    before looking, whether it matches half the rows or none. `joins` add names to the rows of one page, from the views
    in `names`; `beside` are views that conditions look into. `parties` are the filters that name a party: the facts
    that concern it are all that the list rests on.
    """

    view: str
    alias: str
    item: type[BaseModel]
    always: str
    filters: Mapping[str, str]
    steady: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    searched: str | None = None
    joins: str = ""
    names: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    descending: bool = False

    def party(self, given: Mapping[str, Any]) -> UUID | None:
        """Return the party that one of the filters names, if one does, and no view beside says more."""
        named = () if self.beside else sorted(self.parties & set(given))
        return next((given[name] for name in named), None)

    def conditions(self, given: frozenset[str]) -> str:
        """Return the WHERE clause for the filters that are given."""
        return "\n        AND ".join([self.always, *(self.filters[name] for name in sorted(given))])


@lru_cache(maxsize=512)
def page_statement(
    listing: Listing, given: frozenset[str], limit: int, *, has_cursor: bool, has_count: bool = False
) -> Statement:
    """Return what gives one page, one row: position, items as JSON (NULL: none), the last one's keys if more follow.

    If asked for, how many items the whole list has comes last, of the same moment as the items.
    With no filter or a steady one the limit stands in the text, and PostgreSQL plans once. A limit that is a parameter
    makes it plan each time, since for any limit it would expect a tenth of the table: other values get their own way.
    """
    is_steady = len(given) < 2 and given <= listing.steady
    size = str(limit) if is_steady else "%(limit)s::integer"
    a, way = listing.alias, "DESC" if listing.descending else "ASC"
    keys = [f"{a}.{column}" for column in listing.order]
    order = ", ".join(f"{key} {way}" for key in keys)
    conditions = all_of_them = listing.conditions(given)
    if has_cursor:
        after = ", ".join(f"%(after_{number})s::{kind}" for number, kind in enumerate(listing.order.values()))
        conditions += f"\n        AND ({', '.join(keys)}) {'<' if listing.descending else '>'} ({after})"
    item = columns(listing.item, a)
    members = ", ".join(f"{value} AS {name}" for name, value in item.items())
    sorted_by = [f"key_{number}" for number in range(len(keys))]
    members += "".join(f", {key} AS {name}" for key, name in zip(keys, sorted_by, strict=True))
    page_order = ", ".join(f"p.{name} {way}" for name in sorted_by)
    found, rows = _rows(listing, given, conditions, order, size)
    counted = f", (SELECT count(*) FROM {listing.view} AS {a} WHERE {all_of_them})" if has_count else ""  # noqa: S608
    sql = f"""{found}, page AS MATERIALIZED (
    SELECT {members}
    FROM (
        {rows}
    ) AS {a}
    {listing.joins}
)
SELECT seen.*, (
    SELECT json_agg(i)::text
    FROM (
        SELECT {", ".join(f"p.{name}" for name in item)}
        FROM page AS p
        ORDER BY {page_order}
        LIMIT {size}
    ) AS i
), {", ".join(f"last.{name}" for name in sorted_by)}{counted}
FROM seen
LEFT JOIN (
    SELECT {", ".join(f"p.{name}" for name in sorted_by)}
    FROM page AS p
    ORDER BY {page_order}
    LIMIT 1 OFFSET {size} - 1
) AS last ON (SELECT count(*) FROM page) > {size}"""  # noqa: S608 - put together from the constants of a Listing
    return Statement(sql, (listing.view, *listing.beside), listing.names)


def item_statement(listing: Listing, condition: str) -> Statement:
    """Return what gives the one item of a list that a condition is true of, as the list has it, or NULL."""
    source = f"{listing.view} AS {listing.alias}\n    {listing.joins}\n    WHERE {condition} AND {listing.always}"
    return one_of(listing.item, listing.alias, source, views=(listing.view,), names=(*listing.names, *listing.beside))


def _rows(listing: Listing, given: frozenset[str], conditions: str, order: str, size: str) -> tuple[str, str]:
    """Return the SQL that gives the rows of one page, and the common table expression it needs before it."""
    a, view = listing.alias, listing.view
    along = f"SELECT {a}.* FROM {view} AS {a} WHERE {conditions} ORDER BY {order} LIMIT {size} + 1"  # noqa: S608
    if listing.searched not in given:
        return "", along
    # Planned for what is common, a search for a word that is nowhere would walk along the order to the very end.
    last = list(listing.order)[-1]
    searched = listing.filters[str(listing.searched)]
    found = f""", found AS MATERIALIZED (
    SELECT {a}.{last} FROM {view} AS {a} WHERE {searched} LIMIT {FEW} + 1
)"""  # noqa: S608
    few = f"SELECT {a}.* FROM found JOIN {view} AS {a} USING ({last}) WHERE (SELECT count(*) FROM found) <= {FEW}"  # noqa: S608
    many = f"SELECT {a}.* FROM {view} AS {a} WHERE (SELECT count(*) FROM found) > {FEW}"  # noqa: S608
    rest = f"AND {conditions} ORDER BY {order} LIMIT {size} + 1"
    return found, f"({few} {rest}) UNION ALL ({many} {rest})"


def _check(listing: Paged, filters: Mapping[str, Any]) -> str:
    """Name a list with its filters: a cursor of another list, or of other filters, would begin anywhere."""
    return _name(listing.name, tuple(sorted((name, str(value)) for name, value in filters.items())))


@lru_cache(maxsize=512)
def _name(listing: str, filters: tuple[tuple[str, str], ...]) -> str:
    return blake2s(to_json([listing, filters]), digest_size=6).hexdigest()


def to_cursor(listing: Paged, filters: Mapping[str, Any], keys: Sequence[Any]) -> str:
    """Return the opaque text that names the place after a row."""
    plain = [
        key.isoformat() if isinstance(key, datetime) else key if isinstance(key, int) else str(key) for key in keys
    ]
    text = to_json([_check(listing, filters), *plain])
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


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
    if kind == "timestamptz":
        moment = datetime.fromisoformat(given)
        if moment.tzinfo is None:
            raise ValueError(given)
        # A zone of half a second is one of Python's and none of the database's.
        return moment.astimezone(UTC)
    return given
