"""What a caller may see: conditions of SQL that every statement about clients, deals and activities carries.

They stand in the text of a statement as marks. For who sees everything a mark is `true`, and the statement is what it
would be without. For the others it says whose clients, deals and activities count; about the past it asks who may see
a thing *today*, of the views as they are in `read`, and the rest of the statement tells what it was then.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal
from uuid import UUID

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

_MARK = re.compile(r"\[\[(texts|staff|client|deal|activity)(?: (row|id|at) ([^\]]+))?\]\]")
_ROW = re.compile(r"\[\[(?:client|deal|activity) row [^\]]+\]\]")
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
    """How a statement is asked: of everything, of what the caller may see, of that in the past."""

    WHOLE = "whole"
    NOW = "now"
    THEN = "then"


@dataclass(frozen=True)
class Reach:
    """Whose clients, deals and activities a caller may see: ids of staff, or None where that is everybody.

    Clients who are nobody's are seen by all who see anybody's. `texts`: whether they may read what people wrote.
    """

    clients: Sequence[UUID] | None = None
    deals: Sequence[UUID] | None = None
    activities: Sequence[UUID] | None = None
    texts: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether nothing is kept from the caller."""
        return self == EVERYTHING

    @property
    def values(self) -> Mapping[str, Any]:
        """What the conditions of a statement take as parameters."""
        return {
            "sees_clients": _listed(self.clients),
            "sees_deals": _listed(self.deals),
            "sees_activities": _listed(self.activities),
            "sees_texts": self.texts,
            "deals_with_clients": _is_within(self.clients, self.deals),
            "activities_with_clients": _is_within(self.clients, self.activities),
        }


EVERYTHING = Reach()

OWNERS = (1, 2, 4, 8, 16, 32)
"""For so many owners at most rows are looked up one by one; of more a walk along the order meets some soon."""

NOBODY = UUID(int=0)


def few(people: Sequence[UUID]) -> int:
    """Return by how many owners rows are looked up: as many as these, or some more; 0: these are too many."""
    return next((size for size in OWNERS if len(people) <= size), 0)


def of_owners(people: Sequence[UUID], size: int) -> dict[str, UUID]:
    """Return the parameters of a look-up by so many owners; who is missing is nobody."""
    return {f"owner_{number}": each for number, each in enumerate([*people, *[NOBODY] * (size - len(people))])}


def is_marked(sql: str) -> bool:
    """Tell whether a statement keeps anything from anybody."""
    return _MARK.search(sql) is not None


def expanded(sql: str, sight: Sight) -> str:
    """Return a statement with its marks in SQL."""
    return _MARK.sub(lambda mark: "true" if sight is Sight.WHOLE else _condition(*mark.groups(), sight=sight), sql)


def within_reach(condition: str) -> str:
    """Return a condition for rows of which it is known that the caller may see them."""
    return _ROW.sub("true", condition)


def looked_at(sql: str) -> tuple[str, ...]:
    """Return the views that the conditions of a statement look into."""
    kinds = {mark[1] for mark in _MARK.finditer(sql)} - {"texts", "staff"}
    return (views.CLIENT_CARD, views.CONTACT_PERSONS) if kinds else ()


def _condition(kind: str, way: str, what: str, *, sight: Sight) -> str:
    if kind == "texts":
        return "%(sees_texts)s"
    if kind == "staff":
        return f"(%(sees_activities)s::uuid[] IS NULL OR {what} = ANY(%(sees_activities)s::uuid[]))"
    reads = "" if sight is Sight.NOW else "read."
    if way == "at":
        plural = "deals" if kind == "deal" else "activities"
        return f"(%({plural}_with_clients)s OR {_condition(kind, 'row', what, sight=sight)})"
    if way == "row" and sight is Sight.NOW:
        return _OF[kind](what, reads)
    view, key = _KEYS[kind]
    identity = f"{what}.{key}" if way == "row" else what
    alias = f"seen_{kind}"
    return (
        f"EXISTS (SELECT FROM {reads}{view} AS {alias} WHERE {alias}.{key} = {identity} AND {_OF[kind](alias, reads)})"
    )


def _of_client(alias: str, reads: str, reach: str = "clients") -> str:
    """A client is seen by whose reach the owner is in; of a contact person who is nobody's, that of an organisation."""
    whose = f"%(sees_{reach})s::uuid[]"
    owned = f"""SELECT FROM {reads}{views.CONTACT_PERSONS} AS acts
            JOIN {reads}{views.CLIENT_CARD} AS org ON org.client_id = acts.organisation_id
            WHERE acts.person_id = {alias}.client_id AND acts.is_active AND org.owner_id"""
    return f"""({whose} IS NULL OR {alias}.owner_id = ANY({whose}) OR (
        {alias}.owner_id IS NULL AND cardinality({whose}) > 0 AND (
            NOT EXISTS ({owned} IS NOT NULL)
            OR EXISTS ({owned} = ANY({whose}))
        )
    ))"""


def _of_deal(alias: str, reads: str) -> str:
    return f"""(%(sees_deals)s::uuid[] IS NULL OR {alias}.seller_id = ANY(%(sees_deals)s::uuid[]) OR EXISTS (
        SELECT FROM {reads}{views.CLIENT_CARD} AS its
        WHERE its.client_id = {alias}.client_id AND {_of_client("its", reads, "deals")}
    ))"""


def _of_activity(alias: str, reads: str) -> str:
    whose = "%(sees_activities)s::uuid[]"
    return f"""({whose} IS NULL
        OR {alias}.staff_id = ANY({whose})
        OR {alias}.participant_staff_ids && {whose}
        OR EXISTS (
        SELECT FROM {reads}{views.CLIENT_CARD} AS its
        WHERE its.client_id IN ({alias}.client_id, {alias}.contact_id) AND {_of_client("its", reads, "activities")}
    ))"""


_OF = {"client": _of_client, "deal": _of_deal, "activity": _of_activity}


def _listed(staff: Sequence[UUID] | None) -> list[UUID] | None:
    return None if staff is None else list(staff)


def _is_within(some: Sequence[UUID] | None, others: Sequence[UUID] | None) -> bool:
    """Tell whether who is in the first reach is in the second one as well."""
    return others is None or (some is not None and set(some) <= set(others))
