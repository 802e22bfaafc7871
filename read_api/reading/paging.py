"""Lists, page by page: each page begins after the last row of the one before, so nothing is shown twice or missed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from read_api.reading.answer import columns, json_of, list_of, one_of
from read_api.reading.cursors import KeyType, Paged
from read_api.reading.errors import not_in_list
from read_api.reading.page_rows import Rank, rows_by_rank, rows_in_order, rows_of_owners
from read_api.reading.reach import Reach, few
from read_api.reading.seen import along_a_walk
from read_api.reading.statement import Statement


@dataclass(frozen=True, eq=False)
class Sorting:
    """Another way to sort a list; no row that it lists has an empty key, for what is empty comes after nothing.

    `only` is the condition of the rows that can be sorted so, if that is not all of them.
    """

    order: Mapping[str, KeyType]
    only: str = ""


@dataclass(frozen=True, eq=False)
class Listing(Paged):
    """A list that can be filtered: SQL that is put together from constants only; values go in as parameters.

    `item` is the answer that each row of the view becomes; `shown` are its members that are wanted, if not all.
    `filters` maps a parameter to its condition, and `not` and a parameter to what it means when it is false, where that
    is another one. `steady` are the filters that are fast, alone, by the same index whatever the value; `searched` are
    those of which nobody can tell, before looking, whether they match half the rows or none, and `unindexed` those that
    are looked up before the page in the same way, unless a steady one leaves few rows. `also` gives of a filter another
    condition: by an index of its own it finds other rows that are in the list as well. `joins` add names to the
    rows of one page, from the views in `names`; `beside` are the views that the condition of a filter looks into,
    and `rests_on` those that every row is told from.
    `parties` are the filters that name a party: the facts that concern it are all that the list rests on. `sortings`
    are the ways to sort it by name, each of them also backwards. `owned_by` is the column by whose values an index of
    its own has the rows in order, and of which the reach of a caller says which they see: few of them are looked up
    one by one, where a walk along the order would pass over nearly everything. `looked_up` are the filters that need
    no such help. If the order `tells_owners`, its index ends with them: of very many, a walk without filters passes
    over the others' rows without a look at them. `ranked_by` is the filter by which the list is sorted before all
    else, unless asked to be sorted otherwise, and `ranks` are how rows pass it, the best way first.
    """

    view: str
    alias: str
    item: type[BaseModel]
    always: str
    filters: Mapping[str, str]
    steady: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset()
    searched: frozenset[str] = frozenset()
    unindexed: frozenset[str] = frozenset()
    also: Mapping[str, str] = field(default_factory=dict)
    joins: str = ""
    names: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    descending: bool = False
    sortings: Mapping[str, Sorting] = field(default_factory=dict)
    shown: frozenset[str] | None = None
    owned_by: str = ""
    looked_up: frozenset[str] = frozenset()
    tells_owners: bool = False
    ranked_by: str = ""
    ranks: tuple[Rank, ...] = ()

    @property
    def key(self) -> str:
        """The column that names a row."""
        return list(self.order)[-1]

    def conditions_of(self, filters: Mapping[str, Any]) -> frozenset[str]:
        """Return the names of the conditions that filters with these values ask for."""
        return frozenset(
            f"not {name}" if value is False and f"not {name}" in self.filters else name
            for name, value in filters.items()
        )

    def views(self, filters: Iterable[str]) -> tuple[str, ...]:
        """Return the views that a list with these filters, or conditions, looks for rows in."""
        looked = [view for name in filters for view in self.beside.get(name.removeprefix("not "), ())]
        looked += self.rests_on
        return (self.view, *sorted({*looked} - {self.view})) if looked else (self.view,)

    def party(self, given: Mapping[str, Any]) -> UUID | None:
        """Return the party that one of the filters names, if one does, and no view beside says more."""
        named = min(self.parties & given.keys(), default=None)
        return None if named is None or self.views(given) != (self.view,) else given[named]

    def where(self, given: frozenset[str]) -> str:
        """Return the WHERE clause for the conditions of these names."""
        return "\n        AND ".join([self.always, *(self.filters[name] for name in sorted(given))])

    def owners_asked(self, given: frozenset[str], reach: Reach) -> int:
        """Return for how many owners the rows are looked up one by one; 0: along the order."""
        if not self.owned_by or reach.clients is None or given & (self.looked_up | self.searched):
            return 0
        return few(reach.clients)

    def ways(self, given: frozenset[str], where: str) -> list[str]:
        """Return this WHERE clause, and it once more for each filter that finds other rows as well."""
        others = sorted(given & set(self.also))
        return [where, *(where.replace(self.filters[name], self.also[name]) for name in others)]


def as_wanted(
    listing: Listing, sort: str | None, shown: frozenset[str] | None, filters: Collection[str] = ()
) -> Listing:
    """Return the list sorted in one of its ways, backwards with a minus, and with these members alone and the key.

    Unless a way is named, what is asked for by the filter that ranks it is sorted by rank.

    A cursor leads on in the order that it was given for, and in no other. Raises WrongParameterError for a member that
    there is not.
    """
    if sort is None and listing.ranked_by in filters:
        sort = "rank"
    return listing if sort is None and shown is None else _as_wanted(listing, sort, shown)


@lru_cache(maxsize=512)
def _as_wanted(listing: Listing, sort: str | None, shown: frozenset[str] | None) -> Listing:
    if shown is not None:
        known = columns(listing.item, listing.alias)
        if not shown <= known.keys():
            raise not_in_list("fields", known)
        listing = replace(listing, shown=shown | {listing.key})
    if sort is None:
        return listing
    if sort == "rank":
        return replace(listing, name=f"{listing.name} by rank", order={"rank": "bigint", **listing.order})
    sorting = listing.sortings[sort.removeprefix("-")]
    is_its_order = list(sorting.order) == list(listing.order)
    return replace(
        listing,
        name=f"{listing.name} by {sort}",
        order=sorting.order,
        descending=sort.startswith("-"),
        always=f"{listing.always} AND {sorting.only}" if sorting.only else listing.always,
        # What is fast by its own index is so in the order of that index.
        steady=listing.steady if is_its_order else frozenset(),
        tells_owners=listing.tells_owners and is_its_order,
    )


@dataclass(frozen=True, eq=False)
class Around:
    """What an answer tells around a page, of the same moment: SQL that is put together from constants only.

    `columns` stand first in the row; `joins` are what they need, and `before` the common table expressions, each after
    a comma.
    """

    columns: tuple[str, ...]
    joins: str
    views: tuple[str, ...]
    names: tuple[str, ...] = ()
    before: str = ""


NOTHING = Around((), "", ())


@lru_cache(maxsize=512)
def page_statement(
    listing: Listing,
    given: frozenset[str],
    limit: int,
    *,
    has_cursor: bool,
    has_count: bool = False,
    around: Around = NOTHING,
    owners: int = 0,
) -> Statement:
    """Return what gives one page, one row: position, items as JSON (NULL: none), the last one's keys if more follow.

    What there is `around` the page comes before the items. If asked for, how many items the whole list has comes last.
    All of it is of the same moment.
    With no filter or a steady one the limit stands in the text, and PostgreSQL plans once. A limit that is a parameter
    makes it plan each time, since for any limit it would expect a tenth of the table: other values get their own way.
    """
    is_steady = len(given) < 2 and given <= listing.steady
    size = str(limit) if is_steady else "%(limit)s::integer"
    a, way = listing.alias, "DESC" if listing.descending else "ASC"
    keys = [f"{a}.{column}" for column in listing.order]
    order = ", ".join(f"{key} {way}" for key in keys)
    where = listing.where(given)
    all_of_them = along_a_walk(where)
    conditions = along_a_walk(where, by_owner=listing.tells_owners and not given)
    is_ranked = "rank" in listing.order
    if has_cursor and not is_ranked:
        after = ", ".join(f"%(after_{number})s::{kind}" for number, kind in enumerate(listing.order.values()))
        conditions += f"\n        AND ({', '.join(keys)}) {'<' if listing.descending else '>'} ({after})"
    item = columns(listing.item, a, listing.shown)
    members = ", ".join(f"{value} AS {name}" for name, value in item.items())
    sorted_by = [f"key_{number}" for number in range(len(keys))]
    its_keys = ", ".join(f"{key} AS {name}" for key, name in zip(keys, sorted_by, strict=True))
    page_order = ", ".join(f"p.{name} {way}" for name in sorted_by)
    if owners:
        end = f"{order} LIMIT {size} + 1"
        found, rows = "", rows_of_owners(listing, conditions, owners, end)
        counts = [_counted(rows_of_owners(listing, all_of_them, owners), a)]
    else:
        if is_ranked:
            others = along_a_walk(listing.where(given - {listing.ranked_by}))
            found, rows = rows_by_rank(listing, others, has_cursor=has_cursor)
        else:
            found, rows = rows_in_order(listing, given, conditions, order, size)
        counts = [
            _counted(f"SELECT FROM {listing.view} AS {a} WHERE {where}", a)
            for where in listing.ways(given, all_of_them)
        ]
    counted = f", {' + '.join(counts)}" if has_count else ""
    sql = f"""{around.before}{found}, page AS MATERIALIZED (
    SELECT row_to_json(i)::text AS item, {its_keys}
    FROM (
        {rows}
    ) AS {a}
    {listing.joins}
    CROSS JOIN LATERAL (SELECT {members}) AS i
)
SELECT seen.*, {"".join(f"{column}, " for column in around.columns)}(
    SELECT '[' || string_agg(i.item, ',') || ']'
    FROM (
        SELECT p.item FROM page AS p
        ORDER BY {page_order}
        LIMIT {size}
    ) AS i
), {", ".join(f"last.{name}" for name in sorted_by)}{counted}
FROM seen
{around.joins}
LEFT JOIN (
    SELECT {", ".join(f"p.{name}" for name in sorted_by)}
    FROM page AS p
    ORDER BY {page_order}
    LIMIT 1 OFFSET {size} - 1
) AS last ON (SELECT count(*) FROM page) > {size}"""  # noqa: S608 - put together from the constants of a Listing
    views = tuple(dict.fromkeys((*around.views, *listing.views(given))))
    return Statement(sql, views, (*around.names, *listing.names))


def first_of(listing: Listing, given: frozenset[str], most: int) -> str:
    """Return the SQL that makes the JSON list of the first items, so many at most, of a list with these conditions."""
    way = "DESC" if listing.descending else "ASC"
    order = ", ".join(f"{listing.alias}.{column} {way}" for column in listing.order)
    _, rows = rows_in_order(listing, given, listing.where(given), order, str(most - 1))
    source = f"({rows}) AS {listing.alias}\n        {listing.joins}"
    return list_of(json_of(listing.item, listing.alias), source, order)


def item_statement(listing: Listing, condition: str) -> Statement:
    """Return what gives the one item of a list that a condition is true of, as the list has it, or NULL."""
    source = f"{listing.view} AS {listing.alias}\n    {listing.joins}\n    WHERE {condition} AND {listing.always}"
    return one_of(listing.item, listing.alias, source, views=listing.views(()), names=listing.names)


def _counted(rows: str, alias: str) -> str:
    return f"(SELECT count(*) FROM ({rows}) AS {alias})"  # noqa: S608
