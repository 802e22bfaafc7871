"""Where the rows of one page come from: along the order, by their owners, or by how well they are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from read_api.reading.cursors import KeyType
from read_api.reading.seen import of_nobody, owner, within_reach

if TYPE_CHECKING:
    from read_api.reading.paging import Listing

FEW = 1_000
"""A search looks up so many rows by its own index and sorts them; where more match, at least one in a thousand of a
million, a walk along the order meets a page of them soon."""

PAGE = "%(limit)s::integer + 1"
"""So many rows say what is on a page, and whether there is another."""

_LEAST: Mapping[KeyType, str] = {"text": "''", "uuid": "'00000000-0000-0000-0000-000000000000'"}


@dataclass(frozen=True)
class Rank:
    """Rows that pass the filter that ranks a list in one way, or in two: `condition` is what finds them.

    `but` is what is not true of them, for then they have a better rank. The first of two ways is where `better` is true
    as well. If they are `in_order` they stand together in the order of the list, and are read along its index; else so
    many at `most` are looked up by their own, and sorted: of a word that a million share one is as good as another.
    """

    condition: str
    most: int = 5_000
    but: str = ""
    better: str = ""
    in_order: bool = False


def rows_in_order(listing: "Listing", given: frozenset[str], conditions: str, order: str, size: str) -> tuple[str, str]:
    """Return the SQL that gives the rows of one page, and the common table expression it needs before it."""
    a, view = listing.alias, listing.view
    end = f"ORDER BY {order} LIMIT {size} + 1"
    wheres = listing.ways(given, conditions)

    def each_way(source: str, only: list[str]) -> list[str]:
        return [f"SELECT {a}.* FROM {source} WHERE {' AND '.join([*only, where])} {end}" for where in wheres]  # noqa: S608

    # Planned for what is common, a search for a word that is nowhere would walk along the order to the very end.
    looked_up = listing.searched | (frozenset() if given & listing.steady else listing.unindexed)
    found = ""
    selected: list[str] = []
    are_many: list[str] = []
    for name in sorted(looked_up & given):
        found += f""", found_{name} AS MATERIALIZED (
    SELECT {a}.{listing.key} FROM {view} AS {a} WHERE {listing.filters[name]} LIMIT {FEW} + 1
)"""  # noqa: S608
        counted = f"(SELECT count(*) FROM found_{name})"  # noqa: S608
        selected += each_way(
            f"found_{name} JOIN {view} AS {a} USING ({listing.key})", [*are_many, f"{counted} <= {FEW}"]
        )
        are_many.append(f"{counted} > {FEW}")
    selected += each_way(f"{view} AS {a}", are_many)
    if len(selected) == 1:
        return found, selected[0]
    together = " UNION ALL ".join(f"({one})" for one in selected)
    # Each way is in order, and all of them together are not.
    return found, together if len(wheres) == 1 else _ordered(together, a, f"{order} LIMIT {size} + 1")


def rows_of_owners(listing: "Listing", conditions: str, owners: int, end: str = "") -> str:
    """Return the SQL that gives the rows of so many owners, and those of nobody that the caller sees.

    With an `end` (what ORDER BY takes), of each no more than the page needs.
    """
    a, column = listing.alias, listing.owned_by
    every = [f"{column} = {owner(number)} AND {within_reach(conditions)}" for number in range(owners)]
    branches = [*every, f"{column} IS NULL AND {of_nobody(conditions)}"]
    end = f" ORDER BY {end}" if end else ""
    return " UNION ALL ".join(f"(SELECT {a}.* FROM {listing.view} AS {a} WHERE {branch}{end})" for branch in branches)  # noqa: S608


def rows_by_rank(listing: "Listing", conditions: str, *, has_cursor: bool) -> tuple[str, str]:
    """Return the SQL of the rows of one page and one more, with their `rank`, and what it needs before it.

    `conditions` are all that a row has to pass besides its rank; the first column that the list is sorted by is `rank`.
    """
    a = listing.alias
    sorted_by = ", ".join(f"{a}.{column}" for column in listing.order)
    before, names, last = "", list[str](), -1
    for rank in listing.ranks:
        first, last = last + 1, last + (2 if rank.better else 1)
        # Only where what is better fills no page.
        wanted = [f"{' + '.join(f'(SELECT count(*) FROM {name})' for name in names)} < {PAGE}"] if names else []  # noqa: S608
        wanted += [f"%(after_0)s::bigint <= {last}"] if has_cursor else []
        every = " AND ".join([*wanted, rank.condition, *([f"NOT ({rank.but})"] if rank.but else []), conditions])
        number = f"CASE WHEN {rank.better} THEN {first} ELSE {last} END" if rank.better else str(first)
        names.append(f"rank_{first}")
        number = f"({number})::bigint"
        if rank.in_order:
            before += _in_order(listing, names[-1], number, every, has_cursor=has_cursor)
        else:
            before += _looked_up(listing, names[-1], number, every, has_cursor=has_cursor, most=rank.most)
    ranks = " UNION ALL ".join(f"SELECT * FROM {name}" for name in names)  # noqa: S608
    return before, f"SELECT {a}.* FROM ({ranks}) AS {a} ORDER BY {sorted_by} LIMIT {PAGE}"  # noqa: S608


def _looked_up(listing: "Listing", name: str, number: str, every: str, *, has_cursor: bool, most: int) -> str:
    """Return the common table expressions of a rank whose rows an index finds in no order."""
    a, view, key = listing.alias, listing.view, listing.key
    _, *columns = listing.order
    keys = ", ".join(f"{a}.{column}" for column in columns)
    after = ", ".join(f"%(after_{place})s::{kind}" for place, kind in enumerate(listing.order.values()))
    place = f"WHERE ({a}.rank, {keys}) > ({after})" if has_cursor else ""
    # Had PostgreSQL to sort what it looks for, it might rather walk along the order until it has met some.
    return f""", {name}_found AS MATERIALIZED (
    SELECT {number} AS rank, {keys} FROM {view} AS {a} WHERE {every} LIMIT {most}
), {name} AS MATERIALIZED (
    SELECT first.rank, {a}.*
    FROM (
        SELECT {a}.rank, {a}.{key} FROM {name}_found AS {a} {place} ORDER BY {a}.rank, {keys} LIMIT {PAGE}
    ) AS first
    JOIN {view} AS {a} ON {a}.{key} = first.{key}
)"""  # noqa: S608 - put together from the constants of a Listing


def _in_order(listing: "Listing", name: str, number: str, every: str, *, has_cursor: bool) -> str:
    """Return the common table expression of a rank whose rows stand together in the order of the list."""
    a = listing.alias
    _, *order = listing.order.items()
    keys = ", ".join(f"{a}.{column}" for column, _ in order)
    places = ", ".join(
        f"CASE WHEN %(after_0)s::bigint = {number} THEN %(after_{place})s::{kind} ELSE {_LEAST[kind]} END"
        for place, (_, kind) in enumerate(order, start=1)
    )
    after = f"AND ({keys}) > ({places})" if has_cursor else ""
    return f""", {name} AS MATERIALIZED (
    SELECT {number} AS rank, {a}.* FROM {listing.view} AS {a} WHERE {every} {after} ORDER BY {keys} LIMIT {PAGE}
)"""  # noqa: S608 - put together from the constants of a Listing


def _ordered(rows: str, alias: str, end: str) -> str:
    return f"SELECT {alias}.* FROM ({rows}) AS {alias} ORDER BY {end}"  # noqa: S608
