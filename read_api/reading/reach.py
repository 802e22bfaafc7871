"""What a caller may see: conditions of SQL that every statement about clients, deals and activities carries.

They stand in the text of a statement as marks. For who sees everything a mark is `true`, and the statement is what it
would be without. For the others it says whose clients, deals and activities count; about the past it asks who may see
a thing *today*, of the views as they are in `read`, and the rest of the statement tells what it was then.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from struct import Struct
from typing import Any, Literal
from uuid import UUID

from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format

from read_api import views

Kind = Literal["client", "deal", "activity"]

GUARDED = frozenset(
    {
        views.ACTIVITIES,
        views.CLIENT_CARD,
        views.CLIENT_TIMELINE,
        views.CONTACT_PERSONS,
        views.NOTES,
        views.OWNERSHIP_HISTORY,
        views.PIPELINE_BOARD,
    }
)
"""Views of which nobody is told a row that they may not see: a statement that looks into one has a mark."""

TEXTS = "[[texts]]"
"""Whether the caller may read what people wrote about activities and in notes."""

_UUID, _UUIDS = adapters.types["uuid"].oid, adapters.types["uuid"].array_oid
_HEAD, _DIMENSION, _LENGTH = Struct("!iiI"), Struct("!ii"), (16).to_bytes(4, "big")
"""How an array begins in PostgreSQL's binary form, and what stands before each of its elements."""

_MARK = re.compile(r"\[\[(texts|staff|client|deal|activity)(?: (row|walk|id|at) ([^\]]+))?\]\]")
_ROW = re.compile(r"\[\[(client|deal|activity) row ([^\]]+)\]\]")
_WALK = re.compile(r"\[\[(?:client|deal|activity) (?:row|walk) [^\]]+\]\]")
_KEYS = {
    "client": (views.CLIENT_CARD, "client_id"),
    "deal": (views.PIPELINE_BOARD, "deal_id"),
    "activity": (views.ACTIVITIES, "activity_id"),
}


def sees(kind: Kind, alias: str) -> str:
    """Return the condition that the caller may see the row of a client, deal or activity under this alias."""
    return f"[[{kind} row {alias}]]"


def sees_one(kind: Kind, identity: str) -> str:
    """Return the condition that the caller may see the client, deal or activity of this id."""
    return f"[[{kind} id {identity}]]"


def counts_at_client(kind: Literal["deal", "activity"], alias: str) -> str:
    """Return the condition that a deal or activity counts in the figures of a client whom the caller may see."""
    return f"[[{kind} at {alias}]]"


def sees_figures_of(staff: str) -> str:
    """Return the condition that the caller may see the figures of the staff member of this id."""
    return f"[[staff id {staff}]]"


def text(column: str) -> str:
    """Return the SQL of what people wrote, which is empty for who may not read it."""
    return f"CASE WHEN {TEXTS} THEN {column} END"


class Sight(Enum):
    """How a statement is asked: of everything, or of what the caller may see.

    EVEN is what most callers see: of each kind of thing the same people's, with the texts.
    """

    WHOLE = "whole"
    EVEN = "even"
    UNEVEN = "uneven"


@dataclass(frozen=True)
class Reach:
    """Whose clients, deals and activities a caller may see: ids of staff, or None where that is everybody.

    Clients who are nobody's are seen by all who see anybody's. `texts`: whether they may read what people wrote.
    """

    clients: Sequence[UUID] | None = None
    deals: Sequence[UUID] | None = None
    activities: Sequence[UUID] | None = None
    texts: bool = True

    @cached_property
    def sight(self) -> Sight:
        """How a statement is asked by who sees this."""
        if self == EVERYTHING:
            return Sight.WHOLE
        is_even = self.clients and self.texts and self.clients == self.deals == self.activities
        return Sight.EVEN if is_even else Sight.UNEVEN

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """What the conditions of a statement take as parameters, besides the owners of a look-up."""
        if self.sight is Sight.EVEN:
            return {"sees_clients": People.of(self.clients)}
        return {
            "sees_clients": People.of(self.clients),
            "sees_deals": People.of(self.deals),
            "sees_activities": People.of(self.activities),
            "sees_texts": self.texts,
            "deals_with_clients": _is_within(self.clients, self.deals),
            "activities_with_clients": _is_within(self.clients, self.activities),
        }

    @cached_property
    def owners(self) -> "People | None":
        """The owners whose clients are looked up one by one, as many as `few` says; None: these are too many."""
        size = 0 if self.clients is None else few(self.clients)
        return People.of([*(self.clients or ()), *[NOBODY] * size][:size]) if size else None


EVERYTHING = Reach()

OWNERS = (1, 2, 4, 8, 16, 32)
"""For so many owners at most rows are looked up one by one; of more a walk along the order meets some soon."""

NOBODY = UUID(int=0)


def few(people: Sequence[UUID]) -> int:
    """Return by how many owners rows are looked up: as many as these, or some more; 0: these are too many."""
    return next((size for size in OWNERS if len(people) <= size), 0)


def owner(number: int) -> str:
    """Return the SQL of one of the owners that rows are looked up by, counted from 0."""
    return _mine(f"owners[{number + 1}]")


def mine(sql: str, sight: Sight) -> str:
    """Return what a caller may see as a common table expression, which follows another one; empty for WHOLE.

    Of parameters PostgreSQL would plan each question anew, which takes ten times as long as to answer it: here it
    cannot see what they are, and one plan does for all callers.
    """
    if sight is Sight.WHOLE:
        return ""
    columns = ["%(sees_clients)s::uuid[] AS clients"]
    if sight is Sight.UNEVEN:
        columns += [
            "%(sees_deals)s::uuid[] AS deals",
            "%(sees_activities)s::uuid[] AS activities",
            "%(sees_texts)s::boolean AS texts",
            "%(deals_with_clients)s::boolean AS deals_with_clients",
            "%(activities_with_clients)s::boolean AS activities_with_clients",
        ]
    if owner(0) in sql:
        columns.append("%(owners)s::uuid[] AS owners")
    return f", mine AS MATERIALIZED (SELECT {', '.join(columns)})"


def is_marked(sql: str) -> bool:
    """Tell whether a statement keeps anything from anybody."""
    return _MARK.search(sql) is not None


def expanded(sql: str, sight: Sight, *, is_past: bool = False) -> str:
    """Return a statement with its marks in SQL."""
    asking = _Asking(sight, "read." if is_past else "")
    return _MARK.sub(lambda mark: "true" if sight is Sight.WHOLE else asking.condition(*mark.groups()), sql)


def within_reach(condition: str) -> str:
    """Return a condition for rows of which it is known that the caller may see them."""
    return _WALK.sub("true", condition)


def along_a_walk(condition: str) -> str:
    """Return a condition for very many rows, most of which it may be false of."""
    return _ROW.sub(r"[[\1 walk \2]]", condition)


def looked_at(sql: str) -> tuple[str, ...]:
    """Return the views that the conditions of a statement look into."""
    kinds = {mark[1] for mark in _MARK.finditer(sql)} - {"texts", "staff"}
    return (views.CLIENT_CARD, views.CONTACT_PERSONS) if kinds else ()


@dataclass(frozen=True)
class _Asking:
    """The conditions for one way of asking; `reads` names the schema of the present views where that is needed."""

    sight: Sight
    reads: str
    is_walk: bool = False

    def condition(self, kind: str, way: str, what: str) -> str:
        is_even = self.sight is Sight.EVEN
        if kind == "texts":
            return "true" if is_even else _mine("texts")
        if kind == "staff":
            return self._among(what, "activities")
        if way == "at":
            # Who sees a client sees all that is done with them, unless of that kind they see less.
            if is_even:
                return "true"
            whole = _mine(f"{'deals' if kind == 'deal' else 'activities'}_with_clients")
            return f"({whole} OR {self.condition(kind, 'row', what)})"
        if way in {"row", "walk"} and not self.reads:
            return replace(self, is_walk=way == "walk")._of(kind, what)
        view, key = _KEYS[kind]
        identity, alias = what if way == "id" else f"{what}.{key}", f"seen_{kind}"
        return f"""EXISTS (
            SELECT FROM {self.reads}{view} AS {alias} WHERE {alias}.{key} = {identity} AND {self._of(kind, alias)}
        )"""

    def _of(self, kind: str, alias: str) -> str:
        return {"client": self._client, "deal": self._deal, "activity": self._activity}[kind](alias)

    def _among(self, column: str, kind: str, operator: str = "= ANY({})") -> str:
        """Return the condition that a column is, or has, one of the people whose things of a kind are seen."""
        people = "clients" if self.sight is Sight.EVEN else kind
        if self.is_walk and "ANY" in operator:
            # Hashed once, where each of many rows would be compared with each of many people.
            is_one = f"{column} IN (SELECT unnest(mine.{people}) FROM mine)"  # noqa: S608 - constants
        else:
            is_one = f"{column} {operator.format(_mine(people) + '::uuid[]')}"
        return is_one if self.sight is Sight.EVEN else f"({_mine(kind)} IS NULL OR {is_one})"

    def _client(self, alias: str, kind: str = "clients") -> str:
        """A client is seen by whose reach the owner is in; a contact person who is nobody's as an organisation is."""
        acts = f"""(
            SELECT coalesce(bool_or({self._among("org.owner_id", kind)}), true)
            FROM {self.reads}{views.CONTACT_PERSONS} AS acts
            JOIN {self.reads}{views.CLIENT_CARD} AS org ON org.client_id = acts.organisation_id
            WHERE acts.person_id = {alias}.client_id AND acts.is_active AND org.owner_id IS NOT NULL
        )"""  # noqa: S608 - constants
        is_nobodys = f"{alias}.owner_id IS NULL"
        if self.sight is Sight.UNEVEN:
            is_nobodys += f" AND cardinality({_mine(kind)}) > 0"
        return f"({self._among(f'{alias}.owner_id', kind)} OR ({is_nobodys} AND {acts}))"

    def _with_client(self, condition: str, kind: str) -> str:
        """Return the condition that a client whom a condition names is seen."""
        return f"""EXISTS (
            SELECT FROM {self.reads}{views.CLIENT_CARD} AS its WHERE {condition} AND {self._client("its", kind)}
        )"""

    def _deal(self, alias: str) -> str:
        is_with = self._with_client(f"its.client_id = {alias}.client_id", "deals")
        return f"({self._among(f'{alias}.seller_id', 'deals')} OR {is_with})"

    def _activity(self, alias: str) -> str:
        is_with = self._with_client(f"its.client_id IN ({alias}.client_id, {alias}.contact_id)", "activities")
        takes_part = self._among(f"{alias}.participant_staff_ids", "activities", "&& {}")
        return f"({self._among(f'{alias}.staff_id', 'activities')} OR {takes_part} OR {is_with})"


def _mine(column: str) -> str:
    return f"(SELECT mine.{column} FROM mine)"  # noqa: S608 - constants


@dataclass(frozen=True)
class People:
    """Ids of staff as PostgreSQL takes an array: put together once, they are sent as they are with every question."""

    array: bytes

    @classmethod
    def of(cls, staff: Sequence[UUID] | None) -> "People | None":
        """Return these people; None for everybody."""
        if staff is None:
            return None
        dimensions = _HEAD.pack(bool(staff), 0, _UUID) + (_DIMENSION.pack(len(staff), 1) if staff else b"")
        return cls(dimensions + b"".join(_LENGTH + each.bytes for each in staff))


class _Sent(Dumper):
    format = Format.BINARY
    oid = _UUIDS

    def dump(self, obj: People) -> bytes:
        return obj.array


adapters.register_dumper(People, _Sent)


def _is_within(some: Sequence[UUID] | None, others: Sequence[UUID] | None) -> bool:
    """Tell whether who is in the first reach is in the second one as well."""
    return others is None or (some is not None and set(some) <= set(others))
